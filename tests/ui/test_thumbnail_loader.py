"""Pictures for a list: asked for while painting, there a moment later, bounded, and given up when unwanted."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from PIL import Image as Picture
from PySide6.QtCore import QCoreApplication, QObject, QThread
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.core.history import EntryId, HistoryEntry
from app.core.imglink import Image, ImageId
from app.core.thumbnails import NoThumbnail, ThumbnailMissing, ThumbnailUnreachable
from app.core.workflow import SourceKind
from app.ui.bridge import Bridge
from app.ui.thumbnail_loader import ThumbnailKey, ThumbnailLoader
from app.ui.thumbnails import decode_thumbnail

COVER = "https://imglink.example/cover.webp"


def entry(number: int = 1, kind: SourceKind = SourceKind.REGION) -> HistoryEntry:
    return HistoryEntry(EntryId(number), Image(ImageId(f"a{number}"), f"https://i.example/{number}"), "a.png", kind)


def png(width: int = 400, height: int = 200, color: str = "teal") -> bytes:
    data = io.BytesIO()
    Picture.new("RGB", (width, height), color).save(data, "PNG")
    return data.getvalue()


@dataclass
class Source:
    """Gives pictures when it is allowed to. Its lists are touched by the asyncio thread and looked at by the test's."""

    answer: bytes | NoThumbnail = field(default_factory=png)
    asked: list[object] = field(default_factory=list)
    given_up: list[object] = field(default_factory=list)
    held: bool = False

    async def of_entry(self, entry: HistoryEntry) -> bytes:
        return await self._give(entry.id)

    async def of_url(self, url: str) -> bytes:
        return await self._give(url)

    async def _give(self, what: object) -> bytes:
        self.asked.append(what)
        if self.held:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                self.given_up.append(what)
                raise
        if isinstance(self.answer, NoThumbnail):
            raise self.answer
        return self.answer


class Loading:
    """A loader with its source, and what it said."""

    def __init__(self, bridge: Bridge, **options: int) -> None:
        self.time = 100.0
        self.parent = QObject()
        self.loader = ThumbnailLoader(bridge, self.parent, monotonic=lambda: self.time, **options)
        self.source = Source()
        self.ready: list[ThumbnailKey] = []
        self.loader.ready.connect(self.ready.append)
        self.loader.set_service(self.source)


@pytest.fixture
def bridge(qapp: object) -> Iterator[Bridge]:
    bridge = Bridge()
    bridge.start()
    yield bridge
    bridge.stop()


@pytest.fixture
def loading(bridge: Bridge) -> Iterator[Loading]:
    made = Loading(bridge)
    yield made
    made.loader.clear()


def load(qtbot: QtBot, loading: Loading, *entries: HistoryEntry, size_px: int = 100, dpr: float = 1.0) -> None:
    for each in entries:
        seen = len(loading.ready)
        assert loading.loader.pixmap(each, size_px, dpr) is None
        qtbot.waitUntil(lambda seen=seen: len(loading.ready) > seen)  # type: ignore[misc]


def test_a_picture_is_none_at_first_and_there_when_ready_says_so(qtbot: QtBot, loading: Loading) -> None:
    load(qtbot, loading, entry())
    assert loading.ready == [1]
    picture = loading.loader.pixmap(entry(), 100, 1.0)
    assert picture is not None
    assert (picture.width(), picture.height()) == (100, 50)
    assert picture.toImage().pixelColor(50, 25).green() > 100
    assert loading.source.asked == [1]


def test_it_is_as_sharp_as_the_screen(qtbot: QtBot, loading: Loading) -> None:
    load(qtbot, loading, entry(), dpr=2.0)
    picture = loading.loader.pixmap(entry(), 100, 2.0)
    assert picture is not None
    assert (picture.width(), picture.devicePixelRatio()) == (200, 2.0)
    assert picture.deviceIndependentSize().width() == 100


def test_a_small_picture_is_not_blown_up(qtbot: QtBot, loading: Loading) -> None:
    loading.source.answer = png(16, 12)
    load(qtbot, loading, entry())
    picture = loading.loader.pixmap(entry(), 100, 1.0)
    assert picture is not None
    assert picture.width() == 16


