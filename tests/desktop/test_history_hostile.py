"""Whatever files are called and servers answer, the history shows it as text: nothing is opened, nobody is asked."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.core.clock import SystemClock
from app.core.geometry import Point, Rect
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import AlbumId, EmbedId, Image, ImageId
from app.core.workflow import SourceKind
from app.demo import DEMO_API_KEY, DemoServer
from app.store.store import open_store
from tests.desktop.accessibility import ENVIRON, ScreenReader, screen_reader
from tests.desktop.running import RunningProgram, running_program
from tests.desktop.session import DesktopSession
from tests.desktop.x11 import Rgb
from tests.torture.tracing import Tracer

HISTORY = "ImgLink history"
MAGENTA: Rgb = (255, 0, 254)
"""What markup paints where it is taken for markup; nothing of ours has this colour."""
LINKERS = {"ldconfig", "gcc", "cc", "ld"}
"""What ctypes asks where a library is, when the program loads one."""
_PROGRAM = re.compile(r'execve\("([^"]+)"')
_PORT = re.compile(r"sin6?_port=htons\((\d+)\)")


@dataclass
class Canary:
    """A server that nobody has a reason to ask, and a file that nobody has a reason to open."""

    url: str
    planted: Path
    asked: list[str] = field(default_factory=list)

    @property
    def svg(self) -> bytes:
        """A picture that wants both, and would be seen."""
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64">'
            f'<rect width="64" height="64" fill="#ff00fe"/><image xlink:href="{self.planted.as_uri()}" width="9"'
            f' height="9"/><image href="{self.url}/from-svg.png" width="9" height="9"/></svg>'
        ).encode()


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    planted = tmp_path / "planted.svg"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Canary(f"http://127.0.0.1:{server.server_port}", planted)
        planted.write_bytes(made.svg)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def upload_svg(server: DemoServer, canary: Canary) -> str:
    """Where the server has it now."""
    with httpx.Client(base_url=server.base_url, headers={"X-API-Key": DEMO_API_KEY}) as client:
        answer = client.post("/api/v1/upload", files={"file": ("planted.svg", canary.svg, "image/svg+xml")})
        return str(answer.raise_for_status().json()["url"])


def hostile_entries(canary: Canary, svg: str, own_file: Path) -> list[HistoryEntry]:
    """The same in every field: markup that paints, opens and loads, and links that lead to files and shares."""
    markup = (
        f'<table bgcolor="#ff00fe" width="300"><tr><td><img src="{canary.planted.as_uri()}">'
        f'<img src="{canary.url}/from-markup.png">planted</td></tr></table>'
    )
    links = [canary.planted.as_uri(), rf"\\127.0.0.1\{canary.planted.name}", str(canary.planted), markup]
    now = round(datetime.now(UTC).timestamp() * 1_000_000)
    return [
        HistoryEntry(
            id=EntryId(now - number),
            image=Image(
                ImageId(f"hostile{number:03}"),
                link,
                viewer=link,
                thumbnail=svg,
                delete=link,
                mime=markup,
            ),
            file_name=markup,
            kind=SourceKind.FILE,
            path=None,
            width=64,
            height=64,
            size=500,
            mime=markup,
            sha256=markup,
            albums=(AlbumId(markup),),
            embed=EmbedId(markup),
            title=markup if number % 2 else "",
            note=markup,
        )
        for number, link in enumerate([*links, own_file.as_uri()])
    ]


@pytest.fixture
def reader(full_desktop: DesktopSession) -> Iterator[ScreenReader]:
    with screen_reader(full_desktop) as running:
        yield running


@contextmanager
def filled_program(
    desktop: DesktopSession, server: DemoServer, entries: list[HistoryEntry]
) -> Iterator[RunningProgram]:
    """The program, with these in its history: no server and no file would be believed that much."""

    async def fill() -> None:
        store = await open_store(desktop.home / ".local/share/imglink", SystemClock())
        await store.history.merge(entries)
        await store.close()

    asyncio.run(fill())
    with running_program(desktop, server, environ=ENVIRON) as program:
        yield program


def test_hostile_fields_open_nothing_ask_nobody_and_paint_nothing(
    full_desktop: DesktopSession, reader: ScreenReader, canary: Canary, tmp_path: Path
) -> None:
    desktop, trace = full_desktop, tmp_path / "trace"
    with DemoServer() as server:
        svg = upload_svg(server, canary)
        entries = hostile_entries(canary, svg, tmp_path / "planted.png")
        with filled_program(desktop, server, entries) as program:
            tracer = Tracer(program.process.pid, "trace=%file,connect", output=trace)
            icon = program.tray_icon()
            desktop.click(icon.x, icon.y, button=3)
            desktop.wait_for(lambda: program.popups() == 1, what="the tray's menu did not open")
            reader.choose_from_menu("History…")
            desktop.window(HISTORY)
            look_at_everything(program, reader)
            assert desktop.find_pixels(MAGENTA) is None
            # A link of ours would be left with a process that stays, and be traced on.
            desktop.set_clipboard(b"of another program")
        tracer.wait()
        assert urlsplit(svg).path in {request.path for request in server.requests}
    calls = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    assert any("imglink" in call for call in calls), "strace has seen nothing"
    assert [call for call in calls if "planted" in call] == []
    assert {Path(name).name for call in calls for name in _PROGRAM.findall(call)} <= LINKERS
    ports = {int(port) for call in calls if "connect(" in call for port in _PORT.findall(call)}
    assert ports == {urlsplit(server.base_url).port}
    assert canary.asked == []


def look_at_everything(program: RunningProgram, reader: ScreenReader) -> None:
    """Hover, choose, copy and try to open each, as pictures and as a table."""
    desktop = program.desktop
    for keys, role in (("ctrl+1", "list item"), ("ctrl+2", "cell")):
        desktop.xdotool("key", keys)
        place = reader.find(HISTORY, role).middle
        for step in range(3):
            hover(program, Point(place.x + 3 * step, place.y + 3 * step))
            desktop.xdotool("click", 1)
            desktop.wait_for(lambda: program.popups() == 0, what="the tooltip stayed")
            desktop.xdotool("key", *["Down"] * step, "key", "ctrl+c", "key", "Return", "key", "ctrl+Return")
            desktop.wait_for(lambda: "planted" in desktop.clipboard_text(), what="no link was copied")
            assert desktop.find_pixels(MAGENTA) is None
    # The links of the details: shortened, so with tooltips of their own.
    copy = reader.find(HISTORY, "push button", "Copy: Markdown").rect_px
    hover(program, Point(copy.x - 40, copy.y + 22))


def hover(program: RunningProgram, place: Point) -> None:
    """Rest there until the tooltip comes, in which nothing is painted either."""
    program.desktop.xdotool("mousemove", place.x - 9, place.y, "mousemove", place.x, place.y)
    program.desktop.wait_for(lambda: program.popups() == 1, what=f"no tooltip came at {place}")
    assert program.desktop.find_pixels(MAGENTA) is None


def test_the_colour_would_be_seen_where_markup_is_rendered(full_desktop: DesktopSession) -> None:
    # Without this, a picture of nothing would prove as much.
    from PIL import Image as Pixels

    full_desktop.open_window("painted", Rect(300, 300, 40, 40), Pixels.new("RGB", (40, 40), MAGENTA))
    assert full_desktop.find_pixels(MAGENTA) == Rect(300, 300, 40, 40)
