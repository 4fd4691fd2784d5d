"""Joins the upload queue with the tray, the tray window and the cards: events in, wishes out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from app.core.errors import UserFacingError
from app.core.uploads import (
    QueueChanged,
    QueueMode,
    QueueState,
    RemoteState,
    UploadChanged,
    UploadEvent,
    UploadId,
    UploadItem,
    UploadRemoved,
    UploadState,
)
from app.services.suite import Services
from app.services.uploads import UploadQueue
from app.ui.bridge import Bridge
from app.ui.card import CardStack
from app.ui.opener import open_url
from app.ui.thumbnails import load_thumbnail
from app.ui.tray import Tray, TrayState
from app.ui.tray_window import TrayWindow

RECENT_COUNT = 10
_THUMBNAIL_PX = 256
_NEEDS_PERSON = (UploadState.FAILED, UploadState.PAUSED, UploadState.UNCERTAIN)
_BUSY = (UploadState.QUEUED, UploadState.SENDING, UploadState.COMMITTING)


@dataclass(frozen=True, slots=True)
class UploadViews:
    """Everything that shows uploads."""

    tray: Tray
    window: TrayWindow
    cards: CardStack


@dataclass(frozen=True, slots=True)
class Seen:
    """How things stood when the watching began."""

    pending: tuple[UploadItem, ...]
    recent: tuple[UploadItem, ...]
    state: QueueState


class UploadsController(QObject):
    """Lives on the Qt thread. Starts with `attach`, when the services are there."""

    def __init__(
        self,
        bridge: Bridge,
        views: UploadViews,
        show_error: Callable[[UserFacingError], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.shows_cards = True
        self._bridge = bridge
        self._tray, self._window, self._cards = views.tray, views.window, views.cards
        self._show_error = show_error
        self._services: Services | None = None
        self._open: dict[UploadId, UploadItem] = {}
        """What is neither done nor cancelled."""
        self._recent: list[UploadItem] = []
        self._connect()

    async def watch(self, services: Services) -> Seen:
        """On the asyncio thread: subscribe, and return what there is to begin with."""
        for source in (services.uploads, services.history):
            source.subscribe(lambda event: self._bridge.post(self._on_event, event))
        services.follow_ups.subscribe_copied(lambda ids: self._bridge.post(self._show_copied, ids))
        return Seen(services.uploads.items(), await services.history.recent(RECENT_COUNT), services.uploads.state)

    def attach(self, services: Services, seen: Seen) -> None:
        """Begin: show what `watch` returned."""
        self._services = services
        self._recent = list(seen.recent)
        self._open = {item.id: item for item in seen.pending} | self._open
        self._window.set_recent(seen.recent)
        self._window.set_uploads(tuple(self._open.values()))
        self._tray.set_recent(seen.recent)
        self._show_queue(seen.state)
        self._refresh_tray()

    def _show_copied(self, upload_ids: tuple[UploadId, ...]) -> None:
        for upload_id in upload_ids:
            self._window.show_copied(upload_id)
            self._cards.show_copied(upload_id)

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
                self._show_error(UserFacingError("The clipboard did not take the link.", remedy="Try once more."))

        self._submit(lambda: services.clipboard.copy_text(text), copied)

    def _find(self, upload_id: str) -> UploadItem | None:
        return next((item for item in self._recent if item.id == upload_id), None)

    # --- from the queue -----------------------------------------------------------------------------------------------

    def _on_event(self, event: UploadEvent) -> None:
        match event:
            case UploadChanged(item):
                self._show_item(item)
            case UploadRemoved(upload_id):
                self._take_away(upload_id)
            case QueueChanged(state):
                self._show_queue(state)
        self._refresh_tray()

    def _show_item(self, item: UploadItem) -> None:
        if item.remote_state is RemoteState.GONE:
            self._take_away(item.id)
            return
        is_new = item.id not in self._open and item.state is not UploadState.DONE
        if item.state in (UploadState.DONE, UploadState.CANCELLED):
            self._open.pop(item.id, None)
        else:
            self._open[item.id] = item
        if item.state is UploadState.DONE:
            self._recent = [item, *(each for each in self._recent if each.id != item.id)][:RECENT_COUNT]
            self._tray.set_recent(self._recent)
        self._window.update_upload(item)
        if is_new and self.shows_cards:
            self._cards.show_item(item)
        else:
            self._cards.update_item(item)

    def _take_away(self, upload_id: UploadId) -> None:
        self._open.pop(upload_id, None)
        self._recent = [item for item in self._recent if item.id != upload_id]
        self._window.remove_upload(upload_id)
        self._cards.remove(upload_id)
        self._tray.set_recent(self._recent)

    def _show_queue(self, state: QueueState) -> None:
        self._window.set_queue(state)
        self._tray.set_paused(state.mode is QueueMode.PAUSED)

    def _refresh_tray(self) -> None:
        states = {item.state for item in self._open.values()}
        waiting = sum(item.state in _NEEDS_PERSON for item in self._open.values())
        running = sum(item.state in _BUSY for item in self._open.values())
        if waiting:
            self._tray.set_state(TrayState.ATTENTION)
            self._tray.set_summary(self.tr("%n upload(s) need attention", "", waiting))
        elif states.intersection(_BUSY):
            self._tray.set_state(TrayState.UPLOADING)
            self._tray.set_summary(self.tr("%n upload(s) running", "", running))
        else:
            self._tray.set_state(TrayState.IDLE)
            self._tray.set_summary("")

    # --- from the person ----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        window, tray, cards = self._window, self._tray, self._cards
        for copier in (window, tray, cards):
            copier.copy_link_requested.connect(self.copy_link)
        for view in (window, cards):
            view.open_requested.connect(self.open_viewer)
            view.thumbnail_requested.connect(self._load_thumbnail)
            view.cancel_requested.connect(lambda each: self._on_queue(lambda queue: queue.cancel(UploadId(each))))
            view.retry_requested.connect(lambda each: self._on_queue(lambda queue: queue.retry(UploadId(each))))
        window.dismiss_requested.connect(lambda each: self._on_queue(lambda queue: queue.discard(UploadId(each))))
        window.mark_done_requested.connect(lambda each: self._on_queue(lambda queue: queue.mark_done(UploadId(each))))
        cards.delete_requested.connect(self._delete)
        window.resume_requested.connect(lambda: self._pause(False))
        tray.pause_toggled.connect(self._pause)

    def _delete(self, upload_id: str) -> None:
        item, services = self._find(upload_id), self._services
        if services is not None and item is not None and item.image is not None:
            image_id = item.image.id
            self._submit(lambda: services.history.delete_on_service(image_id))

    def _on_queue(self, call: Callable[[UploadQueue], Awaitable[object]]) -> None:
        if self._services is not None:
            queue = self._services.uploads
            self._submit(lambda: call(queue))

    def _pause(self, paused: bool) -> None:
        self._on_queue(lambda queue: queue.pause() if paused else queue.resume())

    def _load_thumbnail(self, upload_id: str, path: Path) -> None:
        def loaded(image: QImage | None) -> None:
            if image is not None:
                self._window.set_thumbnail(UploadId(upload_id), image)
                self._cards.set_thumbnail(UploadId(upload_id), image)

        self._submit(lambda: asyncio.to_thread(load_thumbnail, path, _THUMBNAIL_PX), loaded)

    def _submit(self, function: Callable[[], Awaitable[Any]], on_done: Callable[[Any], None] | None = None) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(run, owner=self, on_done=on_done, on_error=self._show_error)
