from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from app.core.errors import InputError
from app.core.shortcuts import Shortcut
from app.hotkeys.choose import choose_hotkeys, probe_hotkeys


@pytest.mark.parametrize(
    ("environ", "reason", "remedy"),
    [
        ({}, "no graphical session", "graphical session"),
        ({"DISPLAY": ":0", "IMGLINK_HOTKEYS": "null"}, "turned off", "Unset IMGLINK_HOTKEYS"),
    ],
)
def test_where_no_key_can_be_bound_it_says_why(environ: dict[str, str], reason: str, remedy: str) -> None:
    hotkeys = choose_hotkeys(environ)
    probe = hotkeys.probe()
    assert (probe.name, probe.available) == ("null", False)
    assert reason in probe.reason
    assert remedy in probe.remedy
    assert probe_hotkeys(environ)[-1] == probe

    async def bind() -> None:
        await hotkeys.start(lambda _action, _token: None)
        result = (await hotkeys.bind({"region": Shortcut.parse("Ctrl+Shift+4")}))["region"]
        assert not result.bound
        assert probe.reason in result.reason
        await hotkeys.stop()

    asyncio.run(bind())


@pytest.mark.parametrize("name", ["WAYLAND_DISPLAY", "XDG_SESSION_TYPE"])
def test_on_wayland_it_is_the_portal_or_the_desktops_own_keys(name: str) -> None:
    environ = {"DISPLAY": ":0", name: "wayland"}
    hotkeys = choose_hotkeys(environ)
    assert hotkeys.name == "portal"
    assert [hotkeys.probe()] == list(probe_hotkeys(environ))
    assert not hotkeys.probe().available
    assert "On Wayland" in hotkeys.probe().reason
    assert "capture region --copy" in hotkeys.probe().remedy


def test_an_unknown_name_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="IMGLINK_HOTKEYS is “keybinder”"):
        choose_hotkeys({"IMGLINK_HOTKEYS": "keybinder"})


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    program = """
import sys
import app.hotkeys.choose, app.hotkeys.recorder
print([name for name in sys.modules if name.split(".")[0] in ("Xlib", "pynput", "asyncio.base_events", "six")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
