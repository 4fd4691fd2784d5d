"""KWin with its portal, and what our back ends get from them: for `test_wayland_kwin.py`.

KWin refuses root, and its programs know each other by user; so all of it runs in one process tree, which the test puts
into a namespace where root is somebody else. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

from app.capture.choose import choose_capture
from app.capture.wayland.windows.kwin import KWinWindows
from app.core.geometry import Point
from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.demo import DEMO_API_KEY, DemoServer
from app.hotkeys.portal import PortalHotkeys
from app.system.dbus import SessionBus
from tests.desktop.cli import start, uploaded
from tests.desktop.coloured_windows import open_windows
from tests.desktop.processes import Process, wait_until
from tests.desktop.running import PROGRAM, program_environment, skip_welcome
from tests.desktop.session import DesktopSession
from tests.desktop.sway import PORTAL
from tests.desktop.wayland_input import KWinPointer
from tests.desktop.x11 import pattern

HERE = Path(__file__).parent
WIDTH, HEIGHT, OUTPUTS = 1280, 800, 2
_PORTAL_FILE = """\
[portal]
DBusName=org.freedesktop.impl.portal.desktop.kde
Interfaces=org.freedesktop.impl.portal.Access;org.freedesktop.impl.portal.Screenshot;org.freedesktop.impl.portal.GlobalShortcuts
UseIn=KDE
"""
_PATTERNS = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

class Pattern(QWidget):
    def __init__(self, screen, file):
        super().__init__()
        self.picture = QImage(file)
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self.showFullScreen()
    def paintEvent(self, event):
        painter = QPainter(self)
        painter.drawImage(0, 0, self.picture)
        painter.end()

application = QApplication(sys.argv)
windows = [Pattern(screen, f"{sys.argv[1]}/{screen.name()}.png") for screen in application.screens()]
QTimer.singleShot(500, lambda: print("shown", flush=True))
application.exec()
"""


class KWinSession(DesktopSession):
    """KWin without a screen, and the portal with KDE's back end."""

    def begin(self) -> None:
        """Bring everything up."""
        qml = "/usr/lib/x86_64-linux-gnu/qt5/qml"
        self.env |= {
            "XDG_SESSION_TYPE": "wayland",
            "XDG_CURRENT_DESKTOP": "KDE",
            "KDE_FULL_SESSION": "true",
            "KDE_SESSION_VERSION": "5",
            "KWIN_COMPOSE": "O2",
            # Nothing installed here says which programs may press its buttons.
            "KWIN_WAYLAND_NO_PERMISSION_CHECKS": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "QT_QUICK_BACKEND": "software",
            "QT_QPA_PLATFORM": "wayland",
            "QML2_IMPORT_PATH": f"{HERE / 'kde_stub'}:{qml}",
        }
        # Its portal saves there, or not at all.
        (self.home / "Pictures").mkdir()
        self.start_bus()
        size = ("--width", str(WIDTH), "--height", str(HEIGHT), "--output-count", str(OUTPUTS))
        self._serve("kwin_wayland", "--virtual", "--no-lockscreen", *size, "--socket", "wayland-kwin")
        wait_until((self.runtime_dir / "wayland-kwin").exists, 30, self._missing("compositor"))
        self.env["WAYLAND_DISPLAY"] = "wayland-kwin"
        # KWin is the service for shortcuts as well.
        self._await_name("org.kde.kglobalaccel")
        folder = self.folder / "portals"
        folder.mkdir()
        (folder / "kde.portal").write_text(_PORTAL_FILE, encoding="utf-8")
        self.env["XDG_DESKTOP_PORTAL_DIR"] = str(folder)
        back_end = next(Path("/usr/lib").glob("**/libexec/xdg-desktop-portal-kde"))
        self._serve(str(back_end))
        self._await_name("org.freedesktop.impl.portal.desktop.kde")
        self._serve(PORTAL)
        self._await_name("org.freedesktop.portal.Desktop")

    def describe(self) -> str:
        """What every program printed."""
        return "\n\n".join(process.describe() for process in (*self.processes, *self._services))

    def show_patterns(self) -> tuple[Process, dict[str, bytes]]:
        """Cover each output with a picture of its own; returns who does, and what each shows, as RGB."""
        shown = {}
        for number in range(OUTPUTS):
            picture = pattern(WIDTH, HEIGHT, 67 * number, 31 * number)
            picture.save(self.folder / f"Virtual-{number}.png")
            shown[f"Virtual-{number}"] = picture.tobytes()
        program = self.spawn([sys.executable, "-c", _PATTERNS, str(self.folder)])
        program.wait_for_output("shown", 30)
        return program, shown

    def _await_name(self, name: str) -> None:
        wait_until(lambda: self.bus_has(name), 60, self._missing(name))