def test_painting_again_while_it_loads_asks_once(qtbot: QtBot, loading: Loading) -> None:
    loading.source.held = True
    for _ in range(5):
        assert loading.loader.pixmap(entry(), 100, 1.0) is None
    assert loading.loader.pixmap(entry(2), 100, 1.0) is None
    qtbot.waitUntil(lambda: len(loading.source.asked) == 2)
    assert loading.source.asked == [1, 2]


def test_an_address_is_its_own_key(qtbot: QtBot, loading: Loading) -> None:
    assert loading.loader.pixmap(COVER, 64, 1.0) is None
    qtbot.waitUntil(lambda: loading.ready == [COVER])
    assert loading.loader.pixmap(COVER, 64, 1.0) is not None
    assert loading.loader.key_of(COVER) == COVER
    assert loading.loader.key_of(entry(7)) == 7


def test_another_zoom_shows_the_former_picture_until_its_own_is_there(qtbot: QtBot, loading: Loading) -> None:
    load(qtbot, loading, entry())
    coarse = loading.loader.pixmap(entry(), 200, 1.0)
    assert coarse is not None
    assert (coarse.width(), coarse.deviceIndependentSize().width()) == (100, 200)
    qtbot.waitUntil(lambda: len(loading.ready) == 2)
    sharp = loading.loader.pixmap(entry(), 200, 1.0)
    assert sharp is not None
    assert sharp.width() == 200


def test_what_was_asked_for_before_there_was_a_service_comes_later(qtbot: QtBot, bridge: Bridge) -> None:
    parent = QObject()
    loader = ThumbnailLoader(bridge, parent)
    ready: list[ThumbnailKey] = []
    loader.ready.connect(ready.append)
    for number in (1, 2):
        assert loader.pixmap(entry(number), 100, 1.0) is None
    loader.forget([EntryId(2)])
    source = Source()
    loader.set_service(source)
    qtbot.waitUntil(lambda: ready == [1])
    assert source.asked == [1]
    loader.clear()


# --- unwanted ---------------------------------------------------------------------------------------------------------


def test_what_was_scrolled_away_is_given_up_and_can_come_again(qtbot: QtBot, loading: Loading) -> None:
    loading.source.held = True
    for number in (1, 2, 3):
        loading.loader.pixmap(entry(number), 100, 1.0)
    qtbot.waitUntil(lambda: len(loading.source.asked) == 3)
    loading.loader.forget([EntryId(1)])
    loading.loader.keep_only([EntryId(3)])
    qtbot.waitUntil(lambda: sorted(map(str, loading.source.given_up)) == ["1", "2"])
    loading.source.held = False
    load(qtbot, loading, entry(1))
    assert loading.ready == [1]


def test_of_very_many_the_first_asked_for_are_given_up(qtbot: QtBot, loading: Loading) -> None:
    loading.source.held = True
    for number in range(600):
        loading.loader.pixmap(entry(number), 100, 1.0)
    qtbot.waitUntil(lambda: len(loading.source.given_up) + 600 - len(loading.source.asked) == 88)
    assert set(loading.source.given_up) <= set(range(88))


def test_what_is_there_stays_when_it_is_scrolled_away(qtbot: QtBot, loading: Loading) -> None:
    load(qtbot, loading, entry())
    loading.loader.forget([EntryId(1)])
    assert loading.loader.pixmap(entry(), 100, 1.0) is not None


def test_nothing_arrives_after_clearing(qtbot: QtBot, loading: Loading) -> None:
    load(qtbot, loading, entry(1))
    loading.source.held = True
    loading.loader.pixmap(entry(2), 100, 1.0)
    qtbot.waitUntil(lambda: len(loading.source.asked) == 2)
    loading.loader.clear()
    qtbot.waitUntil(lambda: loading.source.given_up == [2])
    assert loading.loader.pixmap(entry(1), 100, 1.0) is None
    assert loading.ready == [1]


# --- problems ---------------------------------------------------------------------------------------------------------


