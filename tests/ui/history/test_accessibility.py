"""What a screen reader finds: every control and every item has a name and a place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.ui.history_window.switch import ViewMode
from tests.ui.history.harness import make_entries, opened

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

_CONTROLS = {
    QAccessible.Role.PushButton,
    QAccessible.Role.Button,
    QAccessible.Role.ButtonMenu,
    QAccessible.Role.EditableText,
    QAccessible.Role.ComboBox,
    QAccessible.Role.CheckBox,
    QAccessible.Role.List,
    QAccessible.Role.Table,
    QAccessible.Role.ProgressBar,
    QAccessible.Role.ListItem,
    QAccessible.Role.RadioButton,
}


def walk(interface: QAccessibleInterface, depth: int = 0) -> Iterator[QAccessibleInterface]:
    """Everything that is seen, from the window inwards."""
    yield interface
    if depth > 20 or interface.role() in (QAccessible.Role.ComboBox, QAccessible.Role.ScrollBar):
        return
    for number in range(min(interface.childCount(), 40)):
        child = interface.child(number)
        if child is not None and child.isValid() and not child.state().invisible:
            yield from walk(child, depth + 1)


def find(widget: QWidget) -> QAccessibleInterface:
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface


@pytest.mark.parametrize("mode", list(ViewMode))
def test_every_control_has_a_name(qtbot: QtBot, tmp_path: Path, mode: ViewMode) -> None:
    with opened(qtbot, make_entries(12), tmp_path) as history:
        history.window.set_mode(mode)
        for chosen in ((3,), (1, 2)):
            history.choose(*chosen)
            history.window.action.offer_undo("2 images forgotten here", 100.0)
            history.window.results.show_results("1 image was not deleted.", ["a: b", "c: d"])
            nameless = [
                (each.role().name, each.rect().getRect())
                for each in walk(find(history.window))
                if each.role() in _CONTROLS and not each.text(QAccessible.Text.Name).strip()
            ]
            assert not nameless


def test_the_pictures_are_a_list_of_items_with_names_and_places(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, make_entries(12), tmp_path) as history:
        grid = find(history.window.listing.grid)
        assert grid.role() is QAccessible.Role.List
        items = [child for number in range(grid.childCount()) if (child := grid.child(number)) is not None]
        items = [item for item in items if item.role() is QAccessible.Role.ListItem]
        assert len(items) == 12
        assert items[3].text(QAccessible.Text.Name).startswith("picture 3.png")
        assert items[0].rect().isValid()
        assert items[0].rect() != items[1].rect()


def test_the_table_has_named_cells_and_headers(qtbot: QtBot, tmp_path: Path) -> None:
    with opened(qtbot, make_entries(4), tmp_path) as history:
        history.window.set_mode(ViewMode.TABLE)
        table = find(history.window.listing.table)
        assert table.role() is QAccessible.Role.Table
        names = [each.text(QAccessible.Text.Name) for each in walk(table)]
        for expected in ("Name", "Date", "Visibility"):
            assert expected in names
        assert sum(name.startswith("picture 2.png") for name in names) == 1
