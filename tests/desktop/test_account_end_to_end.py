"""The account on a real desktop: sign in, make an album and fill it, make an embed profile and give it away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest

from app.core.geometry import Rect
from app.demo import DEMO_EMAIL, DEMO_PASSWORD, DEMO_USER, DemoServer, LoggedRequest
from tests.desktop.accessibility import ENVIRON, ScreenReader, screen_reader
from tests.desktop.clock import LapsingClock
from tests.desktop.known_images import fill_history
from tests.desktop.running import RunningProgram, running_program
from tests.desktop.session import DesktopSession
from tests.desktop.x11 import find_pixels

IMAGES = 130
FIRST = Rect(20, 60, 1100, 680)
SECOND = Rect(1300, 60, 1200, 680)
HISTORY, ALBUMS, EMBEDS, CHOICE = "ImgLink history", "Albums", "Embed profiles", "Embed profile of images"
BULK = "/api/images/bulk-embed"
CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--dump-dom"),
)


@dataclass
class Person:
    """Somebody at the desktop, with the program running and a history of 130 images."""

    program: RunningProgram
    reader: ScreenReader

    @property
    def desktop(self) -> DesktopSession:
        return self.program.desktop

    @property
    def server(self) -> DemoServer:
        return self.program.server

    def open(self, title: str, place: Rect, *menu: str) -> None:
        """Open a window from the tray's menu, and put it somewhere."""
        self.program.choose_in_tray(self.reader, *menu)
        self.reader.bring(title, place)

    def open_history(self, place: Rect) -> None:
        self.open(HISTORY, place, "History…")
        self.reader.find(HISTORY, "label", f"{IMAGES} images")

    def sign_in(self) -> None:
        title = f"Sign in to {self.server.base_url.partition('//')[2]}"
        self.reader.type_into(title, "User name or e-mail", DEMO_EMAIL)
        self.reader.type_into(title, "Password", DEMO_PASSWORD)
        self.desktop.xdotool("key", "Return")
        self.desktop.wait_for(lambda: not self.questions(), what="the sign-in stayed open")

    def questions(self) -> int:
        """How many windows ask for a sign-in."""
        return sum(window.title.startswith("Sign in") for window in self.desktop.windows())

    def choose_images(self, count: int) -> None:
        """Choose the newest images of the history by the keyboard."""
        self.reader.click(HISTORY, "list item")
        if count == IMAGES:
            self.desktop.xdotool("key", "ctrl+a")
        else:
            self.desktop.xdotool("key", "--repeat", count - 1, "shift+Right")
        self.reader.find(HISTORY, "label", f"{count} of {IMAGES} chosen")

    def give_profile(self, name: str) -> None:
        """Give all images a profile, from the history."""
        self.choose_images(IMAGES)
        self.reader.click(HISTORY, "push button", "Embed profile…")
        self.reader.click(CHOICE, "list item", name)
        self.reader.click(CHOICE, "push button", "Give it")

    def requests(self, method: str, path: str, status: int = 200) -> list[LoggedRequest]:
        """What the server was asked, and answered so."""
        asked = self.server.requests
        return [each for each in asked if (each.method, each.path, each.status) == (method, path, status)]


@pytest.fixture
def clock() -> LapsingClock:
    return LapsingClock()


@pytest.fixture
def server(clock: LapsingClock) -> Iterator[DemoServer]:
    with DemoServer(clock=clock) as running:
        yield running


@pytest.fixture
def image_ids(full_desktop: DesktopSession, server: DemoServer) -> list[str]:
    """The images of the history, newest first."""
    return fill_history(full_desktop, server, IMAGES)


@pytest.fixture
def person(full_desktop: DesktopSession, server: DemoServer, image_ids: list[str]) -> Iterator[Person]:
    assert len(image_ids) == IMAGES
    with (
        screen_reader(full_desktop) as reader,
        running_program(full_desktop, server, environ=ENVIRON) as program,
    ):
        yield Person(program, reader)


def test_from_the_sign_in_to_a_card_in_a_browser(person: Person, image_ids: list[str]) -> None:
    _make_album(person)
    _drag_into_album(person, image_ids[:12])
    _make_profile(person)
    person.give_profile("Party")
    person.reader.find(CHOICE, "label", f"{IMAGES} of {IMAGES} images have “Party” now")
    assert len(person.requests("PATCH", BULK)) == 2
    assert len(person.requests("POST", "/api/auth/login")) == 1
    tags = _open_graph(person, image_ids[-1])
    assert (tags["og:title"], tags["og:site_name"]) == ("Sunset over the sea", "Our holidays")


def _make_album(person: Person) -> None:
    person.open(ALBUMS, FIRST, "Albums", "Manage albums…")
    person.reader.click(ALBUMS, "push button", "Sign in…")
    person.sign_in()
    person.reader.click(ALBUMS, "push button", "Make the first one…")
    person.reader.type_into("New album", "Title", "Holidays")
    person.desktop.xdotool("key", "Return")
    person.reader.find(ALBUMS, "label", "0 images · Public")


