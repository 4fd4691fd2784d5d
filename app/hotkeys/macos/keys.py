"""Keys and modifiers as macOS numbers them.

Source: Apple's header HIToolbox/Events.h (virtual key codes, modifier masks).
"""

from __future__ import annotations

from app.core.shortcuts import Modifier, Shortcut

MODIFIERS = {
    Modifier.SUPER: 1 << 8,  # cmdKey
    Modifier.SHIFT: 1 << 9,  # shiftKey
    Modifier.ALT: 1 << 11,  # optionKey
    Modifier.CTRL: 1 << 12,  # controlKey
}

NAMED = {
    "Return": 0x24,
    "Tab": 0x30,
    "Space": 0x31,
    "Backspace": 0x33,
    "Escape": 0x35,
    "Insert": 0x72,  # the key that says Help on a Mac's own keyboard
    "Home": 0x73,
    "PageUp": 0x74,
    "Delete": 0x75,
    "End": 0x77,
    "PageDown": 0x79,
    "Left": 0x7B,
    "Right": 0x7C,
    "Down": 0x7D,
    "Up": 0x7E,
    **dict(
        zip((f"F{n}" for n in range(1, 11)), (0x7A, 0x78, 0x63, 0x76, 0x60, 0x61, 0x62, 0x64, 0x65, 0x6D), strict=True)
    ),
    **dict(
        zip((f"F{n}" for n in range(11, 21)), (0x67, 0x6F, 0x69, 0x6B, 0x71, 0x6A, 0x40, 0x4F, 0x50, 0x5A), strict=True)
    ),
}
"""Keys that are at the same place on every layout. PC keyboards' Print, Pause and Menu have no code of their own."""

ANSI = dict(
    zip("ASDFHGZXCV", range(10), strict=True),
    B=0x0B, Q=0x0C, W=0x0D, E=0x0E, R=0x0F, Y=0x10, T=0x11, O=0x1F, U=0x20, I=0x22, P=0x23, L=0x25, J=0x26, K=0x28,
    N=0x2D, M=0x2E,
) | dict(
    zip("123465=97-80]", range(0x12, 0x1F), strict=True)
) | {"[": 0x21, "'": 0x27, ";": 0x29, "\\": 0x2A, ",": 0x2B, "/": 0x2C, ".": 0x2F, "`": 0x32}  # fmt: skip
"""What the US layout's keys type; used where the present layout cannot be read."""

_SYSTEM = frozenset(
    Shortcut.parse(text)
    for text in ("Cmd+Shift+3", "Cmd+Shift+4", "Cmd+Shift+5", "Cmd+Shift+6", "Cmd+Tab", "Cmd+Space", "Cmd+Q", "Cmd+H")
)


def is_systems_own(shortcut: Shortcut) -> bool:
    """True for combinations that macOS keeps for itself; it lets them be registered, and never tells of them."""
    return Shortcut(shortcut.modifiers & ~Modifier.CTRL, shortcut.key) in _SYSTEM


def modifier_mask(modifiers: Modifier) -> int:
    """Carbon's bits."""
    return sum(bit for modifier, bit in MODIFIERS.items() if modifier in modifiers)
