"""What a screen reader finds of the real program: every window, and in it a name for everything that can be used."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from app.demo import DEMO_PASSWORD, DEMO_USER, DemoServer
from tests.desktop.accessibility import ENVIRON, Control, ScreenReader, screen_reader
from tests.desktop.cli import run
from tests.desktop.known_images import fill_history
from tests.desktop.running import RunningProgram, running_program
from tests.desktop.session import DesktopSession

CONTROLS = {
    *("push button", "toggle button", "check box", "radio button", "combo box", "text", "spin button"),
    *("list", "table", "tree table", "list item", "progress bar", "page tab", "menu item", "link", "slider"),
}
INSIDE = {
    # The list that a combo box drops down, and the line in a spin box, go by the name of the whole.
    "combo box": {"list", "text"},
    "spin button": {"text"},
}


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def reader(full_desktop: DesktopSession) -> Iterator[ScreenReader]:
    with screen_reader(full_desktop) as made:
        yield made


@pytest.fixture
def program(full_desktop: DesktopSession, server: DemoServer, reader: ScreenReader) -> Iterator[RunningProgram]:
    fill_history(full_desktop, server, 3)
    headers = {"Authorization": f"Bearer {server.add_token(server.user(DEMO_USER))}"}
    with httpx.Client(base_url=server.base_url, headers=headers) as client:
        client.post("/api/albums", json={"title": "Holidays"}).raise_for_status()
        client.post("/api/embeds", json={"name": "Party"}).raise_for_status()
    password = DEMO_PASSWORD.encode() + b"\n"
    run(full_desktop, server, "account", "login", "--user", DEMO_USER, key="", stdin=password)
    with running_program(full_desktop, server, environ=ENVIRON) as running:
        yield running


@pytest.mark.parametrize(
    ("title", "menu", "shown"),
    [
        ("ImgLink", ("Open ImgLink",), ("push button", "Choose files…")),
        ("Albums", ("Albums", "Manage albums…"), ("label", "0 images · Public")),
        ("Embed profiles", ("Embed profiles", "Manage…"), ("label", "1 of 25")),
        ("Gallery", ("Gallery",), ("list item", None)),
    ],
)
def test_everything_in_a_window_has_a_name(
    program: RunningProgram, reader: ScreenReader, title: str, menu: tuple[str, ...], shown: tuple[str, str | None]
) -> None:
    program.choose_in_tray(reader, *menu)
    reader.find(title, *shown)
    window = _window(reader, title)
    assert window.role == "frame"
    assert sum(each.role in CONTROLS for each in window.walk()) >= 5
    assert _nameless(window) == [], window.describe()


def test_everything_in_the_history_has_a_name(program: RunningProgram, reader: ScreenReader) -> None:
    title = "ImgLink history"
    program.choose_in_tray(reader, "History…")
    reader.click(title, "list item")
    reader.find(title, "text", "Note")
    window = _window(reader, title)
    assert window.role == "frame"
    assert _nameless(window) == [], window.describe()
    # The button that empties a field is there when something stands in it.
    reader.type_into(title, "Search the history", "image")
    reader.find(title, "push button", "Clear")
    # As a table, and with several chosen.
    reader.click(title, "radio button", "Show as a table")
    reader.find(title, "table", "Uploads, as a table")
    reader.click(title, "cell")
    program.desktop.xdotool("key", "ctrl+a")
    reader.find(title, "label", "3 images chosen")
    window = _window(reader, title)
    assert _nameless(window) == [], window.describe()


def test_everything_in_the_settings_has_a_name(program: RunningProgram, reader: ScreenReader) -> None:
    title = "ImgLink settings"
    program.choose_in_tray(reader, "Settings…")
    reader.find(title, "list item")
    pages = [each.name for each in _window(reader, title).walk() if each.role == "list item"]
    assert len(pages) >= 8
    for page in pages:
        _choose_page(reader, title, page)
        window = _window(reader, title)
        assert window.role == "frame"
        assert _nameless(window) == [], window.describe()


def test_the_sign_in_is_a_dialog_with_names(program: RunningProgram, reader: ScreenReader) -> None:
    program.choose_in_tray(reader, "Settings…")
    reader.click("ImgLink settings", "push button", "Sign in again…")
    title = f"Sign in to {program.server.base_url.partition('//')[2]}"
    for way in ("Password", "Token", "Sign-in page"):
        reader.click(title, "radio button", f"Sign in with: {way}")
        window = _window(reader, title)
        assert window.role == "dialog"
        assert _nameless(window) == [], window.describe()
    reader.click(title, "radio button", "Sign in with: Password")
    reader.type_into(title, "Password", "secret")
    program.desktop.wait_for(lambda: len(reader.read_aloud(title, "Password")) == 6, what="nothing was typed")
    assert not set("secret") & set(reader.read_aloud(title, "Password"))


def _choose_page(reader: ScreenReader, title: str, page: str) -> None:
    reader.click(title, "list item", page)
    reader.wait_for(lambda: "selected" in reader.find(title, "list item", page).states, f"the page {page}")


def _window(reader: ScreenReader, title: str) -> Control:
    return reader.wait_for(lambda: next((each for each in reader.windows() if each.name == title), None), title)


def _nameless(control: Control, parent: str = "") -> list[str]:
    """What can be used, and nobody can tell what for; with the path to it."""
    own = f"{parent} / {control.role} “{control.name}”"
    is_nameless = control.role in CONTROLS and control.is_shown and not control.name.strip()
    found = [own] if is_nameless else []
    inner = INSIDE.get(control.role, set())
    for child in control.children:
        if child.role not in inner:
            found += _nameless(child, own)
    return found
