"""Events of the queue reach tray, window and cards, together and quickly; wishes reach the queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import CredentialKind, Image, ImageId
from app.core.uploads import (
    AfterUpload,
    QueueChanged,
    QueueMode,
    QueueReordered,
    QueueState,
    RemoteState,
    UploadChanged,
    UploadId,
    UploadItem,
    UploadRemoved,
    UploadState,
)
from app.core.workflow import SourceKind, UploadTask
from app.services.deletions import Deletion, DeletionFinished, DeletionUndone
from app.ui.card import Card
from app.ui.theme import Look
from app.ui.tray import TrayState
from app.ui.tray_window.rows import FinishedRow, RunningRow
from app.ui.tray_window.waiting import WaitingList
from app.ui.uploads_controller import UploadsController, UploadViews
from tests.ui.windows.conftest import MakeItem
from tests.ui.windows.controllers import Joined, joined
from tests.ui.windows.test_tray_window import texts

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

FAILED_ALBUM = AfterUpload(
    frozenset({UploadTask.ADD_TO_ALBUM}), problems=((UploadTask.ADD_TO_ALBUM, "There is no such album."),)
)


@dataclass
class Bench:
    """A controller at work."""

    it: Joined
    controller: UploadsController
    qtbot: QtBot

    def attach(self, **seen: tuple[UploadItem, ...]) -> None:
        for name, items in seen.items():
            setattr(self.it, name, items)
        ready: list[bool] = []

        def attach(seen_by_services: object) -> None:
            self.controller.attach(self.it.services, seen_by_services)  # type: ignore[arg-type]  # what `watch` returns
            ready.append(True)

        self.it.bridge.submit(lambda: self.controller.watch(self.it.services), owner=self.it.owner, on_done=attach)
        self.until(lambda: bool(ready))

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=5000)

    def waiting(self) -> list[str]:
        [found] = self.it.window.findChildren(WaitingList)
        return [item.id for item in found.items]

    def running(self) -> list[str]:
        return [row.item.id for row in self.it.window.findChildren(RunningRow) if row.isVisible()]

    def latest(self) -> list[str]:
        rows = [row for row in self.it.window.findChildren(FinishedRow) if row.isVisible()]
        return [row.item.id for row in sorted(rows, key=lambda row: row.y())]

    def tray_state(self) -> TrayState:
        return self.it.tray.state

    def summary(self) -> str:
        return self.it.tray._icon.toolTip()

    def info(self) -> str:
        first = self.it.tray.menu.actions()[0]
        return first.text() if first.isVisible() else ""


@pytest.fixture
def unopened(qtbot: QtBot, look: Look) -> Iterator[Bench]:
    """Nobody has wanted to see the window yet."""
    with joined(qtbot) as it:
        views = UploadViews(it.tray, it.on_demand, it.cards)
        controller = UploadsController(it.bridge, views, it.errors.append, it.notify, it.owner)
        yield Bench(it, controller, qtbot)
        controller.deleteLater()


@pytest.fixture
def bench(unopened: Bench) -> Bench:
    unopened.it.on_demand.get()
    return unopened


def test_what_there_is_at_the_start_is_shown(bench: Bench, make_item: MakeItem) -> None:
    bench.attach(
        pending=(make_item("a", UploadState.QUEUED), make_item("b", UploadState.UNCERTAIN)),
        recent=(make_item("c", UploadState.DONE),),
        troubled=(make_item("d", UploadState.DONE, after=FAILED_ALBUM),),
    )
    assert bench.waiting() == ["a"]
    assert bench.running() == ["d", "b"]
    assert bench.latest() == ["c"]
    assert bench.tray_state() is TrayState.ATTENTION
    assert bench.summary() == "ImgLink: 2 uploads need attention"
    # What happened before this start is on show; it is no news.
    assert bench.it.notices == []
    assert bench.it.cards.cards == ()


def test_a_window_that_comes_late_shows_how_things_stand(unopened: Bench, make_item: MakeItem) -> None:
    bench, state = unopened, QueueState(QueueMode.PAUSED, reason="Because.")
    bench.attach(recent=(make_item("old", UploadState.DONE), make_item("older", UploadState.DONE)))
    bench.it.tell(UploadChanged(make_item("a", UploadState.QUEUED)), QueueChanged(state))
    bench.it.tell(UploadChanged(make_item("b", UploadState.UNCERTAIN)), UploadRemoved(UploadId("older")))
    bench.until(lambda: len(bench.it.cards.cards) == 2)
    assert bench.waiting() == bench.running() == bench.latest() == []
    bench.it.on_demand.get()
    bench.until(lambda: (bench.waiting(), bench.running(), bench.latest()) == (["a"], ["b"], ["old"]))
    assert "Because." in texts(bench.it.window)
    # From here on it is as if it had always been there.
    bench.it.window.mark_done_requested.emit("b")
    bench.until(lambda: bench.it.queue.calls == [("mark_done", "b")])
    bench.it.tell(UploadChanged(make_item("b", UploadState.DONE)))
    bench.until(lambda: bench.latest() == ["b", "old"])


def test_an_upload_passes_through_every_part_of_the_window(bench: Bench, make_item: MakeItem) -> None:
    bench.attach(recent=(make_item("old", UploadState.DONE),))
    bench.it.tell(UploadChanged(make_item("a", UploadState.QUEUED)))
    bench.until(lambda: bench.waiting() == ["a"])
    assert [card.item.id for card in bench.it.cards.cards] == ["a"]
    bench.it.tell(UploadChanged(make_item("a", UploadState.SENDING)))
    bench.until(lambda: bench.running() == ["a"] and not bench.waiting())
    assert bench.tray_state() is TrayState.UPLOADING
    bench.it.tell(UploadChanged(make_item("a", UploadState.DONE)))
    bench.until(lambda: bench.latest() == ["a", "old"] and not bench.running())
    assert bench.tray_state() is TrayState.IDLE
    bench.it.tell(UploadRemoved(UploadId("a")))
    bench.until(lambda: bench.latest() == ["old"])


def test_an_upload_that_is_done_at_once_still_gets_its_card(bench: Bench, make_item: MakeItem) -> None:
    bench.attach()
    states = (UploadState.QUEUED, UploadState.SENDING, UploadState.COMMITTING, UploadState.DONE)
    bench.it.tell(*(UploadChanged(make_item("a", state)) for state in states))
    bench.it.tell_copied("a")
    bench.until(lambda: len(bench.it.cards.cards) == 1)
    bench.until(lambda: bench.it.cards.cards[0].accessibleName().startswith("Link copied"))


def test_a_storm_of_progress_is_shown_a_few_times(
    bench: Bench, make_item: MakeItem, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = tuple(make_item(f"{number:03}", UploadState.QUEUED) for number in range(200))
    bench.attach(pending=items)
    shown: list[int] = []
    show = bench.it.window.set_uploads

    def count(items: Sequence[UploadItem]) -> None:
        shown.append(len(items))
        show(items)

    monkeypatch.setattr(bench.it.window, "set_uploads", count)
    sending = [replace(item, state=UploadState.SENDING) for item in items[:4]]
    bench.it.tell(*(UploadChanged(replace(item, sent_bytes=sent)) for sent in range(250) for item in sending))
    bench.it.tell(*(UploadChanged(replace(item, sent_bytes=1_500_000)) for item in sending))
    bench.until(lambda: len(bench.running()) == 4)
    bench.qtbot.wait(100)
    # A thousand events.
    assert len(shown) < 50
    rows = bench.it.window.findChildren(RunningRow)
    assert {row.item.sent_bytes for row in rows} == {1_500_000}


def test_news_of_an_old_image_does_not_make_it_the_latest(bench: Bench, make_item: MakeItem) -> None:
    old, new = make_item("old", UploadState.DONE), make_item("new", UploadState.DONE)
    bench.attach(recent=(new, old))
    bench.it.tell(
        UploadChanged(replace(old, file_name="renamed.png")),
        UploadChanged(make_item("older", UploadState.DONE)),
        by=bench.it.history,
    )
    bench.until(lambda: any("renamed.png" in row.item.file_name for row in bench.it.window.findChildren(FinishedRow)))
    assert bench.latest() == ["new", "old"]
    bench.it.tell(UploadChanged(replace(new, remote_state=RemoteState.GONE)), by=bench.it.history)
    bench.until(lambda: bench.latest() == ["old"])


def test_the_queue_is_reordered_and_says_so(bench: Bench, make_item: MakeItem) -> None:
    bench.attach(pending=tuple(make_item(name, UploadState.QUEUED) for name in "abc"))
    bench.it.window.move_requested.emit("c", "a")
    bench.it.window.move_requested.emit("a", "")
    bench.until(lambda: len(bench.it.queue.calls) == 2)
    assert bench.it.queue.calls == [("move", "c", "a"), ("move", "a", None)]
    bench.it.tell(QueueReordered(tuple(UploadId(name) for name in "cba")))
    bench.until(lambda: bench.waiting() == ["c", "b", "a"])


def test_a_refused_key_is_said_once_and_leads_to_where_a_key_is_entered(bench: Bench) -> None:
    bench.attach()
    refused = QueueState(
        QueueMode.PAUSED, "HTTP 401.", ErrorKind.CREDENTIAL, needs_credential=True, credential=CredentialKind.API_KEY
    )
    bench.it.tell(QueueChanged(refused), QueueChanged(replace(refused, reason="HTTP 401 again.")))
    bench.until(lambda: bool(bench.it.notices))
    bench.qtbot.wait(50)
    [notice] = bench.it.notices
    assert (notice.title, notice.body) == ("The API key is no longer accepted.", "HTTP 401.")
    assert bench.tray_state() is TrayState.ATTENTION
    assert bench.summary() == "ImgLink: The API key is no longer accepted."
    assert bench.info() == "The API key is no longer accepted."
    [press] = bench.it.press
    assert press is not None
    with bench.qtbot.waitSignal(bench.controller.account_requested, timeout=1000):
        press("default")
    bench.it.tell(QueueChanged(QueueState(QueueMode.RUNNING)))
    bench.until(lambda: bench.info() == "")
    assert bench.tray_state() is TrayState.IDLE


def test_the_persons_own_pause_is_no_news(bench: Bench) -> None:
    bench.attach()
    bench.it.tell(QueueChanged(QueueState(QueueMode.PAUSED)))
    bench.until(lambda: bench.info() == "Uploads are paused.")
    assert bench.it.notices == []
    assert bench.tray_state() is TrayState.IDLE


def test_a_wait_is_said_with_its_time_unless_it_is_over_in_a_moment(bench: Bench, make_item: MakeItem) -> None:
    bench.attach()
    bench.it.tell(UploadChanged(make_item("a", UploadState.QUEUED)))
    bench.until(lambda: bench.tray_state() is TrayState.UPLOADING)
    soon, later = (datetime.now(UTC) + timedelta(seconds=seconds) for seconds in (2, 1200))
    bench.it.tell(QueueChanged(QueueState(QueueMode.WAITING, "Offline.", ErrorKind.OFFLINE, soon)))
    bench.qtbot.wait(50)
    assert bench.info() == ""
    bench.it.tell(QueueChanged(QueueState(QueueMode.WAITING, "Patience.", ErrorKind.RATE_LIMITED, later)))
    bench.until(lambda: bench.info().startswith("Next upload "))
    assert bench.summary() == f"ImgLink: {bench.info()}"
    assert bench.tray_state() is TrayState.IDLE
    assert bench.it.cards.cards[0].accessibleName().startswith("Next upload ")
    assert bench.it.notices == []


def test_what_followed_and_failed_is_said_and_can_be_done_again(bench: Bench, make_item: MakeItem) -> None:
    bench.attach()
    bench.it.tell(UploadChanged(make_item("a", UploadState.DONE)))
    bench.until(lambda: bench.latest() == ["a"])
    half = make_item("a", UploadState.DONE, after=FAILED_ALBUM)
    bench.it.tell(UploadChanged(half), by=bench.it.assignments)
    bench.until(lambda: bench.running() == ["a"])
    assert bench.latest() == ["a"]
    [notice] = bench.it.notices
    assert notice.body == "Uploaded, but not added to the album: There is no such album."
    bench.it.window.retry_requested.emit("a")
    bench.it.window.dismiss_requested.emit("a")
    bench.until(lambda: len(bench.it.assignments.calls) >= 3)
    assert bench.it.assignments.calls[-2:] == [("retry", "a"), ("give_up", "a")]
    assert bench.it.queue.calls == []
    bench.it.tell(UploadChanged(make_item("a", UploadState.DONE)), by=bench.it.assignments)
    bench.until(lambda: bench.running() == [])


def test_the_choices_of_an_uncertain_upload_reach_the_queue(bench: Bench, make_item: MakeItem) -> None:
    bench.attach(pending=(make_item("a", UploadState.UNCERTAIN),))
    bench.it.window.retry_requested.emit("a")
    bench.it.window.mark_done_requested.emit("a")
    bench.until(lambda: len(bench.it.queue.calls) == 2)
    assert bench.it.queue.calls == [("retry", "a"), ("mark_done", "a")]


def test_a_capture_is_not_discarded_without_asking(bench: Bench, make_item: MakeItem) -> None:
    bench.attach(
        pending=(
            make_item("file", UploadState.FAILED),
            make_item("shot", UploadState.FAILED, kind=SourceKind.REGION),
        )
    )
    bench.it.window.dismiss_requested.emit("file")
    bench.until(lambda: bench.it.queue.calls == [("discard", "file")])
    answer(bench, "Cancel")
    assert len(bench.it.queue.calls) == 1
    answer(bench, "Discard")
    bench.until(lambda: bench.it.queue.calls[1:] == [("discard", "shot")])


def answer(bench: Bench, text: str) -> None:
    bench.it.window.dismiss_requested.emit("shot")
    [box] = bench.it.window.findChildren(QMessageBox)
    next(button for button in box.findChildren(QPushButton) if button.text().replace("&", "") == text).click()
    bench.until(lambda: not bench.it.window.findChildren(QMessageBox))


def test_the_list_can_be_cleared_and_fills_again(bench: Bench, make_item: MakeItem) -> None:
    bench.attach(recent=(make_item("a", UploadState.DONE),))
    bench.it.window.clear_requested.emit()
    assert bench.latest() == []
    bench.it.tell(UploadChanged(make_item("b", UploadState.DONE)))
    bench.until(lambda: bench.latest() == ["b"])


def test_unsaved_pictures_go_before_everything_in_the_tray(bench: Bench) -> None:
    bench.attach()
    bench.controller.set_unsaved_count(2)
    assert bench.tray_state() is TrayState.ATTENTION
    assert bench.info() == "2 pictures NOT saved"
    bench.controller.set_unsaved_count(0)
    assert bench.info() == ""


IMAGE = Image(ImageId("img"), "https://i.imglink.cc/img.png")
REFUSED = Deletion(IMAGE.id, UserFacingError("It was uploaded without an account."))


def with_done_card(bench: Bench, make_item: MakeItem) -> Card:
    bench.attach()
    bench.it.tell(UploadChanged(make_item("a", UploadState.DONE, image=IMAGE)))
    bench.until(lambda: bool(bench.it.cards.cards))
    [card] = bench.it.cards.cards
    return card


def offered(card: Card) -> set[str]:
    return {each.text() for each in card.findChildren(QPushButton) if each.isVisible()}


def press(card: Card, text: str) -> None:
    [found] = [each for each in card.findChildren(QPushButton) if each.text() == text and each.isVisible()]
    found.click()


def test_a_card_offers_no_deletion_of_what_went_without_an_account(bench: Bench, make_item: MakeItem) -> None:
    bench.attach()
    bench.it.unable = (REFUSED,)
    bench.it.tell(UploadChanged(make_item("a", UploadState.DONE, image=IMAGE)))
    bench.until(lambda: len(bench.it.cards.cards) == 1)
    [card] = bench.it.cards.cards
    bench.until(lambda: offered(card) == {"Copy link", "Open"})


def test_a_card_deletes_with_the_time_to_undo_it(bench: Bench, make_item: MakeItem) -> None:
    card = with_done_card(bench, make_item)
    press(card, "Delete")
    bench.until(lambda: ("schedule", [IMAGE.id]) in bench.it.deletions.calls)
    press(card, "Undo")
    bench.until(lambda: bench.it.undone == [IMAGE.id])
    bench.it.tell(DeletionUndone((IMAGE.id,)), by=bench.it.deletions)
    # What others delete is told where they asked for it.
    bench.it.tell(DeletionFinished((REFUSED,)), by=bench.it.deletions)
    bench.it.tell(UploadRemoved(UploadId("a")))
    bench.until(lambda: not bench.it.cards.cards)
    assert bench.it.errors == []


def test_an_image_that_is_not_deleted_after_all_keeps_its_card_and_says_why(bench: Bench, make_item: MakeItem) -> None:
    card = with_done_card(bench, make_item)
    bench.it.refused = (REFUSED,)
    press(card, "Delete")
    bench.until(lambda: bench.it.errors == [REFUSED.error])
    bench.it.refused = ()
    press(card, "Delete")
    bench.until(lambda: [name for name, *_ in bench.it.deletions.calls].count("schedule") == 2)
    bench.it.tell(DeletionFinished((REFUSED,)), by=bench.it.deletions)
    bench.until(lambda: bench.it.errors == [REFUSED.error] * 2)
    press(card, "Delete")
