"""What is kept on this computer, in the settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QSpinBox
from pytestqt.qtbot import QtBot

from app.core.errors import UserFacingError
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.system.autostart import XdgAutostart
from app.ui.settings_controller import OwnSystem, SettingsController
from app.ui.settings_window import PageId, SettingsWindow
from app.ui.theme import Look
from tests.ui.windows.controllers import Joined, Noting, joined
from tests.ui.windows.test_settings_controller import NO_KEY

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def it(qtbot: QtBot, look: Look) -> Iterator[Joined]:
    with joined(qtbot) as made:
        yield made


def opened(it: Joined, folder: Path, thumbnails: Noting) -> tuple[SettingsController, SettingsWindow]:
    system = OwnSystem(cast(Any, None), XdgAutostart(folder / "autostart", ["imglink"]))
    controller = SettingsController(
        it.bridge, SettingsFile(folder / "settings.json", {}), "", it.errors.append, it.owner, system=system
    )
    services = SimpleNamespace(account=Noting(), hotkeys=Noting(), thumbnails=thumbnails)
    services.hotkeys.probe = lambda: SimpleNamespace(available=True)
    controller.attach(cast(Services, services), NO_KEY, {}, None)
    controller.present(PageId.STORAGE)
    assert controller.window is not None
    return controller, controller.window


def remove(window: SettingsWindow) -> None:
    buttons = window.page(PageId.STORAGE).findChildren(QPushButton)
    next(button for button in buttons if button.text() == "Remove previews").click()


def texts(window: SettingsWindow) -> list[str]:
    return [label.text() for label in window.page(PageId.STORAGE).findChildren(QLabel)]


def test_previews_are_removed_at_once_and_it_says_so(it: Joined, qtbot: QtBot, tmp_path: Path) -> None:
    thumbnails = Noting()
    controller, window = opened(it, tmp_path, thumbnails)
    remove(window)
    qtbot.waitUntil(lambda: "The previews are removed." in texts(window))
    assert it.errors == []
    controller.close()


def test_a_folder_that_cannot_be_emptied_is_told(it: Joined, qtbot: QtBot, tmp_path: Path) -> None:
    def refuse() -> None:
        raise UserFacingError("The folder cannot be emptied.")

    controller, window = opened(it, tmp_path, Noting(clear=refuse))
    remove(window)
    qtbot.waitUntil(lambda: bool(it.errors))
    assert "The previews are removed." not in texts(window)
    controller.close()


def test_the_space_for_previews_is_a_number_with_a_name(it: Joined, tmp_path: Path) -> None:
    controller, window = opened(it, tmp_path, Noting())
    spin = window.page(PageId.STORAGE).findChild(QSpinBox)
    assert isinstance(spin, QSpinBox)
    assert spin.value() == 64
    assert spin.accessibleName()
    controller.close()
