"""Pictures by programs that are installed for it: the last resort, where neither compositor nor portal gives one."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.capture.arrangement import Output, arrange
from app.capture.wayland.outputs import read_outputs
from app.capture.wayland.picture import UnusablePicture, desktop_of, frame_of, in_order, load_picture
from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.core.screen import Desktop
from app.system.wayland import WaylandConnection

TIMEOUT_S = 15.0

_PROTOCOLS = ("zwlr_screencopy_manager_v1", "ext_image_copy_capture_manager_v1")


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that writes a picture of the screen into a file."""

    name: str
    command: Callable[[str, bool, Output | None], Sequence[str]]
    """Its command line, for a file, with or without the pointer, of one output or of all."""
    takes_outputs: bool = False
    """True when it can take one output, with exactly its pixels."""


def _grim(file: str, cursor: bool, output: Output | None) -> Sequence[str]:
    which = ("-o", output.name) if output is not None else ()
    return ("grim", "-t", "ppm", *(("-c",) if cursor else ()), *which, file)


def _spectacle(file: str, cursor: bool, _output: Output | None) -> Sequence[str]:
    return ("spectacle", "--background", "--nonotify", "--fullscreen", *(("--pointer",) if cursor else ()),
            "--output", file)  # fmt: skip


def _gnome_screenshot(file: str, cursor: bool, _output: Output | None) -> Sequence[str]:
    return ("gnome-screenshot", *(("--include-pointer",) if cursor else ()), "--file", file)


GRIM = Tool("grim", _grim, takes_outputs=True)
SPECTACLE = Tool("spectacle", _spectacle)
GNOME_SCREENSHOT = Tool("gnome-screenshot", _gnome_screenshot)


class ToolCapture:
    """The ScreenCapture port by another program; its file lies in a private folder and is removed at once."""

    def __init__(self, tool: Tool, environ: Mapping[str, str]) -> None:
        self._tool = tool
        self._environ = environ
        self.name = tool.name

    def probe(self) -> Probe:
        """See whether it is installed, and for grim, whether the compositor lets it work."""
        if shutil.which(self.name, path=self._environ.get("PATH")) is None:
            return Probe(self.name, False, f"{self.name} is not installed.", f"Install {self.name}.")
        if self._tool.takes_outputs:
            try:
                with WaylandConnection(self._environ) as connection:
                    if not any(connection.version_of(protocol) for protocol in _PROTOCOLS):
                        reason = f"The compositor does not offer what {self.name} needs."
                        return Probe(self.name, available=False, reason=reason)
            except UserFacingError as problem:
                return Probe(self.name, available=False, reason=problem.message, remedy=problem.remedy)
        return Probe(self.name, available=True)

    def grab(self, *, cursor: bool = False) -> Desktop:
        """Have it take the screen. Raises UserFacingError."""
        with WaylandConnection(self._environ) as connection:
            outputs = read_outputs(connection)
        with tempfile.TemporaryDirectory(prefix="imglink-") as folder:
            if not self._tool.takes_outputs:
                file = Path(folder, "screen.png")
                self._take(file, cursor=cursor, output=None)
                return desktop_of(load_picture(file, taker=self.name), outputs, taker=self.name)
            monitors = arrange(outputs)
            frames = []
            for number, (output, monitor) in enumerate(zip(outputs, monitors, strict=True)):
                file = Path(folder, f"{number}.ppm")
                self._take(file, cursor=cursor, output=output)
                image = load_picture(file, taker=self.name)
                if image.size != output.size_px:
                    raise UnusablePicture(self.name, f"{output.name} is {output.size_px}, not {image.size}")
                frames.append(frame_of(image, monitor.rect_px))
            return in_order(monitors, frames)

    def warm_up(self) -> None:
        """There is nothing to prepare."""

    def close(self) -> None:
        """Nothing stays open."""

    def _take(self, file: Path, *, cursor: bool, output: Output | None) -> None:
        try:
            subprocess.run(
                self._tool.command(str(file), cursor, output),
                env=dict(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=TIMEOUT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as problem:
            said = getattr(problem, "stderr", None) or b""
            raise UserFacingError(
                f"{self.name} could not take a picture of the screen.",
                remedy="Try again.",
                details=f"{problem} {said.decode('utf-8', 'replace')}".strip(),
            ) from problem
