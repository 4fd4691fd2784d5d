"""How the overlay looks: colours, sizes in logical pixels, and words."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QColor

from app.ui.mac import key_name

ACCENT: Final = QColor(0x58, 0x65, 0xF2)
DIM: Final = QColor(0, 0, 0, 112)
"""Lies over everything that would not be taken."""

LINE_LIGHT: Final = QColor(255, 255, 255)
LINE_DARK: Final = QColor(0, 0, 0, 150)
"""Every line is a light one with a dark one beside it, so that one of them shows on any picture."""
CROSS_LIGHT: Final = QColor(255, 255, 255, 170)
CROSS_DARK: Final = QColor(0, 0, 0, 90)

PANEL: Final = QColor(0x1A, 0x1B, 0x1F, 236)
PANEL_EDGE: Final = QColor(255, 255, 255, 46)
PANEL_SHADE: Final = QColor(0, 0, 0, 120)
KEYCAP: Final = QColor(255, 255, 255, 30)
TEXT: Final = QColor(0xF4, 0xF5, 0xF7)
TEXT_MUTED: Final = QColor(0xB4, 0xB8, 0xC2)
GRID: Final = QColor(0, 0, 0, 40)

LINE: Final = 1.0
WINDOW_LINE: Final = 2.0
GRIP: Final = 10.0
RADIUS: Final = 6.0
GAP: Final = 8.0
"""Between the selection and its label, between a panel and the monitor's edge."""
POINTER_CLEARANCE: Final = 22.0
"""Between the pointer and the magnifier."""
FONT: Final = 13.0
SMALL_FONT: Final = 11.5

SAMPLE: Final = (17, 11)
"""Pixels that the magnifier shows, across and down; odd, so that one is in the middle."""
ZOOM: Final = 9.0

COPY_HINT: Final = "C copies the colour"
COPIED: Final = "Copied"
NOT_COPIED: Final = "Could not be copied"
ACCEPT_HINT: Final = "Enter takes it"

HelpRows = tuple[tuple[tuple[str, str], ...], ...]
"""Lines of pairs: keys, and what they do."""
_CTRL, _ALT = key_name("Ctrl"), key_name("Alt")
HELP: Final[HelpRows] = (
    (("Drag", "a region"), ("Click", "a window"), ("1–9", "monitor"), ("F", "everything"), ("L", "last region")),
    (("Space", "move while dragging"), ("Shift", "square"), (_ALT, "from the centre"), (_CTRL, "adjust after")),
    (("← ↑ ↓ →", "1 px, Shift 10"), ("Enter", "start, accept"), ("Esc", "cancel"), ("H", "hide this")),
)
HELP_NO_WINDOWS: Final[HelpRows] = (tuple(pair for pair in HELP[0] if pair != ("Click", "a window")), *HELP[1:])
"""Where nothing tells of windows, or there are none."""
HELP_WINDOWS: Final[HelpRows] = (
    (("Click", "a window"), ("1–9", "monitor"), ("F", "everything")),
    (("← ↑ ↓ →", "move the pointer"), ("Enter", "take the window"), ("Esc", "cancel"), ("H", "hide this")),
)
HELP_FIXED: Final[HelpRows] = (
    (("Click", "takes the frame"), ("1–9", "monitor"), ("F", "everything"), ("L", "last region")),
    (("← ↑ ↓ →", "1 px, Shift 10"), (_CTRL, "adjust after"), ("Enter", "accept"), ("Esc", "cancel")),
)
ACCESSIBLE_NAME: Final = "Choose a part of the screen, monitor {number}"
ACCESSIBLE_NAME_WINDOWS: Final = "Choose a window, monitor {number}"
