"""From shortcuts as people write them to keys that can be grabbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.hotkeys.keymap import KeyMap

Chord: TypeAlias = tuple[int, int]
"""A keycode, and the modifier bits that must be held, locks left out."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What can be bound on this keyboard (`chords` by action id), and what cannot, with its reason."""

    chords: Mapping[str, tuple[Chord, ...]] = field(default_factory=dict)
    refused: Mapping[str, BindResult] = field(default_factory=dict)


def plan_bindings(keymap: KeyMap, shortcuts: Mapping[str, Shortcut]) -> Plan:
    """Find the keys of each shortcut; of two actions with the same keys the first gets them."""
    chords: dict[str, tuple[Chord, ...]] = {}
    refused: dict[str, BindResult] = {}
    taken: set[Chord] = set()
    for action, shortcut in shortcuts.items():
        mask = keymap.mask(shortcut.modifiers)
        wanted = tuple((keycode, mask) for keycode in keymap.keycodes(shortcut.key))
        if not shortcut.is_global_safe:
            reason = f"{shortcut} would be taken away from every program: add Ctrl, Alt or Super."
        elif not wanted:
            reason = f"No key on this keyboard types “{shortcut.key}”."
        elif taken.intersection(wanted):
            reason = f"Another action here already uses the keys of {shortcut}."
        else:
            chords[action] = wanted
            taken.update(wanted)
            continue
        refused[action] = BindResult(shortcut, bound=False, reason=reason)
    return Plan(chords, refused)
