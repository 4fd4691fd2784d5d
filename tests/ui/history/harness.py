"""The history window joined with real services over a history in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap
from pytestqt.qtbot import QtBot

from app.core.clock import SystemClock
from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEntry, HistoryQuery, HistorySort, HistoryStatistics
from app.core.imglink import AlbumId, EmbedId, Image, ImageId
from app.core.service_errors import NotFound
from app.core.uploads import RemoteState
from app.core.workflow import SourceKind
from app.services.deletions import Deletions
from app.services.history import HistoryService
from app.services.history_files import HistoryFiles
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.settings.remembered import RememberedWindow
from app.ui.bridge import Bridge
from app.ui.history_controller import HistoryController
from app.ui.history_window import HistoryWindow
from app.ui.thumbnail_loader import ThumbnailLoader

NOON = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
WAIT_MS = 20_000
"""Of a condition that comes; how long that takes says nothing."""


def make_entry(number: int, **changes: Any) -> HistoryEntry:
    """The one with this number: the larger, the older; three a day."""
    moment = NOON - timedelta(hours=8 * number)
    image_id = ImageId(f"id{number:08}")
    values: dict[str, Any] = {
        "id": EntryId(round(moment.timestamp() * 1_000_000)),
        "image": Image(image_id, f"https://i.imglink.example/{image_id}.png", f"https://imglink.example/i/{image_id}"),
        "file_name": f"picture {number}.png",
        "kind": SourceKind.FILE,
        "width": 640,
        "height": 480,
        "size": 1000 + number,
        "mime": "image/png",
    }
    return HistoryEntry(**{**values, **changes})


def make_entries(count: int) -> list[HistoryEntry]:
    """Newest first."""
    return [make_entry(number) for number in range(count)]


class MemoryHistory:
    """A HistoryStore over a dictionary; what is not needed here is not there."""

    def __init__(self, entries: Sequence[HistoryEntry]) -> None:
        self.entries_by_id = {entry.id: entry for entry in entries}
        self.forgotten: dict[EntryId, HistoryEntry] = {}
        self.asked: list[HistoryQuery] = []
        self.read = 0
        """How many values were given out."""
        self.fails: UserFacingError | None = None
        self.hold: asyncio.Event | None = None
        """While it is not set, no outline is given out."""

    async def outline(
        self, query: HistoryQuery, *, after: EntryId | None = None, limit: int = 1000
    ) -> Sequence[EntryId]:
        self.asked.append(query)
        if self.hold is not None:
            await self.hold.wait()
        if self.fails is not None:
            raise self.fails
        found = [entry for entry in self.entries_by_id.values() if _matches(entry, query)]
        found.sort(key=lambda entry: _rank(entry, query.sort))
        ids = [entry.id for entry in found]
        first = 0 if after is None else ids.index(after) + 1
        return ids[first : first + limit]

    async def entries(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        if self.fails is not None:
            raise self.fails
        self.read += len(ids)
        return tuple(self.entries_by_id[each] for each in ids if each in self.entries_by_id)

    async def find_entries(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        known = {entry.image_id: entry for entry in self.entries_by_id.values()}
        return tuple(known[each] for each in image_ids if each in known)

    async def annotate(self, ids: Sequence[EntryId], **changes: Any) -> tuple[HistoryEntry, ...]:
        given = {name: value for name, value in changes.items() if value is not None}
        return self._change(await self.entries(ids), **given)

    async def refresh(self, image: Image) -> tuple[HistoryEntry, ...]:
        known = await self.find_entries([image.id])
        return self._change(known, image=image, checked_at=NOON, remote_state=RemoteState.THERE)

    async def mark_gone(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        return self._change(await self.find_entries(image_ids), remote_state=RemoteState.GONE, checked_at=NOON)

    async def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> tuple[HistoryEntry, ...]:
        return self._change(await self.find_entries(image_ids), albums=(album,) if is_in else ())

    async def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> tuple[HistoryEntry, ...]:
        return self._change(await self.find_entries(image_ids), embed=embed)

    async def forget(self, ids: Sequence[EntryId]) -> None:
        self.forgotten.update((each, self.entries_by_id.pop(each)) for each in ids if each in self.entries_by_id)

    async def unforget(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        for each in ids:
            self.entries_by_id[each] = self.forgotten.pop(each)
        return tuple(self.entries_by_id[each] for each in ids)

    async def statistics(self) -> HistoryStatistics:
        return HistoryStatistics(len(self.entries_by_id), sum(e.size or 0 for e in self.entries_by_id.values()), 2)

    def _change(self, entries: Sequence[HistoryEntry], **changes: Any) -> tuple[HistoryEntry, ...]:
        changed = tuple(replace(entry, **changes) for entry in entries)
        self.entries_by_id.update((entry.id, entry) for entry in changed)
        return changed


class Service:
    """What of ImgLink is needed."""

    def __init__(self) -> None:
        self.deleted: list[ImageId] = []
        self.refuses: dict[ImageId, UserFacingError] = {}
        self.images: dict[ImageId, Image] = {}

    async def delete_image(self, image_id: ImageId) -> None:
        if image_id in self.refuses:
            raise self.refuses[image_id]
        self.deleted.append(image_id)

    async def image(self, image_id: ImageId) -> Image:
        if image_id not in self.images:
            raise NotFound("It is not there.")
        return self.images[image_id]


class NoUploads:
    async def find(self, _image_id: ImageId) -> None:
        return None


class TextClipboard:
    def __init__(self) -> None:
        self.text = ""

    async def copy_text(self, text: str) -> bool:
        self.text = text
        return True


class NoPictures(QObject):
    """A ThumbnailLoader's face, without pictures."""

    ready = Signal(object)

    def pixmap(self, _what: HistoryEntry, _size_px: int, _dpr: float) -> QPixmap | None:
        return None

    def placeholder(self, _what: HistoryEntry, size_px: int, dpr: float) -> QPixmap:
        return QPixmap(round(size_px * dpr), round(size_px * dpr))

    def keep_only(self, _keys: object) -> None:
        """Nothing is loaded."""


