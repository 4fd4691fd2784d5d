"""Joins the upload queue with the tray, the tray window and the cards: events in, wishes out.

Events come by the hundred while many uploads run; they are collected and shown together, at most fifty times a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.core.doctor import CLIPBOARD_REMEDY, Part
from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import ImageId
from app.core.ports import Notice
from app.core.uploads import (
    QueueChanged,
    QueueMode,
    QueueReordered,
    QueueState,
    RemoteState,
    UploadChanged,
    UploadEvent,
    UploadId,
    UploadItem,
    UploadRemoved,
    UploadState,
)
from app.core.workflow import SourceKind
from app.services.deletions import Deletion, DeletionEvent, DeletionFinished, DeletionUndone
from app.services.suite import Services
from app.services.uploads import UploadQueue
from app.ui.asking import ask
from app.ui.bridge import Bridge
from app.ui.card import CardStack
from app.ui.on_demand import OnDemand
from app.ui.opener import open_url
from app.ui.texts import problem_text, queue_title
from app.ui.thumbnails import load_thumbnail
from app.ui.tray import Tray, TrayState

if TYPE_CHECKING:
    from app.ui.tray_window import TrayWindow
    from app.ui.tray_window.uploads import UploadsView

RECENT_COUNT = 10
_THUMBNAIL_PX = 256
_COLLECT_MS = 20
# A wait that is over in a moment is not worth a bar that comes and goes.
_SHORT_WAIT = timedelta(seconds=5)
_NEEDS_PERSON = (UploadState.FAILED, UploadState.PAUSED, UploadState.UNCERTAIN, UploadState.DONE)
_IN_FLIGHT = (UploadState.SENDING, UploadState.COMMITTING)
_BUSY = (UploadState.QUEUED, *_IN_FLIGHT)
_HAVE_A_FILE = (SourceKind.DROP, SourceKind.FILE, SourceKind.CLI)

Tell = Callable[[Notice, Callable[[str], None] | None], None]


@dataclass(frozen=True, slots=True)
class UploadViews:
    """Everything that shows uploads."""

    tray: Tray
    window: OnDemand[TrayWindow]
    cards: CardStack


@dataclass(frozen=True, slots=True)
class Seen:
    """How things stood when the watching began."""

    pending: tuple[UploadItem, ...]
    """And those that are done, with something left undone after them."""
    recent: tuple[UploadItem, ...]
    state: QueueState


class UploadsController(QObject):
    """Lives on the Qt thread. Starts with `attach`, when the services are there."""

    account_requested = Signal()
    unfinished_changed = Signal(object)
    """A tuple of what is not finished, in the order of sending."""

    def __init__(
        self,
        bridge: Bridge,
        views: UploadViews,
        show_error: Callable[[UserFacingError], None],
        notify: Tell,
        parent: QObject,
    ) -> None:
        """`notify` shows a notification, and calls back on the Qt thread with the key of what was clicked."""
        super().__init__(parent)
        self.shows_cards = True
        self.notifies = True
        self._bridge = bridge
        self._tray, self._window, self._cards = views.tray, views.window, views.cards
        self._show_error = show_error
        self._notify = notify
        self._services: Services | None = None
        self._open: dict[UploadId, UploadItem] = {}
        """What is not finished, in the order of sending."""
        self._recent: list[UploadItem] = []
        self._cleared: set[UploadId] = set()
        """Left out of the window's list."""
        self._state = QueueState(QueueMode.STOPPED)
        self._unsaved_count = 0
        self._deleting: set[ImageId] = set()
        """Those that a card was asked to delete."""
        self._news: list[tuple[UploadEvent, bool]] = []
        self._collect = QTimer(self, singleShot=True, interval=_COLLECT_MS)
        self._collect.timeout.connect(self._show_news)
        self._connect()

    async def watch(self, services: Services) -> Seen:
        """On the asyncio thread: subscribe, and return what there is to begin with."""
        services.uploads.subscribe(lambda event: self._bridge.post(self._on_event, event, True))
        for subscribe in (services.history.subscribe_uploads, services.assignments.subscribe):
            subscribe(lambda event: self._bridge.post(self._on_event, event, False))
        services.deletions.subscribe(lambda event: self._bridge.post(self._on_deletion, event))
        services.follow_ups.subscribe_copied(lambda ids: self._bridge.post(self._show_copied, ids))
        troubled = [item for item in await services.assignments.troubled() if _is_half_done(item)]
        recent = await services.history.recent(RECENT_COUNT)
        return Seen((*troubled, *services.uploads.items()), recent, services.uploads.state)

    def attach(self, services: Services, seen: Seen) -> None:
        """Begin: show what `watch` returned, and what came since."""
        self._services = services
        self._recent = list(seen.recent)
        self._open = {item.id: item for item in seen.pending}
        self._news.append((QueueChanged(seen.state), False))
        self._show_news()

    def set_unsaved_count(self, count: int) -> None:
        """Tell how many pictures are in memory alone."""
        self._unsaved_count = count
        self._refresh_tray()

    def open_viewer(self, upload_id: str) -> None:
        """Open an upload's page in the browser."""
        item = self._find(upload_id)
        if item is not None and item.image is not None:
            open_url(item.image.viewer or item.image.url)

    def copy_link(self, upload_id: str) -> None:
        """Copy an upload's link, and say so once it was read back."""
        item, services = self._find(upload_id), self._services
        if item is None or services is None:
            return
        text = "\n".join(services.follow_ups.links([item]))

        def copied(is_there: bool) -> None:
            if is_there:
                self._show_copied((item.id,))
            else:
                problem = UserFacingError("The clipboard did not take the link.", remedy=CLIPBOARD_REMEDY)
                problem.part = Part.CLIPBOARD
                self._show_error(problem)

        self._submit(lambda: services.clipboard.copy_text(text), copied)

    def _find(self, upload_id: str) -> UploadItem | None:
        return next((item for item in self._recent if item.id == upload_id), None)

    # --- from the queue -----------------------------------------------------------------------------------------------

    def _on_event(self, event: UploadEvent, is_news: bool) -> None:
        self._news.append((event, is_news))
        if not self._collect.isActive():
            self._collect.start()

    def _show_news(self) -> None:
        if self._services is None:
            return  # `attach` does it.
        self._collect.stop()
        news, self._news = self._news, []
        latest: dict[UploadId, tuple[UploadItem, bool]] = {}
        for event, is_news in news:
            match event:
                case UploadChanged(item):
                    latest[item.id] = (item, is_news)
                case UploadRemoved(upload_id):
                    latest.pop(upload_id, None)
                    self._take_away(upload_id)
                case QueueChanged(state):
                    self._take_state(state)
                case QueueReordered(ids):
                    known = [upload_id for upload_id in ids if upload_id in self._open]
                    self._open = {upload_id: self._open[upload_id] for upload_id in known} | self._open
        for item, is_news in latest.values():
            self._take_item(item, is_news=is_news)
        if (window := self._window.made) is not None:
            window.set_uploads(tuple(self._open.values()))
        self.unfinished_changed.emit(tuple(self._open.values()))
        self._show_recent()
        self._refresh_tray()

    def _take_item(self, item: UploadItem, *, is_news: bool) -> None:
        if item.remote_state is RemoteState.GONE:
            self._take_away(item.id)
            return
        before = self._open.get(item.id)
        if item.state is UploadState.CANCELLED or (item.state is UploadState.DONE and not item.after.problems):
            self._open.pop(item.id, None)
        else:
            self._open[item.id] = item
        if item.state is UploadState.DONE:
            self._take_done(item, is_news=is_news)
            if is_news:
                self._look_if_deletable(item)
        if is_news and before is None and item.state is not UploadState.CANCELLED and self.shows_cards:
            self._cards.show_item(item)
        else:
            self._cards.update_item(item)
        if _is_half_done(item) and (before is None or not _is_half_done(before)):
            self._tell(Notice(self.tr("Uploaded, but not all that should follow"), problem_text(item), is_error=True))

    def _take_done(self, item: UploadItem, *, is_news: bool) -> None:
        ids = [each.id for each in self._recent]
        if item.id in ids:
            self._recent[ids.index(item.id)] = item
        elif is_news:
            self._recent = [item, *self._recent][:RECENT_COUNT]

    def _take_away(self, upload_id: UploadId) -> None:
        self._open.pop(upload_id, None)
        self._recent = [item for item in self._recent if item.id != upload_id]
        self._cards.remove(upload_id)

    def _take_state(self, state: QueueState) -> None:
        is_short = state.resume_at is not None and state.resume_at - datetime.now(UTC) < _SHORT_WAIT
        former, self._state = self._state, QueueState(QueueMode.RUNNING) if is_short else state
        if (window := self._window.made) is not None:
            window.set_queue(self._state)
        self._cards.set_queue(self._state)
        self._tray.set_paused(state.mode is QueueMode.PAUSED)
        # A pause that the person did not ask for is said once.
        if state.mode is QueueMode.PAUSED and state.error_kind is not None and former.mode is not QueueMode.PAUSED:
            wants_key = state.error_kind is ErrorKind.CREDENTIAL
            label = self.tr("Enter key…") if wants_key else self.tr("Resume")
            actions = (("default", label), ("go-on", label))
            then = self.account_requested.emit if wants_key else partial(self._pause, False)
            self._tell(Notice(queue_title(state), state.reason, actions, is_error=True), lambda _: then())

    def _show_recent(self) -> None:
        self._tray.set_recent(self._recent)
        if (window := self._window.made) is not None:
            window.set_recent(self._listed())

    def _listed(self) -> list[UploadItem]:
        return [item for item in self._recent if item.id not in self._cleared]

    def _show_copied(self, upload_ids: tuple[UploadId, ...]) -> None:
        # What was copied may be known from the very last events only.
        self._show_news()
        for upload_id in upload_ids:
            for view in self._viewers():
                view.show_copied(upload_id)

    def _refresh_tray(self) -> None:
        waiting = sum(item.state in _NEEDS_PERSON for item in self._open.values())
        why = queue_title(self._state)
        # What has to wait with the queue does not run.
        busy = _IN_FLIGHT if why else _BUSY
        running = sum(item.state in busy for item in self._open.values())
        is_stopped = self._state.mode is QueueMode.PAUSED and self._state.error_kind is not None
        if self._unsaved_count:
            why = self._counted(
                self._unsaved_count, self.tr("1 picture NOT saved"), self.tr("{count} pictures NOT saved")
            )
        self._tray.set_info(why)
        if self._unsaved_count or waiting or is_stopped:
            self._tray.set_state(TrayState.ATTENTION)
            one, several = self.tr("1 upload needs attention"), self.tr("{count} uploads need attention")
            self._tray.set_summary(why or self._counted(waiting, one, several))
        else:
            self._tray.set_state(TrayState.UPLOADING if running else TrayState.IDLE)
            going = self._counted(running, self.tr("1 upload running"), self.tr("{count} uploads running"))
            self._tray.set_summary(why or (going if running else ""))

    @staticmethod
    def _counted(count: int, one: str, several: str) -> str:
        return one if count == 1 else several.format(count=count)

    def _tell(self, notice: Notice, on_action: Callable[[str], None] | None = None) -> None:
        if self.notifies:
            self._notify(notice, on_action)

    # --- from the person ----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        tray, cards = self._tray, self._cards
        tray.copy_link_requested.connect(self.copy_link)
        tray.pause_toggled.connect(self._pause)
        self._follow_links(cards)
        self._follow(cards)
        cards.delete_requested.connect(self._delete)
        cards.undo_requested.connect(self._undo_deletion)
        self._window.when_made(self._fill)

    def _fill(self, window: TrayWindow) -> None:
        self._follow_links(window)
        self._follow_queue(window)
        window.clear_requested.connect(self._clear)
        window.resume_requested.connect(lambda: self._pause(False))
        if self._services is not None:
            window.set_queue(self._state)
            window.set_uploads(tuple(self._open.values()))
            window.set_recent(self._listed())

    def _viewers(self) -> tuple[TrayWindow | CardStack, ...]:
        window = self._window.made
        return (self._cards,) if window is None else (window, self._cards)

    def add_view(self, view: UploadsView) -> None:
        """Do what is asked for in another view of what is not finished; `unfinished_changed` tells what to show."""
        self._follow_queue(view)
        view.thumbnail_requested.connect(lambda upload_id, path: self._load_thumbnail(upload_id, path, view))

    def _follow_links(self, view: TrayWindow | CardStack) -> None:
        view.copy_link_requested.connect(self.copy_link)
        view.open_requested.connect(self.open_viewer)
        view.thumbnail_requested.connect(self._load_thumbnail)

    def _follow(self, view: TrayWindow | CardStack | UploadsView) -> None:
        view.cancel_requested.connect(lambda each: self._on_queue(lambda queue: queue.cancel(UploadId(each))))
        view.retry_requested.connect(self._retry)

    def _follow_queue(self, view: TrayWindow | UploadsView) -> None:
        self._follow(view)
        view.dismiss_requested.connect(lambda each: self._dismiss(each, view))
        view.dismiss_failed_requested.connect(lambda ids: self._ask_to_discard(ids, view))
        view.mark_done_requested.connect(lambda each: self._on_queue(lambda queue: queue.mark_done(UploadId(each))))
        view.move_requested.connect(self._move)

    def _retry(self, upload_id: str) -> None:
        item, services = self._open.get(UploadId(upload_id)), self._services
        if services is not None and item is not None and _is_half_done(item):
            self._submit(lambda: services.assignments.retry(item.id))
        else:
            self._on_queue(lambda queue: queue.retry(UploadId(upload_id)))

    def _dismiss(self, upload_id: str, asker: QWidget) -> None:
        item, services = self._open.get(UploadId(upload_id)), self._services
        if services is None or item is None:
            return
        if _is_half_done(item):
            self._submit(lambda: services.assignments.give_up(item.id))
        elif item.kind in _HAVE_A_FILE:
            self._on_queue(lambda queue: queue.discard(item.id))
        else:
            self._ask_to_discard([upload_id], asker)

    def _ask_to_discard(self, upload_ids: Sequence[str], asker: QWidget) -> None:
        text = self._counted(
            len(upload_ids),
            self.tr("This upload is forgotten, and with it the copy that is kept of it."),
            self.tr("{count} uploads are forgotten, and with them the copies that are kept of them."),
        )
        ask(asker, self.tr("Discard"), text, self.tr("Discard"), lambda: self._discard(upload_ids))

    def _discard(self, upload_ids: Sequence[str]) -> None:
        async def discard(queue: UploadQueue) -> None:
            for upload_id in upload_ids:
                await queue.discard(UploadId(upload_id))

        self._on_queue(discard)

    def _move(self, upload_id: str, before: str) -> None:
        target = UploadId(before) if before else None
        self._on_queue(lambda queue: queue.move(UploadId(upload_id), before=target))

    def _clear(self) -> None:
        self._cleared.update(item.id for item in self._recent)
        self._show_recent()

    def _delete(self, upload_id: str) -> None:
        item, services = self._find(upload_id), self._services
        if services is not None and item is not None and item.image is not None:
            image_id, deletions = item.image.id, services.deletions
            self._deleting.add(image_id)
            self._submit(lambda: deletions.schedule([image_id]), self._show_undeleted)

    def _look_if_deletable(self, item: UploadItem) -> None:
        """Offer no deletion that cannot work; only the history knows with which account it went."""
        services, image = self._services, item.image
        if services is not None and image is not None:
            self._submit(
                lambda: services.deletions.refuse([image.id]),
                lambda refused: self._cards.forbid_deleting(item.id) if refused else None,
            )

    def _undo_deletion(self, upload_id: str) -> None:
        item, services = self._find(upload_id), self._services
        if services is not None and item is not None and item.image is not None:
            image_id, deletions = item.image.id, services.deletions

            async def undo() -> None:
                deletions.undo([image_id])

            self._submit(undo)

    def _on_deletion(self, event: DeletionEvent) -> None:
        match event:
            case DeletionUndone(image_ids):
                self._deleting.difference_update(image_ids)
            case DeletionFinished(results):
                self._show_undeleted(results)
                self._deleting.difference_update(result.image_id for result in results)

    def _show_undeleted(self, results: Sequence[Deletion]) -> None:
        """Say why an image stays whose deletion was asked for on a card; others are told of where they were asked."""
        for result in results:
            if result.error is None or result.image_id not in self._deleting:
                continue
            self._deleting.discard(result.image_id)
            for item in self._recent:
                if item.image is not None and item.image.id == result.image_id:
                    self._cards.keep(item.id)
            self._show_error(result.error)

    def _on_queue(self, call: Callable[[UploadQueue], Awaitable[object]]) -> None:
        if self._services is not None:
            queue = self._services.uploads
            self._submit(lambda: call(queue))

    def _pause(self, paused: bool) -> None:
        self._on_queue(lambda queue: queue.pause() if paused else queue.resume())

    def _load_thumbnail(self, upload_id: str, path: Path, view: UploadsView | None = None) -> None:
        def loaded(image: QImage | None) -> None:
            if image is not None:
                for each in self._viewers() if view is None else (view,):
                    each.set_thumbnail(UploadId(upload_id), image)

        self._submit(lambda: asyncio.to_thread(load_thumbnail, path, _THUMBNAIL_PX), loaded)

    def _submit(self, function: Callable[[], Awaitable[Any]], on_done: Callable[[Any], None] | None = None) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(run, owner=self, on_done=on_done, on_error=self._show_error)


def _is_half_done(item: UploadItem) -> bool:
    """Uploaded, and something that should have followed was refused."""
    return item.state is UploadState.DONE and bool(item.after.problems)
