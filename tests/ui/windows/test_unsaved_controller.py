"""A picture that no disk took is kept until the person has decided, and nothing calls it saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.core.errors import NotSaved
from app.core.geometry import Rect
from app.core.imglink import UploadOptions
from app.core.ports import NewUpload
from app.core.workflow import SourceKind
from app.ui.theme import Look
from app.ui.unsaved_controller import UnsavedController
from tests.ui.windows.controllers import Joined, joined
from tests.ui.windows.test_tray_window import buttons, texts

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

NEW = NewUpload("x.png", "x.png", SourceKind.REGION, "image/png", UploadOptions(), width=8, height=4)


def encoded() -> bytes:
    image = QImage(8, 4, QImage.Format.Format_RGB32)
    image.fill(QColor(10, 20, 30))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt takes a name
    return bytes(buffer.data().data())


def problem(new: NewUpload | None = NEW, reason: str = "there is no space left on the disk") -> NotSaved:
    made = NotSaved(f"This was not saved and not uploaded: {reason}.")
    made.data, made.new, made.reason = encoded(), new, reason
    return made


@dataclass
class Bench:
    it: Joined
    controller: UnsavedController
    qtbot: QtBot
    quits: int = 0

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=5000)

    def click(self, text: str) -> None:
        buttons(self.it.window)[text].click()

    def answer(self, text: str) -> None:
        [box] = self.it.window.findChildren(QMessageBox)
        next(each for each in box.findChildren(QPushButton) if each.text().replace("&", "") == text).click()
        self.until(lambda: not self.it.window.findChildren(QMessageBox))

    def quit(self) -> None:
        self.quits += 1


@pytest.fixture
def unopened(qtbot: QtBot, look: Look) -> Iterator[Bench]:
    """Nobody has wanted to see the window yet."""
    with joined(qtbot) as it:
        controller = UnsavedController(it.bridge, it.on_demand, it.errors.append, it.notify, it.owner)
        controller.attach(it.services)
        yield Bench(it, controller, qtbot)
        controller.deleteLater()


@pytest.fixture
def bench(unopened: Bench) -> Bench:
    unopened.it.on_demand.get()
    return unopened


def test_a_window_that_comes_late_shows_what_is_not_saved(unopened: Bench) -> None:
    unopened.controller.keep(problem())
    assert "NOT saved" not in texts(unopened.it.window)
    unopened.it.on_demand.get()
    assert "NOT saved: Region, 8 × 4, " in texts(unopened.it.window)
    unopened.click("Copy image")
    unopened.until(lambda: len(unopened.it.copied_images) == 1)


def test_it_is_said_plainly_in_the_window_and_as_a_notification(bench: Bench) -> None:
    with bench.qtbot.waitSignal(bench.controller.count_changed, timeout=1000) as heard:
        bench.controller.keep(problem())
    assert heard.args == [1]
    assert "NOT saved: Region, 8 × 4, " in texts(bench.it.window)
    assert "There is no space left on the disk." in texts(bench.it.window)
    [notice] = bench.it.notices
    assert notice.title.startswith("NOT saved: Region")
    assert notice.is_error
    assert ("copy", "Copy image") in notice.actions


def test_the_picture_can_be_copied_and_is_still_not_saved(bench: Bench) -> None:
    bench.controller.keep(problem())
    bench.click("Copy image")
    bench.until(lambda: "Copied" in buttons(bench.it.window))
    [frame] = bench.it.copied_images
    assert frame.rect_px == Rect(0, 0, 8, 4)
    assert frame.packed()[:3] == bytes((30, 20, 10))
    assert bench.controller.count == 1


def test_saved_elsewhere_it_is_let_go(bench: Bench, tmp_path: Path) -> None:
    bench.controller.keep(problem())
    bench.click("Save elsewhere…")
    [dialog] = bench.it.window.findChildren(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "saved.png"))
    dialog.close()
    bench.until(lambda: bench.controller.count == 0)
    assert (tmp_path / "saved.png").read_bytes() == encoded()
    assert "NOT saved" not in texts(bench.it.window)


def test_a_place_that_does_not_take_it_either_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    bench.controller.keep(problem())
    (tmp_path / "file").write_bytes(b"")
    bench.controller.save(1, tmp_path / "file" / "saved.png")
    bench.until(lambda: bool(bench.it.errors))
    assert bench.controller.count == 1


def test_trying_again_queues_it_as_it_was_to_be(bench: Bench) -> None:
    bench.controller.keep(problem())
    bench.it.refuses = problem(reason="the disk is full")
    bench.click("Try again")
    bench.until(lambda: "Still not: the disk is full." in texts(bench.it.window))
    assert (bench.controller.count, bench.it.errors) == (1, [])
    bench.it.refuses = None
    bench.click("Try again")
    bench.until(lambda: bench.controller.count == 0)
    assert bench.it.queue.calls == [("enqueue_bytes", encoded(), NEW)] * 2


def test_it_is_discarded_only_when_the_person_says_so_twice(bench: Bench) -> None:
    bench.controller.keep(problem(new=None))
    assert "Try again" not in buttons(bench.it.window)
    bench.click("Discard")
    bench.answer("Cancel")
    assert bench.controller.count == 1
    bench.click("Discard")
    bench.answer("Discard")
    assert bench.controller.count == 0


def test_quitting_asks(bench: Bench) -> None:
    bench.it.window.close()
    bench.controller.keep(problem())
    bench.controller.keep(problem())
    bench.controller.ask_to_quit(bench.quit)
    assert bench.it.window.isVisible()
    [box] = bench.it.window.findChildren(QMessageBox)
    assert "2 pictures are not saved" in box.text()
    bench.answer("Cancel")
    assert bench.quits == 0
    kept: list[None] = []
    bench.controller.ask_to_quit(bench.quit, lambda: kept.append(None))
    bench.answer("Cancel")
    assert (bench.quits, kept) == (0, [None])
    bench.controller.ask_to_quit(bench.quit)
    bench.answer("Quit and lose them")
    assert bench.quits == 1
    assert last_chance(bench) == []


def last_chance(bench: Bench) -> list[tuple[object, ...]]:
    ended: list[None] = []
    bench.it.bridge.submit(bench.controller.try_once_more, owner=bench.it.owner, on_done=ended.append)
    bench.until(lambda: bool(ended))
    return bench.it.queue.calls


def test_when_the_session_ends_they_get_a_last_chance(bench: Bench) -> None:
    bench.controller.keep(problem())
    bench.controller.keep(problem(new=None))
    bench.controller.keep(problem())
    bench.it.refuses = problem()
    assert last_chance(bench) == [("enqueue_bytes", encoded(), NEW)] * 2
