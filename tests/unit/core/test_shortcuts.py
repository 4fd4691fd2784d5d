from __future__ import annotations

import pytest

from app.core.shortcuts import Modifier, Shortcut
from app.core.workflow import BUILT_IN_WORKFLOWS, DEFAULT_SHORTCUTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ctrl+Shift+4", Shortcut(Modifier.CTRL | Modifier.SHIFT, "4")),
        ("shift + control + u", Shortcut(Modifier.CTRL | Modifier.SHIFT, "U")),
        ("Print", Shortcut(Modifier.NONE, "Print")),
        ("Cmd+F5", Shortcut(Modifier.SUPER, "F5")),
        ("Ctrl++", Shortcut(Modifier.CTRL, "Plus")),
        ("Alt+PrtSc", Shortcut(Modifier.ALT, "Print")),
    ],
)
def test_parse(text: str, expected: Shortcut) -> None:
    assert Shortcut.parse(text) == expected


@pytest.mark.parametrize("text", ["", "Ctrl", "Ctrl+", "Hyper+A", "Ctrl+Banana", "Ctrl+Shift"])
def test_parse_explains_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"modifier|needs a key|not a key"):
        Shortcut.parse(text)


@pytest.mark.parametrize("text", [text for text in DEFAULT_SHORTCUTS.values() if text])
def test_str_is_what_parse_reads(text: str) -> None:
    assert str(Shortcut.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [("A", False), ("Shift+A", False), ("Space", False), ("F5", True), ("Ctrl+A", True), ("Print", True)],
)
def test_a_plain_typing_key_is_never_taken_from_every_program(text: str, *, safe: bool) -> None:
    assert Shortcut.parse(text).is_global_safe is safe


def test_every_default_key_belongs_to_a_workflow() -> None:
    assert set(DEFAULT_SHORTCUTS) == {workflow.id for workflow in BUILT_IN_WORKFLOWS}
