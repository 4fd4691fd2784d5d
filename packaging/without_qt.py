"""Run the unit tests where PySide6 is not installed, to prove that nothing below the windows needs it.

usage: python packaging/without_qt.py [PYTEST-ARGUMENTS…]

The environment is made for the occasion: links to every installed package except Qt's, so nothing is downloaded, and an
import of PySide6 fails as it does on a machine without it.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = ("pyside6", "shiboken6", "pytestqt", "pytest_qt", "pip")
"""Beginnings of the names of what is not linked: Qt, pytest's plugin for it, and pip, which would write into links."""


def main(arguments: list[str]) -> int:
    """The exit status of pytest."""
    with tempfile.TemporaryDirectory(prefix="imglink-without-qt-") as folder:
        python = make_environment(Path(folder))
        missing = (
            "import importlib.util as u, sys; sys.exit(any(map(u.find_spec, ('PySide6', 'shiboken6', 'pytestqt'))))"
        )
        subprocess.run([python, "-c", missing], check=True, cwd=folder)
        print("Unit tests without Qt:", flush=True)
        command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *(arguments or ["tests/unit"])]
        return subprocess.run(command, check=False, cwd=ROOT).returncode


def make_environment(folder: Path) -> Path:
    """Make the environment and return its interpreter."""
    venv.create(folder, with_pip=False, symlinks=True)
    for kind in ("purelib", "platlib"):
        target = Path(sysconfig.get_path(kind, vars={"base": str(folder), "platbase": str(folder)}))
        target.mkdir(parents=True, exist_ok=True)
        for entry in Path(sysconfig.get_path(kind)).iterdir():
            link = target / entry.name
            if not entry.name.lower().startswith(LEFT_OUT) and not link.exists():
                link.symlink_to(entry)
    return folder / "bin" / "python"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
