from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QFileDialog, QLabel, QProgressBar, QWidget
from pytestqt.qtbot import QtBot

from app.core.imglink import Image, ImageId
from app.core.uploads import UploadId, UploadState
from app.core.workflow import DEFAULT_SHORTCUTS, SourceKind
from app.ui.account_view import AccountState, AccountView
from app.ui.theme import Look
from app.ui.tray_view import Refusal
from app.ui.tray_window import TrayWindow
from app.ui.tray_window.parts import DropZone
from app.ui.tray_window.refusals import RefusalList
from app.ui.tray_window.rows import FinishedRow, RunningRow, SpeedMeter
from tests.ui.windows.conftest import MakeItem

# What Qt's offscreen platform says of wishes that only a window manager can fulfil.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def window(qtbot: QtBot, look: Look) -> TrayWindow:
    made = TrayWindow()
    qtbot.addWidget(made)
    made.show()
    return made


def buttons(widget: QWidget) -> dict[str, QAbstractButton]:
    shown = (button for button in widget.findChildren(QAbstractButton) if button.isVisible())
    return {button.text() or button.accessibleName(): button for button in shown}


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def rows(window: TrayWindow, kind: type[RunningRow] | type[FinishedRow]) -> list[str]:
    found = [row for row in window.findChildren(kind) if row.isVisible()]
    return [row.item.id for row in sorted(found, key=lambda row: row.mapTo(window, QPoint(0, 0)).y())]


def test_every_visible_control_has_a_name_and_can_be_reached_by_keyboard(
    window: TrayWindow, make_item: MakeItem
) -> None:
    window.set_uploads([make_item("a"), make_item("b", UploadState.UNCERTAIN), make_item("c", UploadState.FAILED)])
    window.set_recent([make_item("d", UploadState.DONE)])
    window.add_refusals([Refusal("x.txt", "No image.")])
    found = [button for button in window.findChildren(QAbstractButton) if button.isVisible()]
    assert len(found) > 15
    for button in found:
        assert button.accessibleName() or button.text()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_capture_buttons_show_their_keys_and_ask(window: TrayWindow, qtbot: QtBot) -> None:
    window.set_shortcuts(DEFAULT_SHORTCUTS)
    assert "Ctrl+Shift+2" in texts(window)
    for name, workflow_id in (("Capture region", "region"), ("Capture whole screen", "screen")):
        with qtbot.waitSignal(window.capture_requested, timeout=1000) as heard:
            buttons(window)[name].click()
        assert heard.args == [workflow_id]


def test_before_the_first_upload_it_says_what_to_press_and_the_limits(window: TrayWindow, qtbot: QtBot) -> None:
    window.set_shortcuts(DEFAULT_SHORTCUTS)
    QTest.qWait(0)
    shown = texts(window)
    assert all(part in shown.split("\n") for part in ("Press", "Ctrl", "Shift", "4", "and drag."))
    assert "25 MB, one upload every 30 minutes" in shown
    with qtbot.waitSignal(window.account_requested, timeout=1000):
        buttons(window)["Add API key"].click()
    window.set_account(AccountView(AccountState.READY, "imglink.example"))
    assert "25 MB" not in texts(window)
    assert "Add API key" not in buttons(window)


def test_an_upload_goes_from_running_to_the_latest(window: TrayWindow, make_item: MakeItem, qtbot: QtBot) -> None:
    window.set_uploads([make_item("a", sent_bytes=500_000)])
    assert rows(window, RunningRow) == ["a"]
    bar = window.findChildren(QProgressBar)[0]
    assert bar.value() == 250
    window.set_uploads([make_item("a", sent_bytes=1_000_000)])
    assert bar.value() == 500
    window.set_uploads([])
    window.set_recent([make_item("a", UploadState.DONE)])
    QTest.qWait(0)
    assert rows(window, RunningRow) == []
    assert rows(window, FinishedRow) == ["a"]
    assert "Press" not in texts(window)


def test_the_service_tells_how_large_a_picture_is_that_was_no_capture(window: TrayWindow, make_item: MakeItem) -> None:
    image = Image(ImageId("_abc"), "https://i.imglink.example/_abc.png", width=50, height=40)
    window.set_recent([make_item("a", UploadState.DONE, image=image)])
    [row] = window.findChildren(FinishedRow)
    assert "50 × 40" in texts(row)