@dataclass
class Opened:
    """The window, and what is behind it."""

    qtbot: QtBot
    bridge: Bridge
    store: MemoryHistory
    api: Service
    history: HistoryService
    clipboard: TextClipboard
    controller: HistoryController
    remembered: RememberedWindow
    taken: list[Path] = field(default_factory=list)
    errors: list[UserFacingError] = field(default_factory=list)

    @property
    def window(self) -> HistoryWindow:
        window = self.controller.window
        assert window is not None
        return window

    def until(self, condition: Any) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=WAIT_MS)

    def filled(self, count: int) -> None:
        """Wait until so many are listed, and what is seen of them is known."""
        model = self.window.model
        self.until(lambda: model.rowCount() == count and (not count or model.entry(0) is not None))

    def shown(self) -> list[str]:
        """The names of the first rows."""
        model = self.window.model
        return [str(model.index(row, 0).data()) for row in range(min(20, model.rowCount()))]

    def choose(self, *rows: int) -> None:
        model = self.window.model
        self.window.listing.choose([model.ids[row] for row in rows], model.ids[rows[0]])


@contextmanager
def opened(
    qtbot: QtBot, entries: Sequence[HistoryEntry], folder: Path, *, undo_s: float = 3600.0, wait: bool = True
) -> Iterator[Opened]:
    """The window over these; what is deleted can be undone for `undo_s`."""
    bridge, owner, clipboard = Bridge(), QObject(), TextClipboard()
    store, api = MemoryHistory(entries), Service()
    history = HistoryService(
        cast(Any, store),
        cast(Any, NoUploads()),
        cast(Any, api),
        HistoryFiles(frozenset({"imglink.example"}), _no_database),
    )
    deletions = Deletions(history, SystemClock(), undo_s=undo_s)
    parts = SimpleNamespace(history=history, deletions=deletions, clipboard=clipboard)
    pictures, errors = NoPictures(), list[UserFacingError]()
    remembered = RememberedWindow(folder / "window.json")
    controller = HistoryController(
        bridge,
        SettingsFile(folder / "settings.json", {}),
        cast(ThumbnailLoader, pictures),
        remembered,
        lambda: folder / "edited",
        errors.append,
        owner,
    )
    bridge.start()
    made = Opened(qtbot, bridge, store, api, history, clipboard, controller, remembered, errors=errors)
    try:
        controller.present()
        controller.attach(cast(Services, parts))
        if wait:
            made.filled(len(entries))
        yield made
    finally:
        controller.close()
        bridge.stop(deletions.stop)
        for each in (owner, pictures, bridge):
            each.deleteLater()
    assert not errors


def _matches(entry: HistoryEntry, query: HistoryQuery) -> bool:
    text = f"{entry.file_name} {entry.image_id} {entry.title} {entry.note}".casefold()
    wanted: Mapping[str, object] = {
        name: value
        for name in ("remote_state", "visibility", "nsfw", "anonymous", "favourite", "embed", "kind")
        if (value := getattr(query, name)) is not None
    }
    return (
        all(word in text for word in query.text.casefold().split())
        and all(getattr(entry, name) == value for name, value in wanted.items())
        and (query.album is None or query.album in entry.albums)
        and (query.since is None or entry.uploaded_at >= query.since)
        and (query.until is None or entry.uploaded_at < query.until)
    )


def _rank(entry: HistoryEntry, sort: HistorySort) -> tuple[Any, ...]:
    return {
        HistorySort.NEWEST: (-entry.id,),
        HistorySort.OLDEST: (entry.id,),
        HistorySort.NAME: (entry.shown_name.casefold(), -entry.id),
        HistorySort.LARGEST: (-(entry.size or 0), -entry.id),
        HistorySort.VIEWS: (-(entry.image.views or 0), -entry.id),
    }[sort]


def _no_database(_path: Path) -> Any:
    raise AssertionError("no test here imports")
