"""Keyboard shortcuts as data, written the way people read them: `Ctrl+Shift+4`.

The key is named by what its keycap shows without modifiers, so `Ctrl+Shift+4` is the `4` key whatever Shift makes of
it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Flag, auto


class Modifier(Flag):
    """Modifier keys; `SUPER` is the Windows or Command key."""

    NONE = 0
    CTRL = auto()
    ALT = auto()
    SHIFT = auto()
    SUPER = auto()


_MODIFIER_NAMES = {
    "ctrl": Modifier.CTRL,
    "control": Modifier.CTRL,
    "alt": Modifier.ALT,
    "option": Modifier.ALT,
    "shift": Modifier.SHIFT,
    "super": Modifier.SUPER,
    "meta": Modifier.SUPER,
    "win": Modifier.SUPER,
    "cmd": Modifier.SUPER,
    "command": Modifier.SUPER,
}
_NAMED_KEYS = {
    name.lower(): name
    for name in (
        "Print Pause Insert Delete Home End PageUp PageDown Up Down Left Right "
        "Space Tab Return Escape Backspace Menu Plus " + " ".join(f"F{n}" for n in range(1, 25))
    ).split()
}
_KEY_ALIASES = {"printscreen": "Print", "prtsc": "Print", "ins": "Insert", "del": "Delete", "pgup": "PageUp"}
_KEY_ALIASES |= {"pgdown": "PageDown", "enter": "Return", "esc": "Escape", "+": "Plus"}


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One key with modifiers. `key` is one upper-case character (`4`, `U`, `Ö`) or a name such as `F5` or `Print`."""

    modifiers: Modifier
    key: str

    @classmethod
    def parse(cls, text: str) -> Shortcut:
        """Read `Ctrl+Shift+4`, in any case and order. Raises ValueError with the reason in words."""
        parts = [part.strip() for part in text.replace("++", "+Plus").split("+")]
        modifiers = Modifier.NONE
        for name in parts[:-1]:
            if name.lower() not in _MODIFIER_NAMES:
                raise ValueError(f"“{name}” is not a modifier key")
            modifiers |= _MODIFIER_NAMES[name.lower()]
        key = parts[-1]
        if not key or key.lower() in _MODIFIER_NAMES:
            raise ValueError("a shortcut needs a key besides its modifiers")
        if len(key) == 1 and key.isprintable():
            # ß has no upper case of one character and stays as it is.
            return cls(modifiers, key.upper() if len(key.upper()) == 1 else key)
        lowered = key.lower()
        named = _NAMED_KEYS.get(lowered) or _KEY_ALIASES.get(lowered)
        if named is None:
            raise ValueError(f"“{key}” is not a key that can be used")
        return cls(modifiers, named)

    @property
    def is_global_safe(self) -> bool:
        """False when grabbing it would take an ordinary typing key away from every program."""
        if self.modifiers & ~Modifier.SHIFT:
            return True
        return len(self.key) > 1 and self.key not in (
            "Space",
            "Tab",
            "Return",
            "Escape",
            "Backspace",
            "Delete",
        )

    def __str__(self) -> str:
        held = [name for flag, name in modifier_names().items() if flag in self.modifiers]
        return "+".join([*held, self.key])


def modifier_names() -> dict[Modifier, str]:
    """The modifiers as this platform's keyboards name them, in the order in which they are written there."""
    is_mac = sys.platform == "darwin"
    return {
        Modifier.CTRL: "Ctrl",
        Modifier.ALT: "Option" if is_mac else "Alt",
        Modifier.SHIFT: "Shift",
        Modifier.SUPER: "Cmd" if is_mac else "Super",
    }
