"""What is looked for: the search field, filters as a menu and as chips, and the order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.core.history import EVERYTHING, HistoryQuery, HistorySort
from app.core.imglink import AlbumId, EmbedId, Visibility
from app.core.uploads import RemoteState
from app.core.workflow import SourceKind
from app.ui import theme
from app.ui.history_window import texts
from app.ui.history_window.dates import RangeDialog, midnight, range_text
from app.ui.tray_window.flow import FlowLayout
from app.ui.widgets import button, make_clearable, tint_icon

SEARCH_MS = 25
"""How long the search waits for the next letter, in ms."""


class FilterBar(QWidget):
    """Holds the query. Chips below it say what restricts it, and take it away."""

    query_changed = Signal(object)
    """A HistoryQuery."""
    left_downwards = Signal()
    """Down or Enter in the search field: the person wants to go on in the list."""

    def __init__(self) -> None:
        super().__init__()
        self._query = EVERYTHING
        self._albums: Mapping[AlbumId, str] = {}
        self._embeds: Mapping[EmbedId, str] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search names, titles, notes, albums, ids"))
        self.search.setAccessibleName(self.tr("Search the history"))
        make_clearable(self.search)
        self.search.setMinimumWidth(160)
        self.search.textChanged.connect(self._typed)
        self.search.returnPressed.connect(self._search_now)
        self.search.installEventFilter(self)
        self._pause = QTimer(self, singleShot=True, interval=SEARCH_MS)
        self._pause.timeout.connect(self._search_now)
        self._filter = button(self.tr("Filter"), self._open_menu)
        self._filter.setAccessibleName(self.tr("Filter the history"))
        self._sorts = QComboBox()
        self._sorts.setAccessibleName(self.tr("Order"))
        for sort in HistorySort:
            self._sorts.addItem(texts.sort_text(sort), sort)
        self._sorts.activated.connect(lambda place: self.set_sort(self._sorts.itemData(place)))
        self._chips = QWidget()
        self._flow = FlowLayout()
        self._chips.setLayout(self._flow)
        self._chips.hide()
        self._tail = QHBoxLayout()
        self._lay_out()
        self._paint_icons()

    # --- the query ----------------------------------------------------------------------------------------------------

    @property
    def query(self) -> HistoryQuery:
        """What is looked for."""
        return self._query

    @property
    def is_restricted(self) -> bool:
        """True when something may be left out."""
        return replace(self._query, sort=HistorySort.NEWEST) != EVERYTHING

    def set_sort(self, sort: HistorySort) -> None:
        """Order by this."""
        self._sorts.setCurrentIndex(self._sorts.findData(sort))
        self._change(sort=sort)

    def set_albums(self, titles: Mapping[AlbumId, str]) -> None:
        """Offer these albums."""
        self._albums = dict(titles)

    def set_embeds(self, names: Mapping[EmbedId, str]) -> None:
        """Offer these embed profiles."""
        self._embeds = dict(names)

    def clear(self) -> None:
        """Look for everything, in the same order."""
        self.search.blockSignals(True)
        self.search.clear()
        self.search.blockSignals(False)
        self._pause.stop()
        self._set(replace(EVERYTHING, sort=self._query.sort))

    def type(self, letters: str) -> None:
        """Go on with letters that were typed elsewhere in the window."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.insert(letters)

    def show_field(self) -> None:
        """Be ready to take another search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def add_at_end(self, *widgets: QWidget) -> None:
        """Put the window's own buttons at the right end."""
        for widget in widgets:
            self._tail.addWidget(widget)

    def _typed(self, _text: str) -> None:
        self._pause.start()

    def _search_now(self) -> None:
        self._pause.stop()
        self._change(text=self.search.text().strip())

    def _change(self, **changes: Any) -> None:
        self._set(replace(self._query, **changes))

    def _set(self, query: HistoryQuery) -> None:
        if query == self._query:
            return
        self._query = query
        self._show_chips()
        self.query_changed.emit(query)

    # --- chips --------------------------------------------------------------------------------------------------------

    def _active(self) -> Iterable[tuple[str, dict[str, Any]]]:
        """What each chip says, and what taking it away changes."""
        query = self._query
        if query.since is not None or query.until is not None:
            yield range_text(query), {"since": None, "until": None}
        if query.favourite is not None:
            yield texts.tr("Favourites"), {"favourite": None}
        if query.remote_state is not None:
            yield texts.state_text(query.remote_state), {"remote_state": None}
        if query.visibility is not None:
            yield texts.visibility_text(query.visibility), {"visibility": None}
        if query.kind is not None:
            yield texts.source_name(query.kind), {"kind": None}
        if query.anonymous is not None:
            yield self._account_text(query.anonymous), {"anonymous": None}
        if query.nsfw is not None:
            yield texts.tr("NSFW") if query.nsfw else texts.tr("Not NSFW"), {"nsfw": None}
        if query.album is not None:
            title = self._albums.get(query.album, query.album)
            yield texts.tr("Album: {name}").format(name=texts.one_line(title)), {"album": None}
        if query.embed is not None:
            name = self._embeds.get(query.embed, query.embed)
            yield texts.tr("Embed profile: {name}").format(name=texts.one_line(name)), {"embed": None}

    def _show_chips(self) -> None:
        while (item := self._flow.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        count = 0
        for text, without in self._active():
            self._flow.addWidget(self._chip(text, without))
            count += 1
        if count > 1:
            clear = button(self.tr("Clear all"), self.clear, look="plain")
            clear.setFont(theme.small_font(clear.font()))
            self._flow.addWidget(clear)
        self._chips.setVisible(count > 0)

    def _chip(self, text: str, without: Mapping[str, Any]) -> QPushButton:
        # Buttons take an ampersand for the key that presses them.
        made = button(_shortened(text).replace("&", "&&"), lambda: self._change(**without), look="chip")
        made.setAccessibleName(self.tr("Remove the filter {name}").format(name=text))
        made.setFont(theme.small_font(made.font()))
        made.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        tint_icon(made, "close", "muted", 12)
        made.setIconSize(QSize(12, 12))
        return made

    # --- the menu -----------------------------------------------------------------------------------------------------

    def make_menu(self) -> QMenu:
        """Every filter; what is chosen is checked."""
        menu, query = QMenu(self), self._query
        self._add_dates(menu)
        favourite = menu.addAction(texts.tr("Favourites only"))
        favourite.setCheckable(True)
        favourite.setChecked(query.favourite is True)
        favourite.triggered.connect(lambda on: self._change(favourite=True if on else None))
        menu.addSeparator()
        self._add_choices(
            menu, texts.tr("State"), "remote_state", [(each, texts.state_text(each)) for each in RemoteState]
        )
        visibilities = [(each, texts.visibility_text(each)) for each in Visibility]
        self._add_choices(menu, texts.tr("Visibility"), "visibility", visibilities)
        self._add_choices(
            menu, texts.tr("Taken from"), "kind", [(each, texts.source_name(each)) for each in SourceKind]
        )
        accounts = [(each, self._account_text(each)) for each in (False, True)]
        self._add_choices(menu, texts.tr("Uploaded"), "anonymous", accounts)
        ratings = [(True, texts.tr("NSFW")), (False, texts.tr("Not NSFW"))]
        self._add_choices(menu, texts.tr("Rating"), "nsfw", ratings)
        self._add_choices(menu, texts.tr("Album"), "album", _by_name(self._albums))
        self._add_choices(menu, texts.tr("Embed profile"), "embed", _by_name(self._embeds))
        menu.addSeparator()
        clear = menu.addAction(texts.tr("Clear all filters"))
        clear.setEnabled(self.is_restricted)
        clear.triggered.connect(self.clear)
        return menu

    def _add_choices(self, menu: QMenu, title: str, field: str, choices: Iterable[tuple[Any, str]]) -> None:
        choices = list(choices)
        inner, group = menu.addMenu(title), QActionGroup(menu)
        inner.setEnabled(bool(choices))
        for value, text in [(None, texts.tr("Any")), *choices]:
            action = inner.addAction(_menu_text(text))
            action.setCheckable(True)
            action.setChecked(getattr(self._query, field) == value)
            action.setActionGroup(group)
            action.triggered.connect(lambda _=False, chosen=value: self._change(**{field: chosen}))

    def _add_dates(self, menu: QMenu) -> None:
        inner, today = menu.addMenu(texts.tr("Date")), midnight(datetime.now().astimezone())
        choices: tuple[tuple[str, datetime | None], ...] = (
            (texts.tr("Any time"), None),
            (texts.tr("Today"), today),
            (texts.tr("Last 7 days"), midnight(today - timedelta(days=6))),
            (texts.tr("Last 30 days"), midnight(today - timedelta(days=29))),
            (texts.tr("This year"), midnight(today.replace(month=1, day=1))),
        )
        for text, since in choices:
            action = inner.addAction(text)
            action.setCheckable(True)
            action.setChecked(self._query.since == since and self._query.until is None)
            action.triggered.connect(lambda _=False, chosen=since: self._change(since=chosen, until=None))
        inner.addSeparator()
        inner.addAction(texts.tr("Between two days…")).triggered.connect(self._ask_for_range)

    def _ask_for_range(self) -> None:
        dialog = RangeDialog(self, self._query)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._change(**dialog.range()))
        dialog.open()

    def _open_menu(self) -> None:
        menu = self.make_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._filter.mapToGlobal(self._filter.rect().bottomLeft()))

    # --- how it is built ----------------------------------------------------------------------------------------------

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Down leads from the field into the list."""
        if event.type() is QEvent.Type.KeyPress and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return):
            self._search_now()
            self.left_downwards.emit()
            return True
        return bool(super().eventFilter(watched, event))

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_filter"):
            self._paint_icons()

    def _paint_icons(self) -> None:
        tint_icon(self._filter, "filter", "muted", 16)
        for chip in self._chips.findChildren(QPushButton):
            if chip.property("look") == "chip":
                tint_icon(chip, "close", "muted", 12)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self.search, 1)
        row.addWidget(self._filter)
        row.addWidget(self._sorts)
        self._tail.setSpacing(theme.SPACE_XS)
        row.addLayout(self._tail)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_M, theme.SPACE_S)
        column.setSpacing(theme.SPACE_S)
        column.addLayout(row)
        column.addWidget(self._chips)

    @staticmethod
    def _account_text(anonymous: bool) -> str:
        return texts.tr("Without an account") if anonymous else texts.tr("With an account")


def _by_name(names: Mapping[Any, str]) -> list[tuple[Any, str]]:
    return sorted(names.items(), key=lambda pair: pair[1].casefold())


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _menu_text(text: str) -> str:
    return _shortened(texts.one_line(text)).replace("&", "&&")