def test_a_problem_has_words_and_a_drawing_and_is_not_asked_again_until_its_time(
    qtbot: QtBot, loading: Loading
) -> None:
    loading.source.answer = ThumbnailUnreachable("The preview cannot be fetched.")
    before = loading.loader.placeholder(entry(), 32, 2.0).toImage()
    load(qtbot, loading, entry())
    assert loading.loader.problem(EntryId(1)) == "The preview cannot be fetched."
    assert loading.loader.placeholder(entry(), 32, 2.0).toImage() != before
    loading.time += 29
    assert loading.loader.pixmap(entry(), 100, 1.0) is None
    loading.time += 2
    loading.source.answer = png()
    load(qtbot, loading, entry())
    assert loading.source.asked == [1, 1]
    assert loading.loader.problem(EntryId(1)) == ""
    assert loading.loader.pixmap(entry(), 100, 1.0) is not None


@pytest.mark.qt_log_ignore("libpng")
@pytest.mark.parametrize("data", [b"", b"<svg/>", b"<html>", png()[:60]])
def test_bytes_that_are_no_picture_are_a_problem(qtbot: QtBot, loading: Loading, data: bytes) -> None:
    loading.source.answer = data
    load(qtbot, loading, entry())
    assert "no preview" in loading.loader.problem(EntryId(1))


def test_placeholders_tell_how_it_was_made(loading: Loading) -> None:
    images = {
        kind: loading.loader.placeholder(entry(kind=kind), 24, 1.0).toImage()
        for kind in (SourceKind.REGION, SourceKind.SCREEN, SourceKind.WINDOW, SourceKind.CLIPBOARD, SourceKind.FILE)
    }
    for kind, image in images.items():
        assert image.size().width() == 24
        assert all(image != other for name, other in images.items() if name is not kind)
    assert loading.loader.placeholder(COVER, 24, 1.0).toImage() == images[SourceKind.FILE]


# --- memory and threads -----------------------------------------------------------------------------------------------


def test_the_longest_unpainted_makes_room(qtbot: QtBot, bridge: Bridge) -> None:
    loading = Loading(bridge, memory_bytes=3 * 4 * 100 * 50)
    for number in (1, 2, 3):
        load(qtbot, loading, entry(number))
    loading.time += 10
    loading.loader.pixmap(entry(1), 100, 1.0)
    load(qtbot, loading, entry(4))
    loading.source.held = True
    assert [number for number in (1, 2, 3, 4) if loading.loader.pixmap(entry(number), 100, 1.0)] == [1, 3, 4]
    loading.loader.clear()


def test_a_full_screen_does_not_drive_out_its_own_pictures_for_ever(qtbot: QtBot, bridge: Bridge) -> None:
    loading = Loading(bridge, memory_bytes=3 * 4 * 100 * 50)
    for number in range(6):
        load(qtbot, loading, entry(number))
    # Six of three: what was painted just now stays, up to twice the limit.
    assert all(loading.loader.pixmap(entry(number), 100, 1.0) for number in range(6))
    load(qtbot, loading, entry(6))
    loading.source.held = True
    assert sum(loading.loader.pixmap(entry(number), 100, 1.0) is not None for number in range(7)) == 6
    loading.loader.clear()


def test_decoding_does_not_happen_on_the_qt_thread(
    qtbot: QtBot, loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def noting(data: bytes, most_px: int) -> QImage:
        threads.append(threading.get_ident())
        return decode_thumbnail(data, most_px)

    monkeypatch.setattr("app.ui.thumbnail_loader.decode_thumbnail", noting)
    load(qtbot, loading, entry())
    assert threads
    assert threading.get_ident() not in threads
    application = QCoreApplication.instance()
    assert application is not None
    assert QThread.currentThread() is application.thread()


def test_an_entry_that_changed_keeps_its_picture(qtbot: QtBot, loading: Loading) -> None:
    load(qtbot, loading, entry())
    assert loading.loader.pixmap(replace(entry(), title="<img src=file:///etc/passwd>"), 100, 1.0) is not None


def test_a_missing_picture_is_asked_for_again_after_ten_minutes(qtbot: QtBot, loading: Loading) -> None:
    loading.source.answer = ThumbnailMissing("none")
    load(qtbot, loading, entry())
    loading.time += 599
    assert loading.loader.pixmap(entry(), 100, 1.0) is None
    loading.time += 2
    load(qtbot, loading, entry())
    assert len(loading.source.asked) == 2
