"""Qt's own remarks that tell nobody anything."""

from __future__ import annotations

from PySide6.QtCore import QLoggingCategory

_RULES = (
    # Where there is no portal, Qt's attempt to tell it our name is nobody's business.
    "qt.qpa.services.warning=false",
    # sway leaves the size of a full-screen window to us, which is allowed.
    "qt.qpa.wayland.warning=false",
    # Said of every window that is hidden.
    "qt.qpa.wayland.textinput.warning=false",
)


def quieten() -> None:
    """Leave these out of what is printed. Call it before the application is made."""
    QLoggingCategory.setFilterRules("\n".join(_RULES))
