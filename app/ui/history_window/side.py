"""Beside the list: the one entry that is chosen, or how many are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtWidgets import QStackedWidget

from app.core.history import HistoryEntry
from app.core.imglink import EmbedId
from app.core.links import LinkForm
from app.ui.history_window.details import Details
from app.ui.history_window.pictures import Pictures
from app.ui.history_window.preview import WIDTH_PX
from app.ui.history_window.summary import NothingChosen, Summary

LinksOf = Callable[[HistoryEntry], Mapping[LinkForm, str]]


class SidePane(QStackedWidget):
    """Details, a summary, or a hint."""

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self.details, self.summary = Details(), Summary()
        self._nothing = NothingChosen()
        self._pictures = pictures
        self._entry: HistoryEntry | None = None
        self._links_of: LinksOf = lambda _: {}
        self._embeds: Mapping[EmbedId, str] = {}
        self.setMinimumWidth(260)
        for page in (self._nothing, self.details, self.summary):
            self.addWidget(page)

    def set_links(self, links_of: LinksOf) -> None:
        """Tell how links are written."""
        self._links_of = links_of

    def set_embeds(self, names: Mapping[EmbedId, str]) -> None:
        """Tell what embed profiles are called."""
        self._embeds = dict(names)

    def show_entry(self, entry: HistoryEntry, albums: str) -> None:
        """Show everything about it."""
        self._entry = entry
        embed = "" if entry.embed is None else self._embeds.get(entry.embed, entry.embed)
        self.details.show_entry(entry, self._links_of(entry), albums, embed)
        self.setCurrentWidget(self.details)
        self.show_picture()

    def show_several(self, count: int, known: Sequence[HistoryEntry]) -> None:
        """Show how many there are, and how large they are when all are known."""
        self.details.save()
        sizes = sum(entry.size or 0 for entry in known) if len(known) == count else None
        self.summary.show_count(count, sizes)
        self.setCurrentWidget(self.summary)

    def show_nothing(self, *, has_list: bool) -> None:
        """Say what would be seen here, where there is something to choose."""
        self.details.save()
        self._nothing.set_hint(has_list)
        self.setCurrentWidget(self._nothing)

    def show_picture(self) -> None:
        """A picture may have come."""
        if self._entry is not None and self.currentWidget() is self.details:
            self.details.show_pixmap(self._pictures.pixmap(self._entry, WIDTH_PX, self.devicePixelRatioF()))