def screenshots(session: KWinSession) -> dict[str, Any]:
    """Capture twice by the portal, and compare with what is shown."""
    program, shown = session.show_patterns()
    capture = choose_capture(session.env)
    exact: list[float] = []

    def is_exact() -> bool:
        # The pointer, and windows that still fade in, are in the way of some pixels at first.
        desktop = capture.grab()
        exact[:] = [
            sum(a != b for a, b in zip(_rgb(frame.packed()), shown[monitor.name], strict=True))
            / len(shown[monitor.name])
            for monitor, frame in zip(desktop.monitors, desktop.frames, strict=True)
        ]
        return all(part < 0.002 for part in exact)

    session.wait_for(is_exact, 40, what="the pixels differ")
    capture.close()
    program.stop(10)
    left = [path.name for path in session.home.rglob("*.png")]
    return {"name": capture.name, "differing": exact, "left": left}


def windows(session: KWinSession, mouse: KWinPointer) -> dict[str, Any]:
    """Look at two windows, and take the lower one with a click on the overlay of a command."""
    program = open_windows(session, "red=#ff0000,400x300", "blue=#0000ff,420x280")
    mouse.move(WIDTH + 5, 5)
    capture = choose_capture(session.env)
    desktop = capture.grab_for_window()
    listed = [window.title for window in desktop.windows]
    seen = []
    for window in desktop.windows:
        part = desktop.crop(window.client_rect_px)
        size = (part.rect_px.width, part.rect_px.height)
        image = Image.frombytes("RGB", size, part.packed(), "raw", "BGRX")
        seen.append([*size, sorted(colour for _, colour in image.getcolors(size[0] * size[1]) or [])])
    doctor = capture.probe_windows().name
    capture.close()
    red = next(window.client_rect_px for window in desktop.windows if window.title == "red")
    blue = next(window.client_rect_px for window in desktop.windows if window.title == "blue")
    bare = next(
        Point(x, y)
        for x, y in [(red.x, red.y), (red.right - 1, red.bottom - 1), (red.x, red.bottom - 1), (red.right - 1, red.y)]
        if not blue.contains(Point(x, y))
    )
    with DemoServer() as server:
        process = start(session, server, "capture", "window")
        wait_for_overlay(session)
        mouse.move(bare.x, bare.y)
        mouse.press()
        mouse.release()
        assert process.wait(40) == 0, process.describe()
        taken = uploaded(server).size
    # Scripts of several who ask at once get each other's numbers now and then.
    with ThreadPoolExecutor(3) as askers:
        counts = set(askers.map(lambda _: len(KWinWindows(session.env).windows()), range(15)))
    program.stop(10)
    return {"listed": listed, "seen": seen, "doctor": doctor, "taken": taken, "counts": sorted(counts)}


def covering(session: KWinSession) -> int:
    """How many windows cover a whole output, by KWin's own word."""
    outers = [window.outer for window in KWinWindows(session.env).windows()]
    return sum((area.width, area.height) == (WIDTH, HEIGHT) for area in outers)


def wait_for_overlay(session: KWinSession, before: int = 0) -> None:
    """Wait until both outputs are covered by more than the windows before."""
    session.wait_for(lambda: covering(session) == before + OUTPUTS, 40, what="the overlay did not come")