def _drag_into_album(person: Person, wanted: list[str]) -> None:
    desktop, reader = person.desktop, person.reader
    person.open_history(SECOND)
    person.choose_images(len(wanted))
    start = reader.find(HISTORY, "list item").middle
    end = reader.find(ALBUMS, "list item").middle
    desktop.xdotool("mousemove", start.x, start.y, "mousedown", 1, "mousemove", start.x - 30, start.y)
    desktop.wait_for(desktop.has_drag, what="no drag began")
    desktop.xdotool(
        "mousemove", (start.x + end.x) // 2, end.y, "mousemove", end.x - 3, end.y, "mousemove", end.x, end.y
    )
    desktop.xdotool("mouseup", 1)
    reader.find(ALBUMS, "label", f"{len(wanted)} images · Public")
    (album_id,) = {each.path.split("/")[3] for each in person.server.requests if each.path.endswith("/images")}
    assert len(person.requests("POST", f"/api/albums/{album_id}/images")) == len(wanted)
    album = httpx.get(f"{person.server.base_url}/api/albums/{album_id}").raise_for_status().json()["album"]
    assert {image["id"] for image in album["images"]} == set(wanted)


def _make_profile(person: Person) -> None:
    desktop, reader = person.desktop, person.reader
    person.open(EMBEDS, FIRST, "Embed profiles", "Manage…")
    reader.click(EMBEDS, "push button", "Make the first one")
    reader.type_into(EMBEDS, "Name of the profile", "Party")
    card = reader.find(EMBEDS, "filler", "Approximate preview on Discord").rect_px
    empty = desktop.screenshot(card)
    reader.type_into(EMBEDS, "Title", "Sunset over the sea")
    desktop.wait_for(lambda: desktop.screenshot(card) != empty, what="the card does not show the title")
    # What is taken back is gone from the card too: it shows what stands there, not what was typed.
    desktop.xdotool("key", "ctrl+a", "Delete")
    desktop.wait_for(lambda: desktop.screenshot(card) == empty, what="the card did not change back")
    desktop.xdotool("type", "Sunset over the sea")
    reader.type_into(EMBEDS, "Site name", "Our holidays")
    reader.type_into(EMBEDS, "Colour of the bar", "#12ab9f")
    color = (0x12, 0xAB, 0x9F)
    desktop.wait_for(lambda: find_pixels(desktop.screenshot(card), color), what="the card's bar has another colour")
    bar = find_pixels(desktop.screenshot(card), color)
    assert bar is not None
    assert bar.height > 10 * bar.width
    reader.click(EMBEDS, "push button", "Save")
    desktop.wait_for(lambda: person.requests("POST", "/api/embeds", 201), what="the profile was not stored")
    reader.find(EMBEDS, "label", "1 of 25")


def _open_graph(person: Person, image_id: str) -> dict[str, str]:
    """What a viewer page says of itself to other programs, as a browser reads it."""
    profile = person.desktop.home / "browser"
    page = person.desktop.run(
        [*CHROMIUM, f"--user-data-dir={profile}", f"{person.server.base_url}/i/{image_id}"], timeout_s=90
    ).decode()
    return dict(re.findall(r'<meta property="(og:[a-z_]+)" content="([^"]*)"', page))


def test_a_bulk_action_goes_on_after_the_session_has_lapsed_in_its_middle(
    person: Person, clock: LapsingClock, server: DemoServer
) -> None:
    user = server.user(DEMO_USER)
    headers = {"Authorization": f"Bearer {server.add_token(user)}"}
    fields = {"name": "Party", "title": "Sunset over the sea"}
    httpx.post(f"{server.base_url}/api/embeds", json=fields, headers=headers).raise_for_status()
    person.open_history(SECOND)
    person.choose_images(IMAGES)
    person.reader.click(HISTORY, "push button", "Embed profile…")
    person.sign_in()
    # Between the first hundred and the rest.
    clock.lapse_when(lambda: bool(person.requests("PATCH", BULK)), timedelta(days=8))
    person.reader.click(CHOICE, "list item", "Party")
    person.reader.click(CHOICE, "push button", "Give it")
    desktop = person.desktop
    desktop.wait_for(lambda: person.requests("PATCH", BULK, 401), what="the session did not lapse")
    desktop.wait_for(person.questions, what="nobody asked for a sign-in")
    # What else needs an account meanwhile waits for the same answer.
    person.open(ALBUMS, FIRST, "Albums", "Manage albums…")
    desktop.wait_for(lambda: person.requests("GET", "/api/albums", 401), what="the albums were not asked for")
    assert person.questions() == 1
    person.sign_in()
    person.reader.find(CHOICE, "label", f"{IMAGES} of {IMAGES} images have “Party” now")
    person.reader.find(ALBUMS, "label", "No albums yet")
    (refused,) = person.requests("PATCH", BULK, 401)
    whole, rest = person.requests("PATCH", BULK)
    lengths = [int(each.header("content-length") or 0) for each in (whole, refused, rest)]
    assert lengths[0] > lengths[1] == lengths[2]
    assert len(person.requests("POST", "/api/auth/login")) == 2
    assert person.questions() == 0
