"""Small things remembered between runs that are no settings: the last region, and that there was a first run."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from app.core.geometry import Rect


def first_time(marker: Path) -> bool:
    """True the first time that it is asked; from then on the file `marker` is there."""
    try:
        marker.touch(mode=0o600, exist_ok=False)
    except OSError:
        # There already, or it cannot be made, and then nobody should be greeted at every start.
        return False
    return True


class RememberedRegion:
    """The last region, in a file of its own. Losing it is no harm, so nothing here ever fails."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Rect | None:
        """The last region, in physical pixels; None when there is none or it cannot be read."""
        try:
            rect = Rect(*(int(number) for number in json.loads(self._path.read_bytes())["last_region"]))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        return None if rect.is_empty else rect

    def store(self, rect_px: Rect) -> None:
        """Remember it."""
        data = json.dumps({"last_region": [rect_px.x, rect_px.y, rect_px.width, rect_px.height]})
        temporary = self._path.with_suffix(f".{os.getpid()}.part")
        try:
            temporary.write_text(data, encoding="ascii")
            temporary.replace(self._path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
