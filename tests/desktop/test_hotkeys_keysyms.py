"""Our table of keysyms against python-xlib's, which is there on Linux only."""

from __future__ import annotations

import pytest
from Xlib import XK

from app.core.shortcuts import Shortcut
from app.hotkeys.keysyms import NAMED_KEYSYMS, character


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("4", "4"),
        ("odiaeresis", "ö"),
        ("aogonek", "ą"),
        ("Cyrillic_ef", "ф"),
        ("Cyrillic_io", "ё"),
        ("Greek_alpha", "α"),
        ("Greek_sigma", "σ"),
        ("Greek_finalsmallsigma", "ς"),
        ("Greek_SIGMA", "Σ"),
        ("Greek_TAU", "Τ"),
        ("hebrew_aleph", "א"),
        ("Thai_kokai", "ก"),
        ("Arabic_alef", "ا"),
        ("Zcaron", "Ž"),
    ],
)
def test_a_keysym_is_the_character_it_types(name: str, expected: str) -> None:
    for group in ("latin2", "cyrillic", "greek", "hebrew", "thai", "arabic"):
        XK.load_keysym_group(group)
    keysym = XK.string_to_keysym(name)
    assert keysym
    assert character(keysym) == expected


def test_a_keysym_without_a_name_is_its_code_point() -> None:
    assert character(0x20AC) == "€"
    assert character(0x01000190) == "Ɛ"
    assert character(0x0101F600) == "😀"


@pytest.mark.parametrize("name", ["Shift_L", "F5", "Up", "KP_4", "dead_acute", "ISO_Level3_Shift", "NoSymbol"])
def test_a_key_that_types_nothing_has_no_character(name: str) -> None:
    XK.load_keysym_group("xkb")
    assert character(XK.string_to_keysym(name)) == ""


_X_NAMES = {
    "PageUp": "Page_Up",
    "PageDown": "Page_Down",
    "Space": "space",
    "Backspace": "BackSpace",
    "Plus": "plus",
}


@pytest.mark.parametrize("name", NAMED_KEYSYMS)
def test_every_named_key_has_the_keysym_that_x_gives_it(name: str) -> None:
    assert NAMED_KEYSYMS[name] == XK.string_to_keysym(_X_NAMES.get(name, name))
    assert Shortcut.parse(name).key == name