def test_only_the_five_latest_are_listed_newest_first(window: TrayWindow, make_item: MakeItem) -> None:
    window.set_recent([make_item(name, UploadState.DONE) for name in "fedcba"])
    QTest.qWait(0)
    assert rows(window, FinishedRow) == list("fedcb")
    kept = {row.item.id: row for row in window.findChildren(FinishedRow)}
    window.set_recent([make_item(name, UploadState.DONE) for name in "gfedcb"])
    QTest.qWait(0)
    assert rows(window, FinishedRow) == list("gfedc")
    assert {row.item.id: row for row in window.findChildren(FinishedRow) if row.item.id in "fedc"} == {
        name: kept[UploadId(name)] for name in "fedc"
    }
    window.set_recent([make_item(name, UploadState.DONE) for name in "gedc"])
    QTest.qWait(0)
    assert rows(window, FinishedRow) == list("gedc")


def test_the_only_row_stands_at_the_top(window: TrayWindow, make_item: MakeItem) -> None:
    window.set_recent([make_item("a", UploadState.DONE)])
    QTest.qWait(0)
    [row] = window.findChildren(FinishedRow)
    [zone] = window.findChildren(DropZone)
    gap = row.mapTo(window, QPoint(0, 0)).y() - zone.mapTo(window, QPoint(0, zone.height())).y()
    assert gap < 80


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (UploadState.SENDING, {"Cancel a.png"}),
        (UploadState.COMMITTING, set()),
        (UploadState.PAUSED, {"Cancel a.png", "Try again"}),
        (UploadState.FAILED, {"Try again", "Discard"}),
        (UploadState.UNCERTAIN, {"Open gallery", "Send again (may duplicate)", "Mark as done"}),
    ],
)
def test_each_state_has_its_buttons_and_its_reason(
    window: TrayWindow, make_item: MakeItem, state: UploadState, expected: set[str]
) -> None:
    window.set_uploads([make_item("a", state, reason="<b>because</b>")])
    [row] = window.findChildren(RunningRow)
    assert set(buttons(row)) == expected
    if state is not UploadState.SENDING:
        assert "<b>because</b>" in texts(row)


def test_the_buttons_of_an_upload_name_it(window: TrayWindow, make_item: MakeItem, qtbot: QtBot) -> None:
    window.set_uploads([make_item("a", UploadState.UNCERTAIN), make_item("b", UploadState.FAILED), make_item("c")])
    by_id = {row.item.id: row for row in window.findChildren(RunningRow)}
    first, second, third = (by_id[UploadId(name)] for name in "abc")
    for row, name, signal, expected in (
        (first, "Send again (may duplicate)", window.retry_requested, ["a"]),
        (first, "Mark as done", window.mark_done_requested, ["a"]),
        (first, "Open gallery", window.gallery_requested, []),
        (second, "Try again", window.retry_requested, ["b"]),
        (second, "Discard", window.dismiss_requested, ["b"]),
        (third, "Cancel c.png", window.cancel_requested, ["c"]),
    ):
        with qtbot.waitSignal(signal, timeout=1000) as heard:
            buttons(row)[name].click()
        assert heard.args == expected


def test_one_click_copies_and_copied_is_said_only_when_told(
    window: TrayWindow, make_item: MakeItem, qtbot: QtBot
) -> None:
    window.set_recent([make_item("a", UploadState.DONE, kind=SourceKind.REGION)])
    with qtbot.waitSignal(window.copy_link_requested, timeout=1000) as heard:
        buttons(window)["Copy the link of Region"].click()
    assert heard.args == ["a"]
    assert "Copied" not in buttons(window)
    window.show_copied(UploadId("a"))
    assert "Copied" in buttons(window)
    with qtbot.waitSignal(window.open_requested, timeout=1000):
        buttons(window)["Open Region in the browser"].click()


