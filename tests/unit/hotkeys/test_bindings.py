from __future__ import annotations

from app.core.shortcuts import Shortcut
from app.hotkeys.bindings import plan_bindings
from tests.unit.hotkeys.layouts import FR, US, keymap


def shortcuts(**texts: str) -> dict[str, Shortcut]:
    return {action: Shortcut.parse(text) for action, text in texts.items()}


def test_each_shortcut_gets_its_keys_and_modifiers() -> None:
    plan = plan_bindings(keymap(US), shortcuts(region="Ctrl+Shift+4", screen="Print"))
    assert plan.chords == {"region": ((13, 5),), "screen": ((107, 0), (218, 0))}
    assert plan.refused == {}


def test_a_keycap_that_this_keyboard_lacks_is_refused_in_words() -> None:
    plan = plan_bindings(keymap(US), shortcuts(region="Ctrl+Ö"))
    assert plan.refused["region"].reason == "No key on this keyboard types “Ö”."


def test_the_second_of_two_actions_with_the_same_keys_is_refused() -> None:
    # On a French keyboard ' and 4 are one key.
    plan = plan_bindings(keymap(FR), shortcuts(first="Ctrl+4", second="Ctrl+'"))
    assert set(plan.chords) == {"first"}
    assert plan.refused["second"].reason == "Another action here already uses the keys of Ctrl+'."


def test_an_ordinary_typing_key_is_not_taken_from_every_program() -> None:
    plan = plan_bindings(keymap(US), shortcuts(region="Shift+U"))
    assert plan.chords == {}
    assert plan.refused["region"].reason == ("Shift+U would be taken away from every program: add Ctrl, Alt or Super.")
