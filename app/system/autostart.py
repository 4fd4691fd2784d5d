"""Starting with the session: an XDG autostart entry on Linux, a launch agent on macOS.

Each is one file in the person's own folders, and that it is there is the whole truth: desktops show and remove these
files in settings of their own, so nothing about it is kept anywhere else. The macOS half was never run.

Sources: the Desktop Application Autostart Specification and the Desktop Entry Specification of freedesktop.org;
launchd.plist(5).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import which
from typing import Protocol

from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.system.paths import APP_ID
from app.system.relaunch import own_environment

_QUOTED = str.maketrans({char: f"\\{char}" for char in '"`$\\'})


class Autostart(Protocol):
    """Whether the tray application starts with the session. All methods read or write one small file."""

    path: Path

    def is_on(self) -> bool:
        """True when it will be started."""

    def turn_on(self) -> None:
        """Have it started from the next session on. Raises UserFacingError."""

    def turn_off(self) -> None:
        """Have it not started any more. Raises UserFacingError."""


def choose_autostart(environ: Mapping[str, str], *, home: Path, platform: str) -> Autostart:
    """The way of this platform (`platform` as `sys.platform`)."""
    command = start_command(environ)
    if platform == "darwin":
        return LaunchAgent(home / "Library" / "LaunchAgents" / f"{APP_ID}.plist", command)
    config = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(config) if Path(config).is_absolute() else home / ".config"
    return XdgAutostart(folder / "autostart" / f"{APP_ID}.desktop", command)


def start_command(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The command line that starts the tray application: the installed command, else this checkout."""
    installed = Path(sys.executable).parent / "imglink"
    if os.access(installed, os.X_OK):
        return (str(installed),)
    return ("/usr/bin/env", f"PYTHONPATH={own_environment(environ)['PYTHONPATH']}", sys.executable, "-P", "-m", "app")


def named_command(environ: Mapping[str, str]) -> tuple[str, ...]:
    """How the desktop's own settings call the program: by its name where that is found, else like `start_command`.

    What is found in an environment of Python's is found only where that environment is entered.
    """
    found = which("imglink", path=environ.get("PATH"))
    is_everywhere = found is not None and not (
        sys.prefix != sys.base_prefix and Path(found).parent == Path(sys.executable).parent
    )
    return ("imglink",) if is_everywhere else start_command(environ)


class XdgAutostart:
    """A desktop file in the autostart folder."""

    def __init__(self, path: Path, command: Sequence[str]) -> None:
        self.path = path
        self._command = command

    def is_on(self) -> bool:
        """True when the entry is there and no desktop's settings have switched it off."""
        try:
            lines = {line.strip().lower() for line in self.path.read_text(encoding="utf-8").splitlines()}
        except (OSError, UnicodeDecodeError):
            return False
        return not lines & {"hidden=true", "x-gnome-autostart-enabled=false"}

    def turn_on(self) -> None:
        """Write the entry."""
        lines = (
            "[Desktop Entry]",
            "Type=Application",
            "Name=ImgLink",
            "Comment=Press a key, drag, and a link is on the clipboard",
            f"Exec={exec_line(self._command)}",
            f"Icon={APP_ID}",
            "Terminal=false",
            "X-GNOME-Autostart-enabled=true",
        )
        _write(self.path, ("\n".join(lines) + "\n").encode())

    def turn_off(self) -> None:
        """Remove the entry."""
        _remove(self.path)


class LaunchAgent:
    """A property list in the person's LaunchAgents folder; launchd reads it at the next login."""

    def __init__(self, path: Path, command: Sequence[str]) -> None:
        self.path = path
        self._command = command

    def is_on(self) -> bool:
        """True when the agent is there and not disabled."""
        import plistlib

        try:
            agent = plistlib.loads(self.path.read_bytes())
        except (OSError, ValueError, plistlib.InvalidFileException):
            return False
        return isinstance(agent, dict) and agent.get("RunAtLoad") is True and not agent.get("Disabled")

    def turn_on(self) -> None:
        """Write the agent."""
        import plistlib

        agent = {
            "Label": APP_ID,
            "ProgramArguments": list(self._command),
            "RunAtLoad": True,
            # A menu-bar program belongs to a session with a screen.
            "LimitLoadToSessionType": "Aqua",
            "ProcessType": "Interactive",
        }
        _write(self.path, plistlib.dumps(agent))

    def turn_off(self) -> None:
        """Remove the agent."""
        _remove(self.path)


def exec_line(command: Sequence[str]) -> str:
    """A command line as desktop files have it."""
    return " ".join(map(_exec_word, command))


def _exec_word(word: str) -> str:
    """One argument of an Exec line: quoted, and a percent sign is no field code."""
    quoted = word.replace("%", "%%")
    if word and all(char.isalnum() or char in "/._-=:+@,%" for char in word):
        return quoted
    # The file's own escaping of backslashes comes on top of the quoting.
    return '"' + quoted.translate(_QUOTED).replace("\\", "\\\\") + '"'


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        # Where a folder is no folder, not even that can be said without an error.
        with suppress(OSError):
            temporary.unlink()
        raise _refused(path, error) from error


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> UserFacingError:
    reason = (error.strerror or "unknown reason").lower()
    return UserFacingError(
        f"Whether ImgLink starts with your session could not be changed: {reason}.",
        remedy=f"Look at the permissions of {path.parent}.",
        part=Part.AUTOSTART,
        details=repr(error),
    )
