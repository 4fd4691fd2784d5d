from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.uploads import UploadState
from app.ui.account_view import AccountState, AccountView
from app.ui.card import Card
from app.ui.settings_window import PageId, SettingsWindow
from app.ui.theme import Look
from app.ui.tray_view import Refusal
from app.ui.tray_window import TrayWindow
from tests.ui.windows.conftest import MakeItem

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


class ShownWindows(QObject):
    """Remembers every widget that was shown as a window of its own, if only for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.seen.append(type(watched).__name__)
        return False


@pytest.fixture
def shown(qapp: QApplication, look: Look) -> Iterator[ShownWindows]:
    watcher = ShownWindows()
    qapp.installEventFilter(watcher)
    yield watcher
    qapp.removeEventFilter(watcher)


def busy_tray_window(make_item: MakeItem) -> TrayWindow:
    window = TrayWindow()
    window.set_account(AccountView(AccountState.REJECTED))
    window.set_uploads([make_item(state.value, state) for state in UploadState])
    window.set_recent([make_item("x", UploadState.DONE)])
    window.add_refusals([Refusal("a", "b")])
    return window


def whole_settings_window(_make_item: MakeItem) -> SettingsWindow:
    window = SettingsWindow()
    for page_id in PageId:
        window.page(page_id)
    window.set_account(AccountView(AccountState.READY, is_persistent=False))
    window.set_hotkeys_unavailable("No keys here.")
    window.add_notices(["Something."])
    return window


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (busy_tray_window, "TrayWindow"),
        (whole_settings_window, "SettingsWindow"),
        (lambda make_item: Card(make_item("a", UploadState.FAILED)), "Card"),
    ],
)
def test_no_part_of_a_window_flashes_up_on_its_own(
    shown: ShownWindows, make_item: MakeItem, qtbot: QtBot, make: Callable[[MakeItem], QWidget], name: str
) -> None:
    window = make(make_item)
    qtbot.addWidget(window)
    assert shown.seen == []
    window.show()
    assert shown.seen == [name]