def whole_way(session: KWinSession, mouse: KWinPointer) -> dict[str, Any]:
    """Start the program, have KDE press its key, drag, and read the link from the clipboard."""
    pattern_program, shown = session.show_patterns()
    # With nothing copied yet, KWin leaves those who ask for the clipboard waiting.
    session.run(["sh", "-c", "echo nothing yet | wl-copy 2>/dev/null >/dev/null"])
    skip_welcome(session)
    with DemoServer() as server:
        environ = {**program_environment(server), "IMGLINK_API_KEY": DEMO_API_KEY}
        program = session.spawn(PROGRAM, env=environ)
        # The keys come when the portal has answered, and nothing else waits for that.
        program.wait_for_output("and drag", 60)
        # Its own window lies on the first output or the second; the region is where it is not.
        before = covering(session)
        asyncio.run(press(session.env, "region"))
        wait_for_overlay(session, before)
        mouse.move(20, 700)
        mouse.press()
        mouse.move(60, 720)
        mouse.move(219, 779)
        mouse.release()
        link = session.wait_for(lambda: clipboard(session, server.base_url), 60, what="no link came")
        picture = uploaded(server)
        expected = Image.frombytes("RGB", (WIDTH, HEIGHT), shown["Virtual-0"]).crop((20, 700, 220, 780))
        differing = sum(a != b for a, b in zip(picture.tobytes(), expected.tobytes(), strict=True))
        assert program.stop(20) == 0, program.describe()
    pattern_program.stop(10)
    return {"link": link.startswith(server.base_url), "size": picture.size, "differing": differing}


def clipboard(session: KWinSession, begin: str) -> str:
    """What another program pastes, when it begins so."""
    try:
        pasted = session.run(["wl-paste", "--no-newline"]).decode()
    except subprocess.CalledProcessError:
        return ""
    return pasted if pasted.startswith(begin) else ""


async def press(environ: Mapping[str, str], action: str) -> None:
    """Have KDE press one of our keys."""
    bus = await SessionBus.connect(environ)
    name = "org.kde.kglobalaccel"
    (components,) = await bus.call(name, "/kglobalaccel", "org.kde.KGlobalAccel", "allComponents")
    for path in components:
        names = (await bus.call(name, path, "org.kde.kglobalaccel.Component", "shortcutNames"))[0]
        if action in names:
            await bus.call(name, path, "org.kde.kglobalaccel.Component", "invokeShortcut", "s", (action,))
    await bus.close()


def _rgb(packed: bytes) -> bytes:
    return Image.frombytes("RGB", (WIDTH, HEIGHT), packed, "raw", "BGRX").tobytes()


async def shortcuts(environ: Mapping[str, str]) -> dict[str, Any]:
    """Bind two keys, have KDE press one, and tell what came."""
    hotkeys = PortalHotkeys(environ)
    probe = await asyncio.to_thread(hotkeys.probe)
    pressed: list[str] = []
    came = asyncio.Event()

    def note(action: str, _token: str) -> None:
        pressed.append(action)
        came.set()

    told: list[Mapping[str, BindResult]] = []
    bound_all = asyncio.Event()

    def change(results: Mapping[str, BindResult]) -> None:
        told.append(results)
        if all(result.bound for result in results.values()):
            bound_all.set()

    await hotkeys.start(note, change)
    results = await hotkeys.bind({"region": Shortcut.parse("Ctrl+Shift+F4"), "screen": Shortcut.parse("Super+Print")})
    if not all(result.bound for result in results.values()):
        async with asyncio.timeout(40):
            await bound_all.wait()
        results = told[-1]
    await press(environ, "region")
    async with asyncio.timeout(40):
        await came.wait()
    await hotkeys.stop()
    return {
        "probe": probe.name,
        "triggers": {action: result.trigger for action, result in results.items()},
        "pressed": pressed,
    }


def main() -> None:
    session = KWinSession(Path(tempfile.mkdtemp(prefix="imglink-kwin-")), monitors=[])
    try:
        session.begin()
        try:
            mouse = KWinPointer(session.env)
            found = {
                "screenshots": screenshots(session),
                "windows": windows(session, mouse),
                "shortcuts": asyncio.run(shortcuts(session.env)),
                "whole way": whole_way(session, mouse),
            }
            mouse.close()
        except BaseException:
            print(session.describe(), file=sys.stderr)
            raise
        print(json.dumps(found), flush=True)
    finally:
        session.close()


if __name__ == "__main__":
    main()
