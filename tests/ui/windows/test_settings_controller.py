"""What is entered in the settings window reaches the account, and its answer comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.core.imglink import CredentialKind
from app.core.service_errors import NotAuthenticated
from app.services.account import AccountStatus, CredentialStatus
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.system.autostart import XdgAutostart
from app.ui.account_view import AccountState, AccountView
from app.ui.settings_controller import OwnSystem, SettingsController
from app.ui.settings_window import PageId
from app.ui.theme import Look
from tests.ui.windows.controllers import Joined, Noting, joined

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
NO_KEY = AccountStatus(
    "https://imglink.example",
    CredentialStatus(CredentialKind.API_KEY),
    CredentialStatus(CredentialKind.TOKEN),
    "the keyring",
    is_persistent=True,
)


@pytest.fixture
def it(qtbot: QtBot, look: Look) -> Iterator[Joined]:
    with joined(qtbot) as made:
        yield made


def refuse(_key: str) -> None:
    raise NotAuthenticated("The key is not known.")


def test_a_first_key_that_is_refused_leaves_no_account(it: Joined, qtbot: QtBot, tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "settings.json", {})
    system = OwnSystem(cast(Any, None), XdgAutostart(tmp_path / "autostart", ["imglink"]))
    controller = SettingsController(it.bridge, file, "", it.errors.append, it.owner, system=system)
    services = SimpleNamespace(account=Noting(set_key=refuse), hotkeys=Noting())
    services.hotkeys.probe = lambda: SimpleNamespace(available=True)
    controller.attach(cast(Services, services), NO_KEY, {}, None)
    controller.present(PageId.ACCOUNT)
    assert controller.window is not None
    seen: list[AccountView] = []
    controller.account_changed.connect(seen.append)
    controller.window.key_entered.emit("wrong")
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=5000)
    assert [view.state for view in seen] == [AccountState.CHECKING, AccountState.NO_KEY]
    # Another one, and one more before the answer has come.
    for key in ("wrong", "wrong as well"):
        controller.window.key_entered.emit(key)
    qtbot.waitUntil(lambda: len(seen) == 6, timeout=5000)
    assert seen[-1].state is AccountState.NO_KEY
    shown = [label.text() for label in controller.window.findChildren(QLabel) if label.isVisible()]
    assert "The key is not known." in shown
    assert it.errors == []
    controller.close()
