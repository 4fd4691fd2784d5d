"""Reading the X11 clipboard as another program would: over a connection of its own.

Qt answers a read of what it owns itself from memory, which proves nothing; this asks the selection's owner through the
X server (ICCCM, "Use of Selection Properties").
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import Any

from app.core.doctor import CLIPBOARD_REMEDY
from app.core.errors import UserFacingError
from app.core.ports import Probe

_TIMEOUT_S = 2.0


class _Silence(Enum):
    SILENT = "silent"


_SILENT = _Silence.SILENT
"""Instead of an answer: there is an owner, and it gives none."""


class X11ClipboardReader:
    """Reads the CLIPBOARD selection. Blocks up to two seconds; every call opens and closes its own connection."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._display_name = environ.get("DISPLAY", "")

    def text(self) -> str | None:
        """The clipboard's text; None when it holds none or nobody answers. Raises UserFacingError without a display."""
        data = self._read("UTF8_STRING")
        return data.decode("utf-8", "replace") if isinstance(data, bytes) else None

    def formats(self) -> frozenset[str]:
        """The names of the formats that the owner offers, such as `image/png`; empty when nobody answers."""
        data = self._read("TARGETS")
        return data if isinstance(data, frozenset) else frozenset()

    def probe(self) -> Probe:
        """Tell whether whoever holds the clipboard answers. Raises UserFacingError without a display."""
        answer = self._read("TARGETS")
        if answer is _SILENT:
            reason = "The program that holds the clipboard does not answer."
            return Probe("X11", available=False, reason=reason, remedy=CLIPBOARD_REMEDY)
        return Probe("X11", available=True)

    def has_manager(self) -> bool:
        """Tell whether another program keeps what is copied when its owner ends. Raises UserFacingError."""
        from Xlib import X

        with self._connected() as connection:
            owner = connection.get_selection_owner(connection.intern_atom("CLIPBOARD_MANAGER"))
            return bool(owner != X.NONE)

    def _read(self, target: str) -> bytes | frozenset[str] | _Silence | None:
        from Xlib import X

        with self._connected() as connection:
            window = connection.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
            atom = connection.intern_atom(target)
            place = connection.intern_atom("IMGLINK_CLIPBOARD")
            window.convert_selection(connection.intern_atom("CLIPBOARD"), atom, place, X.CurrentTime)
            delivered = _await_answer(connection, X.SelectionNotify)
            if not delivered:
                return _SILENT if delivered is None else None
            value = window.get_full_property(place, X.AnyPropertyType)
            if value is None:
                return None
            if target == "TARGETS":
                return frozenset(connection.get_atom_name(name) for name in value.value)
            return bytes(value.value) if value.property_type == atom else None

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        from Xlib import display, error

        try:
            connection = display.Display(self._display_name)
        except (error.DisplayError, OSError) as failure:
            raise UserFacingError(
                "The clipboard cannot be read: there is no connection to the X server.", details=repr(failure)
            ) from failure
        try:
            yield connection
        except error.ConnectionClosedError as failure:
            raise UserFacingError("The X server closed the connection.", details=repr(failure)) from failure
        finally:
            connection.close()


def _await_answer(connection: Any, wanted: int) -> bool | None:
    """True when the owner delivered, False when it refused or there is none, None when it kept silent."""
    connection.flush()
    end = time.monotonic() + _TIMEOUT_S
    while True:
        while connection.pending_events():
            event = connection.next_event()
            if event.type == wanted:
                return bool(event.property)
        left = end - time.monotonic()
        if left <= 0 or not select.select([connection], [], [], left)[0]:
            return None
