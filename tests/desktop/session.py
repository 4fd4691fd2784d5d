"""A real, private desktop: X server, window manager, message bus and, when asked for, tray, keyring and notifications.

Nothing of the person's own desktop, files or keyring can be reached from inside, and nothing of it is left afterwards.
It runs on Linux only; `packaging/virtual_run.py` and the benchmarks use it as well.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from PIL import Image

from app.core.geometry import Point, Rect
from tests.desktop.bus import SessionBus
from tests.desktop.processes import Process, dies_with_parent, kill_with_environment, stop_all, wait_until
from tests.desktop.x11 import PaintedWindow, Rgb, ShownWindow, XClient, find_pixels, pattern

T = TypeVar("T")

KEYRING_PASSWORD = b"not a secret"
PROGRAMS = {
    "tray": "trayer",
    "keyring": "gnome-keyring-daemon",
    "notifications": "dunst",
}
"""What each optional part of the desktop needs."""

_DUNST_CONFIG = """\
[global]
    monitor = 0
    origin = bottom-left
    offset = 8x8
    width = 300
    corner_radius = 0
    idle_threshold = 0
"""
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "COVERAGE_PROCESS_START", "TMPDIR")


class DesktopSession:
    """A running desktop; made by `desktop_session`. Its X connection is for the thread that made it."""

    def __init__(self, folder: Path, *, monitors: Sequence[Rect]) -> None:
        self.folder = folder
        """Everything of this session lies below: home, runtime folder, logs."""
        self.home = folder / "home"
        self.runtime_dir = folder / "run"
        self.monitors = tuple(monitors)
        """In physical pixels of the X screen, which is just large enough for them."""
        self.env = self._private_environment()
        self.display = ""
        self.processes: list[Process] = []
        self._logs = folder / "logs"
        for made in (self.home, self.runtime_dir, self._logs, *self._xdg_dirs().values()):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._services: list[Process] = []
        self._x_server: Process | None = None
        self._x: XClient | None = None
        self._bus: SessionBus | None = None

    # --- programs -------------------------------------------------------------------------------------------------

    def spawn(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: bytes = b"",
    ) -> Process:
        """Start a program on this desktop, with `env` on top of the session's; it is ended with the session."""
        stem = self._logs / f"{len(self.processes):02}-{Path(command[0]).name}"
        process = Process(command, env={**self.env, **(env or {})}, log_stem=stem, cwd=cwd or self.home, stdin=stdin)
        self.processes.append(process)
        return process

    def run(self, command: Sequence[str | os.PathLike[str]], *, stdin: bytes = b"", timeout_s: float = 60) -> bytes:
        """Run a program to its end and return what it printed; raises CalledProcessError with its stderr as a note."""
        try:
            done = subprocess.run(
                command,
                env=self.env,
                cwd=self.home,
                input=stdin,
                capture_output=True,
                timeout=timeout_s,
                check=True,
            )
        except subprocess.CalledProcessError as problem:
            problem.add_note(problem.stderr.decode("utf-8", "replace"))
            raise
        return done.stdout

    def wait_for(
        self,
        predicate: Callable[[], T],
        timeout_s: float = 30,
        *,
        what: str = "the condition did not come true",
    ) -> T:
        """Poll until `predicate()` is truthy and return it; raises TimeoutError with every program's output."""
        return wait_until(predicate, timeout_s, lambda: f"{what}\n{self.describe()}")

    def describe(self) -> str:
        """What runs here and what it printed, for the message of a failure."""
        windows = "\n".join(f"  {window}" for window in self.windows())
        programs = "\n\n".join(process.describe() for process in self.processes)
        # Names of files need not be text, and reports have to be.
        text = f"keyboard: {self.active_window()}\nwindows:\n{windows}\n\n{programs}"
        return text.encode(errors="backslashreplace").decode()

    # --- the person's hands ---------------------------------------------------------------------------------------

    def xdotool(self, *arguments: str | int) -> str:
        """Press keys and move the mouse as a person would, e.g. `xdotool("key", "ctrl+shift+4")`."""
        return self.run(["xdotool", *map(str, arguments)]).decode()

    def move(self, x: int, y: int) -> None:
        """Put the mouse pointer there."""
        self.xdotool("mousemove", x, y)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move there and click."""
        self.xdotool("mousemove", x, y, "click", button)

    def drag(self, start: Point, end: Point, *, steps: int = 4) -> None:
        """Press at `start`, move to `end` in some steps, release."""
        arguments: list[str | int] = ["mousemove", start.x, start.y, "mousedown", 1]
        for step in range(1, steps + 1):
            x = start.x + (end.x - start.x) * step // steps
            y = start.y + (end.y - start.y) * step // steps
            arguments += ["mousemove", x, y]
        self.xdotool(*arguments, "mouseup", 1)

    # --- the person's eyes ----------------------------------------------------------------------------------------

    def screenshot(self, rect_px: Rect | None = None) -> Image.Image:
        """What is on the screen now (RGB, without the pointer): the whole desktop, or a rectangle of it."""
        return self._client.screenshot(rect_px)

    def find_pixels(self, rgb: Rgb) -> Rect | None:
        """The smallest rectangle that holds every pixel of exactly this colour on the screen."""
        return find_pixels(self.screenshot(), rgb)

    def windows(self) -> tuple[ShownWindow, ...]:
        """Every visible window, topmost first."""
        return self._client.windows()

    def window(self, title: str, timeout_s: float = 30) -> ShownWindow:
        """Wait for a visible window with exactly this title."""

        def shown() -> ShownWindow | None:
            return next((window for window in self.windows() if window.title == title), None)

        found = self.wait_for(shown, timeout_s, what=f"no window “{title}” was shown")
        assert found is not None
        return found

    def active_window(self) -> int | None:
        """Id of the window that has the keyboard."""
        return self._client.active_window()

    def close_window(self, window: ShownWindow) -> None:
        """Have the window manager ask the program to close it, as its button or a task bar does."""
        self._client.close_window(window.id)

    def has_tray(self) -> bool:
        """True while a tray host runs."""
        return self._client.has_tray()

    def tray_icons(self) -> tuple[Rect, ...]:
        """Where the icons in the tray are."""
        return self._client.tray_icons()

    def has_drag(self) -> bool:
        """True from the moment when a drag has begun."""
        return self._client.has_drag()

    # --- known pixels ---------------------------------------------------------------------------------------------

    def paint_pattern(self) -> Image.Image:
        """Paint the desktop's background so that every pixel tells its place, and return the picture."""
        picture = pattern(*self._client.size)
        self._client.paint_root(picture)
        return picture

    def paint(self, picture: Image.Image) -> None:
        """Make any picture of the desktop's size its background."""
        self._client.paint_root(picture)

    def open_window(self, title: str, rect_px: Rect, picture: Image.Image | None = None) -> PaintedWindow:
        """Open an ordinary window that shows a picture, or a pattern of its own, and wait until it is on the screen.

        `rect_px` is its inside; leave room for the title bar.
        """
        picture = picture or pattern(rect_px.width, rect_px.height, 97, 61)
        window = self._client.open_window(title, rect_px, picture)
        self.wait_for(
            lambda: self.screenshot(rect_px).tobytes() == picture.tobytes(), what=f"“{title}” was not painted"
        )
        return window

    # --- clipboard, bus, notifications ----------------------------------------------------------------------------

    def clipboard_text(self) -> str:
        """The clipboard's text, read by another process; empty when there is none."""
        return self.clipboard_data("UTF8_STRING").decode()

    def clipboard_data(self, target: str) -> bytes:
        """The clipboard's content as `image/png`, `TARGETS`…; empty when it has no such form."""
        try:
            return self.run(["xclip", "-selection", "clipboard", "-out", "-target", target])
        except subprocess.CalledProcessError:
            return b""

    def set_clipboard(self, data: bytes, target: str = "UTF8_STRING") -> None:
        """Own the clipboard by another process, as if the person had copied something there."""
        process = self.spawn(["xclip", "-selection", "clipboard", "-in", "-quiet", "-target", target], stdin=data)
        self.wait_for(
            lambda: self.clipboard_data(target) == data or not process.is_running, what="the clipboard was not set"
        )

    @property
    def services(self) -> tuple[Process, ...]:
        """What the desktop itself consists of: bus, compositor, portal…"""
        return tuple(self._services)

    def bus_has(self, name: str) -> bool:
        """True when a program owns this name on the session's message bus."""
        return self._session_bus.has_owner(name)

    def notifications(self) -> str:
        """What the notification daemon printed of every notification it was sent."""
        return next(service for service in self._services if PROGRAMS["notifications"] in service.command).stdout

    # --- life -----------------------------------------------------------------------------------------------------

    def start(self, *, window_manager: bool, tray: bool, keyring: bool, notifications: bool) -> None:
        """Bring everything up; returns when each part answers."""
        self._start_x_server()
        self.start_bus()
        if window_manager:
            self._serve("openbox", "--sm-disable")
        if tray:
            self.start_tray()
        if keyring:
            self.start_keyring()
        if notifications:
            self._serve(PROGRAMS["notifications"], "-print", "-conf", self._write("dunstrc", _DUNST_CONFIG))
        waits: list[tuple[bool, Callable[[], bool], str]] = [
            (window_manager, self._client.has_window_manager, "window manager"),
            (tray, self.has_tray, "tray"),
            (keyring, self._session_bus.keyring_is_unlocked, "keyring"),
            (notifications, lambda: self.bus_has("org.freedesktop.Notifications"), "notification daemon"),
        ]
        for wanted, is_ready, name in waits:
            if wanted:
                wait_until(is_ready, 15, self._missing(name))

    def start_tray(self) -> Process:
        """Start the tray host (again); the returned process can be stopped to see what its loss does."""
        return self._serve(
            PROGRAMS["tray"],
            *("--edge", "top", "--align", "right", "--widthtype", "pixel", "--width", "160"),
            *("--height", "26", "--monitor", "0"),
        )

    def start_keyring(self) -> Process:
        """Start the Secret Service with an unlocked keyring of its own; stop or freeze it to see what that does."""
        command = [PROGRAMS["keyring"], "--foreground", "--unlock", "--components=secrets"]
        return self._serve(*command, stdin=KEYRING_PASSWORD)

    def start_keyring_without_collection(self) -> Process:
        """Start the Secret Service as it is where nobody has ever kept anything."""
        return self._serve(PROGRAMS["keyring"], "--foreground", "--components=secrets")

    def close(self) -> None:
        """End everything that was started here, and remove its files."""
        if self._x is not None:
            self._x.close()
        if self._bus is not None:
            self._bus.close()
        stop_all([*self.processes, *self._services])
        if self._x_server is not None:
            self._x_server.stop()
        kill_with_environment(f"XDG_RUNTIME_DIR={self.runtime_dir}")
        shutil.rmtree(self.folder)

    @property
    def _client(self) -> XClient:
        assert self._x is not None, "the session is not started"
        return self._x

    @property
    def _session_bus(self) -> SessionBus:
        assert self._bus is not None, "the session is not started"
        return self._bus

    def _xdg_dirs(self) -> dict[str, Path]:
        return {
            "XDG_CONFIG_HOME": self.home / ".config",
            "XDG_DATA_HOME": self.home / ".local/share",
            "XDG_STATE_HOME": self.home / ".local/state",
            "XDG_CACHE_HOME": self.home / ".cache",
        }

    def _private_environment(self) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            **{name: str(folder) for name, folder in self._xdg_dirs().items()},
            "HOME": str(self.home),
            "XDG_RUNTIME_DIR": str(self.runtime_dir),
            "XDG_SESSION_TYPE": "x11",
            "XDG_CURRENT_DESKTOP": "Openbox",
            "LANG": "C.UTF-8",
            "QT_QPA_PLATFORM": "xcb",
            # Without these, GTK programs wait for an accessibility bus that nobody starts here.
            "NO_AT_BRIDGE": "1",
            "GTK_A11Y": "none",
            "PYTHONUNBUFFERED": "1",
        }

    def _start_x_server(self) -> None:
        width, height = max(rect.right for rect in self.monitors), max(rect.bottom for rect in self.monitors)
        read_end, write_end = os.pipe()
        # -noreset: without it the monitors are forgotten as soon as no client is connected.
        options = f"-screen 0 {width}x{height}x24 -noreset -nolisten tcp +extension RANDR +extension XTEST"
        command = dies_with_parent(["Xvfb", "-displayfd", str(write_end), *options.split()])
        try:
            self._x_server = Process(command, env=self.env, log_stem=self._logs / "Xvfb", pass_fds=[write_end])
        finally:
            os.close(write_end)
        with os.fdopen(read_end) as ready:
            number = ready.readline().strip()
        if not number:
            self._x_server.wait()
            raise AssertionError(f"the X server did not start: {self._x_server.describe()}")
        self.display = self.env["DISPLAY"] = f":{number}"
        self._x = XClient(self.display)
        for index, rect in enumerate(self.monitors):
            # Millimetres make 96 dots per inch, so that nothing is scaled by itself.
            size = f"{rect.width}/{rect.width * 254 // 960}x{rect.height}/{rect.height * 254 // 960}"
            output = "screen" if index == 0 else "none"
            self.run(["xrandr", "--setmonitor", f"MONITOR-{index + 1}", f"{size}+{rect.x}+{rect.y}", output])

    def start_bus(self) -> None:
        """Start the message bus; `start` does it with the rest."""
        socket = self.runtime_dir / "bus"
        self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={socket}"
        # No service folders but the person's own: nothing is started behind our back, so what is not asked for is
        # really not there.
        services = self._xdg_dirs()["XDG_DATA_HOME"] / "dbus-1/services"
        config = (
            f"<busconfig><type>session</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>"
            f"<servicedir>{services}</servicedir>"
            '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
            '<allow own="*"/></policy></busconfig>'
        )
        command = ("dbus-daemon", "--nofork", "--print-address", f"--config-file={self._write('bus.conf', config)}")
        process = self._serve(*command)
        # The socket appears before it can be connected to; the address is printed when it can.
        wait_until(lambda: process.stdout or not process.is_running, 10, self._missing("message bus"))
        self._bus = SessionBus(self.env["DBUS_SESSION_BUS_ADDRESS"])

    def _serve(self, *command: str, stdin: bytes = b"") -> Process:
        stem = self._logs / f"service-{len(self._services)}-{Path(command[0]).name}"
        process = Process(dies_with_parent(command), env=self.env, log_stem=stem, cwd=self.home, stdin=stdin)
        self._services.append(process)
        return process

    def _missing(self, name: str) -> Callable[[], str]:
        return lambda: "\n\n".join([f"no {name} came up", *(service.describe() for service in self._services)])

    def _write(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return str(path)


@contextlib.contextmanager
def desktop_session(
    *,
    monitors: int = 1,
    monitor_size: tuple[int, int] = (1280, 800),
    layout: Sequence[Rect] | None = None,
    window_manager: bool = True,
    tray: bool = False,
    keyring: bool = False,
    notifications: bool = False,
) -> Iterator[DesktopSession]:
    """Run a private desktop with `monitors` equal monitors side by side, for the length of the block.

    `layout` gives the monitors other places and sizes.
    """
    width, height = monitor_size
    rects = layout or [Rect(number * width, 0, width, height) for number in range(monitors)]
    folder = Path(tempfile.mkdtemp(prefix="imglink-desktop-"))
    session = DesktopSession(folder, monitors=rects)
    try:
        session.start(window_manager=window_manager, tray=tray, keyring=keyring, notifications=notifications)
        yield session
    finally:
        session.close()


@contextlib.contextmanager
def bus_session() -> Iterator[DesktopSession]:
    """Run a private message bus without any screen, for the length of the block."""
    session = DesktopSession(Path(tempfile.mkdtemp(prefix="imglink-bus-")), monitors=[])
    try:
        session.start_bus()
        yield session
    finally:
        session.close()
