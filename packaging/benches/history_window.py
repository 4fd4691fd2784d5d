"""The history window over 100,000 uploads in a real database, with lazy thumbnails."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from app.core.clock import SystemClock
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import Image, ImageId
from app.core.workflow import SourceKind
from benches.frame import Race, benchmark

if TYPE_CHECKING:
    from app.services.history import HistoryService
    from app.ui.bridge import Bridge
    from app.ui.history_controller import HistoryController
    from app.ui.history_window import HistoryWindow

COUNT = 100_000
_FRAMES = 120
_MB = 1024 * 1024
_NOUNS = (
    "harbour",
    "invoice",
    "meeting",
    "error",
    "Küche",
    "sunset",
    "dashboard",
    "receipt",
    "diagram",
    "garden",
    "release",
)
_VERBS = ("before", "after", "draft", "final", "copy of", "broken", "new", "old")
_EVERY_US = 17 * 60 * 1_000_000
"""So far apart are two uploads: some eighty a day, for more than three years."""


@benchmark("history of 100,000: from the click to the painted window", gate=1.0, rounds=7)
def first_paint() -> Iterator[Race]:
    """The window is made anew each time."""
    with _desk() as desk:
        yield Race(lambda: _opened(desk), _limit(100.0), is_timed=False)


@benchmark("history of 100,000: from a letter to the painted result", gate=1.0, rounds=12, warmups=2)
def keystroke() -> Iterator[Race]:
    """The slowest of the letters of a word, with the pause for the next one."""
    with _desk() as desk:
        _opened(desk)
        _settle(desk)
        yield Race(
            lambda: max(_typed(desk, word) for word in ("h", "ha", "har", "harbo")), _limit(100.0), is_timed=False
        )


@benchmark("history of 100,000: the slowest of 120 frames of scrolling, as pictures", gate=1.0, rounds=5)
def scrolling_grid() -> Iterator[Race]:
    """Steps of the wheel, then leaps of the scroll bar."""
    with _desk() as desk:
        _opened(desk)
        _settle(desk)
        yield Race(lambda: _scrolled(desk), _limit(50.0), is_timed=False)


@benchmark("history of 100,000: the slowest of 120 frames of scrolling, as a table", gate=1.0, rounds=5)
def scrolling_table() -> Iterator[Race]:
    """The same in the other view."""
    from app.ui.history_window.switch import ViewMode

    with _desk() as desk:
        _opened(desk)
        _settle(desk)
        desk.window.set_mode(ViewMode.TABLE)
        yield Race(lambda: _scrolled(desk), _limit(50.0), is_timed=False)


@benchmark("history of 100,000: memory over the empty window", gate=1.0, rounds=1, warmups=0)
def memory() -> Iterator[Race]:
    """What the process has, beside what it had with an empty history."""
    with _desk(count=0) as desk:
        _opened(desk)
        _settle(desk)
        empty = _resident_mb()
    with _desk() as desk:

        def used() -> float:
            _opened(desk)
            _settle(desk)
            _scrolled(desk)
            gc.collect()
            return _resident_mb() - empty

        yield Race(used, _limit(150.0, "(what it may take)"), is_timed=False, unit="MB")


@dataclass
class _Desk:
    """A running bridge with a history."""

    qt: Any
    bridge: Bridge
    history: HistoryService
    controller: HistoryController
    count: int

    @property
    def window(self) -> HistoryWindow:
        window = self.controller.window
        assert window is not None
        return window

    def until(self, condition: Callable[[], bool]) -> None:
        from PySide6.QtCore import QEventLoop

        while not condition():
            self.qt.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 20)


def _opened(desk: _Desk) -> float:
    """In ms: until everything that is seen is painted, but for the pictures."""
    desk.controller.close()
    desk.qt.processEvents()
    begin = time.perf_counter()
    desk.controller.present()
    if desk.count:
        desk.until(lambda: desk.window.model.rowCount() > 0)
    desk.window.listing.view.viewport().repaint()
    return 1000 * (time.perf_counter() - begin)


def _settle(desk: _Desk) -> None:
    """Wait until the rest has been read."""
    desk.until(lambda: desk.window.model.rowCount() == desk.count)


def _typed(desk: _Desk, text: str) -> float:
    """In ms: from the last letter of `text` to what it finds."""
    window = desk.window
    reset: list[bool] = []
    noted = partial(reset.append, True)
    window.model.modelReset.connect(noted)
    begin = time.perf_counter()
    window.filters.search.setText(text)
    desk.until(lambda: bool(reset))
    window.listing.view.viewport().repaint()
    took = 1000 * (time.perf_counter() - begin)
    window.model.modelReset.disconnect(noted)
    return took


def _scrolled(desk: _Desk) -> float:
    """In ms: the slowest frame."""
    view = desk.window.listing.view
    bar, slowest = view.verticalScrollBar(), 0.0
    for number in range(_FRAMES):
        begin = time.perf_counter()
        bar.setValue((bar.value() + (120 if number < _FRAMES / 2 else bar.maximum() // 70)) % max(1, bar.maximum()))
        desk.qt.processEvents()
        slowest = max(slowest, 1000 * (time.perf_counter() - begin))
        # What a screen leaves between two frames: database and decoders work meanwhile.
        time.sleep(0.010)
    return slowest


@contextmanager
def _desk(count: int = COUNT) -> Iterator[_Desk]:
    """Everything but ImgLink itself."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QObject, qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    from app.services.deletions import Deletions
    from app.services.history import HistoryService
    from app.settings.file import SettingsFile
    from app.settings.remembered import RememberedWindow
    from app.store.store import open_store
    from app.ui.bridge import Bridge
    from app.ui.history_controller import HistoryController
    from app.ui.theme import Look
    from app.ui.thumbnail_loader import ThumbnailLoader

    # The offscreen platform says at every turn that it has no window manager.
    qInstallMessageHandler(lambda _kind, _where, text: None if "does not support" in text else print(text))
    qt = QApplication.instance() or QApplication([])
    assert isinstance(qt, QApplication)
    look, bridge, owner = Look(qt), Bridge(), QObject()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bridge.start()
        store = _on(bridge, open_store(folder / "data", SystemClock()))
        _on(bridge, store.history.merge(list(_entries(count))))
        history = HistoryService(store.history, store, cast(Any, None), cast(Any, None))
        pictures = ThumbnailLoader(bridge)
        pictures.set_service(cast(Any, _Pictures()))
        parts = SimpleNamespace(history=history, deletions=Deletions(history, SystemClock()))
        settings, remembered = SettingsFile(folder / "settings.json", {}), RememberedWindow(folder / "window.json")
        controller = HistoryController(bridge, settings, pictures, remembered, lambda: folder, _raise, owner)
        controller.attach(cast(Any, parts))
        try:
            assert look.tokens is not None
            yield _Desk(qt, bridge, history, controller, count)
        finally:
            controller.close()
            pictures.clear()
            bridge.stop(store.close)
            for each in (owner, pictures, bridge, look):
                each.deleteLater()
            qt.processEvents()


