"""Render every window, light and dark, at 1x and 2x, into build/shots; with --readme also README's pictures.

usage: python packaging/shots.py [--readme] [--into FOLDER] [WORD…]     (only pictures whose name contains a WORD)
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from pictures.frame import Picture

SCALES = (1, 2)


def main(arguments: Sequence[str]) -> int:
    """0 when every picture was written."""
    parser = argparse.ArgumentParser(prog="shots", description="Pictures of every window.")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only pictures whose name contains it")
    parser.add_argument("--readme", action="store_true", help="also take README's pictures on a virtual display")
    parser.add_argument("--into", type=Path, default=ROOT / "build" / "shots", help="the folder (build/shots)")
    parser.add_argument("--scale", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.scale is not None:
        render(options.scale, options.into, options.words)
        return 0
    folder: Path = options.into
    folder.mkdir(parents=True, exist_ok=True)
    for scale in SCALES:
        # Qt takes the scale factor at its start only.
        environ = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
        command = [sys.executable, __file__, "--into", str(folder), "--scale", str(scale), *options.words]
        subprocess.run(command, env=environ, check=True)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    if options.readme:
        import readme_pictures

        readme_pictures.take(folder, ROOT / "resources" / "screenshots")
    return 0


def found() -> Iterator[Picture]:
    """Every picture in the modules of `pictures`."""
    import pictures
    from pictures.frame import Picture

    for info in sorted(pkgutil.iter_modules(pictures.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"pictures.{info.name}")
        yield from (value for value in vars(module).values() if isinstance(value, Picture))


def render(scale: int, folder: Path, words: Sequence[str]) -> None:
    """Write the pictures of one scale, in both looks."""
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from app.settings import Theme
    from app.ui.theme import Look

    # The offscreen platform says at every turn that it has no window manager.
    qInstallMessageHandler(lambda _kind, _where, text: None if "does not support" in text else print(text))
    application = QApplication(sys.argv[:1])
    look = Look(application)
    for theme in (Theme.LIGHT, Theme.DARK):
        look.choose(theme)
        for subject in found():
            if words and not any(word in subject.name for word in words):
                continue
            widget = subject.make()
            # As the program opens them: not smaller because this screen is small, and no button looks chosen.
            widget.resize(widget.sizeHint())
            widget.setFocus()
            widget.show()
            # Layouts and elided texts settle when the window has been shown and painted once.
            QTest.qWaitForWindowExposed(widget)
            QTest.qWait(20)
            path = folder / f"{subject.name}-{theme.value}-{scale}x.png"
            if not widget.grab().save(str(path)):
                raise OSError(f"could not write {path}")
            widget.close()
            widget.deleteLater()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
