"""What can be asked of the running application: each verb with the type of its request. None returns a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from app.system.ipc.wire import ProtocolError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from: see `app.system.ipc.context`."""

    context: Mapping[str, str]
    display: str
    activation_token: str = ""
    """See `app.ui.activation`; a command of an older version sends none."""


@dataclass(frozen=True, slots=True)
class Show:
    """Bring the window to the front: the program was started a second time."""

    caller: Caller


@dataclass(frozen=True, slots=True)
class Quit:
    """End the application, as its menu does."""


@dataclass(frozen=True, slots=True)
class CredentialsChanged:
    """Look again at what the keyring holds: a command has changed it. Nothing of that goes over this line."""


@dataclass(frozen=True, slots=True)
class Run:
    """Do a command's work with the application's services, and print for it."""

    caller: Caller
    version: str
    """The command's own: another grammar may mean another thing by the same words."""
    words: tuple[str, ...]
    """After the program's name."""
    folder: str
    """Absolute; what relative paths start from."""
    is_terminal: bool
    """Whether standard error is a terminal that can show progress."""
    columns: int
    """How wide that is."""
    encoding: str
    """Of standard output and standard error."""


Request = Show | Quit | CredentialsChanged | Run


def parse_request(message: Mapping[str, object]) -> Request:
    """Check a message against the table of verbs. Raises ProtocolError."""
    parse = _VERBS.get(_value(message, "verb", str))
    if parse is None:
        raise ProtocolError("an unknown verb")
    return parse(message)


def _show(message: Mapping[str, object]) -> Show:
    return Show(_caller(message))


def _quit(_message: Mapping[str, object]) -> Quit:
    return Quit()


def _credentials(_message: Mapping[str, object]) -> CredentialsChanged:
    return CredentialsChanged()


def _run(message: Mapping[str, object]) -> Run:
    words = tuple(_text(word) for word in _value(message, "words", list))
    folder = _text(_value(message, "folder", str))
    if not words or not folder.startswith("/"):
        raise ProtocolError("nothing to run, or nowhere")
    return Run(
        _caller(message),
        _value(message, "version", str),
        words,
        folder,
        _value(message, "is_terminal", bool),
        _value(message, "columns", int),
        _value(message, "encoding", str),
    )


def _caller(message: Mapping[str, object]) -> Caller:
    context = _value(message, "context", dict)
    return Caller(
        {_text(name): _text(value) for name, value in context.items()},
        _value(message, "display", str),
        _text(message.get("activation_token", "")),
    )


_VERBS: Mapping[str, Callable[[Mapping[str, object]], Request]] = {
    "show": _show,
    "quit": _quit,
    "credentials": _credentials,
    "run": _run,
}


def _value(message: Mapping[str, object], name: str, kind: type[T]) -> T:
    value = message.get(name)
    # Not isinstance: True is an int, too.
    if type(value) is not kind:
        raise ProtocolError(f"{name} is no {kind.__name__}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ProtocolError("no text")
    return value
