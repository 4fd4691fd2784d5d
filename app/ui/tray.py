"""The icon in the panel and its menu. It says what the person wants; it does nothing itself.

The icon is the first thing that a start shows, so what only its menu needs is imported when that is built.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, Signal, SignalInstance
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from app.ui import icons

if TYPE_CHECKING:
    from app.core.imglink import Album, AlbumId, EmbedId, EmbedProfile
    from app.core.uploads import UploadItem

_RECENT_NAME_CHARS = 40
_INFO_CHARS = 80
_MOST_ALBUMS = 20


class TrayState(Enum):
    """What the icon tells at a glance."""

    IDLE = "idle"
    UPLOADING = "uploading"
    ATTENTION = "attention"
    """Something waits for the person."""


class Tray(QObject):
    """A QSystemTrayIcon, which Qt puts back by itself when a panel comes late, dies or returns."""

    capture_requested = Signal(str)
    """A workflow's id; `clipboard` among them."""
    upload_files_requested = Signal()
    window_requested = Signal(QRect)
    """With the icon's place on the screen, empty where the desktop does not tell."""
    copy_link_requested = Signal(str)
    """The id of a recent upload."""
    history_requested = Signal()
    gallery_requested = Signal()
    albums_requested = Signal()
    album_chosen = Signal(object)
    """The AlbumId that new captures are to go to, or None."""
    embeds_requested = Signal()
    embed_chosen = Signal(object)
    """The EmbedId of the profile that new uploads get from now on, or None."""
    menu_opening = Signal()
    """The menu is about to be seen."""
    settings_requested = Signal()
    pause_toggled = Signal(bool)
    quit_requested = Signal()

    def __init__(self, parent: QObject | None = None, *, click_opens_menu: bool = sys.platform == "darwin") -> None:
        """`click_opens_menu` where the desktop itself opens the menu at a click, and Qt tells of that click as well."""
        super().__init__(parent)
        self._state = TrayState.IDLE
        self._click_opens_menu = click_opens_menu
        self._menu = QMenu()
        self._capture_actions: dict[str, QAction] = {}
        self._icon = self._make_icon()
        # Qt looks for one kind of tray (StatusNotifier) only when an icon is made.
        self._has_found_tray = self.is_available()
        self.set_summary("")

    @staticmethod
    def is_available() -> bool:
        """False where the desktop shows no tray: the window is then the way in."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    def show(self) -> None:
        """Appear, now or as soon as there is a panel."""
        self._icon.show()

    def hide(self) -> None:
        """Leave the panel."""
        self._icon.hide()
        self._menu.hide()

    def renew(self) -> None:
        """Make the icon anew for a tray that came after it. Qt itself looks after one that found a tray when made."""
        if self._has_found_tray:
            return
        former, self._icon = self._icon, self._make_icon()
        self._has_found_tray = self.is_available()
        self._icon.setToolTip(former.toolTip())
        if self._menu.actions():
            self._icon.setContextMenu(self._menu)
        self._icon.setVisible(former.isVisible())
        former.hide()
        former.deleteLater()

    @property
    def menu(self) -> QMenu:
        """The menu, for tests and pictures."""
        return self._menu

    @property
    def icon_rect(self) -> QRect:
        """Where the icon is, in logical pixels; empty where the desktop does not tell."""
        return self._icon.geometry()

    @property
    def state(self) -> TrayState:
        """What the icon shows."""
        return self._state

    def set_state(self, state: TrayState) -> None:
        """Show idle, uploading or attention."""
        if state is not self._state:
            self._state = state
            self._icon.setIcon(icons.tray_icon(state.value))

    def set_summary(self, text: str) -> None:
        """Say in the tooltip what is going on; nothing when all is quiet."""
        self._icon.setToolTip(f"ImgLink: {text}" if text else "ImgLink")

    def set_info(self, text: str) -> None:
        """Say at the top of the menu why nothing is sent; nothing while uploads go on."""
        self._info.setText(_menu_text(text, _INFO_CHARS))
        self._info.setVisible(bool(text))

    def set_shortcuts(self, shortcuts: Mapping[str, str]) -> None:
        """Show the keys (workflow id → shortcut) beside their entries."""
        from app.ui.texts import key_sequence

        for workflow_id, action in self._capture_actions.items():
            # Shown only: the key itself is bound on the whole desktop, by app.hotkeys.
            action.setShortcut(key_sequence(shortcuts.get(workflow_id, "")))

    def set_paused(self, paused: bool) -> None:
        """Show whether uploads are held back."""
        self._pause.setChecked(paused)

    def set_recent(self, items: Sequence[UploadItem]) -> None:
        """List finished uploads, newest first; choosing one copies its link."""
        from app.ui.texts import source_text

        self._recent.clear()
        for item in items:
            self._recent.addAction(_menu_text(source_text(item))).triggered.connect(
                lambda _=False, upload_id=item.id: self.copy_link_requested.emit(upload_id)
            )
        self._recent.menuAction().setVisible(bool(items))

    def set_embeds(self, profiles: Sequence[EmbedProfile], default: EmbedId | None) -> None:
        """Offer these for new uploads; `default` is the one that they get."""
        choices = [(profile.id, profile.fields.name) for profile in profiles]
        if default is not None and default not in [embed_id for embed_id, _ in choices]:
            choices.append((default, self.tr("Profile {id}").format(id=default)))
        none = self.tr("No profile")
        self._offer(self._embeds, self.tr("New uploads get"), none, choices, default, self.embed_chosen)

    def set_albums(self, albums: Sequence[Album], default: AlbumId | None) -> None:
        """Offer these for new captures; `default` is the one that they go to."""
        choices = [(album.id, album.title or self.tr("Untitled album")) for album in albums]
        # The window has them all; the one that is marked is always here.
        choices = [each for index, each in enumerate(choices) if index < _MOST_ALBUMS or each[0] == default]
        if default is not None and default not in [album_id for album_id, _ in choices]:
            choices.append((default, self.tr("Album {id}").format(id=default)))
        none = self.tr("No album")
        self._offer(self._albums, self.tr("New captures go to"), none, choices, default, self.album_chosen)

    def _offer(
        self,
        menu: QMenu,
        title: str,
        none: str,
        choices: Sequence[tuple[str, str]],
        default: str | None,
        chosen: SignalInstance,
    ) -> None:
        """Put choices (id, name) below a menu's first entry, with `none` for None, and mark one."""
        for action in menu.actions()[1:]:
            menu.removeAction(action)
            action.deleteLater()
        if not choices:
            return
        menu.addSection(title)
        group = QActionGroup(menu)
        for value, name in ((None, none), *choices):
            action = self._add(menu, _menu_text(name))
            action.setCheckable(True)
            action.setChecked(value == default)
            group.addAction(action)
            action.triggered.connect(lambda _=False, wanted=value: chosen.emit(wanted))

    def build_menu(self) -> None:
        """Fill the menu; once, before anything that it shows is set."""
        from app.core.workflow import BUILT_IN_WORKFLOWS, CaptureMode
        from app.ui.texts import workflow_name

        menu = self._menu
        self._info = self._add(menu, "")
        self._info.setEnabled(False)
        self._info.setVisible(False)
        self._add(menu, self.tr("Open ImgLink")).triggered.connect(
            lambda: self.window_requested.emit(self._icon.geometry())
        )
        menu.addSeparator()
        capture = menu.addMenu(self.tr("Capture"))
        for workflow in BUILT_IN_WORKFLOWS:
            is_clipboard = workflow.mode is CaptureMode.CLIPBOARD
            if is_clipboard:
                self._add(menu, self.tr("Upload files…")).triggered.connect(self.upload_files_requested)
            action = self._add(menu if is_clipboard else capture, workflow_name(workflow.id))
            action.triggered.connect(lambda _=False, chosen=workflow.id: self.capture_requested.emit(chosen))
            self._capture_actions[workflow.id] = action
        menu.addSeparator()
        self._recent = menu.addMenu(self.tr("Copy recent link"))
        self._recent.menuAction().setVisible(False)
        self._add(menu, self.tr("History…")).triggered.connect(self.history_requested)
        self._albums = menu.addMenu(self.tr("Albums"))
        self._add(self._albums, self.tr("Manage albums…")).triggered.connect(self.albums_requested)
        self._embeds = menu.addMenu(self.tr("Embed profiles"))
        self._add(self._embeds, self.tr("Manage…")).triggered.connect(self.embeds_requested)
        self._add(menu, self.tr("Gallery")).triggered.connect(self.gallery_requested)
        menu.addSeparator()
        self._pause = self._add(menu, self.tr("Pause uploads"))
        self._pause.setCheckable(True)
        self._pause.triggered.connect(self.pause_toggled)
        self._add(menu, self.tr("Settings…")).triggered.connect(self.settings_requested)
        menu.addSeparator()
        self._add(menu, self.tr("Quit")).triggered.connect(self.quit_requested)
        menu.aboutToShow.connect(self.menu_opening)
        self._icon.setContextMenu(menu)

    @staticmethod
    def _add(menu: QMenu, text: str) -> QAction:
        action = menu.addAction(text)
        # macOS would move "Quit" and "Settings" to another menu by their names.
        action.setMenuRole(QAction.MenuRole.NoRole)
        return action

    def _make_icon(self) -> QSystemTrayIcon:
        icon = QSystemTrayIcon(icons.tray_icon(self._state.value), self)
        icon.activated.connect(self._activated)
        return icon

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        # One click does one thing: the menu has an entry for the window.
        if reason is QSystemTrayIcon.ActivationReason.Trigger and not self._click_opens_menu:
            self.window_requested.emit(self._icon.geometry())


def _menu_text(text: str, most_chars: int = _RECENT_NAME_CHARS) -> str:
    short = text if len(text) <= most_chars else text[: most_chars - 1] + "…"
    return "".join(char if char.isprintable() else " " for char in short).replace("&", "&&")
