"""A connection to the X server on which requests are sent in batches and answered later.

python-xlib waits for each answer by default. Describing thirty windows takes some three hundred requests; sent together
they cost two round trips and a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Extension(NamedTuple):
    """An extension as this server has it."""

    opcode: int
    version: tuple[int, int]


class Pending:
    """A request on its way."""

    def __init__(self, request: Any) -> None:
        self._request = request

    def reply(self) -> Any:
        """Wait for the answer; None when the server refused, as it does for a window that is gone by now."""
        from Xlib.error import XError

        try:
            self._request.reply()
        except XError:
            return None
        return self._request


class XConnection:
    """One connection, for one thread.

    Everything raises Xlib.error.DisplayError when there is no server, and ConnectionClosedError when it has gone.
    """

    def __init__(self, display_name: str) -> None:
        from Xlib.error import xerror_class
        from Xlib.protocol.display import Display
        from Xlib.protocol.event import event_class

        # python-xlib's ordinary Display fetches the keyboard and loads every extension, whose numbers it keeps for all
        # connections of the process together: a second server with other numbers then breaks it, and RandR's put its
        # errors in the place of the core's. This is the layer below with tables of its own; windows are plain numbers.
        own: dict[str, Any] = {
            "resource_classes": {},
            "error_classes": xerror_class.copy(),
            "event_classes": event_class.copy(),
        }
        wire: Any = type("Wire", (Display,), own)
        self._display = wire(display_name)
        self._atoms: dict[str, int] = {}
        self._atom_names: dict[int, str] = {}
        self._extensions: dict[str, Extension | None] = {}
        self.root_id: int = self._display.info.roots[self._display.default_screen].root

    def close(self) -> None:
        """Disconnect; nothing happens when the server did so before."""
        from Xlib.error import ConnectionClosedError

        try:
            self._display.close()
        except ConnectionClosedError:
            return

    def discard_events(self) -> None:
        """Drop what the server tells every client unasked (a changed keyboard), which would pile up."""
        while self._display.pending_events():
            self._display.next_event()

    def flush(self) -> None:
        """Put everything on the wire without waiting."""
        self._display.flush()

    def send(self, request: Any, **fields: Any) -> Pending:
        """Queue a request of one of python-xlib's request classes."""
        return Pending(request(display=self._display, defer=True, **fields))

    def get_property(self, window_id: int, name: str, *, limit: int = 4096) -> Pending:
        """Queue a read of a property, at most `limit` bytes of it; see `numbers` and `raw` for its reply."""
        from Xlib.protocol.request import GetProperty

        return self.send(
            GetProperty,
            delete=False,
            window=window_id,
            property=self.atom(name),
            type=0,
            long_offset=0,
            long_length=(limit + 3) // 4,
        )

    def atom(self, name: str) -> int:
        """The number of an atom."""
        if name not in self._atoms:
            self.intern([name])
        return self._atoms[name]

    def intern(self, names: Iterable[str]) -> None:
        """Look up the atoms among `names` that are not known yet, in one round trip."""
        from Xlib.protocol.request import InternAtom

        missing = [name for name in names if name not in self._atoms]
        asked = {name: self.send(InternAtom, only_if_exists=False, name=name) for name in missing}
        self._atoms.update({name: pending.reply().atom for name, pending in asked.items()})

    def atom_name(self, atom: int) -> str:
        """The name of an atom; empty when there is no such atom."""
        from Xlib.protocol.request import GetAtomName

        if atom not in self._atom_names:
            reply = self.send(GetAtomName, atom=atom).reply()
            name = "" if reply is None else reply.name
            self._atom_names[atom] = name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
        return self._atom_names[atom]

    def extension(self, name: str, query_version: Any = None, wanted: tuple[int, int] = (0, 0)) -> Extension | None:
        """An extension of this server, with the version agreed upon by `query_version`; None when it is not there."""
        from Xlib.protocol.request import QueryExtension

        if name not in self._extensions:
            found = self.send(QueryExtension, name=name).reply()
            self._extensions[name] = None
            if found.present:
                version = (0, 0)
                if query_version is not None:
                    fields = {"major_version": wanted[0], "minor_version": wanted[1]}
                    reply = self.send(query_version, opcode=found.major_opcode, **fields).reply()
                    version = (reply.major_version, reply.minor_version)
                self._extensions[name] = Extension(found.major_opcode, version)
        return self._extensions[name]


def numbers(reply: Any) -> tuple[int, ...]:
    """The value of a property of 32-bit items (cardinals, atoms, windows); empty when missing or of another kind."""
    if reply is None or reply.value is None or reply.value[0] != 32:
        return ()
    return tuple(reply.value[1])


def raw(reply: Any) -> bytes:
    """The value of a property of bytes; empty when missing or of another kind."""
    if reply is None or reply.value is None or reply.value[0] != 8:
        return b""
    value = reply.value[1]
    return value if isinstance(value, bytes) else bytes(value)
