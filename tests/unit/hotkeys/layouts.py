"""Keyboard layouts as an X server tells them: keycode 10 is the key above Q that types 1 in the United States."""

from __future__ import annotations

from app.hotkeys.keymap import KeyMap

_SHIFT, _CONTROL, _ALT, _SUPER, _NUM, _SCROLL = 50, 37, 64, 133, 77, 78
_MODIFIER_ROWS = {
    _SHIFT: (0xFFE1,),
    _CONTROL: (0xFFE3,),
    _ALT: (0xFFE9, 0xFFE7),
    _SUPER: (0xFFEB,),
    _NUM: (0xFF7F,),
    _SCROLL: (0xFF14,),
}
_PRINT, _KEYPAD_4, _LESS, _COMMA = 107, 83, 94, 59
_COMMON = {_PRINT: (0xFF61, 0xFF15), 218: (0xFF61,), _KEYPAD_4: (0xFF96, 0xFFB4), 65: (0x20, 0x20), 9: (0xFF1B,)}

US = {13: "4$", 30: "uU", 29: "yY", 59: ",<", 94: "<>", 21: "=+"}
DE = {13: "4$", 30: "uU", 29: "zZ", 52: "yY", 47: "öÖ", 35: "+*"}
FR = {13: "'4{", 30: "uU", 29: "yY", 21: "=+"}


def keymap(keys: dict[int, str], *, num_lock_bit: int = 4, scroll_lock_bit: int | None = None) -> KeyMap:
    """A layout with these keys (the characters at each level) and the usual modifiers."""
    rows: dict[int, tuple[int, ...]] = {code: tuple(map(ord, typed)) for code, typed in keys.items()}
    rows |= _MODIFIER_ROWS | _COMMON
    bits: list[list[int]] = [[_SHIFT, 0], [66], [_CONTROL], [_ALT], [], [], [_SUPER], []]
    bits[num_lock_bit].append(_NUM)
    if scroll_lock_bit is not None:
        bits[scroll_lock_bit].append(_SCROLL)
    return KeyMap.build(8, [rows.get(code, (0, 0)) for code in range(8, 256)], bits)
