"""Beside the list: the one entry that is chosen, or how many are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QSize, Signal
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
    """Details, a summary, or a hint. Wishes are about what is chosen."""

    title_edited = Signal(object, str)
    """An EntryId and its new title."""
    note_edited = Signal(object, str)
    refresh_requested = Signal(object)
    """An EntryId: the service is to be asked about it."""
    copy_requested = Signal(object)
    """A LinkForm, or None for the delete link."""
    default_copy_requested = Signal()
    """In the form of the settings."""
    favourite_requested = Signal(bool)
    open_requested = Signal()
    albums_requested = Signal()
    embed_requested = Signal()
    export_requested = Signal()
    forget_requested = Signal()
    delete_requested = Signal()

    def __init__(self, pictures: Pictures) -> None:
        super().__init__()
        self._details: Details | None = None
        self._summary: Summary | None = None
        self._nothing = NothingChosen()
        self._pictures = pictures
        self._entry: HistoryEntry | None = None
        self._links_of: LinksOf = lambda _: {}
        self._embeds: Mapping[EmbedId, str] = {}
        self.setMinimumWidth(260)
        self.addWidget(self._nothing)

    @property
    def details(self) -> Details:
        """Made when it is first wanted: the list is seen sooner for it."""
        if self._details is None:
            made = self._details = Details()
            self.addWidget(made)
            made.title_edited.connect(self.title_edited)
            made.note_edited.connect(self.note_edited)
            made.refresh_requested.connect(self.refresh_requested)
            made.copy_requested.connect(self.copy_requested)
            made.favourite_toggled.connect(self.favourite_requested)
            made.open_requested.connect(self.open_requested)
            made.albums_requested.connect(self.albums_requested)
            made.embed_requested.connect(self.embed_requested)
        return self._details

    @property
    def summary(self) -> Summary:
        """The same for several."""
        if self._summary is None:
            made = self._summary = Summary()
            self.addWidget(made)
            made.copy_requested.connect(self.copy_requested)
            made.default_copy_requested.connect(self.default_copy_requested)
            made.favourite_requested.connect(self.favourite_requested)
            made.albums_requested.connect(self.albums_requested)
            made.embed_requested.connect(self.embed_requested)
            made.export_requested.connect(self.export_requested)
            made.forget_requested.connect(self.forget_requested)
            made.delete_requested.connect(self.delete_requested)
        return self._summary

    def warm_up(self) -> None:
        """Make what is wanted next."""
        assert self.details
        assert self.summary

    def save(self) -> None:
        """Tell what was typed and not saved yet."""
        if self._details is not None:
            self._details.save()

    def sizeHint(self) -> QSize:
        """Wide enough for most links."""
        return QSize(320, 560)

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
        self.save()
        sizes = sum(entry.size or 0 for entry in known) if len(known) == count else None
        self.summary.show_count(count, sizes)
        self.setCurrentWidget(self.summary)

    def show_nothing(self, *, has_list: bool) -> None:
        """Say what would be seen here, where there is something to choose."""
        self.save()
        self._nothing.set_hint(has_list)
        self.setCurrentWidget(self._nothing)

    def show_picture(self) -> None:
        """A picture may have come."""
        if self._entry is not None and self.currentWidget() is self._details:
            self.details.show_pixmap(self._pictures.pixmap(self._entry, WIDTH_PX, self.devicePixelRatioF()))
