"""Joins the history window with the history, and keeps how it was left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEvent
from app.core.imglink import Album, AlbumId, EmbedId, EmbedProfile
from app.core.uploads import UploadItem
from app.services.deletions import DeletionEvent
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.settings.remembered import RememberedWindow
from app.settings.schema import Settings
from app.ui.bridge import Bridge
from app.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:
    from app.ui.history_actions import HistoryActions
    from app.ui.history_reader import HistoryReader
    from app.ui.history_window import HistoryWindow
    from app.ui.history_window.local_copies import LocalCopies
    from app.ui.tray_window.uploads import UploadsView


class HistoryController(QObject):
    """Lives on the Qt thread. The window is made when it is first wanted, and kept."""

    images_for_album = Signal(object)
    """A tuple of ImageIds that the person wants in an album."""
    images_for_embed = Signal(object)
    """A tuple of ImageIds to which the person wants to give an embed profile."""
    uploads_view_made = Signal(object)
    """The window's UploadsView, to be joined with the queue."""

    def __init__(
        self,
        bridge: Bridge,
        settings_file: SettingsFile,
        thumbnails: ThumbnailLoader,
        remembered: RememberedWindow,
        edit_folder: Callable[[], Path],
        show_error: Callable[[UserFacingError], None],
        parent: QObject,
    ) -> None:
        """`edit_folder` is where copies go that are opened in other programs."""
        super().__init__(parent)
        self._bridge = bridge
        self._file = settings_file
        self._thumbnails = thumbnails
        self._remembered = remembered
        self._edit_folder = edit_folder
        self._show_error = show_error
        self._services: Services | None = None
        self._window: HistoryWindow | None = None
        self._reader: HistoryReader | None = None
        self._actions: HistoryActions | None = None
        self._copies: LocalCopies | None = None
        self._arrangement: Mapping[str, str] = {}
        self._unwritten: Mapping[tuple[EntryId, str], str] = {}
        self._uploads: Sequence[UploadItem] = ()
        self._albums: Mapping[AlbumId, str] = {}
        self._embeds: Mapping[EmbedId, str] = {}
        thumbnails.ready.connect(self._picture_ready)

    @property
    def window(self) -> HistoryWindow | None:
        """The window, once there is one."""
        return self._window

    # --- life ---------------------------------------------------------------------------------------------------------

    def attach(self, services: Services) -> None:
        """Begin; a window that is open already is filled."""
        self._services = services

        async def watch() -> dict[str, str]:
            services.history.subscribe(lambda event: self._bridge.post(self._on_history, event))
            services.deletions.subscribe(lambda event: self._bridge.post(self._on_deletion, event))
            return await asyncio.to_thread(self._remembered.load)

        self._bridge.submit(watch, owner=self, on_done=self._begin, on_error=self._show_error)

    def present(self) -> None:
        """Bring the window to the front."""
        if self._window is None:
            self._window = self._make_window()
            self._fill()
        self._window.present()
        if self._reader is not None:
            self._reader.wake()

    def look_at_the_day(self) -> None:
        """Another day may have begun: say “today” of the right one."""
        if self._window is not None:
            self._window.repaint_pictures()

    def close(self) -> None:
        """Destroy the window, and the copies that were made to be dragged out."""
        window, self._window = self._window, None
        if window is not None:
            # The program ends, and with it what runs elsewhere: this is stored here and now.
            self._remembered.store(_arrangement(window))
            window.close()
            if self._actions is not None:
                self._unwritten = self._actions.unwritten
            if self._reader is not None:
                self._reader.stop()
            window.deleteLater()
            self._reader = self._actions = None
        if self._copies is not None:
            self._copies.close()

    async def write_rest(self) -> None:
        """After `close`, on the asyncio thread: store what was being typed. Raises UserFacingError."""
        if self._services is None or not self._unwritten:
            return
        from app.ui.history_actions import write_text

        for (entry_id, name), text in self._unwritten.items():
            await write_text(self._services.history, entry_id, name, text)

    # --- what others tell ---------------------------------------------------------------------------------------------

    def apply_settings(self, settings: Settings) -> None:
        """Follow what links are copied as, and which key takes a region."""
        if self._window is not None:
            self._window.set_shortcut(settings.hotkeys.shortcuts.get("region", ""))
            if self._actions is not None:
                self._window.set_links(settings.links.form, self._actions.links_of)

    def set_uploads(self, items: Sequence[UploadItem]) -> None:
        """Show these above the list: what is not finished."""
        self._uploads = tuple(items)
        if self._window is not None:
            self._window.set_uploads(self._uploads)

    def show_albums(self, albums: Sequence[Album], _default: object) -> None:
        """Follow what albums there are."""
        self._albums = {album.id: album.title for album in albums}
        if self._window is not None:
            self._window.set_albums(self._albums)

    def show_embeds(self, profiles: Sequence[EmbedProfile], _default: object) -> None:
        """Follow what embed profiles there are."""
        self._embeds = {profile.id: profile.fields.name for profile in profiles}
        if self._window is not None:
            self._window.set_embeds(self._embeds)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _begin(self, arrangement: Mapping[str, str]) -> None:
        self._arrangement = arrangement
        if self._window is not None:
            _arrange(self._window, arrangement)
            self._fill()

    def _make_window(self) -> HistoryWindow:
        # Loaded when it is wanted: most days it is not.
        from app.ui.history_window import HistoryWindow

        window = HistoryWindow(self._thumbnails)
        _arrange(window, self._arrangement)
        window.set_albums(self._albums)
        window.set_embeds(self._embeds)
        window.set_uploads(self._uploads)
        window.set_shortcut(self._file.settings.hotkeys.shortcuts.get("region", ""))
        window.closed.connect(self._remember)
        view: UploadsView = window.waiting
        self.uploads_view_made.emit(view)
        return window

    def _fill(self) -> None:
        window, services = self._window, self._services
        if window is None or services is None or self._reader is not None:
            return
        from app.ui.history_actions import HistoryActions
        from app.ui.history_reader import HistoryReader
        from app.ui.history_window.local_copies import LocalCopies

        self._copies = self._copies or LocalCopies()
        actions = HistoryActions(self._bridge, services, window, self._file, self._copies, self._edit_folder)
        actions.images_for_album.connect(self.images_for_album)
        actions.images_for_embed.connect(self.images_for_embed)
        self._actions = actions
        self._reader = HistoryReader(self._bridge, services.history, window, self._show_error)
        self._reader.start()

    def _remember(self) -> None:
        if self._window is not None:
            values = self._arrangement = _arrangement(self._window)

            async def store() -> None:
                await asyncio.to_thread(self._remembered.store, values)

            self._bridge.submit(store, owner=self)

    def _on_history(self, event: HistoryEvent) -> None:
        if self._reader is not None:
            self._reader.take(event)

    def _on_deletion(self, event: DeletionEvent) -> None:
        if self._actions is not None:
            self._actions.take(event)

    def _picture_ready(self, _key: object) -> None:
        if self._window is not None and self._window.isVisible():
            self._window.repaint_pictures()


def _arrangement(window: HistoryWindow) -> Mapping[str, str]:
    from app.ui.history_window.arrangement import arrangement

    return arrangement(window)


def _arrange(window: HistoryWindow, remembered: Mapping[str, str]) -> None:
    from app.ui.history_window.arrangement import arrange

    arrange(window, remembered)
