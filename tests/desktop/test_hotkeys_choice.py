from __future__ import annotations

import pytest

from app.hotkeys.choose import choose_hotkeys, probe_hotkeys
from tests.desktop.session import DesktopSession


def test_grabs_come_first_on_x11(desktop: DesktopSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", desktop.display)
    assert choose_hotkeys(desktop.env).name == "x11"
    assert [(probe.name, probe.available) for probe in probe_hotkeys(desktop.env)] == [("x11", True), ("pynput", True)]


@pytest.mark.parametrize("name", ["x11", "pynput", "null"])
def test_the_environment_forces_one(desktop: DesktopSession, name: str) -> None:
    assert choose_hotkeys({**desktop.env, "IMGLINK_HOTKEYS": name}).name == name


def test_a_display_that_is_gone_leaves_a_reason() -> None:
    hotkeys = choose_hotkeys({"DISPLAY": ":4711"})
    assert hotkeys.name == "null"
    assert hotkeys.probe().reason == "The display “:4711” cannot be reached."
