"""Which physical key types what: the keyboard layout of an X server, as data.

Keys are grabbed by keycode (a place on the keyboard), shortcuts are written by keycap. The layout joins the two; it
changes while the program runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from app.core.shortcuts import Modifier, Shortcut
from app.hotkeys.keysyms import (
    ALT_KEYSYMS,
    KEY_NAMES,
    NAMED_KEYSYMS,
    NUM_LOCK_KEYSYMS,
    SCROLL_LOCK_KEYSYMS,
    SUPER_KEYSYMS,
    character,
)

SHIFT_MASK, CAPS_LOCK_MASK, CONTROL_MASK = 0x01, 0x02, 0x04
_MOD1_MASK, _MOD4_MASK = 0x08, 0x40
_ALL_MODIFIERS = 0xFF
"""The eight modifier bits of an event's state; above them are the layout group and the mouse buttons."""


@dataclass(frozen=True, slots=True)
class KeyMap:
    """A keyboard layout. `rows` has for each keycode from `first_keycode` its keysyms, unshifted first, then shifted.

    `alt_mask` and `super_mask` are the modifier bits that Alt and Super set; `lock_masks` are the bits of Caps, Num and
    Scroll Lock, which no shortcut may depend on.
    """

    first_keycode: int
    rows: tuple[tuple[int, ...], ...]
    alt_mask: int = _MOD1_MASK
    super_mask: int = _MOD4_MASK
    lock_masks: tuple[int, ...] = (CAPS_LOCK_MASK,)
    modifier_keycodes: frozenset[int] = frozenset()

    @classmethod
    def build(cls, first_keycode: int, rows: Sequence[Sequence[int]], modifiers: Sequence[Sequence[int]]) -> KeyMap:
        """Join what the server tells: keysyms by keycode, and the keycodes of each of the eight modifier bits."""
        keysyms = {first_keycode + index: frozenset(row) for index, row in enumerate(rows)}

        def mask_of(wanted: frozenset[int], default: int) -> int:
            for bit, keycodes in enumerate(modifiers):
                if any(keysyms.get(keycode, frozenset()) & wanted for keycode in keycodes if keycode):
                    return 1 << bit
            return default

        locks = (CAPS_LOCK_MASK, mask_of(NUM_LOCK_KEYSYMS, 0), mask_of(SCROLL_LOCK_KEYSYMS, 0))
        return cls(
            first_keycode,
            tuple(tuple(row) for row in rows),
            alt_mask=mask_of(ALT_KEYSYMS, _MOD1_MASK),
            super_mask=mask_of(SUPER_KEYSYMS, _MOD4_MASK),
            lock_masks=tuple(dict.fromkeys(mask for mask in locks if mask)),
            modifier_keycodes=frozenset(code for codes in modifiers for code in codes if code),
        )

    @classmethod
    def read(cls, display: Any) -> KeyMap:
        """Ask an Xlib display for its layout: two blocking round trips, about a millisecond."""
        info = display.display.info
        count = info.max_keycode - info.min_keycode + 1
        rows = display.get_keyboard_mapping(info.min_keycode, count)
        return cls.build(info.min_keycode, rows, display.get_modifier_mapping())

    def keycodes(self, key: str) -> tuple[int, ...]:
        """The keys that type `key`, empty when there is none.

        Keys that type it without Shift win; only when there is none do those count that type it with Shift, then with
        AltGr: on a French keyboard `4` needs Shift, and `Ctrl+4` still means that key. Several keys can share a keycap.
        """
        named = NAMED_KEYSYMS.get(key)
        spellings = {key, key.lower(), key.upper()}

        def types_it(keysym: int) -> bool:
            return keysym == named if named is not None else character(keysym) in spellings

        for level in range(max((len(row) for row in self.rows), default=0)):
            found = tuple(
                self.first_keycode + index
                for index, row in enumerate(self.rows)
                if level < len(row) and row[level] and types_it(row[level])
            )
            if found:
                return found
        return ()

    def mask(self, modifiers: Modifier) -> int:
        """The bits of an event's state that stand for these modifiers."""
        bits = (
            (Modifier.SHIFT, SHIFT_MASK),
            (Modifier.CTRL, CONTROL_MASK),
            (Modifier.ALT, self.alt_mask),
            (Modifier.SUPER, self.super_mask),
        )
        return sum(bit for modifier, bit in bits if modifier in modifiers)

    def held(self, state: int) -> int:
        """An event's state without locks, layout group and mouse buttons: comparable to `mask`."""
        return state & _ALL_MODIFIERS & ~sum(self.lock_masks)

    def lock_states(self) -> tuple[int, ...]:
        """Every combination of the locks, none first: a key is grabbed once for each."""
        return tuple(
            sum(chosen) for size in range(len(self.lock_masks) + 1) for chosen in combinations(self.lock_masks, size)
        )

    def shortcut(self, keycode: int, state: int) -> Shortcut | None:
        """What a key pressed with these modifiers is called; None for modifiers and for keys that have no name here.

        A key that types a digit is called by the digit even where that needs Shift: so do people.
        """
        index = keycode - self.first_keycode
        if keycode in self.modifier_keycodes or not 0 <= index < len(self.rows):
            return None
        row = self.rows[index]
        if row and row[0] in KEY_NAMES:
            key = KEY_NAMES[row[0]]
        else:
            typed = [character(keysym) for keysym in row[:2]]
            key = next((text for text in typed if text.isdecimal()), next(filter(None, typed), ""))
        if not key:
            return None
        held = self.held(state)
        modifiers = Modifier.NONE
        for modifier in (Modifier.CTRL, Modifier.ALT, Modifier.SHIFT, Modifier.SUPER):
            if held & self.mask(modifier):
                modifiers |= modifier
        return Shortcut(modifiers, key.upper() if len(key) == 1 and len(key.upper()) == 1 else key)
