"""How the history window was left: place, columns, mode and order, as text to be remembered."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QByteArray

from app.core.history import HistorySort
from app.ui.history_window.switch import ViewMode
from app.ui.history_window.window import HistoryWindow


def arrangement(window: HistoryWindow) -> dict[str, str]:
    """How it is now."""
    return {
        "geometry": _text(window.saveGeometry()),
        "splitter": _text(window.splitter.saveState()),
        "columns": _text(window.listing.table.horizontalHeader().saveState()),
        "mode": window.listing.mode.value,
        "sort": window.filters.query.sort.value,
        "side": "hidden" if window.side.isHidden() else "shown",
    }


def arrange(window: HistoryWindow, remembered: Mapping[str, str]) -> None:
    """Put everything as it was left; what cannot be understood stays as it is."""
    window.restoreGeometry(_bytes(remembered.get("geometry", "")))
    window.splitter.restoreState(_bytes(remembered.get("splitter", "")))
    window.listing.table.horizontalHeader().restoreState(_bytes(remembered.get("columns", "")))
    window.side.setVisible(remembered.get("side") != "hidden")
    if remembered.get("mode") in {mode.value for mode in ViewMode}:
        window.set_mode(ViewMode(remembered["mode"]))
    if remembered.get("sort") in {sort.value for sort in HistorySort}:
        window.filters.set_sort(HistorySort(remembered["sort"]))
    window.listing.table.show_sort(window.filters.query.sort)


def _text(state: QByteArray) -> str:
    return bytes(state.toBase64().data()).decode()


def _bytes(text: str) -> QByteArray:
    return QByteArray.fromBase64(QByteArray(text.encode("ascii", "replace")))
