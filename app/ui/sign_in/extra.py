"""Whether the extra with a browser engine is there. Loads nothing of it."""

from __future__ import annotations

from importlib.util import find_spec

from PySide6.QtCore import QCoreApplication


def browser_problem() -> str:
    """Why the site's own page cannot be opened in a window of ours, and what to do; empty when it can."""
    if find_spec("PySide6.QtWebEngineWidgets") is not None:
        return ""
    return QCoreApplication.translate(
        "SignIn",
        "For this, install the extra: pip install 'imglink-desktop[browser-sign-in]', and start ImgLink again.",
    )
