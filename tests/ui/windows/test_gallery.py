"""The gallery's window over a real connection: page after page, veiled, broken off, and never with a credential."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from app.api import Client
from app.api.public import PublicClient
from app.core.base_url import parse_base_url
from app.core.history import HistoryEntry
from app.core.imglink import CredentialKind
from app.core.links import LinkForm
from app.demo import DemoServer, Fault
from app.settings.file import SettingsFile
from app.ui.bridge import Bridge
from app.ui.gallery_controller import GalleryController, GalleryParts
from app.ui.gallery_window import GalleryWindow
from app.ui.gallery_window.model import Role
from app.ui.thumbnail_loader import ThumbnailLoader
from tests.ui.windows.answering import HTML, PAGE, Answering, Said, answering, said
from tests.unit.demo.conftest import NO_RATE_LIMITS, Site
from tests.unit.demo.plain_http import PlainHttp

pytestmark = [
    pytest.mark.qt_log_ignore("This plugin does not support", extend=True),
    pytest.mark.usefixtures("look"),
]


class Fetched:
    """Small pictures straight from the server, without a cache."""

    def __init__(self, url: str) -> None:
        self.client = PublicClient(parse_base_url(url))

    async def of_url(self, url: str) -> bytes:
        return await self.client.fetch(url)

    async def of_entry(self, entry: HistoryEntry) -> bytes:
        raise AssertionError("the gallery knows no history")


@dataclass
class Joined:
    controller: GalleryController
    thumbnails: ThumbnailLoader
    qtbot: QtBot
    opened: list[str] = field(default_factory=list)
    copied: list[str] = field(default_factory=list)
    copies: bool = True

    @property
    def window(self) -> GalleryWindow:
        assert self.controller.window is not None
        return self.controller.window

    @property
    def count(self) -> int:
        return self.window.model.rowCount()

    @property
    def words(self) -> str:
        return "\n".join(each.text() for each in self.window.findChildren(QLabel) if each.isVisible())

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=20_000)

    def scroll_down(self) -> None:
        bar = self.window.grid.verticalScrollBar()
        bar.setValue(bar.maximum())

    def press(self, text: str) -> None:
        button = next(b for b in self.window.findChildren(QAbstractButton) if b.text() == text and b.isVisible())
        assert button.isEnabled(), text
        button.click()


@contextmanager
def joined(qtbot: QtBot, url: str, folder: Path) -> Iterator[Joined]:
    bridge, owner = Bridge(), QObject()

    async def provide(_kind: CredentialKind) -> str | None:
        return "a-secret-that-must-not-be-sent"

    client, fetched = Client(parse_base_url(url), provide), Fetched(url)
    thumbnails = ThumbnailLoader(bridge, owner)
    thumbnails.set_service(fetched)
    settings = SettingsFile(folder / "settings.json", {})
    opened: list[str] = []
    controller = GalleryController(bridge, settings, thumbnails, opened.append, url, owner)
    it = Joined(controller, thumbnails, qtbot, opened)

    async def copy_text(text: str) -> bool:
        it.copied.append(text)
        return it.copies

    parts = SimpleNamespace(images=client, clipboard=SimpleNamespace(copy_text=copy_text))
    controller.attach(cast(GalleryParts, parts))
    bridge.start()

    async def close() -> None:
        await client.close()
        await fetched.client.close()

    try:
        yield it
    finally:
        controller.close()
        thumbnails.clear()
        bridge.stop(close)
        owner.deleteLater()
        bridge.deleteLater()


@pytest.fixture
def server() -> Iterator[Answering]:
    with answering() as running:
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    with DemoServer(limits=NO_RATE_LIMITS) as running:
        yield Site(running, PlainHttp(running.base_url))


def images(count: int, first: int = 0) -> list[dict[str, Any]]:
    numbers = range(first, first + count)
    return [{"id": f"image-{number:04}", "url": f"https://i.e/{number}.png"} for number in numbers]


def pages(server: DemoServer) -> list[str]:
    return [request.query for request in server.requests if request.path == "/api/gallery"]


# --- the demo server --------------------------------------------------------------------------------------------------


def test_scrolling_reads_page_after_page_to_the_end_and_sends_no_credential(
    qtbot: QtBot, site: Site, tmp_path: Path
) -> None:
    for number in range(95):
        site.upload(nsfw="true" if number == 94 else "false")
    site.server.clear_requests()
    with joined(qtbot, site.server.base_url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.count == 40)
        assert pages(site.server) == ["page=1&limit=40"]
        for expected in (80, 95):
            it.scroll_down()
            it.until(lambda wanted=expected: it.count == wanted)  # type: ignore[misc]  # a default binds it
        it.until(lambda: "That is all." in it.words)
        it.scroll_down()
        assert "95 of 95" in it.words
        assert len(pages(site.server)) == 3
        newest = list(reversed([image.id for image in site.server.images()]))
        assert [image.id for image in it.window.model.images] == newest
        it.until(lambda: any("/cdn/" in request.path for request in site.server.requests))
    for request in site.server.requests:
        assert request.header("authorization") is None
        assert request.header("x-api-key") is None


def test_what_is_not_safe_for_work_is_veiled_until_the_person_wants_to_see_it(
    qtbot: QtBot, site: Site, tmp_path: Path
) -> None:
    site.upload()
    site.upload(nsfw="true")
    with joined(qtbot, site.server.base_url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.count == 2)
        it.until(lambda: it.thumbnails.pixmap(it.window.model.images[0].thumbnail or "", 352, 1.0) is not None)
        veiled = it.window.model.index(0)
        assert [it.window.model.index(row).data(Role.IS_VEILED) for row in (0, 1)] == [True, False]
        before = it.window.grid.grab().toImage()
        it.window.grid.setCurrentIndex(veiled)
        QTest.keyClick(it.window.grid, Qt.Key.Key_Return)
        assert it.opened == []
        assert not veiled.data(Role.IS_VEILED)
        it.window.grid.clearSelection()
        assert it.window.grid.grab().toImage() != before
        QTest.keyClick(it.window.grid, Qt.Key.Key_Return)
        assert it.opened == [it.window.model.images[0].viewer]
        it.window.nsfw.click()
        it.window.nsfw.click()
        assert veiled.data(Role.IS_VEILED)


def test_links_are_copied_in_the_chosen_form(qtbot: QtBot, site: Site, tmp_path: Path) -> None:
    site.upload()
    with joined(qtbot, site.server.base_url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.count == 1)
        [image] = it.window.model.images
        it.window.grid.setCurrentIndex(it.window.model.index(0))
        it.press("Copy link")
        it.until(lambda: "Link copied" in it.words)
        it.window.link_wanted.emit(image, LinkForm.DIRECT)
        it.until(lambda: len(it.copied) == 2)
        assert it.copied == [image.viewer, image.url]
        it.copies = False
        QTest.keyClick(it.window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        it.until(lambda: "was not copied" in it.window._said.text_whole())
        it.press("Open on the web")
        assert it.opened == [site.server.base_url]


def test_closing_the_window_breaks_off_what_is_being_read(qtbot: QtBot, site: Site, tmp_path: Path) -> None:
    site.upload()
    with joined(qtbot, site.server.base_url, tmp_path) as it:
        site.server.faults.add(Fault.slow(60).on(path="/api/gallery"))
        it.controller.present()
        it.until(lambda: len(pages(site.server)) == 1)
        it.window.close()
        assert not it.controller.is_reading
        it.controller.present()
        it.until(lambda: it.count == 1)


def test_the_next_page_that_fails_is_said_and_tried_again(qtbot: QtBot, site: Site, tmp_path: Path) -> None:
    for _ in range(45):
        site.upload()
    with joined(qtbot, site.server.base_url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.count == 40)
        site.server.faults.add(Fault.error(500).on(path="/api/gallery"))
        it.scroll_down()
        it.until(lambda: "HTTP 500" in it.words)
        assert it.count == 40
        it.scroll_down()
        assert len(pages(site.server)) == 2
        it.press("Try again")
        it.until(lambda: it.count == 45)


def test_nobody_has_uploaded_anything(qtbot: QtBot, site: Site, tmp_path: Path) -> None:
    with joined(qtbot, site.server.base_url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: "Nothing in the gallery yet" in it.words)
        site.upload()
        it.press("Look again")
        it.until(lambda: it.count == 1)


# --- any server -------------------------------------------------------------------------------------------------------

SHAPES = {
    "documented": {"images": images(3), "page": 1, "totalPages": 1, "total": 3},
    "bare": images(3),
    "data": {"data": images(3)},
    "data of images": {"success": True, "data": {"images": images(3), "total_pages": "1", "total": "3"}},
    "pagination": {"images": images(3), "pagination": {"page": 1, "pages": 1, "total": 3}},
    "one odd among them": {"images": [{"id": "a"}, *images(3), {"id": "b", "url": "javascript:alert(1)"}]},
    "twice the same": {"images": [*images(3), *images(2)]},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_page_is_read_in_each_shape(qtbot: QtBot, server: Answering, tmp_path: Path, shape: str) -> None:
    server.answers["GET /api/gallery"] = said(SHAPES[shape])
    with joined(qtbot, server.url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.count == 3)
        it.until(lambda: "That is all." in it.words)


def test_without_counts_a_full_page_may_have_another(qtbot: QtBot, server: Answering, tmp_path: Path) -> None:
    server.answers["GET /api/gallery"] = said(images(40))
    with joined(qtbot, server.url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.count == 40)
        server.answers["GET /api/gallery"] = said(images(2, first=39))
        it.scroll_down()
        it.until(lambda: it.count == 41)


def test_a_server_that_knows_no_pages_is_not_asked_for_ever(qtbot: QtBot, server: Answering, tmp_path: Path) -> None:
    server.answers["GET /api/gallery"] = said(images(40))
    with joined(qtbot, server.url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.count == 40)
        it.scroll_down()
        it.until(lambda: "That is all." in it.words)
        it.scroll_down()
        assert len([path for _, path, _ in server.asked if path.startswith("/api/gallery")]) == 2


WRONG: dict[str, tuple[Said, str]] = {
    "html": (HTML, "HTTP 502"),
    "a hotel's page": (PAGE, "a web page came back"),
    "no json": (Said(b"{"), "cannot be read"),
    "missing fields": (said({"images": [{"id": "a"}]}), "cannot be read"),
    "wrong types": (said({"images": "many"}), "cannot be read"),
    "401": (said({"error": "No"}, 401), "wants an account"),
    "403": (said({"error": "Banned"}, 403), "Banned"),
    "404": (said({"error": "Nothing here"}, 404), "Nothing here"),
    "429": (said({"error": "Slow down"}, 429, Retry_After="7"), "7 seconds"),
    "500": (said({"error": "Oops"}, 500), "HTTP 500"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_and_another_try_helps(
    qtbot: QtBot, server: Answering, tmp_path: Path, case: str
) -> None:
    answer, words = WRONG[case]
    server.answers["GET /api/gallery"] = answer
    with joined(qtbot, server.url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: words in it.words)
        server.answers["GET /api/gallery"] = said({"images": images(1)})
        it.press("Try again")
        it.until(lambda: it.count == 1)


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(qtbot: QtBot, site: Site, tmp_path: Path) -> None:
    site.upload()
    with joined(qtbot, site.server.base_url, tmp_path) as it:
        it.controller.present()
        it.until(lambda: it.count == 1)
        for each in it.window.findChildren(QAbstractButton):
            if each.isVisible():
                assert each.text() or each.accessibleName()
                assert each.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert it.window.grid.accessibleName()
        assert it.window.focusWidget() is it.window.grid
        QTest.keyClick(it.window, Qt.Key.Key_Escape)
        assert not it.window.isVisible()
