"""X11 keysyms as characters and key names, without a connection to any server.

A keysym is a Unicode character (0x01000000 + code point), a Latin-1 character, or one of the older numbers that
keyboard layouts still use for other scripts. Those follow 8-bit character sets page by page, so Python's codecs know
them.
"""

from __future__ import annotations

NAMED_KEYSYMS = {
    "Print": 0xFF61,
    "Pause": 0xFF13,
    "Insert": 0xFF63,
    "Delete": 0xFFFF,
    "Home": 0xFF50,
    "End": 0xFF57,
    "PageUp": 0xFF55,
    "PageDown": 0xFF56,
    "Up": 0xFF52,
    "Down": 0xFF54,
    "Left": 0xFF51,
    "Right": 0xFF53,
    "Space": 0x20,
    "Tab": 0xFF09,
    "Return": 0xFF0D,
    "Escape": 0xFF1B,
    "Backspace": 0xFF08,
    "Menu": 0xFF67,
    "Plus": 0x2B,
} | {f"F{n}": 0xFFBD + n for n in range(1, 25)}
"""The keysym of every key that `Shortcut` calls by a name."""

KEY_NAMES = {keysym: name for name, keysym in NAMED_KEYSYMS.items()}
"""The other way round."""

ALT_KEYSYMS = frozenset({0xFFE9, 0xFFEA})
SUPER_KEYSYMS = frozenset({0xFFEB, 0xFFEC})
NUM_LOCK_KEYSYMS = frozenset({0xFF7F})
SCROLL_LOCK_KEYSYMS = frozenset({0xFF14})

_UNICODE_BASE = 0x01000000
_PAGES = {
    0x01: "iso8859-2",
    0x02: "iso8859-3",
    0x03: "iso8859-4",
    0x05: "iso8859-6",
    0x06: "koi8-u",
    0x07: "iso8859-7",
    0x0C: "iso8859-8",
    0x0D: "tis-620",
    0x12: "iso8859-14",
    0x13: "iso8859-15",
}
# The sigmas are where the Greek keysyms and ISO 8859-7 disagree.
_EXCEPTIONS = {0x7D2: "Σ", 0x7F2: "σ", 0x7F3: "ς"}


def character(keysym: int) -> str:
    """The character that a keysym types; empty for keys that type none (arrows, modifiers, dead keys, keypad)."""
    if keysym in _EXCEPTIONS:
        return _EXCEPTIONS[keysym]
    if 0x20 <= keysym <= 0x7E or 0xA0 <= keysym <= 0xFF or 0x20A0 <= keysym <= 0x20AC:
        return chr(keysym)
    if _UNICODE_BASE + 0x100 <= keysym <= _UNICODE_BASE + 0x10FFFF:
        return chr(keysym - _UNICODE_BASE)
    codec = _PAGES.get(keysym >> 8)
    if codec is None:
        return ""
    text = bytes((keysym & 0xFF,)).decode(codec, "ignore")
    return text if text.isprintable() else ""
