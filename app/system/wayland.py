"""A small client of the Wayland protocol, in plain Python: enough to ask a compositor for its outputs and pictures.

One connection, used by one thread, open for as long as one question takes. Numbers of requests and events are those of
the protocols' XML files; `wl_display` is object 1 by definition.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from app.core.errors import UserFacingError

TIMEOUT_S = 5.0

_DISPLAY, _REGISTRY = 1, 2
_SYNC, _GET_REGISTRY, _BIND = 0, 1, 0
_HEADER = struct.Struct("=IHH")
_READ_BYTES = 65536

EventHandler = Callable[[int, "Event"], None]
"""Gets the event's number and its arguments."""


class WaylandFailed(UserFacingError):
    """The compositor cannot be reached, went away, or does not answer as it should."""

    def __init__(self, details: str) -> None:
        super().__init__(
            "The Wayland compositor cannot be asked for the screen.",
            remedy="Run ImgLink inside a graphical session.",
            details=details,
        )


class Event:
    """The arguments of one event, read from first to last."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def uint(self) -> int:
        """The next unsigned number, or an object's id."""
        return self._number("=I")

    def signed(self) -> int:
        """The next signed number."""
        return self._number("=i")

    def string(self) -> str:
        """The next text."""
        length = self.uint()
        raw = self._data[self._at : self._at + length]
        self._at += length + -length % 4
        return raw.rstrip(b"\0").decode("utf-8", "replace")

    def _number(self, form: str) -> int:
        try:
            (value,) = struct.unpack_from(form, self._data, self._at)
        except struct.error as problem:
            raise WaylandFailed("an event that is too short") from problem
        self._at += 4
        return int(value)


class WaylandConnection:
    """A connection to the compositor of these variables. Blocks; raises WaylandFailed."""

    def __init__(self, environ: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._buffer = b""
        self._last_id = _DISPLAY
        self._handlers: dict[int, EventHandler] = {_DISPLAY: self._on_display}
        self._globals: list[tuple[int, str, int]] = []
        name = environ.get("WAYLAND_DISPLAY", "") or "wayland-0"
        self._path = str(Path(environ.get("XDG_RUNTIME_DIR", ""), name))
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(timeout_s)
            self._socket.connect(self._path)
            registry = self.new_id(self._on_registry)
            self.request(_DISPLAY, _GET_REGISTRY, pack(registry))
            self.roundtrip()
        except OSError as problem:
            self._socket.close()
            raise WaylandFailed(f"{self._path}: {problem}") from problem
        except WaylandFailed:
            self._socket.close()
            raise

    def __enter__(self) -> WaylandConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect; the compositor forgets everything that was made here."""
        self._socket.close()

    def version_of(self, interface: str) -> int:
        """The version in which the compositor offers an interface; 0 when it does not."""
        return max((version for _, name, version in self._globals if name == interface), default=0)

    def bind_all(self, interface: str, version: int, on_event: Callable[[int], EventHandler]) -> list[int]:
        """Bind every global of this interface, in at most this version; returns their ids.

        `on_event` makes the handler of each from its place in the list.
        """
        bound: list[int] = []
        for number, name, offered in self._globals:
            if name == interface:
                bound.append(self.new_id(on_event(len(bound))))
                text = pack_string(interface)
                self.request(_REGISTRY, _BIND, pack(number) + text + pack(min(version, offered), bound[-1]))
        return bound

    def bind(self, interface: str, version: int, on_event: EventHandler | None = None) -> int:
        """Bind the first global of this interface and return its id; raises WaylandFailed when there is none."""
        handler = on_event or ignore
        bound = self.bind_all(interface, version, lambda _place: handler)
        if not bound:
            raise WaylandFailed(f"the compositor has no {interface}")
        return bound[0]

    def new_id(self, on_event: EventHandler) -> int:
        """An id for an object that a request is about to make."""
        self._last_id += 1
        self._handlers[self._last_id] = on_event
        return self._last_id

    def request(self, target: int, opcode: int, arguments: bytes = b"", fds: Sequence[int] = ()) -> None:
        """Send a request; file descriptors travel along."""
        message = _HEADER.pack(target, opcode, _HEADER.size + len(arguments)) + arguments
        try:
            if fds:
                sent = socket.send_fds(self._socket, [message], list(fds))
                message = message[sent:]
            self._socket.sendall(message)
        except OSError as problem:
            raise WaylandFailed(f"{self._path}: {problem}") from problem

    def roundtrip(self) -> None:
        """Wait until everything that was asked before is answered."""
        answered = False

        def done(_number: int, _event: Event) -> None:
            nonlocal answered
            answered = True

        self.request(_DISPLAY, _SYNC, pack(self.new_id(done)))
        self.wait_until(lambda: answered)

    def wait_until(self, is_done: Callable[[], bool]) -> None:
        """Take events until `is_done()`; raises WaylandFailed after the time-out."""
        deadline = time.monotonic() + self._timeout_s
        while not is_done():
            left = deadline - time.monotonic()
            if left <= 0:
                raise WaylandFailed(f"{self._path}: no answer within {self._timeout_s:g} seconds")
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(_READ_BYTES)
            except TimeoutError:
                continue
            except OSError as problem:
                raise WaylandFailed(f"{self._path}: {problem}") from problem
            if not data:
                raise WaylandFailed(f"{self._path}: the compositor closed the connection")
            self._buffer += data
            self._take_events()

    def _take_events(self) -> None:
        while len(self._buffer) >= _HEADER.size:
            source, number, size = _HEADER.unpack_from(self._buffer)
            if size < _HEADER.size:
                raise WaylandFailed("an event without a size")
            if len(self._buffer) < size:
                return
            data, self._buffer = self._buffer[_HEADER.size : size], self._buffer[size:]
            self._handlers.get(source, ignore)(number, Event(data))

    def _on_display(self, number: int, event: Event) -> None:
        if number == 0:
            target, code, text = event.uint(), event.uint(), event.string()
            raise WaylandFailed(f"object {target}, error {code}: {text}")

    def _on_registry(self, number: int, event: Event) -> None:
        if number == 0:
            self._globals.append((event.uint(), event.string(), event.uint()))


def pack(*numbers: int) -> bytes:
    """Arguments of a request: numbers, signed or not, and ids."""
    return b"".join(struct.pack("=I", number & 0xFFFFFFFF) for number in numbers)


def pack_string(text: str) -> bytes:
    """A text as an argument of a request."""
    raw = text.encode() + b"\0"
    return pack(len(raw)) + raw + b"\0" * (-len(raw) % 4)


def ignore(_number: int, _event: Event) -> None:
    """The handler of what tells nothing that matters."""