def test_a_thumbnail_is_asked_for_once_and_never_without_a_file(
    window: TrayWindow, make_item: MakeItem, qtbot: QtBot
) -> None:
    asked: list[tuple[str, Path]] = []
    window.thumbnail_requested.connect(lambda upload_id, path: asked.append((upload_id, path)))
    window.set_uploads([make_item("a")])
    window.set_uploads([make_item("a", sent_bytes=10)])
    window.set_recent([make_item("b", UploadState.DONE, has_file=False)])
    assert asked == [("a", Path("/outbox/a"))]
    image = QImage(8, 4, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    window.set_thumbnail(UploadId("a"), image)
    window.set_thumbnail(UploadId("gone"), image)
    assert window.findChildren(RunningRow)[0].thumbnail.has_picture


def test_refusals_are_listed_one_by_one_and_can_be_dismissed(window: TrayWindow) -> None:
    refusals = window.findChildren(RefusalList)[0]
    assert not refusals.isVisible()
    window.add_refusals([Refusal("a.txt", "No image."), Refusal("<i>b</i>", "Too large.")])
    assert {"a.txt", "No image.", "<i>b</i>", "Too large."} <= set(texts(refusals).split("\n"))
    buttons(refusals)["Dismiss a.txt"].click()
    assert "a.txt" not in texts(refusals)
    assert refusals.count == 1
    buttons(refusals)["Dismiss all"].click()
    assert not refusals.isVisible()


def test_a_thousand_refusals_do_not_make_a_thousand_rows(window: TrayWindow) -> None:
    window.add_refusals([Refusal(f"{n}.txt", "No image.") for n in range(1000)])
    refusals = window.findChildren(RefusalList)[0]
    assert refusals.count == 1000
    assert "and 950 more" in texts(refusals)


def test_a_reason_with_a_long_word_is_not_wider_than_the_window(window: TrayWindow) -> None:
    command = "/opt/some-where/deep/down/.venv/bin/imglink doctor --ask-again"
    path = "/".join(["home", "someone", "a.folder.with.a.long.name", "another-folder-with-a-long-name", "file.png"])
    refusal = Refusal("It is not allowed.", f"Have it ask again with: {command} {path}", is_sentence=True)
    window.add_refusals([refusal])
    refusals = window.findChildren(RefusalList)[0]
    assert refusals.minimumSizeHint().width() <= window.width() - 32


def test_a_drop_is_taken_as_a_copy_and_lights_the_zone(window: TrayWindow, qtbot: QtBot, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "a b.png")), QUrl("https://example.org/c.png")])
    both = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    no_buttons, no_keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), both, mime, no_buttons, no_keys)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    assert window.findChildren(DropZone)[0].is_lit
    drop = QDropEvent(QPointF(50, 50), both, mime, no_buttons, Qt.KeyboardModifier.ShiftModifier)
    with qtbot.waitSignal(window.files_dropped, timeout=1000) as heard:
        window.dropEvent(drop)
    assert heard.args == [[tmp_path / "a b.png"]]
    assert drop.dropAction() is Qt.DropAction.CopyAction
    assert not window.findChildren(DropZone)[0].is_lit
    assert "https://example.org/c.png" in texts(window)


def test_paste_takes_pictures_and_files(window: TrayWindow, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setData("image/png", b"\x89PNG\r\n\x1a\nrest")
    QGuiApplication.clipboard().setMimeData(mime)
    with qtbot.waitSignal(window.image_dropped, timeout=1000) as heard:
        buttons(window)["Paste"].click()
    assert heard.args == [b"\x89PNG\r\n\x1a\nrest"]
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("/tmp/x.png")])
    QGuiApplication.clipboard().setMimeData(files)
    window.activateWindow()
    with qtbot.waitSignal(window.files_dropped, timeout=1000) as heard:
        QTest.keyClick(window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert heard.args == [[Path("/tmp/x.png")]]


def test_chosen_files_come_as_if_dropped(window: TrayWindow, qtbot: QtBot) -> None:
    window.choose_files()
    [dialog] = window.findChildren(QFileDialog)
    with qtbot.waitSignal(window.files_dropped, timeout=1000) as heard:
        dialog.filesSelected.emit(["/tmp/a.png", "/tmp/b.png"])
    assert heard.args == [[Path("/tmp/a.png"), Path("/tmp/b.png")]]
    dialog.close()


@pytest.mark.parametrize("corner", ["topLeft", "topRight", "bottomLeft", "bottomRight"])
def test_it_opens_beside_the_icon_and_wholly_on_the_screen(window: TrayWindow, corner: str) -> None:
    window.close()
    area = QGuiApplication.primaryScreen().availableGeometry()
    icon = QRect(0, 0, 22, 22)
    icon.moveCenter(getattr(area, corner)())
    window.open_near(icon.intersected(area))
    assert area.contains(window.frameGeometry())
    assert not window.frameGeometry().intersects(icon) or area.height() < window.height() + 60


def test_escape_closes_it_and_says_so(window: TrayWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    with qtbot.waitSignal(window.closed, timeout=1000):
        QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_speed_is_told_after_half_a_second_and_smoothed() -> None:
    now = 0.0
    meter = SpeedMeter(lambda: now)
    meter.count(0)
    now = 0.1
    meter.count(50_000)
    assert meter.bytes_per_s is None
    now = 1.0
    meter.count(1_000_000)
    assert meter.bytes_per_s == pytest.approx(1_000_000)
    now = 2.0
    meter.count(1_000_000)
    assert meter.bytes_per_s == pytest.approx(500_000)
    meter.count(0)
    assert meter.bytes_per_s is None
