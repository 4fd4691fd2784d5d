"""What is said of keys that do not work, and where the settings help."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pytestqt.qtbot import QtBot

from app.core.ports import BindResult, Probe
from app.core.shortcuts import Shortcut
from app.hotkeys.portal import ASKING, NOT_GIVEN
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.system.autostart import XdgAutostart
from app.system.compositor_keys import BindingHelp
from app.ui.key_notices import key_notices
from app.ui.settings_controller import OwnSystem, SettingsController
from app.ui.settings_window.hotkeys_page import HotkeysPage
from app.ui.theme import Look
from app.ui.widgets import NoticeBar
from tests.ui.windows.controllers import Noting, joined
from tests.ui.windows.test_settings_controller import NO_KEY

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


def result(keys: str, reason: str = "", *, is_pending: bool = False, is_declined: bool = False) -> BindResult:
    key = Shortcut.parse(keys)
    return BindResult(key, bound=not reason, reason=reason, is_pending=is_pending, is_declined=is_declined)


def test_a_reason_is_told_once_with_its_keys() -> None:
    taken = "Another program already uses this key."
    missing = "No key on this keyboard types “F20”."
    notices = key_notices([result("F1", taken), result("F2"), result("F20", missing), result("Ctrl+F3", taken)])
    assert [(notice.title, notice.body) for notice in notices] == [
        ("Shortcuts do not work", f"F1, Ctrl+F3: {taken}"),
        ("A shortcut does not work", missing),
    ]
    assert all(notice.is_error for notice in notices)


def test_what_the_person_decided_or_is_asked_is_not_told() -> None:
    assert key_notices([result("F1", NOT_GIVEN, is_declined=True), result("F2", ASKING, is_pending=True)]) == ()


def bars(page: HotkeysPage) -> list[str]:
    """What is said at the top of the page."""
    return [bar.text.text() for bar in page.findChildren(NoticeBar) if bar.isVisible()]


class Keys(Noting):
    """Hotkeys of which a test says how they are."""

    found = Probe("portal", available=True)

    def probe(self) -> Probe:
        return self.found


def test_the_desktops_own_lines_are_shown_while_no_key_is_bound(qtbot: QtBot, look: Look, tmp_path: Path) -> None:
    with joined(qtbot) as it:
        controller = SettingsController(
            it.bridge,
            SettingsFile(tmp_path / "settings.json", {}),
            "",
            it.errors.append,
            it.owner,
            system=OwnSystem(cast(Any, None), XdgAutostart(tmp_path / "autostart", ["imglink"])),
            binding_help=lambda keys: BindingHelp("Add this.", "\n".join(map(str, keys.values()))),
        )
        keys = Keys()
        services = cast(Services, SimpleNamespace(account=Noting(), hotkeys=keys))
        asking = {"region": result("F1", ASKING, is_pending=True)}
        controller.attach(services, NO_KEY, asking, None)
        controller.present_hotkeys()
        assert controller.window is not None
        page = controller.window.findChild(HotkeysPage)
        assert page is not None
        assert not page.binding_help.isVisible()
        # The desktop answers: none of them.
        controller.show_bound({"region": result("F1", "Refused."), "screen": result("F2", "Refused.")})
        assert page.binding_help.isVisible()
        assert "Refused." in bars(page)
        controller.show_bound({"region": result("F1"), "screen": result("F2", "Refused.")})
        assert bars(page) == []
        assert not page.binding_help.isVisible()
        # There is nothing that could bind keys any more.
        keys.found = Probe("portal", available=False, reason="No keys here.")
        controller.show_bound({"region": result("F1", "No keys here.")})
        assert page.binding_help.isVisible()
        assert "No keys here." in bars(page)
        controller.close()
