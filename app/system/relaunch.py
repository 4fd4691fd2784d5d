"""Starting this very program again, as a helper of itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_SECRETS = ("IMGLINK_API_KEY", "IMGLINK_TOKEN")


def own_command(flag: str) -> tuple[str, ...]:
    """The command line that starts this program with a hidden flag."""
    # -P: whatever is called “app” in the folder where the person stands is none of ours.
    return (sys.executable, "-P", "-m", "app", flag)


def own_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` for that command: our own code is found again, and no secret is handed on, because none is needed."""
    root = str(Path(__file__).absolute().parents[2])
    path = os.pathsep.join(filter(None, (root, environ.get("PYTHONPATH", ""))))
    return {name: value for name, value in environ.items() if name not in _SECRETS} | {"PYTHONPATH": path}
