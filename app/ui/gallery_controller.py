"""Joins the gallery's window with the service, from which no credential is wanted and none is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject

from app.core.errors import UserFacingError
from app.core.imglink import MAX_GALLERY_PAGE, GalleryPage, Image
from app.core.links import LinkForm, format_link
from app.core.ports import Clipboard, ImgLink
from app.settings.file import SettingsFile
from app.ui.bridge import Bridge, TaskHandle
from app.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:
    from app.ui.gallery_window import GalleryWindow


class GalleryParts(Protocol):
    """The services that are needed here."""

    @property
    def images(self) -> ImgLink:
        """Reads the pages."""

    @property
    def clipboard(self) -> Clipboard:
        """Takes the links."""


class GalleryController(QObject):
    """Lives on the Qt thread. The window is made when it is first wanted, and kept."""

    def __init__(
        self,
        bridge: Bridge,
        settings_file: SettingsFile,
        thumbnails: ThumbnailLoader,
        open_url: Callable[[str], None],
        web_url: str,
        parent: QObject,
    ) -> None:
        """`web_url` is the service's own gallery."""
        super().__init__(parent)
        self._bridge = bridge
        self._file = settings_file
        self._thumbnails = thumbnails
        self._open_url = open_url
        self._web_url = web_url
        self._parts: GalleryParts | None = None
        self._window: GalleryWindow | None = None
        self._reading: TaskHandle | None = None
        self._next_page = 1

    @property
    def window(self) -> GalleryWindow | None:
        """The window, once there is one."""
        return self._window

    @property
    def is_reading(self) -> bool:
        """True while a page is on its way."""
        return self._reading is not None

    def attach(self, parts: GalleryParts) -> None:
        """Begin: what was asked for before is read now."""
        self._parts = parts
        if self._window is not None and self._window.isVisible():
            self.refresh()

    def present(self) -> None:
        """Bring the window to the front, with the newest images if it was closed."""
        if self._window is None:
            self._window = self._make_window()
        was_visible = self._window.isVisible()
        self._window.present()
        if not was_visible:
            self.refresh()

    def close(self) -> None:
        """Destroy the window."""
        self._stop()
        if self._window is not None:
            self._window.hide()
            self._window.deleteLater()
            self._window = None

    def refresh(self) -> None:
        """Begin with the newest again."""
        if self._window is not None:
            self._stop()
            self._next_page = 1
            self._window.show_loading()
            self._read()

    def open_on_web(self) -> None:
        """Open the service's own page."""
        self._open_url(self._web_url)

    def _make_window(self) -> GalleryWindow:
        # Loaded when it is wanted: most days it is not.
        from app.ui.gallery_window import GalleryWindow

        window = GalleryWindow(self._thumbnails)
        window.more_wanted.connect(self._read)
        window.refresh_requested.connect(self.refresh)
        window.opened.connect(lambda image: self._open_url(image.viewer or image.url))
        window.link_wanted.connect(self._copy_link)
        window.web_requested.connect(self.open_on_web)
        window.closed.connect(self._stop)
        return window

    def _read(self) -> None:
        parts, number = self._parts, self._next_page
        if parts is None or self._reading is not None:
            return

        async def read() -> GalleryPage:
            return await parts.images.gallery(number, MAX_GALLERY_PAGE)

        self._reading = self._bridge.submit(
            read, owner=self._window or self, on_done=self._show_page, on_error=self._show_failure
        )

    def _stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _show_page(self, page: GalleryPage) -> None:
        self._reading = None
        window = self._window
        if window is None:
            return
        self._next_page += 1
        # Where the service tells no counts, only a page that is not full is surely the last. One without anything new
        # ends it too: a server that knows no pages sends the first one for ever.
        may_have_more = len(page.images) >= MAX_GALLERY_PAGE or page.page < page.total_pages
        known = {image.id for image in window.model.images}
        has_new = any(image.id not in known for image in page.images)
        window.add_page(page.images, page.total, may_have_more=may_have_more and has_new)

    def _show_failure(self, error: UserFacingError) -> None:
        self._reading = None
        if self._window is not None:
            self._window.show_failure(str(error))

    def _copy_link(self, image: Image, form: LinkForm | None) -> None:
        parts, window, links = self._parts, self._window, self._file.settings.links
        if parts is None or window is None:
            return
        text = format_link(image, form or links.form, template=links.template)

        async def copy() -> bool:
            return await parts.clipboard.copy_text(text)

        def done(is_copied: bool) -> None:
            copied = self.tr("Link copied")
            window.say(copied if is_copied else self.tr("The link was not copied: something else took the clipboard."))

        self._bridge.submit(copy, owner=window, on_done=done, on_error=lambda error: window.say(str(error)))
