"""The albums' window over everything that is real: store, account, gate, jobs, client; only the person is made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from PySide6.QtCore import QMimeData, QObject, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.api import Client
from app.core.base_url import parse_base_url
from app.core.clock import SystemClock
from app.core.errors import UserFacingError
from app.core.imglink import CredentialKind, ImageId
from app.core.jobs import Job
from app.secrets.guard import GuardedSecrets
from app.secrets.memory import MemoryStore
from app.services.account import AccountService, AccountStatus
from app.services.albums import AlbumsService
from app.services.credentials import Credentials
from app.services.gated import GatedImgLink
from app.services.history import HistoryService
from app.services.history_files import HistoryFiles
from app.services.jobs import Jobs
from app.services.sign_in import SignInGate, SignInReason
from app.settings.file import SettingsFile
from app.store import SqliteUploadStore, open_store
from app.ui.album_images import AlbumParts
from app.ui.albums_controller import AlbumsController
from app.ui.albums_window import AlbumsWindow
from app.ui.bridge import Bridge
from app.ui.image_drag import put_images
from app.ui.thumbnail_loader import ThumbnailLoader


@dataclass
class Person:
    """Signs in when asked, with the next of `tokens`; declines when there is none."""

    tokens: list[str] = field(default_factory=list)
    asked: list[SignInReason] = field(default_factory=list)
    account: AccountService | None = None

    async def ask(self, reason: SignInReason) -> bool:
        self.asked.append(reason)
        if not self.tokens:
            return False
        assert self.account is not None
        await self.account.set_token(self.tokens.pop(0))
        return True


class NotingClipboard:
    """Takes texts."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.works = True

    async def copy_text(self, text: str) -> bool:
        self.texts.append(text)
        return self.works


@dataclass
class Joined:
    controller: AlbumsController
    bridge: Bridge
    person: Person
    account: AccountService
    store: SqliteUploadStore
    history: HistoryService
    jobs: Jobs
    clipboard: NotingClipboard
    settings: SettingsFile
    errors: list[UserFacingError]
    qtbot: QtBot
    owner: QObject

    @property
    def window(self) -> AlbumsWindow:
        assert self.controller.window is not None
        return self.controller.window

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=20_000)

    def run(self, function: Callable[[], Any]) -> Any:
        """Await something on the asyncio thread."""
        results: list[Any] = []
        self.bridge.submit(function, owner=self.owner, on_done=results.append)
        self.until(lambda: bool(results))
        return results[0]

    @property
    def words(self) -> str:
        return words_of(self.window)

    @property
    def titles(self) -> list[str]:
        return [album.title for album in self.window.list.albums]

    @property
    def shown(self) -> list[str]:
        """The images in the grid, while that is what is seen."""
        grid = self.window.page.grid
        return [tile.id for tile in grid.tiles] if grid.isVisible() else []

    @property
    def job(self) -> Job:
        [bar] = self.window.job_bars
        assert bar.job is not None
        return bar.job

    def present(self) -> None:
        self.controller.present()
        self.window.resize(self.window.sizeHint())


def words_of(widget: QWidget) -> str:
    """What can be read in it."""
    return "\n".join(each.text() for each in widget.findChildren(QLabel) if each.isVisible())


def press(widget: QWidget, text: str) -> None:
    """Press the button that says or is called so."""
    named = [b for b in widget.findChildren(QAbstractButton) if text in (b.text(), b.accessibleName())]
    pressed = next(b for b in named if b.isVisible())
    assert pressed.isEnabled(), text
    pressed.click()


def drop(view: QAbstractItemView, place: QPointF, image_ids: list[ImageId]) -> bool:
    """Drop images there, as a drag from another window does; returns whether they were taken."""
    mime, copy, left = put_images(QMimeData(), image_ids), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(place.toPoint(), copy, mime, left, Qt.KeyboardModifier.NoModifier)
    view.dragEnterEvent(enter)
    event = QDropEvent(place, copy, mime, left, Qt.KeyboardModifier.NoModifier)
    event.setAccepted(False)
    view.dropEvent(event)
    return enter.isAccepted() and event.isAccepted()


@contextmanager
def joined(qtbot: QtBot, url: str, folder: Path, *, token: str | None = "token.of.demo") -> Iterator[Joined]:
    """Everything, with the window not made yet."""
    bridge, owner, errors, person = Bridge(), QObject(), list[UserFacingError](), Person()
    settings = SettingsFile(folder / "settings.json", {})
    base_url = parse_base_url(url)
    clipboard = NotingClipboard()
    bridge.start()

    async def build() -> tuple[AccountStatus, SimpleNamespace, SqliteUploadStore, Client]:
        clock = SystemClock()
        credentials = Credentials(GuardedSecrets(MemoryStore()), base_url.origin, {})
        client = Client(base_url, credentials.get)
        account = person.account = AccountService(credentials, client, clock)
        if token is not None:
            await credentials.set(CredentialKind.TOKEN, token)
        store = await open_store(folder / "data", clock)
        history = HistoryService(store.history, store, client, HistoryFiles(frozenset(), lambda _: ()))
        gated = GatedImgLink(client, SignInGate(account, person.ask))
        jobs = Jobs(gated, store.jobs, history, clock, quiet_api=client, random=lambda: 0.0)
        await jobs.begin()
        albums = AlbumsService(gated, history)
        albums.start(jobs)
        parts = SimpleNamespace(
            images=client, albums=albums, jobs=jobs, history=history, account=account, clipboard=clipboard
        )
        return await account.status(), parts, store, client

    built: list[tuple[AccountStatus, SimpleNamespace, SqliteUploadStore, Client]] = []
    bridge.submit(build, owner=owner, on_done=built.append)
    qtbot.waitUntil(lambda: bool(built), timeout=20_000)
    [(status, parts, store, client)] = built
    controller = AlbumsController(bridge, settings, ThumbnailLoader(bridge, owner), errors.append, owner)
    controller.attach(cast(AlbumParts, parts), status)
    settings.subscribe(lambda _, new: bridge.post(controller.apply_settings, new))

    async def close() -> None:
        await parts.albums.stop()
        await parts.jobs.stop()
        await client.close()
        await store.close()

    try:
        yield Joined(
            controller, bridge, person, parts.account, store, parts.history, parts.jobs, clipboard, settings, errors,
            qtbot, owner,
        )  # fmt: skip
    finally:
        controller.close()
        bridge.stop(close)
        owner.deleteLater()
