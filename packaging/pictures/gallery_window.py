"""The gallery in every state."""

from __future__ import annotations

from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget
from sample_desktop import letter, photograph, wallpaper

from app.core.history import HistoryEntry
from app.core.imglink import Image, ImageId
from app.ui.bridge import Bridge
from app.ui.gallery_window import GalleryWindow
from app.ui.thumbnail_loader import ThumbnailLoader
from pictures.frame import picture
from pictures.samples import as_qimage


class _Drawn(ThumbnailLoader):
    """Pictures that are there at once."""

    def __init__(self) -> None:
        super().__init__(Bridge())
        self._drawings = [as_qimage(draw(480, 320)) for draw in (photograph, letter, wallpaper)]

    def pixmap(self, what: HistoryEntry | str, size_px: int, dpr: float) -> QPixmap | None:
        number = int(str(what).rpartition("/")[2])
        return None if number == 11 else QPixmap.fromImage(self._drawings[number % 3])


def gallery_window(count: int = 60) -> GalleryWindow:
    """The window with so many images; some are veiled."""
    thumbnails = _Drawn()
    window = GalleryWindow(thumbnails)
    thumbnails.setParent(window)
    images = [
        Image(
            ImageId(f"Image{number:05}"),
            f"https://i.imglink.cc/{number}",
            width=1920,
            height=1080,
            views=number * 7,
            nsfw=number in (3, 7),
        )
        for number in range(count)
    ]
    window.add_page(images, 1234, may_have_more=True)
    return window


@picture("gallery-window")
def full() -> QWidget:
    """One is selected, two are veiled, one has no picture yet."""
    window = gallery_window()
    window.grid.setCurrentIndex(window.model.index(1))
    return window


@picture("gallery-window-broken-off")
def broken_off() -> QWidget:
    """The next page did not come."""
    window = gallery_window(8)
    window.model.set_can_fetch(False)
    window.show_failure(
        "Could not read the gallery: imglink.cc cannot be reached. Check the network, or try again later."
    )
    return window


@picture("gallery-window-loading")
def loading() -> QWidget:
    """The first page is on its way."""
    window = gallery_window()
    window.show_loading()
    return window


@picture("gallery-window-empty")
def empty() -> QWidget:
    """Nobody has uploaded anything."""
    return gallery_window(0)


@picture("gallery-window-failed")
def failed() -> QWidget:
    """The service cannot be reached."""
    window = gallery_window()
    window.show_loading()
    window.show_failure(
        "Could not read the gallery: imglink.cc cannot be reached. Check the network, or try again later."
    )
    return window
