"""Clipboard and notifications of a Mac, over programs that stand in for its own and keep what they are given."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest

from app.bootstrap import doctor
from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.core.ports import Notice
from app.services.doctor import examine
from app.system import mac_desktop
from app.system.mac_desktop import MacClipboard, MacNotifier, hide_from_dock, stay_out_of_dock
from tests.unit.macos.framework import METADATA

Program = Callable[[str, str], str]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    def make(name: str, script: str) -> str:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\ncd '{tmp_path}'\n{script}\n", encoding="utf-8")
        path.chmod(0o700)
        return str(path)

    return make


def environ() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin"}


def test_text_is_copied_and_read_back(program: Program) -> None:
    copied = MacClipboard(
        environ(),
        pbcopy=program("pbcopy", "cat > kept"),
        pbpaste=program("pbpaste", '[ "$*" = "-Prefer txt" ] && cat kept'),
    )
    assert asyncio.run(copied.copy_text("https://imglink.cc/i/Ü $(id)"))
    assert copied.text() == "https://imglink.cc/i/Ü $(id)"


def test_the_doctor_reads_the_clipboard_back(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MacClipboard(environ(), pbpaste=program("pbpaste", "printf text")).probe().available
    monkeypatch.setattr(doctor, "sys", SimpleNamespace(platform="darwin"))
    (finding,) = asyncio.run(examine({Part.CLIPBOARD: doctor.doctor_parts(environ())[Part.CLIPBOARD]}))
    # As on this computer, which has no such program.
    assert (finding.probe.available, "pbpaste failed" in finding.probe.reason) == (False, True)


def test_what_another_program_put_there_meanwhile_is_not_called_copied(program: Program) -> None:
    clipboard = MacClipboard(environ(), pbcopy=program("pbcopy", "cat"), pbpaste=program("pbpaste", "printf other"))
    assert not asyncio.run(clipboard.copy_text("ours"))


@pytest.mark.parametrize(
    ("info", "formats"),
    [
        ("«class PNGf», 5020, «class utf8», 3", {"image/png"}),
        ("TIFF picture, 88", {"image/png"}),
        ("«class utf8», 3", set()),
    ],
)
def test_a_picture_is_seen(program: Program, info: str, formats: set[str]) -> None:
    assert MacClipboard(environ()).formats(osascript=program("osascript", f"printf '%s' '{info}'")) == formats


def test_a_notification_is_words_and_no_script(program: Program, tmp_path: Path) -> None:
    title, body = '-e do shell script "id"', 'Link "copied" & `id`\nsecond line'
    script = program("osascript", "printf '%s\\0' \"$@\" > words")
    asyncio.run(MacNotifier(environ(), osascript=script).show(Notice(title, body)))
    words = (tmp_path / "words").read_text(encoding="utf-8").split("\0")[:-1]
    assert words[:-2:2] == ["-e", "-e", "-e"]
    assert not any("id" in word for word in words[1:-2:2])
    assert [word.removeprefix("\u200b") for word in words[-2:]] == [title, body]
    assert not words[-2].startswith("-")


def test_a_program_that_fails_is_explained_without_its_words(program: Program) -> None:
    failing = program("osascript", "exit 1")
    with pytest.raises(UserFacingError, match="osascript failed") as caught:
        asyncio.run(MacNotifier(environ(), osascript=failing).show(Notice("title", "a secret")))
    assert "secret" not in repr(caught.value) + caught.value.details
    with pytest.raises(UserFacingError, match="pbcopy failed"):
        # As on this computer, which has none.
        asyncio.run(MacClipboard(environ()).copy_text("text"))


def test_the_dock_is_told_before_qt_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    info: dict[str, str] = {}
    stay_out_of_dock()
    for dictionary in (info, MappingProxyType(info), None):
        # The latter two cannot be written.
        bundle = SimpleNamespace(infoDictionary=lambda dictionary=dictionary: dictionary)
        module = SimpleNamespace(NSBundle=SimpleNamespace(mainBundle=lambda bundle=bundle: bundle))
        monkeypatch.setitem(sys.modules, "Foundation", module)
        stay_out_of_dock()
    # As text, which macOS and Qt both take.
    assert info == {"LSUIElement": "1"}


def test_the_dock_does_not_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    policies: list[int] = []
    shared = SimpleNamespace(setActivationPolicy_=policies.append)
    hide_from_dock()
    module = SimpleNamespace(NSApplication=SimpleNamespace(sharedApplication=lambda: shared))
    monkeypatch.setitem(sys.modules, "AppKit", module)
    hide_from_dock()
    assert policies == [mac_desktop._ACCESSORY]
    assert int(METADATA["constants"]["NSApplicationActivationPolicyAccessory"]) == mac_desktop._ACCESSORY
