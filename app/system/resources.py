"""Where pictures and other files of the program lie: beside `app` in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path

_APP = Path(__file__).resolve().parent.parent


def resource_path(name: str) -> Path:
    """The file `name` (such as `icons/copy.svg`). Raises FileNotFoundError: a missing one is a broken package."""
    # The desktop file lies where packages look for it.
    for folder in (_APP / "_resources", _APP.parent / "resources", _APP.parent / "packaging"):
        path = folder / name
        if path.is_file():
            return path
    raise FileNotFoundError(f"the package lacks its resource {name!r}")
