from __future__ import annotations

import pytest

from app.core.shortcuts import Modifier, Shortcut
from tests.unit.hotkeys.layouts import DE, FR, US, keymap

SHIFT, CAPS, CONTROL, ALT, NUM, SUPER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x40


@pytest.mark.parametrize("layout", [US, DE, FR])
def test_4_is_the_key_that_types_it_with_or_without_shift(layout: dict[int, str]) -> None:
    assert keymap(layout).keycodes("4") == (13,)


def test_a_letter_is_where_the_layout_puts_it() -> None:
    assert keymap(US).keycodes("Y") == (29,)
    assert keymap(DE).keycodes("Y") == (52,)
    assert keymap(DE).keycodes("Ö") == (47,)
    assert keymap(US).keycodes("Ö") == ()


def test_a_key_that_types_it_without_shift_wins() -> None:
    assert keymap(US).keycodes("<") == (94,)
    assert keymap(US).keycodes("Plus") == (21,)
    assert keymap(DE).keycodes("Plus") == (35,)


def test_a_keycap_that_exists_twice_means_both_keys() -> None:
    assert keymap(US).keycodes("Print") == (107, 218)


def test_modifier_bits_are_what_the_keyboard_says() -> None:
    layout = keymap(US)
    assert layout.mask(Modifier.CTRL | Modifier.SHIFT) == CONTROL | SHIFT
    assert layout.mask(Modifier.ALT) == ALT
    assert layout.mask(Modifier.SUPER) == SUPER
    assert layout.mask(Modifier.NONE) == 0


def test_locks_do_not_count() -> None:
    layout = keymap(US)
    group_two_and_a_mouse_button = 0x2100
    assert layout.held(CONTROL | CAPS | NUM | group_two_and_a_mouse_button) == CONTROL
    assert set(layout.lock_states()) == {0, CAPS, NUM, CAPS | NUM}
    assert layout.lock_states()[0] == 0


def test_num_lock_is_found_on_another_bit_and_scroll_lock_counts_where_it_is_a_modifier() -> None:
    layout = keymap(US, num_lock_bit=5, scroll_lock_bit=7)
    assert layout.held(0xFF) == SHIFT | CONTROL | ALT | 0x10 | SUPER
    assert len(layout.lock_states()) == 8


@pytest.mark.parametrize(
    ("layout", "keycode", "state", "expected"),
    [
        (US, 13, CONTROL | SHIFT, "Ctrl+Shift+4"),
        (US, 13, CONTROL | SHIFT | NUM | CAPS, "Ctrl+Shift+4"),
        (FR, 13, CONTROL | SHIFT, "Ctrl+Shift+4"),
        (DE, 47, ALT | SUPER, "Alt+Super+Ö"),
        (US, 107, 0, "Print"),
        (US, 65, CONTROL, "Ctrl+Space"),
        (DE, 35, CONTROL, "Ctrl+Plus"),
        (US, 59, CONTROL | SHIFT, "Ctrl+Shift+,"),
        (US, 9, 0, "Escape"),
    ],
)
def test_a_pressed_key_is_called_by_its_keycap(layout: dict[int, str], keycode: int, state: int, expected: str) -> None:
    shortcut = keymap(layout).shortcut(keycode, state)
    assert shortcut == Shortcut.parse(expected)
    assert str(shortcut) == expected


@pytest.mark.parametrize("keycode", [37, 50, 83, 200, 3])
def test_modifiers_and_keys_without_a_name_are_no_shortcut(keycode: int) -> None:
    assert keymap(US).shortcut(keycode, CONTROL) is None
