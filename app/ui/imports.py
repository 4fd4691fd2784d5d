"""Imports as Python does them, beside PySide6."""

from __future__ import annotations

import builtins
import linecache


def use_plain_imports() -> None:
    """Import as without PySide6 from now on. Call it once PySide6 is loaded, and before the rest of the program is.

    For its switch to `snake_case`, which nothing here uses, PySide6 puts a function of its own before `__import__`.
    That reads the source of every module that is imported from then on, any library's too, and leaves the lines in
    memory for good: that was 8 MB, and a fifth of the time that our modules take to load. The function it took the
    place of is kept beside it; where a version of PySide6 does otherwise, nothing is changed.
    """
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
    linecache.clearcache()
