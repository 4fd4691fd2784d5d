"""Joins the albums' window, the tray's choice of one, and putting images into one, with the services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.errors import ErrorKind, UserFacingError
from app.core.history import HistoryEntry
from app.core.imglink import Album, AlbumChanges, AlbumId, ImageId
from app.services.account import AccountStatus, when_signed_out
from app.services.albums import AlbumChanged, AlbumEvent, AlbumRemoved, AlbumsListed
from app.settings.file import SettingsFile
from app.settings.schema import Settings
from app.ui.album_images import AlbumImages, AlbumParts
from app.ui.bridge import Bridge
from app.ui.opener import open_url
from app.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:
    from app.ui.albums_window import AlbumsWindow
    from app.ui.albums_window.chooser import AlbumChooser


class AlbumsController(QObject):
    """Lives on the Qt thread. The window is made when it is first wanted, and kept."""

    albums_changed = Signal(object, object)
    """All albums (a tuple), and the AlbumId that new captures go to or None; for menus and filters."""

    def __init__(
        self,
        bridge: Bridge,
        settings_file: SettingsFile,
        thumbnails: ThumbnailLoader,
        show_error: Callable[[UserFacingError], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._file = settings_file
        self._thumbnails = thumbnails
        self._show_error = show_error
        self._parts: AlbumParts | None = None
        self._window: AlbumsWindow | None = None
        self._chooser: AlbumChooser | None = None
        self._albums: tuple[Album, ...] | None = None
        """None before they were read."""
        self._read_ids: set[AlbumId] = set()
        """Albums whose images were read."""
        self._is_signed_in = False
        self._images = AlbumImages(bridge, settings_file, lambda: self.albums, self._notice, self)
        thumbnails.ready.connect(self._picture_ready)

    @property
    def window(self) -> AlbumsWindow | None:
        """The window, once there is one."""
        return self._window

    @property
    def chooser(self) -> AlbumChooser | None:
        """The dialog in which an album is chosen, while it is open."""
        return self._chooser

    @property
    def albums(self) -> tuple[Album, ...]:
        """As they were last seen."""
        return self._albums or ()

    # --- life ---------------------------------------------------------------------------------------------------------

    def attach(self, parts: AlbumParts, status: AccountStatus) -> None:
        """Begin, with the services and how the account stands."""
        self._parts = parts
        self._bridge.call_soon(self._watch, parts, status.token.is_present)
        self._images.attach(parts)
        self._is_signed_in = status.token.is_present
        self.refresh()

    def _watch(self, parts: AlbumParts, is_signed_in: bool) -> None:
        # On the asyncio thread.
        parts.albums.subscribe(lambda event: self._bridge.post_to(self, self._on_albums, event))
        when_signed_out(parts.account.subscribe, is_signed_in, parts.albums.forget)
        parts.account.subscribe(lambda status: self._bridge.post_to(self, self._account_changed, status))

    def close(self) -> None:
        """Destroy the windows, without asking."""
        if self._chooser is not None:
            self._chooser.reject()
        if self._window is not None:
            self._images.set_window(None)
            self._window.hide()
            self._window.deleteLater()
            self._window = None

    def present(self) -> None:
        """Bring the window to the front."""
        if self._window is None:
            self._window = self._make_window()
        self._window.present()
        self.refresh()

    def peek(self) -> None:
        """Read the albums for a menu, once; nobody has asked for it, so nobody is told when it fails."""
        parts = self._parts
        if parts is not None and self._is_signed_in and self._albums is None:
            self._submit(lambda: parts.albums.list(parts.images), on_error=lambda _: None)

    def apply_settings(self, settings: Settings) -> None:
        """Show which album new captures go to."""
        if self._window is not None:
            self._window.set_default(_default(settings))
        self._tell()

    def _make_window(self) -> AlbumsWindow:
        # Loaded when it is wanted: most days it is not.
        from app.ui.albums_window import AlbumsWindow

        window = AlbumsWindow(self._thumbnails.pixmap)
        window.set_default(_default(self._file.settings))
        window.album_chosen.connect(self._read_album)
        window.refresh_requested.connect(self._read)
        # The gate before the service asks; here it only has to be asked for something.
        window.sign_in_requested.connect(self._sign_in)
        window.save_requested.connect(self._save)
        window.delete_confirmed.connect(self._delete)
        window.default_chosen.connect(self.set_default)
        window.open_requested.connect(open_url)
        if self._albums is not None:
            window.set_albums(self._albums)
        self._images.set_window(window)
        return window

    # --- albums -------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the albums again; a signed-out person sees what there would be, and is not asked."""
        if self._window is None:
            return
        if self._parts is None:
            self._window.show_loading()
        elif not self._is_signed_in:
            self._window.show_signed_out()
        else:
            self._read()

    def _sign_in(self) -> None:
        self._read()
        self._images.go_on()

    def _read(self) -> None:
        parts, window = self._parts, self._window
        if parts is None or window is None:
            return
        window.show_loading()

        def done(_: object) -> None:
            window.show_notice("")
            if window.current_id is not None:
                self._read_album(window.current_id)

        self._submit(parts.albums.list, done, on_error=self._not_read, on_cancelled=self._not_signed_in)

    def _not_signed_in(self) -> None:
        if self._window is not None and not self.albums:
            self._window.show_signed_out()

    def _not_read(self, error: UserFacingError) -> None:
        if self._window is None:
            return
        if error.kind is ErrorKind.CREDENTIAL and not self._is_signed_in:
            self._window.show_signed_out()
        else:
            self._window.show_failure(str(error))

    def _read_album(self, album_id: AlbumId) -> None:
        parts, window = self._parts, self._window
        if parts is None or window is None:
            return
        needs = self.tr("To see what is in it takes an account: sign in.")
        known = next((album for album in self.albums if album.id == album_id and album_id in self._read_ids), None)
        if known is not None:
            self._show_images(known)
        self._submit(
            lambda: parts.albums.show(album_id),
            lambda _: None,
            on_error=lambda error: window.show_album_failure(album_id, str(error)),
            on_cancelled=lambda: window.show_album_failure(album_id, needs),
        )
        self._read_ids.add(album_id)

    def _show_images(self, album: Album) -> None:
        parts, window = self._parts, self._window
        if parts is None or window is None:
            return

        def found(entries: Sequence[HistoryEntry]) -> None:
            window.set_images(album, {entry.image_id: entry for entry in entries})

        # Without the history, they are shown by their ids.
        ids = [image.id for image in album.images]
        self._submit(lambda: parts.history.find(ids), found, on_error=lambda _: found(()))

    def _save(self, album_id: AlbumId | None, changes: AlbumChanges) -> None:
        parts, window = self._parts, self._window
        if parts is None or window is None:
            return

        async def save() -> Album:
            if album_id is not None:
                return await parts.albums.edit(album_id, changes)
            is_public = changes.is_public is not False
            return await parts.albums.create(
                changes.title or "", changes.description or "", is_public=is_public, password=changes.password or ""
            )

        cancelled = self.tr("Not saved: that takes an account.")
        self._submit(
            save,
            window.show_saved,
            on_error=lambda error: window.show_refused(str(error)),
            on_cancelled=lambda: window.show_refused(cancelled),
        )

    def _delete(self, album_id: AlbumId) -> None:
        parts = self._parts
        if parts is None:
            return

        def done(_: object) -> None:
            if _default(self._file.settings) == album_id:
                self.set_default(None)

        self._submit(lambda: parts.albums.delete(album_id), done, on_error=self._notice)

    def set_default(self, album_id: AlbumId | None) -> None:
        """Let new captures go to this album, or to none."""
        # The file is synced to disk: not on this thread.
        self._submit(
            lambda: asyncio.to_thread(self._file.update, "upload", album=album_id or ""), on_error=self._notice
        )

    # --- images -------------------------------------------------------------------------------------------------------

    def add_images(self, album_id: AlbumId, image_ids: Sequence[ImageId]) -> None:
        """Put images into an album: a job that outlives a restart."""
        self._images.add(album_id, image_ids)

    def choose_and_add(self, image_ids: Sequence[ImageId], parent: QWidget | None = None) -> None:
        """Let the person choose an album for these images, and put them into it; the window shows how it goes."""
        from app.ui.albums_window.chooser import AlbumChooser

        parts = self._parts
        if parts is None or self._chooser is not None or not image_ids:
            return

        def choose(_: object) -> None:
            if self._chooser is not None:
                return  # asked for twice before the answer came
            chooser = self._chooser = AlbumChooser(parent, self.albums, len(image_ids), self._thumbnails.pixmap)
            chooser.chosen.connect(lambda album_id: self._add_and_show(album_id, image_ids))
            chooser.manage_requested.connect(self.present)
            chooser.finished.connect(self._chooser_closed)
            chooser.open()

        self._submit(parts.albums.list, choose, on_cancelled=lambda: None)

    def _add_and_show(self, album_id: AlbumId, image_ids: Sequence[ImageId]) -> None:
        self.add_images(album_id, image_ids)
        self.present()
        if self._window is not None:
            self._window.list.choose(album_id)

    def _chooser_closed(self) -> None:
        self._chooser = None

    # --- what happens -------------------------------------------------------------------------------------------------

    def _on_albums(self, event: AlbumEvent) -> None:
        match event:
            case AlbumsListed(albums):
                self._albums = albums
            case AlbumChanged(album):
                others = [album if each.id == album.id else each for each in self.albums]
                self._albums = tuple(others) if album in others else (album, *others)
                if album.id in self._read_ids:
                    self._show_images(album)
            case AlbumRemoved(album_id):
                self._albums = tuple(each for each in self.albums if each.id != album_id)
                self._read_ids.discard(album_id)
        if self._window is not None and self._is_signed_in:
            self._window.set_albums(self.albums)
        self._tell()

    def _account_changed(self, status: AccountStatus) -> None:
        was, self._is_signed_in = self._is_signed_in, status.token.is_present
        if not self._is_signed_in:
            self._albums = None
            self._read_ids.clear()
        if was != self._is_signed_in:
            self.refresh()

    def _tell(self) -> None:
        self.albums_changed.emit(self.albums, _default(self._file.settings))

    def _picture_ready(self, _key: object) -> None:
        if self._window is not None:
            self._window.picture_changed()

    def _notice(self, error: UserFacingError) -> None:
        if self._window is not None and self._window.isVisible():
            self._window.show_notice(str(error))
        else:
            self._show_error(error)

    def _submit(
        self,
        function: Callable[[], Awaitable[Any]],
        on_done: Callable[[Any], None] | None = None,
        *,
        on_error: Callable[[UserFacingError], None] | None = None,
        on_cancelled: Callable[[], object] | None = None,
    ) -> None:
        async def run() -> Any:
            return await function()

        def cancelled() -> None:
            if on_cancelled is not None:
                on_cancelled()

        self._bridge.submit(
            run,
            owner=self._window or self,
            on_done=on_done,
            on_error=on_error or self._show_error,
            on_cancelled=cancelled,
        )


def _default(settings: Settings) -> AlbumId | None:
    album = settings.upload.album
    return AlbumId(album) if album else None
