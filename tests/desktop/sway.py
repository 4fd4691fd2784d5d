"""A real, private Wayland desktop: headless sway with outputs of any scale and, when asked for, the desktop portal.

What the X11 desktop of `tests/desktop/session.py` offers is here under the same names, where Wayland has it at all.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from app.core.geometry import Point, Rect, bounding
from tests.desktop.processes import wait_until
from tests.desktop.session import DesktopSession
from tests.desktop.wayland_input import VirtualKeyboard, VirtualPointer
from tests.desktop.x11 import pattern

PORTAL = next(
    (path for path in map(str, Path("/usr").glob("lib*/xdg-desktop-portal")) if Path(path).is_file()),
    "/usr/libexec/xdg-desktop-portal",
)
_PORTAL_FILE = """\
[portal]
DBusName=org.freedesktop.impl.portal.desktop.wlr
Interfaces=org.freedesktop.impl.portal.Screenshot;org.freedesktop.impl.portal.ScreenCast;
UseIn=wlroots;sway;
"""
# Without someone who could ask the person, the portal offers no screenshots; nobody is asked here.
_ASKING_FILE = """\
[portal]
DBusName=org.freedesktop.impl.portal.desktop.nobody
Interfaces=org.freedesktop.impl.portal.Access;
UseIn=wlroots;sway;
"""
_PORTAL_CHOICE = "[preferred]\ndefault=wlr\norg.freedesktop.impl.portal.Access=nobody\n"


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """One output: its pixels, its scale, its place in logical units, and how it is turned."""

    size_px: tuple[int, int] = (1280, 800)
    scale: float = 1.0
    place: tuple[int, int] = (0, 0)
    transform: str = "normal"

    @property
    def logical(self) -> Rect:
        """Where it lies in the layout: sway cuts its size to whole units."""
        width, height = self.size_px if self.transform in ("normal", "180") else self.size_px[::-1]
        return Rect(*self.place, int(width / self.scale), int(height / self.scale))


ONE = (OutputPlan(),)
TWO = (OutputPlan(), OutputPlan(place=(1280, 0)))
SCALES = {
    "1": (1, 1),
    "1.25": (1.25, 1.25),
    "1.5": (1.5, 1.5),
    "1.75": (1.75, 1.75),
    "2": (2, 2),
    "1 and 1.75": (1, 1.75),
    "2 and 1.25": (2, 1.25),
}
"""Of two outputs."""
ARRANGEMENTS = ("left-right", "above-below", "negative origin", "gap")


def arranged(arrangement: str, first: OutputPlan, second: OutputPlan) -> tuple[OutputPlan, OutputPlan]:
    """Two outputs in one of the `ARRANGEMENTS`, in which they do not overlap."""
    width, height = first.logical.width, first.logical.height
    match arrangement:
        case "left-right":
            return first, replace(second, place=(width, 0))
        case "above-below":
            return first, replace(second, place=(0, height))
        case "negative origin":
            return replace(first, place=(-width, -50)), second
        case _:
            return first, replace(second, place=(width + 120, 100))


class SwaySession(DesktopSession):
    """A running compositor; made by `sway_session`. Its mouse is for the thread that made it."""

    def __init__(self, folder: Path, outputs: Sequence[OutputPlan], extra_config: str) -> None:
        super().__init__(folder, monitors=[output.logical for output in outputs])
        self.outputs = tuple(outputs)
        self.layout = bounding([output.logical for output in outputs])
        """All outputs, in logical units."""
        self._extra_config = extra_config
        self._pointer: VirtualPointer | None = None
        self._keyboard: VirtualKeyboard | None = None
        self._portal_lock: int | None = None
        self.env |= {
            "XDG_SESSION_TYPE": "wayland",
            "XDG_CURRENT_DESKTOP": "sway",
            "QT_QPA_PLATFORM": "wayland",
            "GDK_BACKEND": "wayland",
            "SWAYSOCK": str(self.runtime_dir / "sway.sock"),
        }

    # --- programs -------------------------------------------------------------------------------------------------

    def describe(self) -> str:
        """What runs here and what it printed, for the message of a failure."""
        return "\n\n".join(process.describe() for process in (*self.processes, *self._services))

    def sway(self, *command: str) -> None:
        """Have the compositor do something, as `swaymsg` would."""
        self.run(["swaymsg", "-q", "--", *command])

    # --- the person's hands ---------------------------------------------------------------------------------------

    def keys(self, *keys: str) -> None:
        """Press keys one after the other, e.g. `keys("Right", "ctrl+shift+F4")`."""
        assert self._keyboard is not None, "the session is not started"
        for each in keys:
            self._keyboard.press(each)

    def at(self, x: float, y: float) -> None:
        """Put the mouse pointer there, in logical units."""
        self._mouse.move(self.layout, x, y)

    def move(self, x: int, y: int) -> None:
        """The same."""
        self.at(x, y)

    def click(self, x: int, y: int, button: int = 1) -> None:
        """Move there and click."""
        self.at(x, y)
        self._mouse.press(button)
        self._mouse.release(button)

    def press(self) -> None:
        """Press the left button."""
        self._mouse.press()

    def release(self) -> None:
        """Release it."""
        self._mouse.release()

    def drag_logical(self, *places: tuple[float, float]) -> None:
        """Press at the first place, move over the others, release at the last; in logical units."""
        self.at(*places[0])
        self._mouse.press()
        for place in places[1:]:
            self.at(*place)
        self._mouse.release()

    def settle_overlay(self, start: Point) -> None:
        """Point at a pixel, on a desktop of scale 1, and return when the overlay follows: its cross is there."""
        number = next(n for n, output in enumerate(self.outputs, 1) if output.logical.contains(start))
        logical = self.outputs[number - 1].logical
        y = start.y - logical.y

        def end_of_row() -> bytes:
            picture = self.picture_of(number)
            return picture.crop((picture.width - 40, y, picture.width, y + 1)).tobytes()

        self.at(start.x + 0.5, (start.y + 20) + 0.5)
        before = end_of_row()

        def follows() -> bool:
            self.at(start.x + 0.5, start.y + 0.5)
            return end_of_row() != before

        self.wait_for(follows, what="the overlay does not see the pointer")

    def drag(self, start: Point, end: Point, *, steps: int = 4) -> None:
        """Press at `start`, move to `end` in some steps, release: to the middle of pixels on a desktop of scale 1."""
        places = [
            (
                start.x + (end.x - start.x) * step / steps + 0.5,
                start.y + (end.y - start.y) * step / steps + 0.5,
            )
            for step in range(steps + 1)
        ]
        self.drag_logical(*places)

    # --- the person's eyes ----------------------------------------------------------------------------------------

    def picture_of(self, number: int) -> Image.Image:
        """What an output shows now (RGB), with its own pixels; taken by another program."""
        shown = self.run(["grim", "-t", "ppm", "-o", f"HEADLESS-{number}", "-"])
        return Image.open(io.BytesIO(shown)).convert("RGB")

    def screenshot(self, rect_px: Rect | None = None) -> Image.Image:
        """What a desktop of scale 1 shows now, everything or a rectangle of it."""
        rect = rect_px or self.layout
        shown = self.run(["grim", "-t", "ppm", "-s", "1", "-g", f"{rect.x},{rect.y} {rect.width}x{rect.height}", "-"])
        return Image.open(io.BytesIO(shown)).convert("RGB")

    def window_titles(self) -> list[str]:
        """The titles of all windows that the compositor shows."""
        return [str(node.get("name") or "") for node in self._windows() if node.get("visible")]

    def focused_title(self) -> str | None:
        """The title of the window that has the keyboard; None when none has it."""
        return next((str(node.get("name") or "") for node in self._windows() if node.get("focused")), None)

    def _windows(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []

        def look(node: dict[str, object]) -> None:
            if node.get("pid"):
                found.append(node)
            for key in ("nodes", "floating_nodes"):
                children = node.get(key)
                assert isinstance(children, list)
                for child in children:
                    look(child)

        look(json.loads(self.run(["swaymsg", "-t", "get_tree", "-r"])))
        return found

    def fullscreen_windows(self) -> int:
        """How many windows cover their output."""
        tree = self.run(["swaymsg", "-t", "get_tree", "-r"]).decode()
        return tree.count('"fullscreen_mode": 1') - sum(
            1 for node in _workspaces(json.loads(tree)) if node.get("fullscreen_mode") == 1
        )

    # --- known pixels ---------------------------------------------------------------------------------------------

    def paint_patterns(self) -> list[Image.Image]:
        """Give each output a background in which every pixel tells its place, and return what each shows."""
        before = [self.picture_of(number).tobytes() for number in range(1, len(self.outputs) + 1)]
        for number, output in enumerate(self.outputs, 1):
            file = self.folder / f"background-{number}.png"
            pattern(*self._seen_size(output), 67 * number, 31 * number).save(file)
            self.sway("output", f"HEADLESS-{number}", "bg", str(file), "stretch")
        shown: list[Image.Image] = []

        def is_painted() -> bool:
            shown[:] = [self.picture_of(number) for number in range(1, len(self.outputs) + 1)]
            again = [self.picture_of(number).tobytes() for number in range(1, len(self.outputs) + 1)]
            now = [picture.tobytes() for picture in shown]
            return now == again and all(a != b and len(set(a[:3000])) > 200 for a, b in zip(now, before, strict=True))

        self.wait_for(is_painted, 60, what="the backgrounds were not painted")
        return shown

    # --- clipboard ------------------------------------------------------------------------------------------------

    def clipboard_data(self, target: str) -> bytes:
        """The clipboard's content in a form such as `image/png`, read by another program; empty when it has none."""
        wanted = "text" if target == "UTF8_STRING" else target
        try:
            return self.run(["wl-paste", "--no-newline", "--type", wanted])
        except subprocess.CalledProcessError:
            return b""

    def set_clipboard(self, data: bytes, target: str = "text/plain") -> None:
        """Own the clipboard by another program."""
        subprocess.run(
            ["wl-copy", "--type", target],
            input=data,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            timeout=20,
        )

    # --- life -----------------------------------------------------------------------------------------------------

    def begin(self, *, bus: bool, portal: bool, pipewire: bool, notifications: bool) -> None:
        """Bring everything up; returns when each part answers."""
        if bus:
            self.start_bus()
        else:
            self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.runtime_dir}/no-bus"
        self._start_sway()
        if notifications:
            self._serve("dunst", "-print", "-conf", self._write("dunstrc", "[global]\n"))
            wait_until(lambda: self.bus_has("org.freedesktop.Notifications"), 15, self._missing("notification daemon"))
        if portal:
            self._start_portal(with_back_end=pipewire)

    def close(self) -> None:
        """End everything that was started here, and remove its files."""
        for device in (self._pointer, self._keyboard):
            if device is not None:
                device.close()
        super().close()
        if self._portal_lock is not None:
            os.close(self._portal_lock)

    @property
    def _mouse(self) -> VirtualPointer:
        assert self._pointer is not None, "the session is not started"
        return self._pointer

    @staticmethod
    def _seen_size(output: OutputPlan) -> tuple[int, int]:
        width, height = output.size_px
        return (width, height) if output.transform in ("normal", "180") else (height, width)

    def _start_sway(self) -> None:
        lines = ["default_border none", "focus_follows_mouse yes", "xwayland disable", self._extra_config]
        for number, output in enumerate(self.outputs, 1):
            width, height = output.size_px
            lines.append(
                f"output HEADLESS-{number} resolution {width}x{height} position {output.place[0]} {output.place[1]} "
                f"scale {output.scale} transform {output.transform} bg #202020 solid_color"
            )
        config = self._write("sway.conf", "\n".join(lines) + "\n")
        self.env |= {
            "WLR_BACKENDS": "headless",
            "WLR_LIBINPUT_NO_DEVICES": "1",
            "WLR_RENDERER": "pixman",
            "WLR_HEADLESS_OUTPUTS": str(len(self.outputs)),
        }
        # It refuses root; as somebody else in a namespace of its own it still reaches our files and sockets.
        prefix = ("unshare", "-U", "--map-user=1000", "--map-group=1000") if os.getuid() == 0 else ()
        process = self._serve(*prefix, "sway", "-c", config)

        def display() -> str:
            assert process.is_running, process.describe()
            names = [path.name for path in self.runtime_dir.glob("wayland-*") if path.suffix != ".lock"]
            return names[0] if names else ""

        self.env["WAYLAND_DISPLAY"] = wait_until(display, 20, self._missing("compositor"))

        def answers() -> bool:
            done = subprocess.run(
                ["swaymsg", "-t", "get_outputs", "-r"], env=self.env, capture_output=True, check=False
            )
            return done.returncode == 0 and len(json.loads(done.stdout)) == len(self.outputs)

        wait_until(answers, 20, self._missing("answer of the compositor"))
        self._pointer, self._keyboard = VirtualPointer(self.env), VirtualKeyboard(self.env)

    def _start_portal(self, *, with_back_end: bool) -> None:
        """Start the parts one after the other: when the bus starts them, they wait for each other now and then.

        The wlroots back end ends where there is no PipeWire, and the portal offers screenshots all the same.
        The wlroots back end writes every picture to the same file, so that only one session may have it at a time.
        """
        lock = Path(tempfile.gettempdir(), "imglink-test-portal.lock")
        self._portal_lock = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        fcntl.flock(self._portal_lock, fcntl.LOCK_EX)
        folder = self.folder / "portals"
        folder.mkdir()
        (folder / "wlr.portal").write_text(_PORTAL_FILE, encoding="utf-8")
        (folder / "nobody.portal").write_text(_ASKING_FILE, encoding="utf-8")
        choice = self.home / ".config/xdg-desktop-portal"
        choice.mkdir(parents=True)
        (choice / "portals.conf").write_text(_PORTAL_CHOICE, encoding="utf-8")
        self.env["XDG_DESKTOP_PORTAL_DIR"] = str(folder)
        if with_back_end:
            self._serve("pipewire")
            wait_until((self.runtime_dir / "pipewire-0").exists, 15, self._missing("PipeWire"))
        back_end = self._serve(f"{PORTAL}-wlr")
        name = "org.freedesktop.impl.portal.desktop.wlr"
        came = (lambda: self.bus_has(name)) if with_back_end else (lambda: not back_end.is_running)
        wait_until(came, 15, self._missing("portal's back end"))
        self._serve(PORTAL)
        wait_until(lambda: self.bus_has("org.freedesktop.portal.Desktop"), 60, self._missing("portal"))


def _workspaces(node: dict[str, object]) -> Iterator[dict[str, object]]:
    if node.get("type") in ("workspace", "output", "root"):
        yield node
    children = node.get("nodes")
    assert isinstance(children, list)
    for child in children:
        yield from _workspaces(child)


@contextlib.contextmanager
def sway_session(
    outputs: Sequence[OutputPlan] = TWO,
    *,
    bus: bool = True,
    portal: bool = False,
    pipewire: bool = True,
    notifications: bool = False,
    config: str = "",
) -> Iterator[SwaySession]:
    """Run a private Wayland desktop for the length of the block. `config` is added to sway's.

    The portal is one without a back end where `pipewire` is False.
    """
    assert shutil.which("sway"), "sway is not installed: see packaging/system-packages.txt"
    folder = Path(tempfile.mkdtemp(prefix="imglink-sway-"))
    session = SwaySession(folder, outputs, config)
    try:
        session.begin(bus=bus, portal=portal, pipewire=pipewire, notifications=notifications)
        yield session
    finally:
        session.close()
