"""Small things remembered between runs that are no settings: what was captured last, that there was a first run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.core.geometry import Rect
from app.core.screen import KnownWindow


def first_time(marker: Path) -> bool:
    """True the first time that it is asked; from then on the file `marker` is there."""
    try:
        marker.touch(mode=0o600, exist_ok=False)
    except OSError:
        # There already, or it cannot be made, and then nobody should be greeted at every start.
        return False
    return True


class RememberedRegion:
    """The last region and the last window, in a file of its own. Losing it is no harm, so nothing here ever fails."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Rect | None:
        """The last region, in physical pixels; None when there is none or it cannot be read."""
        try:
            rect = Rect(*(int(number) for number in self._read()["last_region"]))
        except (ValueError, TypeError, KeyError):
            return None
        return None if rect.is_empty else rect

    def store(self, rect_px: Rect) -> None:
        """Remember it."""
        self._write("last_region", [rect_px.x, rect_px.y, rect_px.width, rect_px.height])

    def load_window(self) -> KnownWindow | None:
        """The window that was captured last; None when there is none or it cannot be read."""
        try:
            number, title = self._read()["last_window"]
        except (ValueError, TypeError, KeyError):
            return None
        return KnownWindow(number, title) if isinstance(number, int) and isinstance(title, str) else None

    def store_window(self, window: KnownWindow) -> None:
        """Remember it."""
        self._write("last_window", [window.id, window.title])

    def _read(self) -> dict[str, Any]:
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return known if isinstance(known, dict) else {}

    def _write(self, name: str, value: list[Any]) -> None:
        data = json.dumps({**self._read(), name: value})
        temporary = self._path.with_suffix(f".{os.getpid()}.part")
        try:
            temporary.write_text(data, encoding="ascii")
            temporary.replace(self._path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()


class RememberedWindow:
    """How a window was left: its place, columns and the like. Losing it is no harm, so nothing here ever fails."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> dict[str, str]:
        """What was stored; nothing when there is nothing, or it cannot be read. Blocks."""
        try:
            values = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(values, dict):
            return {}
        return {name: value for name, value in values.items() if isinstance(value, str)}

    def store(self, values: Mapping[str, str]) -> None:
        """Remember these. Blocks."""
        _replace(self._path, json.dumps(dict(values)))


def _replace(path: Path, data: str) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.part")
    try:
        temporary.write_text(data, encoding="ascii")
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
