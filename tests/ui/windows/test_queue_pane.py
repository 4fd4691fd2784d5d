"""The queue in the tray window: waiting uploads and their order, bars that say why nothing goes on, and its costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPointF, Qt
from PySide6.QtGui import QAction, QColor, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import ErrorKind
from app.core.imglink import CredentialKind
from app.core.uploads import AfterUpload, QueueMode, QueueState, UploadId, UploadItem, UploadState
from app.core.workflow import UploadTask
from app.ui.theme import Look
from app.ui.tray_view import UnsavedView
from app.ui.tray_window import TrayWindow
from app.ui.tray_window.bars import QueueBar, UnsavedBars
from app.ui.tray_window.rows import RunningRow
from app.ui.tray_window.uploads import TROUBLE_COUNT
from app.ui.tray_window.waiting import MOST_ROWS, WaitingList
from tests.ui.windows.conftest import MakeItem
from tests.ui.windows.test_tray_window import buttons, texts

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

QUEUED = UploadState.QUEUED


@pytest.fixture
def window(qtbot: QtBot, look: Look) -> TrayWindow:
    made = TrayWindow()
    qtbot.addWidget(made)
    made.show()
    return made


def waiting(window: TrayWindow) -> WaitingList:
    [found] = window.findChildren(WaitingList)
    return found


def ids(window: TrayWindow) -> str:
    model = waiting(window).model()
    return "".join(waiting(window).items[row].id for row in range(model.rowCount(QModelIndex())))


def queued(make_item: MakeItem, names: str) -> list[UploadItem]:
    return [make_item(name, QUEUED) for name in names]


def moves(window: TrayWindow) -> list[tuple[str, str]]:
    heard: list[tuple[str, str]] = []
    window.move_requested.connect(lambda upload_id, before: heard.append((upload_id, before)))
    return heard


def test_waiting_uploads_are_listed_in_the_order_of_sending(window: TrayWindow, make_item: MakeItem) -> None:
    items = queued(make_item, "abcd")
    window.set_uploads(items)
    assert ids(window) == "abcd"
    assert "Waiting · 4" in texts(window)
    # One goes on its way, one comes to the end, and one comes back to its place.
    window.set_uploads([replace(items[0], state=UploadState.SENDING), *items[1:], make_item("e", QUEUED)])
    assert ids(window) == "bcde"
    window.set_uploads([*items, make_item("e", QUEUED)])
    assert ids(window) == "abcde"
    window.set_uploads([items[2], items[0], items[3]])
    assert ids(window) == "cad"
    window.set_uploads([])
    assert not waiting(window).isVisible()


def test_what_is_chosen_stays_chosen_when_the_order_changes(window: TrayWindow, make_item: MakeItem) -> None:
    a, b, c = queued(make_item, "abc")
    window.set_uploads([a, b, c])
    view = waiting(window)
    view.setCurrentIndex(view.model().index(1, 0))
    window.set_uploads([c, b, a])
    assert view.currentIndex().row() == 1
    window.set_uploads([b, c, a])
    assert view.currentIndex().row() == 0


@pytest.mark.parametrize(
    ("key", "row", "expected"),
    [
        (Qt.Key.Key_Up, 2, ("c", "b")),
        (Qt.Key.Key_Down, 1, ("b", "d")),
        (Qt.Key.Key_Down, 2, ("c", "")),
        (Qt.Key.Key_Home, 3, ("d", "a")),
        (Qt.Key.Key_End, 0, ("a", "")),
        (Qt.Key.Key_Up, 0, None),
        (Qt.Key.Key_Down, 3, None),
    ],
)
def test_the_keyboard_moves_a_row(
    window: TrayWindow, make_item: MakeItem, key: Qt.Key, row: int, expected: tuple[str, str] | None
) -> None:
    window.set_uploads(queued(make_item, "abcd"))
    view, heard = waiting(window), moves(window)
    view.setCurrentIndex(view.model().index(row, 0))
    QTest.keyClick(view, key, Qt.KeyboardModifier.ControlModifier)
    assert heard == ([] if expected is None else [expected])


def test_the_keyboard_reaches_the_list_and_cancels(window: TrayWindow, make_item: MakeItem, qtbot: QtBot) -> None:
    window.set_uploads(queued(make_item, "ab"))
    view = waiting(window)
    window.activateWindow()
    view.setFocus()
    assert view.currentIndex().row() == 0
    with qtbot.waitSignal(window.cancel_requested, timeout=1000) as heard:
        QTest.keyClick(view, Qt.Key.Key_Delete)
    assert heard.args == ["a"]


def test_the_menu_of_a_row_does_what_the_keys_do(window: TrayWindow, make_item: MakeItem, qtbot: QtBot) -> None:
    window.set_uploads(queued(make_item, "abc"))
    view, heard = waiting(window), moves(window)

    def entries(row: int) -> dict[str, QAction]:
        return {action.text(): action for action in view.make_menu(row).actions() if action.text()}

    middle = entries(1)
    assert [text for text, action in middle.items() if action.isEnabled()] == [
        "Send next", "Move up", "Move down", "Send last", "Cancel",
    ]  # fmt: skip
    for text in ("Send next", "Move down", "Send last"):
        middle[text].trigger()
    assert heard == [("b", "a"), ("b", ""), ("b", "")]
    assert not entries(0)["Move up"].isEnabled()
    assert not entries(2)["Send last"].isEnabled()
    with qtbot.waitSignal(window.cancel_requested, timeout=1000) as cancelled:
        entries(2)["Cancel"].trigger()
    assert cancelled.args == ["c"]


@pytest.mark.parametrize(("onto", "below", "expected"), [(0, False, ("c", "a")), (0, True, ("c", "b"))])
def test_a_row_is_dragged_to_another_place(
    window: TrayWindow, make_item: MakeItem, onto: int, below: bool, expected: tuple[str, str]
) -> None:
    window.set_uploads(queued(make_item, "abcd"))
    QTest.qWait(0)
    view, heard = waiting(window), moves(window)
    rect = view.visualRect(view.model().index(onto, 0))
    place = QPointF(rect.center().x(), rect.bottom() - 2 if below else rect.top() + 2)
    data = view.model().mimeData([view.model().index(2, 0)])
    view.dropEvent(drop(place, data))
    assert heard == [expected]
    # Nothing moves before the queue has moved it.
    assert ids(window) == "abcd"


def test_files_are_not_swallowed_by_the_list(window: TrayWindow, make_item: MakeItem) -> None:
    window.set_uploads(queued(make_item, "ab"))
    data = QMimeData()
    data.setText("something else")
    assert not waiting(window).model().canDropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())


def drop(place: QPointF, data: QMimeData) -> QDropEvent:
    return QDropEvent(place, Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)


def test_a_click_on_the_cross_cancels_and_elsewhere_it_only_chooses(
    window: TrayWindow, make_item: MakeItem, qtbot: QtBot
) -> None:
    window.set_uploads(queued(make_item, "ab"))
    QTest.qWait(0)
    view = waiting(window)
    rect = view.visualRect(view.model().index(1, 0))
    with qtbot.assertNotEmitted(window.cancel_requested):
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert view.currentIndex().row() == 1
    with qtbot.waitSignal(window.cancel_requested, timeout=1000) as heard:
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.cross_of(rect).center())
    assert heard.args == ["b"]


def test_thumbnails_are_asked_for_where_they_are_seen(window: TrayWindow, make_item: MakeItem) -> None:
    asked: list[str] = []
    window.thumbnail_requested.connect(lambda upload_id, _path: asked.append(upload_id))
    names = [f"{number:03}" for number in range(200)]
    window.set_uploads([make_item(name, QUEUED) for name in names])
    QTest.qWait(50)
    assert 0 < len(asked) <= MOST_ROWS + 2
    before = waiting(window).grab().toImage()
    image = QImage(60, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    window.set_thumbnail(UploadId("000"), image)
    assert waiting(window).grab().toImage() != before
    assert len(asked) == len(set(asked))


# --- trouble ----------------------------------------------------------------------------------------------------------


def test_why_all_is_paused_is_not_repeated_with_each_upload(window: TrayWindow, make_item: MakeItem) -> None:
    refused = make_item("a", UploadState.PAUSED, reason="HTTP 401.", error_kind=ErrorKind.CREDENTIAL)
    window.set_uploads([refused])
    [row] = window.findChildren(RunningRow)
    assert "Waits until uploads go on." in texts(row)
    assert "HTTP 401." not in texts(row)


def test_what_followed_an_upload_and_failed_is_shown_with_its_reason(
    window: TrayWindow, make_item: MakeItem, qtbot: QtBot
) -> None:
    problems = ((UploadTask.ADD_TO_ALBUM, "there is no <b>such</b> album."),)
    after = AfterUpload(frozenset({UploadTask.ADD_TO_ALBUM}), problems=problems)
    window.set_uploads([make_item("a", UploadState.DONE, after=after)])
    [row] = window.findChildren(RunningRow)
    assert "Uploaded, but not added to the album: there is no <b>such</b> album." in texts(row)
    assert set(buttons(row)) == {"Try again", "Dismiss"}
    for name, signal in (("Try again", window.retry_requested), ("Dismiss", window.dismiss_requested)):
        with qtbot.waitSignal(signal, timeout=1000) as heard:
            buttons(row)[name].click()
        assert heard.args == ["a"]


def test_many_failures_are_shown_little_by_little_and_discarded_at_once(
    window: TrayWindow, make_item: MakeItem, qtbot: QtBot
) -> None:
    items = [make_item(f"{number:03}", UploadState.FAILED, reason="Too large.") for number in range(25)]
    window.set_uploads(items)
    assert len(window.findChildren(RunningRow)) == TROUBLE_COUNT
    assert "Needs your attention · 25" in texts(window)
    buttons(window)["Show more (15 left)"].click()
    assert len(window.findChildren(RunningRow)) == 2 * TROUBLE_COUNT
    with qtbot.waitSignal(window.dismiss_failed_requested, timeout=1000) as heard:
        buttons(window)["Discard failed"].click()
    assert heard.args == [[item.id for item in items]]
    with qtbot.waitSignal(window.clear_requested, timeout=1000):
        window.set_recent([make_item("z", UploadState.DONE)])
        buttons(window)["Clear list"].click()


# --- bars -------------------------------------------------------------------------------------------------------------


def bar(window: TrayWindow) -> QueueBar:
    [found] = window.findChildren(QueueBar)
    return found


def test_a_refused_key_asks_for_another(window: TrayWindow, qtbot: QtBot) -> None:
    window.set_queue(
        QueueState(
            QueueMode.PAUSED,
            "HTTP 401.",
            ErrorKind.CREDENTIAL,
            needs_credential=True,
            credential=CredentialKind.API_KEY,
        )
    )
    assert {"The API key is no longer accepted.", "HTTP 401."} <= set(texts(bar(window)).split("\n"))
    assert set(buttons(bar(window))) == {"Enter key…", "Resume"}
    with qtbot.waitSignal(window.account_requested, timeout=1000):
        buttons(bar(window))["Enter key…"].click()
    with qtbot.waitSignal(window.resume_requested, timeout=1000):
        buttons(bar(window))["Resume"].click()
    window.set_queue(QueueState(QueueMode.RUNNING))
    assert not bar(window).isVisible()


def test_another_pause_says_why_and_can_be_resumed(window: TrayWindow) -> None:
    window.set_queue(QueueState(QueueMode.PAUSED, "The storage may be full.", ErrorKind.INPUT))
    assert {"Uploads are paused.", "The storage may be full."} <= set(texts(bar(window)).split("\n"))
    assert set(buttons(bar(window))) == {"Resume"}


@pytest.mark.parametrize(("kind", "expected"), [(ErrorKind.RATE_LIMITED, set()), (ErrorKind.OFFLINE, {"Try now"})])
def test_a_wait_says_until_when(window: TrayWindow, kind: ErrorKind, expected: set[str]) -> None:
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    local = until.astimezone()
    window.set_queue(QueueState(QueueMode.WAITING, "Because.", kind, until))
    assert f"Next upload at {local.hour:02}:{local.minute:02}" in texts(bar(window))
    assert set(buttons(bar(window))) == expected
    window.set_queue(QueueState(QueueMode.WAITING, "Because.", kind, until + timedelta(days=1)))
    assert "Next upload tomorrow at " in texts(bar(window))


def test_unsaved_pictures_stay_until_the_person_decides(window: TrayWindow, qtbot: QtBot) -> None:
    window.set_unsaved(
        [
            UnsavedView(1, "Region", "there is no space left on the disk", can_retry=True),
            UnsavedView(2, "Window", "", can_retry=False),
        ]
    )
    [bars] = window.findChildren(UnsavedBars)
    shown = texts(bars)
    assert "NOT saved: Region" in shown
    assert "There is no space left on the disk. It is in memory only, and lost when ImgLink quits." in shown
    every = [button for button in bars.findChildren(type(buttons(bars)["Discard"])) if button.isVisible()]
    assert sorted(button.text() for button in every) == sorted(
        ["Try again", *2 * ["Save elsewhere…", "Copy image", "Discard"]]
    )
    for name, signal in (
        ("Try again", window.unsaved_retry_requested),
        ("Save elsewhere…", window.unsaved_save_requested),
        ("Copy image", window.unsaved_copy_requested),
        ("Discard", window.unsaved_discard_requested),
    ):
        with qtbot.waitSignal(signal, timeout=1000) as heard:
            next(button for button in every if button.text() == name).click()
        assert heard.args == [1]
    window.show_unsaved_copied(1)
    assert "Copied" in buttons(bars)
    window.set_unsaved([UnsavedView(2, "Window", "", can_retry=False)])
    assert "NOT saved: Region" not in texts(bars)
    window.set_unsaved([])
    assert not bars.isVisible()


def test_it_opens_quietly_once_and_takes_the_keyboard_when_asked(window: TrayWindow) -> None:
    window.close()
    window.open_quietly(window.geometry())
    assert window.isVisible()
    assert not window.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)


# --- how much there is to do ----------------------------------------------------------------------------------------


def widgets(window: TrayWindow) -> set[QWidget]:
    return set(window.findChildren(QWidget))


def test_two_hundred_waiting_uploads_need_no_widget_each(window: TrayWindow, make_item: MakeItem) -> None:
    items = [make_item(f"{number:03}", QUEUED) for number in range(200)]
    window.set_uploads(items[:1])
    before = widgets(window)
    window.set_uploads(items)
    assert widgets(window) == before


def test_progress_makes_no_widget_and_drops_none(window: TrayWindow, make_item: MakeItem) -> None:
    items = [make_item(f"{number:03}", QUEUED) for number in range(200)]
    sending = replace(items[0], state=UploadState.SENDING, sent_bytes=1000)
    window.set_uploads([sending, *items[1:]])
    before = widgets(window)
    window.set_uploads([replace(sending, sent_bytes=500_000), *items[1:]])
    assert widgets(window) == before


def test_the_tab_key_goes_from_top_to_bottom_also_through_what_came_later(
    window: TrayWindow, make_item: MakeItem
) -> None:
    window.set_uploads([make_item("a", QUEUED), make_item("b", UploadState.UNCERTAIN)])
    window.set_recent([make_item("c", UploadState.DONE)])
    window.set_unsaved([UnsavedView(1, "Region", "", can_retry=True)])
    window.activateWindow()
    window.setFocus()
    QTest.qWait(0)
    tops, names = [], []
    for _ in range(17):
        QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_Tab)
        reached = QApplication.focusWidget()
        assert reached is not None
        tops.append(reached.mapTo(window, reached.rect().center()).y())
        names.append(reached.accessibleName() or getattr(reached, "text", str)())
    assert names[5:9] == ["Try again", "Save elsewhere…", "Copy image", "Discard"]
    assert "Waiting uploads" in names
    # The scroll area moves what is reached into sight, so only the order of the parts can be compared.
    assert names.index("Discard") < names.index("Open gallery") < names.index("Waiting uploads")
    assert names.index("Waiting uploads") < names.index("Clear list") < names.index("Copy the link of c.png")
