"""A mouse and a keyboard for a headless compositor, by the protocols of wlroots, a mouse for KWin, and a launcher."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from app.core.geometry import Rect
from app.system.wayland import WaylandConnection, ignore, pack, pack_string

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


_FAKE_INPUT = "org_kde_kwin_fake_input"
_AUTHENTICATE, _FAKE_BUTTON, _FAKE_MOTION_ABSOLUTE = 0, 2, 9


class KWinPointer:
    """KWin's fake mouse, for those it trusts. For one thread; KWin 5.27 rounds positions to whole units."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._connection = WaylandConnection(environ)
        self._input = self._connection.bind(_FAKE_INPUT, 4)
        self._connection.request(self._input, _AUTHENTICATE, pack_string("tests") + pack_string("a test's mouse"))
        self._connection.roundtrip()

    def move(self, x: int, y: int) -> None:
        """Put the pointer there."""
        self._do(_FAKE_MOTION_ABSOLUTE, x * 256, y * 256)

    def press(self) -> None:
        """Press the left button."""
        self._do(_FAKE_BUTTON, _BUTTONS[1], 1)

    def release(self) -> None:
        """Release it."""
        self._do(_FAKE_BUTTON, _BUTTONS[1], 0)

    def close(self) -> None:
        """Unplug it."""
        self._connection.close()

    def _do(self, opcode: int, *arguments: int) -> None:
        self._connection.request(self._input, opcode, pack(*arguments))
        self._connection.roundtrip()


_KEYBOARD_MANAGER = "zwp_virtual_keyboard_manager_v1"
_CREATE_KEYBOARD, _KEYMAP, _KEY, _MODIFIERS = 0, 0, 1, 2
_XKB_V1 = 1
_LAYOUT = b"""xkb_keymap {
xkb_keycodes { include "evdev+aliases(qwerty)" };
xkb_types { include "complete" };
xkb_compat { include "complete" };
xkb_symbols { include "pc+us+inet(evdev)" };
};
"""
_CODES = {
    **{str(digit): digit + 1 for digit in range(1, 10)},
    **{f"F{number}": 58 + number for number in range(1, 11)},
    **{"Escape": 1, "Return": 28, "Left": 105, "Right": 106, "Up": 103, "Down": 108, "c": 46, "f": 33, "l": 38},
}
"""Names of keys and where they are on a keyboard, as the kernel numbers them."""
_HELD = {"ctrl": (29, 4), "shift": (42, 1)}
"""Modifiers: the key, and the bit of it."""


class VirtualKeyboard:
    """One keyboard on one seat, plugged in all the time: keys of one that just appeared are lost now and then."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._connection = WaylandConnection(environ)
        seat = self._connection.bind("wl_seat", 1)
        manager = self._connection.bind(_KEYBOARD_MANAGER, 1)
        self._keyboard = self._connection.new_id(ignore)
        self._connection.request(manager, _CREATE_KEYBOARD, pack(seat, self._keyboard))
        layout = os.memfd_create("layout")
        try:
            os.write(layout, _LAYOUT + b"\0")
            self._connection.request(self._keyboard, _KEYMAP, pack(_XKB_V1, len(_LAYOUT) + 1), [layout])
        finally:
            os.close(layout)
        self._connection.roundtrip()

    def press(self, keys: str) -> None:
        """Press and release keys held together, such as `ctrl+shift+F4`."""
        *held, key = keys.split("+")
        codes = [*(_HELD[name][0] for name in held), _CODES[key]]
        mask = sum(_HELD[name][1] for name in held)
        for code in codes:
            self._key(code, 1)
            if code is codes[-2 if held else -1]:
                self._do(_MODIFIERS, mask, 0, 0, 0)
        for code in reversed(codes):
            self._key(code, 0)
        self._do(_MODIFIERS, 0, 0, 0, 0)
        self._connection.roundtrip()

    def close(self) -> None:
        """Unplug it."""
        self._connection.close()

    def _key(self, code: int, state: int) -> None:
        self._do(_KEY, int(time.monotonic() * 1000), code, state)

    def _do(self, opcode: int, *arguments: int) -> None:
        self._connection.request(self._keyboard, opcode, pack(*arguments))


_ACTIVATION = "xdg_activation_v1"
_GET_TOKEN, _COMMIT = 1, 3


def activation_token(environ: Mapping[str, str]) -> str:
    """What a launcher gets from the compositor for the program that it starts."""
    told: list[str] = []
    with WaylandConnection(environ) as connection:
        activation = connection.bind(_ACTIVATION, 1)
        token = connection.new_id(lambda _number, event: told.append(event.string()))
        connection.request(activation, _GET_TOKEN, pack(token))
        connection.request(token, _COMMIT)
        connection.wait_until(lambda: bool(told))
    return told[0]
