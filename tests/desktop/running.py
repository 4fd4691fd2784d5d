"""The real program on a private desktop, against a demo server: what the end-to-end tests share."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from app.core.geometry import Point, Rect
from app.demo import DEMO_USER, DemoServer
from tests.desktop.processes import Process
from tests.desktop.session import DesktopSession
from tests.desktop.x11 import ShownWindow

if TYPE_CHECKING:
    from tests.desktop.accessibility import ScreenReader

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "app"]
READY = "ImgLink is ready"


@dataclass
class RunningProgram:
    """The tray application, ready, with a key in the keyring."""

    desktop: DesktopSession
    server: DemoServer
    process: Process
    key: str

    def overlay_windows(self) -> list[ShownWindow]:
        """The windows that cover a whole monitor, over everything else."""
        windows = self.desktop.windows()
        return [window for window in windows if not window.is_managed and window.rect_px in self.desktop.monitors]

    def wait_for_overlay(self) -> None:
        """Wait until every monitor is covered."""
        count = len(self.desktop.monitors)
        self.desktop.wait_for(lambda: len(self.overlay_windows()) == count, what="the overlay did not come")

    def tray_icon(self) -> Point:
        """Where our icon is in the tray: its only one, at the right end."""
        panel = self.desktop.window("panel").rect_px
        return Point(panel.right - panel.height // 2, panel.y + panel.height // 2)

    def popups(self) -> int:
        """How many menus of ours are open."""
        return sum(
            not window.is_managed and window.pid == self.process.pid and window.rect_px not in self.desktop.monitors
            for window in self.desktop.windows()
        )

    def choose_in_tray(self, reader: ScreenReader, *names: str) -> None:
        """Choose from the icon's menu: an entry, or one of a menu below it."""
        icon = self.tray_icon()
        self.desktop.click(icon.x, icon.y, button=3)
        self.desktop.wait_for(lambda: self.popups() == 1, what="the tray's menu did not open")
        # A pointer on the menu would choose as well.
        corner = self.desktop.monitors[0]
        self.desktop.move(corner.x, corner.bottom - 1)
        reader.choose_from_menu(*names)
        self.desktop.wait_for(lambda: self.popups() == 0, what="the tray's menu stayed open")

    def capture_region(self, start: Point, end: Point) -> None:
        """Press the key and drag, as a person would."""
        self.desktop.xdotool("key", "ctrl+shift+4")
        self.wait_for_overlay()
        self.desktop.drag(start, end)

    def wait_for_link(self, before: str = "") -> str:
        """Wait until another program reads a new link from the clipboard."""

        def link() -> str:
            text = self.desktop.clipboard_text()
            return text if text != before and text.startswith(self.server.base_url) else ""

        return self.desktop.wait_for(link, 60, what="no link came to the clipboard")

    def uploaded_picture(self, number: int = -1) -> Image.Image:
        """The pixels of an uploaded image, as the server holds them."""
        image = self.server.images()[number]
        return Image.open(io.BytesIO(self.server.file_bytes(image.id))).convert("RGB")

    def descriptors(self) -> int:
        """How many files, sockets and pipes it has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def memory_kb(self) -> int:
        """What is its own share of all memory (PSS)."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


@contextlib.contextmanager
def running_program(
    desktop: DesktopSession, server: DemoServer, *, environ: dict[str, str] | None = None, is_quiet: bool = True
) -> Iterator[RunningProgram]:
    """Store a key in the keyring by the command line, start the tray application, and wait until it is ready.

    Unless `is_quiet` is False, a word on its standard error fails the test.
    """
    environ = {**program_environment(server), **(environ or {})}
    key = server.add_key(server.user(DEMO_USER))
    setter = desktop.spawn([*PROGRAM, "account", "key", "set"], env=environ, stdin=key.encode() + b"\n")
    assert setter.wait() == 0, setter.describe()
    skip_welcome(desktop)
    process = desktop.spawn(PROGRAM, env=environ)
    process.wait_for_output(READY, 30)
    yield RunningProgram(desktop, server, process, key)
    assert process.is_running, process.describe()
    assert process.stop(10) == 0, process.describe()
    assert not is_quiet or process.stderr == "", process.describe()


def skip_welcome(desktop: DesktopSession) -> None:
    """Let the program's next start on this desktop not be its first, which opens a window by itself."""
    for name in ("imglink", "imglink-demo"):
        folder = desktop.home / ".local/state" / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "welcomed").touch()


def program_environment(server: DemoServer) -> dict[str, str]:
    """What makes the program from this checkout talk to `server`."""
    return {"IMGLINK_BASE_URL": server.base_url, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"}


def pixels(picture: Image.Image, rect_px: Rect) -> bytes:
    """The pixels of a rectangle of a picture of the desktop."""
    return picture.crop((rect_px.x, rect_px.y, rect_px.right, rect_px.bottom)).tobytes()
