"""The images of the gallery as far as they were read, for a view that asks for more as it is scrolled."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.core.imglink import Image, ImageId

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class Role(IntEnum):
    """What the delegate asks for."""

    IMAGE = Qt.ItemDataRole.UserRole
    IS_VEILED = Qt.ItemDataRole.UserRole + 1
    """True for what is not to be seen before the person wants to."""


class GalleryModel(QAbstractListModel):
    """Each image once, however often the service lists it: new ones move the others from page to page."""

    more_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._images: list[Image] = []
        self._known: set[ImageId] = set()
        self._unveiled: set[ImageId] = set()
        self._shows_all = False
        self._can_fetch = False

    @property
    def images(self) -> Sequence[Image]:
        """In the order of the service."""
        return self._images

    def image(self, index: _Index) -> Image | None:
        """The image at an index; None for no index."""
        return self._images[index.row()] if index.isValid() else None

    def reset(self) -> None:
        """Begin again."""
        self.beginResetModel()
        self._images.clear()
        self._known.clear()
        self._unveiled.clear()
        self._can_fetch = False
        self.endResetModel()

    def append(self, images: Sequence[Image]) -> int:
        """Add what is not there yet; returns how many that were."""
        new = [image for image in {image.id: image for image in images}.values() if image.id not in self._known]
        if new:
            first = len(self._images)
            self.beginInsertRows(_ROOT, first, first + len(new) - 1)
            self._images += new
            self._known.update(image.id for image in new)
            self.endInsertRows()
        return len(new)

    def set_can_fetch(self, can_fetch: bool) -> None:
        """Whether there may be more, and nobody fetches it yet."""
        self._can_fetch = can_fetch

    def unveil(self, index: _Index) -> None:
        """Show one that is not safe for work."""
        image = self.image(index)
        if image is not None:
            self._unveiled.add(image.id)
            self.dataChanged.emit(index, index)

    def show_all(self, shows_all: bool) -> None:
        """Show all of those, or none but the unveiled."""
        self._shows_all = shows_all
        if not shows_all:
            self._unveiled.clear()
        if self._images:
            self.dataChanged.emit(self.index(0), self.index(len(self._images) - 1))

    # --- Qt's part ----------------------------------------------------------------------------------------------------

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """How many there are so far."""
        return 0 if parent.isValid() else len(self._images)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The image, whether it is veiled, and its words for screen readers."""
        image = self.image(index)
        if image is None:
            return None
        is_veiled = bool(image.nsfw) and not self._shows_all and image.id not in self._unveiled
        match role:
            case Role.IMAGE:
                return image
            case Role.IS_VEILED:
                return is_veiled
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.DisplayRole:
                return self._words(image, is_veiled=is_veiled)
        return None

    def canFetchMore(self, parent: _Index) -> bool:
        """Asked by the view at its end."""
        return self._can_fetch and not parent.isValid()

    def fetchMore(self, parent: _Index) -> None:
        """Ask for the next page, once."""
        if self.canFetchMore(parent):
            self._can_fetch = False
            self.more_wanted.emit()

    def _words(self, image: Image, *, is_veiled: bool) -> str:
        size = f"{image.width} × {image.height}" if image.width and image.height else ""
        marker = self.tr("not safe for work") if is_veiled else ""
        return ", ".join(part for part in (image.id, size, marker) if part)
