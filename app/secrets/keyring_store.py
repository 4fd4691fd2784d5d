"""The operating system's keyring, through the keyring library but never through its choice of back end.

The library takes what its environment variable, its configuration file or any installed package says, plaintext files
among them. So a class from the list below is made here, by name, or none.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import CredentialKind
from app.core.leftovers import close_leftovers
from app.core.ports import Probe

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE_NAME = "ImgLink Desktop"
"""Under this name the entries stand in the keyring; their user name is `<kind>@<origin>`."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A class of the keyring library that keeps secrets encrypted, and what it is called."""

    name: str
    title: str
    module: str
    class_name: str


SECRET_SERVICE = Backend("secret-service", "the desktop's keyring", "keyring.backends.SecretService", "Keyring")
KWALLET = Backend("kwallet", "KWallet", "keyring.backends.kwallet", "DBusKeyring")
MACOS = Backend("macos", "the macOS keychain", "keyring.backends.macOS", "Keyring")


def allowed_backends() -> tuple[Backend, ...]:
    """What may keep secrets on this system, best first."""
    return (MACOS,) if sys.platform == "darwin" else (SECRET_SERVICE, KWALLET)


class KeyringStore:
    """A keyring of the allow-list. Every method blocks, may ask the person to unlock, and may hang with the keyring."""

    is_persistent = True

    def __init__(self, backend: Backend) -> None:
        self.name = backend.title
        self._backend = backend
        self._opened: KeyringBackend | None = None

    def probe(self) -> Probe:
        """Ask whether the keyring is there, without unlocking it; a locked one is available, and says so."""
        try:
            self._keyring()
            state = secret_service_state() if self._backend is SECRET_SERVICE else CollectionState.OPEN
        except UserFacingError as problem:
            return Probe(self._backend.name, available=False, reason=problem.message, remedy=problem.remedy)
        return Probe(self._backend.name, available=True, reason=state.value)

    def get(self, origin: str, kind: CredentialKind) -> str | None:
        """The secret, or None. Raises UserFacingError."""
        if self._is_unmade():
            return None
        return self._call("read", lambda ring: ring.get_password(SERVICE_NAME, _user(origin, kind)))

    def set(self, origin: str, kind: CredentialKind, secret: str) -> None:
        """Store or replace it. Raises UserFacingError."""
        try:
            secret.encode()
        except UnicodeEncodeError:
            # Without its cause, which holds the secret.
            raise UserFacingError("This key contains characters that no key has.", kind=ErrorKind.INPUT) from None
        self._call("stored", lambda ring: ring.set_password(SERVICE_NAME, _user(origin, kind), secret))

    def delete(self, origin: str, kind: CredentialKind) -> None:
        """Forget it; nothing happens when there is none. Raises UserFacingError."""

        def delete(ring: KeyringBackend) -> None:
            # The library's error for “no such entry” is also its error for “refused”.
            if ring.get_password(SERVICE_NAME, _user(origin, kind)) is not None:
                ring.delete_password(SERVICE_NAME, _user(origin, kind))

        if not self._is_unmade():
            self._call("removed", delete)

    def _is_unmade(self) -> bool:
        """True where nothing was ever kept: to look for something there, the library would make a keyring first.

        That asks the person to think of a password, and they have asked for nothing yet.
        """
        self._keyring()
        return self._backend is SECRET_SERVICE and secret_service_state() is CollectionState.UNMADE

    def _call(self, done: str, function: Callable[[KeyringBackend], T]) -> T:
        ring = self._keyring()
        try:
            return function(ring)
        except Exception as problem:
            close_leftovers(problem)
            raise explain(problem, done) from problem

    def _keyring(self) -> KeyringBackend:
        if self._opened is None:
            self._opened = open_backend(self._backend)
        return self._opened


def _user(origin: str, kind: CredentialKind) -> str:
    return f"{kind.value}@{origin}"


def open_backend(backend: Backend) -> KeyringBackend:
    """Make the class itself. Raises UserFacingError (credential) when it cannot work here; asks the message bus."""
    cls: type[KeyringBackend] = getattr(importlib.import_module(backend.module), backend.class_name)
    try:
        # Reading the priority is how the library asks a class whether it can work; it raises RuntimeError when not.
        _ = cls.priority
    except Exception as problem:
        close_leftovers(problem)
        raise UserFacingError(
            f"There is no {backend.title.removeprefix('the ')} to keep your key in.",
            remedy=_REMEDIES.get(backend.name, ""),
            details=f"{type(problem).__name__}: {problem}",
            kind=ErrorKind.CREDENTIAL,
        ) from problem
    return cls()


_REMEDIES = {
    SECRET_SERVICE.name: "Start a keyring that offers the Secret Service: GNOME Keyring, KWallet or KeePassXC.",
}
_LOCKED = frozenset({"KeyringLocked", "LockedException", "PromptDismissedException"})
_ABSENT = frozenset({"InitError", "NoKeyringError", "SecretServiceNotAvailableException"})


def explain(problem: Exception, done: str) -> UserFacingError:
    """Say in words why a secret could not be `done` (read, stored, removed).

    The library lets through whatever its back ends' D-Bus libraries raise, so errors are told apart by name, and every
    error that comes out of a call to it means that the keyring refused.
    """
    names = {cls.__name__ for cls in type(problem).__mro__}
    message, remedy = f"Your key could not be {done}: the keyring refused.", ""
    if names & _LOCKED:
        message = f"Your key could not be {done}: the keyring is locked."
        remedy = "Unlock it when the desktop asks, or in its password program, and try again."
    elif names & _ABSENT or isinstance(problem, OSError):
        message = f"Your key could not be {done}: no keyring answers."
        remedy = _REMEDIES[SECRET_SERVICE.name]
    return UserFacingError(
        message, remedy=remedy, details=f"{type(problem).__name__}: {problem}", kind=ErrorKind.CREDENTIAL
    )


class CollectionState(Enum):
    """How the Secret Service's default collection stands; the value says it to the person."""

    OPEN = ""
    LOCKED = "The keyring is locked: the desktop asks for its password at first use."
    UNMADE = "There is no keyring yet: the desktop asks for a password for it when the first key is kept."


def secret_service_state() -> CollectionState:
    """Look at the default collection; nothing is unlocked or made. Raises UserFacingError."""
    from contextlib import closing

    import secretstorage

    try:
        with closing(secretstorage.dbus_init()) as connection:
            # Not `get_default_collection`: that makes one, with a prompt.
            is_locked = secretstorage.Collection(connection).is_locked()
    except secretstorage.ItemNotFoundException:
        return CollectionState.UNMADE
    except Exception as problem:
        close_leftovers(problem)
        raise explain(problem, "read") from problem
    return CollectionState.LOCKED if is_locked else CollectionState.OPEN
