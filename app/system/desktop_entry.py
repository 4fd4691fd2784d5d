"""The desktop file, the icon and the D-Bus service file, where nothing else has installed them.

Portals give keys, and keep permissions, only for programs whose desktop file they find; menus and the message bus start
the program by these files. A package brings them; pip and a checkout do not, and then the program writes its own, into
the person's folders.

Sources: the Desktop Entry Specification, the XDG Base Directory Specification and the D-Bus specification's part on
starting services, all of freedesktop.org.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from shlex import join

from app.system.autostart import exec_line
from app.system.paths import APP_ID, data_folder, data_folders
from app.system.resources import resource_path

ENTRY = f"applications/{APP_ID}.desktop"
SERVICE = f"dbus-1/services/{APP_ID}.service"
ICON = f"icons/hicolor/scalable/apps/{APP_ID}.svg"

_MARK = "# Written by ImgLink at its start, and kept up to date by it."
"""The first line of what is ours to change."""

log = logging.getLogger(__name__)


def find_entry(environ: Mapping[str, str], *, home: Path) -> Path | None:
    """The desktop file that this desktop has for the program, if any."""
    folders = (data_folder(environ, home=home), *data_folders(environ))
    return next((path for path in (folder / ENTRY for folder in folders) if path.is_file()), None)


def keep_entry(environ: Mapping[str, str], command: Sequence[str], *, home: Path) -> bool:
    """Have the files there, with `command` as what starts the program; True when something was changed.

    Nothing that others have written is touched, and what was installed for everybody takes the place of ours. Where
    nothing can be written, there is nothing. Blocks for some small files.
    """
    own = data_folder(environ, home=home)
    try:
        if any((folder / ENTRY).is_file() for folder in data_folders(environ) if folder != own):
            # Not a list: each of them is to go.
            return sum(_remove(own / name) for name in (ENTRY, SERVICE)) > 0
        was_ours, is_there = _is_ours(own / ENTRY), (own / ENTRY).exists()
        if is_there and not was_ours:
            return False
        files = {ENTRY: _entry(command), SERVICE: _service(command)}
        changed = [_write(own / name, text.encode()) for name, text in files.items() if _may_write(own / name)]
        if was_ours or not (own / ICON).exists():
            _write(own / ICON, resource_path("icons/app.svg").read_bytes())
        return any(changed)
    except OSError as problem:
        log.info("no desktop file: %s", problem)
        return False


def _entry(command: Sequence[str]) -> str:
    """The one that packages install, with another command."""
    template = resource_path(f"linux/{APP_ID}.desktop").read_text(encoding="utf-8")
    return f"{_MARK}\n" + template.replace("\nExec=imglink", f"\nExec={exec_line(command)}")


def _service(command: Sequence[str]) -> str:
    # Quoted as for a shell; the file's own escaping of backslashes comes on top.
    quoted = join(command).replace("\\", "\\\\")
    return f"{_MARK}\n[D-BUS Service]\nName={APP_ID}\nExec={quoted}\n"


def _is_ours(path: Path) -> bool:
    try:
        return path.read_bytes().startswith(_MARK.encode())
    except OSError:
        return False


def _may_write(path: Path) -> bool:
    return _is_ours(path) or not path.exists()


def _write(path: Path, data: bytes) -> bool:
    with suppress(OSError):
        if path.read_bytes() == data:
            return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.touch(mode=0o600)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return True


def _remove(path: Path) -> bool:
    if not _is_ours(path):
        return False
    path.unlink()
    return True
