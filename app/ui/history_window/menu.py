"""The menu of what is chosen. What cannot be done says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.core.history import HistoryEntry
from app.core.links import LinkForm
from app.ui.history_window import texts


class Wishes(Protocol):
    """What the menu can ask for; all are about what is chosen."""

    def copy(self, form: LinkForm | None) -> None:
        """Put the links on the clipboard; None means in the form of the settings."""

    def open(self, *, direct: bool) -> None:
        """Open the pages in the browser, or the images themselves."""

    def set_favourite(self, favourite: bool) -> None:
        """Make them favourites, or no longer."""

    def edit_title(self) -> None:
        """Begin to type a title."""

    def edit_note(self) -> None:
        """Begin to type a note."""

    def add_to_album(self) -> None:
        """Choose an album for them."""

    def choose_embed(self) -> None:
        """Choose an embed profile for them."""

    def upload_again(self) -> None:
        """Queue our own copies once more."""

    def edit_file(self) -> None:
        """Open a copy in the program for pictures."""

    def show_in_folder(self) -> None:
        """Open the folder of our own copy."""

    def export(self) -> None:
        """Write them to a file."""

    def forget(self) -> None:
        """Leave them out here; on the service nothing changes."""

    def delete(self) -> None:
        """Delete them on the service."""


def make_menu(parent: QWidget, wishes: Wishes, count: int, known: Sequence[HistoryEntry], default: LinkForm) -> QMenu:
    """The menu for `count` entries, of which `known` are at hand; `default` is the form that Ctrl+C copies."""
    menu, one = QMenu(parent), known[0] if count == 1 and known else None
    menu.setToolTipsVisible(True)
    add = _Adder(menu)
    add(texts.tr("Copy link") if count == 1 else texts.tr("Copy links"), lambda: wishes.copy(None), "Ctrl+C")
    forms = menu.addMenu(texts.tr("Copy as"))
    for form in LinkForm:
        text = texts.link_text(form)
        shown = texts.tr("{name} (default)").format(name=text) if form is default else text
        _Adder(forms)(shown, lambda chosen=form: wishes.copy(chosen))  # type: ignore[misc]  # a lambda's default
    add(texts.tr("Open"), lambda: wishes.open(direct=False), "Return")
    add(texts.tr("Open direct link"), lambda: wishes.open(direct=True), "Ctrl+Return")
    menu.addSeparator()
    if known and all(entry.favourite for entry in known):
        add(texts.tr("Remove from favourites"), lambda: wishes.set_favourite(False), "Ctrl+D")
    else:
        add(texts.tr("Add to favourites"), lambda: wishes.set_favourite(True), "Ctrl+D")
    add(texts.tr("Edit title"), wishes.edit_title, "F2").setEnabled(one is not None)
    add(texts.tr("Edit note"), wishes.edit_note, "Shift+F2").setEnabled(one is not None)
    add(texts.tr("Add to album…"), wishes.add_to_album)
    add(texts.tr("Embed profile…"), wishes.choose_embed)
    menu.addSeparator()
    has_files = bool(known) and len(known) == count and all(entry.path is not None for entry in known)
    missing = texts.tr("No copy is kept on this computer any more.")
    _explain(add(texts.tr("Upload again"), wishes.upload_again), "" if has_files else missing)
    if count == 1:
        _explain(add(texts.tr("Edit"), wishes.edit_file, "Ctrl+E"), "" if has_files else missing)
        _explain(add(texts.tr("Show in folder"), wishes.show_in_folder), "" if has_files else missing)
    add(texts.tr("Export…"), wishes.export)
    menu.addSeparator()
    add(texts.tr("Forget here"), wishes.forget, "Shift+Del")
    _explain(add(texts.tr("Delete on ImgLink"), wishes.delete, "Del"), why_not_deletable(known, count))
    return menu


def why_not_deletable(known: Sequence[HistoryEntry], count: int) -> str:
    """Why none of these can be deleted from here; nothing when some can, or that is not known."""
    if known and len(known) == count and all(entry.anonymous for entry in known):
        if count == 1:
            return texts.tr("It was uploaded without an account, so it cannot be deleted from here.")
        return texts.tr("They were uploaded without an account, so they cannot be deleted from here.")
    return ""


class _Adder:
    def __init__(self, menu: QMenu) -> None:
        self._menu = menu

    def __call__(self, text: str, wish: Callable[[], object], keys: str = "") -> QAction:
        action = self._menu.addAction(text)
        if keys:
            # Shown only: the window itself listens to the keys.
            action.setShortcut(QKeySequence(keys))
            action.setAutoRepeat(False)

        def chosen() -> None:
            # Without Qt's `checked`, which would become the first argument of whatever is called.
            wish()

        action.triggered.connect(chosen)
        return action


def _explain(action: QAction, why_not: str) -> None:
    action.setEnabled(not why_not)
    if why_not:
        action.setToolTip(why_not)
        action.setStatusTip(why_not)
        # Tool tips are not read out in menus.
        action.setText(f"{action.text()} — {why_not}" if len(why_not) < 60 else action.text())
