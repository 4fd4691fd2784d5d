"""The keys of the history window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

from app.ui.history_window.switch import ViewMode

if TYPE_CHECKING:
    from app.ui.history_window.window import HistoryWindow


def add_keys(window: HistoryWindow) -> None:
    """Bind them."""
    here = Qt.ShortcutContext.WidgetWithChildrenShortcut
    in_list: tuple[tuple[str, Callable[[], object]], ...] = (
        ("Ctrl+C", lambda: window.copy(None)),
        ("Del", window.delete),
        ("Shift+Del", window.forget),
        ("Ctrl+Return", lambda: window.open(direct=True)),
        ("F2", window.edit_title),
        ("Shift+F2", window.edit_note),
        ("Ctrl+D", window.toggle_favourite),
        ("Ctrl+E", window.edit_file),
        ("Ctrl+Z", window.undo_requested.emit),
    )
    for keys, wish in in_list:
        # Only there: in a field, the same keys are the field's.
        QShortcut(QKeySequence(keys), window.listing, context=here).activated.connect(wish)
    everywhere: tuple[tuple[QKeySequence, Callable[[], object]], ...] = (
        (QKeySequence(QKeySequence.StandardKey.Find), window.filters.show_field),
        (QKeySequence("Ctrl+1"), lambda: window.set_mode(ViewMode.GRID)),
        (QKeySequence("Ctrl+2"), lambda: window.set_mode(ViewMode.TABLE)),
        (QKeySequence("F5"), window.retry_requested.emit),
        (QKeySequence(Qt.Key.Key_Escape), window.escape),
    )
    for sequence, wish in everywhere:
        QShortcut(sequence, window).activated.connect(wish)
