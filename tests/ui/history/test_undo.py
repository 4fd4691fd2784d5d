"""What can be taken back, in which order, and what is not lost when the program ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.history import EntryId, HistoryEntry
from app.core.imglink import ImageId
from app.core.uploads import RemoteState
from app.services.deletions import DeletionFinished, DeletionProgress
from app.ui.history_undo import UndoSteps
from app.ui.history_window.bars import ActionBar
from tests.ui.history.harness import Opened, make_entries, opened

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


class Bench:
    """Steps over a real bar, with a clock that is moved by hand."""

    def __init__(self, qtbot: QtBot) -> None:
        self.now = 0.0
        self.bar = ActionBar()
        qtbot.addWidget(self.bar)
        self.steps = UndoSteps(self.bar, lambda: self.now)
        self.taken_back: list[str] = []

    def offer(self, name: str, seconds: float = 5.0, images: tuple[str, ...] = ()) -> None:
        def take_back() -> None:
            self.taken_back.append(name)

        self.steps.offer(self.steps.begin(), name, seconds, take_back, map(ImageId, images))

    @property
    def shown(self) -> str:
        return "" if self.bar.isHidden() else self.bar.accessibleName()


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    return Bench(qtbot)


@pytest.fixture
def ten(qtbot: QtBot, tmp_path: Path) -> Iterator[Opened]:
    with opened(qtbot, make_entries(10), tmp_path) as history:
        yield history


def test_the_latest_is_taken_back_first_then_the_one_before(bench: Bench) -> None:
    bench.offer("first")
    bench.offer("second")
    assert bench.shown == "second"
    bench.steps.undo()
    bench.bar.expired.emit()
    assert bench.shown == "first"
    bench.steps.undo()
    bench.steps.undo()
    assert bench.taken_back == ["second", "first"]
    assert not bench.steps.is_offering


def test_what_is_too_late_is_neither_shown_nor_taken_back(bench: Bench) -> None:
    bench.offer("first", 5.0)
    bench.now = 4.0
    bench.offer("second", 5.0)
    bench.now = 6.0
    bench.steps.undo()
    bench.steps.undo()
    assert bench.taken_back == ["second"]


def test_undo_before_it_is_done_takes_it_back_as_soon_as_it_is(bench: Bench) -> None:
    step, heard = bench.steps.begin(), list[str]()
    bench.steps.undo()
    assert heard == []
    bench.steps.offer(step, "late", 5.0, lambda: heard.append("late"))
    assert heard == ["late"]
    assert not bench.steps.is_offering


def test_what_failed_is_no_step(bench: Bench) -> None:
    bench.offer("first")
    bench.steps.drop(bench.steps.begin())
    bench.steps.undo()
    assert bench.taken_back == ["first"]


def test_an_earlier_deletion_that_is_sent_leaves_the_later_ones_undo(ten: Opened) -> None:
    ten.choose(0)
    ten.window.delete()
    ten.until(lambda: "1 image" in ten.window.action.accessibleName())
    ten.choose(1, 2)
    ten.window.delete()
    ten.until(lambda: "2 images" in ten.window.action.accessibleName())
    first, later = [make_entries(3)[row].image_id for row in (0, 1)]
    actions: Any = ten.controller._actions
    actions.take(DeletionProgress(1, 1, (first,)))
    actions.take(DeletionFinished(()))
    assert ten.window.action.accessibleName() == "Deleting 2 images on ImgLink"
    ten.window.undo_requested.emit()
    ten.until(lambda: "2 images kept" in ten.window.action.accessibleName())
    # Its own, however, is over when it is sent.
    ten.window.delete()
    ten.until(lambda: "Deleting" in ten.window.action.accessibleName())
    actions.take(DeletionProgress(1, 2, (later,)))
    assert ten.window.action.accessibleName() == "Deleting on ImgLink: 1 of 2"


def test_delete_and_undo_in_one_breath_deletes_nothing(ten: Opened) -> None:
    ten.choose(0, 1)
    ten.window.delete()
    ten.window.undo_requested.emit()
    ten.until(lambda: "2 images kept" in ten.window.action.accessibleName())
    assert not ten.api.deleted


def test_forget_and_undo_in_one_breath_forgets_nothing(ten: Opened) -> None:
    ten.choose(3)
    ten.window.forget()
    ten.window.undo_requested.emit()
    ten.until(lambda: "1 image is back" in ten.window.action.accessibleName())
    ten.filled(10)


def test_undo_that_comes_too_late_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, make_entries(2), tmp_path, undo_s=0.0) as history:
        history.choose(0)
        history.window.delete()
        history.window.undo_requested.emit()
        first = history.window.model.ids[0]
        history.until(lambda: _state(history, first) is RemoteState.GONE)
        history.until(lambda: "too late" in history.window.action.accessibleName())


def test_what_is_being_typed_when_the_program_ends_is_stored(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, make_entries(3), tmp_path) as history:
        history.choose(1)
        entry_id = history.window.model.ids[1]
        history.window.edit_title()
        QTest.keyClicks(history.window.details.title, "Harbour")
        history.window.details.note.setPlainText("For the talk")
        history.controller.close()
        history.bridge.stop(history.controller.write_rest)
        stored = history.store.entries_by_id[entry_id]
        assert (stored.title, stored.note) == ("Harbour", "For the talk")


@pytest.mark.parametrize("is_search", [True, False], ids=["a search", "read again"])
def test_what_happens_while_the_list_is_read_is_not_missed(ten: Opened, is_search: bool) -> None:
    gone = ten.window.model.ids[4]
    hold, values, asked = asyncio.Event(), ten.store.entries, list[int]()

    async def held(ids: Any) -> tuple[HistoryEntry, ...]:
        found = await values(ids)
        asked.append(len(ids))
        await hold.wait()
        return found

    ten.store.entries = held  # type: ignore[method-assign]  # as slow as a busy disk
    if is_search:
        ten.window.filters.search.setText("picture")
    else:
        ten.window.retry_requested.emit()
    ten.until(lambda: asked)
    # The ids have been read, so the answer that comes has one that is not there any more.
    ten.store.entries = values  # type: ignore[method-assign]
    ten.bridge.submit(lambda: ten.history.forget([gone]), owner=ten.controller, on_error=ten.errors.append)
    ten.until(lambda: ten.controller._reader is not None and ten.controller._reader._is_outdated)
    ten.bridge.call_soon(hold.set)
    ten.filled(9)
    assert gone not in ten.window.model.ids


def test_after_a_search_the_list_goes_on_from_the_first_found(ten: Opened) -> None:
    ten.window.filters.search.setText("picture 7")
    ten.window.filters.left_downwards.emit()
    ten.filled(1)
    ten.until(lambda: ten.window.listing.chosen() == [ten.window.model.ids[0]])


def _state(history: Opened, entry_id: EntryId) -> RemoteState | None:
    entry = history.window.model.known(entry_id)
    return None if entry is None else entry.remote_state
