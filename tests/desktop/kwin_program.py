"""KWin with its portal, and what our back ends get from them: for `test_wayland_kwin.py`.

KWin refuses root, and its programs know each other by user; so all of it runs in one process tree, which the test puts
into a namespace where root is somebody else. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from app.capture.choose import choose_capture
from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.hotkeys.portal import PortalHotkeys
from app.system.dbus import SessionBus
from tests.desktop.processes import wait_until
from tests.desktop.session import DesktopSession
from tests.desktop.sway import PORTAL
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

    def show_patterns(self) -> dict[str, bytes]:
        """Cover each output with a picture of its own; returns what each shows, as RGB."""
        shown = {}
        for number in range(OUTPUTS):
            picture = pattern(WIDTH, HEIGHT, 67 * number, 31 * number)
            picture.save(self.folder / f"Virtual-{number}.png")
            shown[f"Virtual-{number}"] = picture.tobytes()
        program = self.spawn([sys.executable, "-c", _PATTERNS, str(self.folder)])
        program.wait_for_output("shown", 30)
        return shown

    def _await_name(self, name: str) -> None:
        wait_until(lambda: self.bus_has(name), 60, self._missing(name))


def screenshots(session: KWinSession) -> dict[str, Any]:
    """Capture twice by the portal, and compare with what is shown."""
    shown = session.show_patterns()
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
    left = [path.name for path in session.home.rglob("*.png")]
    return {"name": capture.name, "differing": exact, "left": left}


def _rgb(packed: bytes) -> bytes:
    return Image.frombytes("RGB", (WIDTH, HEIGHT), packed, "raw", "BGRX").tobytes()


async def shortcuts(environ: Mapping[str, str]) -> dict[str, Any]:
    """Bind two keys, have KDE press one, and tell what came."""
    hotkeys = PortalHotkeys(environ)
    probe = await asyncio.to_thread(hotkeys.probe)
    pressed: list[str] = []
    came = asyncio.Event()

    def press(action: str) -> None:
        pressed.append(action)
        came.set()

    told: list[Mapping[str, BindResult]] = []
    bound_all = asyncio.Event()

    def change(results: Mapping[str, BindResult]) -> None:
        told.append(results)
        if all(result.bound for result in results.values()):
            bound_all.set()

    await hotkeys.start(press, change)
    results = await hotkeys.bind({"region": Shortcut.parse("Ctrl+Shift+F4"), "screen": Shortcut.parse("Super+Print")})
    if not all(result.bound for result in results.values()):
        async with asyncio.timeout(40):
            await bound_all.wait()
        results = told[-1]
    bus = await SessionBus.connect(environ)
    name = "org.kde.kglobalaccel"
    (components,) = await bus.call(name, "/kglobalaccel", "org.kde.KGlobalAccel", "allComponents")
    for path in components:
        names = (await bus.call(name, path, "org.kde.kglobalaccel.Component", "shortcutNames"))[0]
        if "region" in names:
            await bus.call(name, path, "org.kde.kglobalaccel.Component", "invokeShortcut", "s", ("region",))
    async with asyncio.timeout(40):
        await came.wait()
    await bus.close()
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
            found = {"screenshots": screenshots(session), "shortcuts": asyncio.run(shortcuts(session.env))}
        except BaseException:
            print(session.describe(), file=sys.stderr)
            raise
        print(json.dumps(found), flush=True)
    finally:
        session.close()


if __name__ == "__main__":
    main()
