"""A mouse for a headless Wayland compositor, by the virtual-pointer protocol of wlroots."""

from __future__ import annotations

import time
from collections.abc import Mapping

from app.core.geometry import Rect
from app.system.wayland import WaylandConnection, ignore, pack

_MANAGER = "zwlr_virtual_pointer_manager_v1"
_CREATE, _MOTION_ABSOLUTE, _BUTTON, _FRAME = 0, 1, 2, 4
_BUTTONS = {1: 272, 2: 274, 3: 273}
_FINENESS = 64
"""Positions are told in this many parts of a logical unit."""


class VirtualPointer:
    """One mouse on one seat. For one thread; positions are logical units of the layout, whole or not."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._connection = WaylandConnection(environ)
        seat = self._connection.bind("wl_seat", 1)
        manager = self._connection.bind(_MANAGER, 1)
        self._pointer = self._connection.new_id(ignore)
        self._connection.request(manager, _CREATE, pack(seat, self._pointer))
        self._connection.roundtrip()

    def move(self, layout: Rect, x: float, y: float) -> None:
        """Put the pointer there."""
        place = (round((x - layout.x) * _FINENESS), round((y - layout.y) * _FINENESS))
        extent = (layout.width * _FINENESS, layout.height * _FINENESS)
        self._do(_MOTION_ABSOLUTE, *place, *extent)

    def press(self, button: int = 1) -> None:
        """Press a button."""
        self._do(_BUTTON, _BUTTONS[button], 1)

    def release(self, button: int = 1) -> None:
        """Release it."""
        self._do(_BUTTON, _BUTTONS[button], 0)

    def close(self) -> None:
        """Unplug it."""
        self._connection.close()

    def _do(self, opcode: int, *arguments: int) -> None:
        now_ms = int(time.monotonic() * 1000)
        self._connection.request(self._pointer, opcode, pack(now_ms, *arguments))
        self._connection.request(self._pointer, _FRAME)
        self._connection.roundtrip()
