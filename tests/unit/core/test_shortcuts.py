from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.core import shortcuts
from app.core.shortcuts import Modifier, Shortcut
from app.core.workflow import BUILT_IN_WORKFLOWS, DEFAULT_SHORTCUTS
from app.settings.checks import check_shortcut


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


def test_a_mac_has_its_own_names_for_the_keys_and_reads_those_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = Shortcut.parse("Super+Shift+Alt+Ctrl+4")
    assert str(everything) == "Ctrl+Alt+Shift+Super+4"
    monkeypatch.setattr(shortcuts, "sys", SimpleNamespace(platform="darwin"))
    assert str(everything) == "Ctrl+Option+Shift+Cmd+4"
    assert Shortcut.parse(str(everything)) == everything
    assert check_shortcut("U") == "Add Ctrl, Option or Cmd: this key alone is needed for typing."
