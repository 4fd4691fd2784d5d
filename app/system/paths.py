"""The folders of this program, where each desktop expects them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.system.runtime import runtime_folder

_NAME = "imglink"
APP_ID = "cc.imglink.Desktop"
"""How desktops know this program: the name of its desktop file, of its bundle, and of its bus."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Our own folders. None is made until `create`."""

    config: Path
    """Settings."""
    data: Path
    """Outbox and history: what must not be lost."""
    state: Path
    """Logs."""
    cache: Path
    """What can be fetched again."""
    runtime: Path
    """Socket and lock of the running program."""

    @classmethod
    def detect(cls, environ: Mapping[str, str], *, home: Path, platform: str) -> Paths:
        """Choose by the XDG base directory rules, or the Library folders on macOS (`platform` as `sys.platform`)."""
        runtime = Path(runtime_folder(environ, home=str(home), platform=platform))
        if platform == "darwin":
            library = home / "Library"
            support = library / "Application Support" / APP_ID
            return cls(support, support / "data", library / "Logs" / APP_ID, library / "Caches" / APP_ID, runtime)
        state = _xdg(environ, "XDG_STATE_HOME", home / ".local" / "state") / _NAME
        return cls(
            config=_xdg(environ, "XDG_CONFIG_HOME", home / ".config") / _NAME,
            data=data_folder(environ, home=home) / _NAME,
            state=state,
            cache=_xdg(environ, "XDG_CACHE_HOME", home / ".cache") / _NAME,
            runtime=runtime,
        )

    def beside(self, suffix: str) -> Paths:
        """The same folders with `-suffix` at the end of their names, for another set of settings and data."""
        return Paths(
            *(path.with_name(f"{path.name}-{suffix}") for path in (getattr(self, f.name) for f in fields(self)))
        )

    def create(self) -> None:
        """Make every folder, for this user only. Raises UserFacingError."""
        for entry in fields(self):
            _private(getattr(self, entry.name))

    @property
    def settings_file(self) -> Path:
        """The settings."""
        return self.config / "settings.json"


def pictures_folder(environ: Mapping[str, str], *, home: Path, platform: str) -> Path:
    """The person's folder for pictures, as the desktop names it."""
    default = home / "Pictures"
    if platform == "darwin":
        return default
    listing = _xdg(environ, "XDG_CONFIG_HOME", home / ".config") / "user-dirs.dirs"
    try:
        text = listing.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return default
    found = re.search(r'^\s*XDG_PICTURES_DIR="([^"\n]+)"', text, re.MULTILINE)
    if found is None:
        return default
    path = Path(re.sub(r"^\$HOME(?=/|$)", lambda _: str(home), found[1]))
    return path if path.is_absolute() else default


def screenshots_folder(chosen: str, environ: Mapping[str, str], *, home: Path, platform: str) -> Path:
    """Where captures are saved: the folder of the settings (`~` understood), or Screenshots among the pictures."""
    if not chosen:
        return pictures_folder(environ, home=home, platform=platform) / "Screenshots"
    if chosen == "~" or chosen.startswith("~/"):
        return home / chosen[2:]
    return Path(chosen)


def data_folder(environ: Mapping[str, str], *, home: Path) -> Path:
    """The person's folder for what programs and the desktop share."""
    return _xdg(environ, "XDG_DATA_HOME", home / ".local" / "share")


def data_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Where the same was installed for everybody."""
    listed = environ.get("XDG_DATA_DIRS", "") or "/usr/local/share:/usr/share"
    return tuple(Path(each) for each in listed.split(":") if each.startswith("/"))


def _xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    # The specification says that relative paths are to be ignored.
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else default


def _private(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = path.stat()
        if status.st_uid != os.getuid():
            raise UserFacingError(
                f"The folder {path} belongs to someone else.", remedy="Move it away and start again.", part=Part.FOLDERS
            )
        if stat.S_IMODE(status.st_mode) != 0o700:
            path.chmod(0o700)
    except OSError as error:
        raise UserFacingError(
            f"The folder {path} cannot be made: {error.strerror}.", remedy="Check its permissions.", part=Part.FOLDERS
        ) from error