class _Pictures:
    """A ThumbnailSource: a few pictures for all."""

    def __init__(self) -> None:
        from io import BytesIO

        from PIL import Image as Pixels

        self._data: list[bytes] = []
        for number in range(8):
            file = BytesIO()
            Pixels.effect_noise((512, 320), 20 + 8 * number).convert("RGB").save(file, "WEBP")
            self._data.append(file.getvalue())

    async def of_entry(self, entry: HistoryEntry) -> bytes:
        await asyncio.sleep(0.002)
        return self._data[entry.id % len(self._data)]

    async def of_url(self, url: str) -> bytes:
        raise NotImplementedError


def _on(bridge: Bridge, coroutine: Any) -> Any:
    loop: Future[asyncio.AbstractEventLoop] = Future()
    bridge.call_soon(lambda: loop.set_result(asyncio.get_running_loop()))
    return asyncio.run_coroutine_threadsafe(coroutine, loop.result()).result()


def _entries(count: int) -> Iterator[HistoryEntry]:
    random_words, now = random.Random(5), round(datetime(2026, 6, 1, tzinfo=UTC).timestamp() * 1_000_000)
    kinds = list(SourceKind)
    for number in range(count):
        noun, verb = random_words.choice(_NOUNS), random_words.choice(_VERBS)
        image_id = ImageId(f"id{number:08}")
        yield HistoryEntry(
            id=EntryId(now - number * _EVERY_US),
            image=Image(image_id, f"https://i.imglink.cc/{image_id}.png", f"https://imglink.cc/i/{image_id}"),
            file_name=f"{verb} {noun} {number % 977}.png",
            kind=kinds[number % len(kinds)],
            width=1280,
            height=800,
            size=90_000 + number,
            mime="image/png",
            sha256=f"{number:064x}",
            title=f"The {noun} {verb}" if number % 9 == 0 else "",
            note=f"Seen with the {random_words.choice(_NOUNS)} of {number % 31}" if number % 13 == 0 else "",
        )


def _limit(most: float, name: str = "(what it may take)") -> dict[str, Callable[[], object] | None]:
    return {name: lambda: most}


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB


def _raise(error: Exception) -> None:
    raise error
