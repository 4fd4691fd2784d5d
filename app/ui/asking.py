"""One question to the person, without stopping anything else meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget


def ask(
    parent: QWidget,
    title: str,
    text: str,
    yes: str,
    on_yes: Callable[[], object],
    on_no: Callable[[], object] = lambda: None,
    *,
    no: str = "",
) -> QMessageBox:
    """Ask before something that cannot be undone; `yes` names it on its button.

    Cancel is the default, or what `no` names.
    """
    box = QMessageBox(QMessageBox.Icon.Warning, title, text, QMessageBox.StandardButton.Cancel, parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    agree = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    if no:
        box.button(QMessageBox.StandardButton.Cancel).setText(no)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def answered() -> None:
        (on_yes if box.clickedButton() is agree else on_no)()

    box.finished.connect(answered)
    box.open()
    return box
