"""Colours, distances and type sizes, and how they reach the widgets: a palette and one stylesheet over Fusion."""

from __future__ import annotations

from dataclasses import dataclass, fields
from string import Template

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app.settings import Theme
from app.system.resources import resource_path

# Distances in logical pixels: everything is a step of this scale.
SPACE_XS, SPACE_S, SPACE_M, SPACE_L, SPACE_XL = 4, 8, 12, 16, 24


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one look, as `#rrggbb`. Text colours keep 4.5 : 1 on every surface they are used on."""

    window: str
    """Behind everything."""
    raised: str
    """Cards, fields and buttons."""
    hover: str
    pressed: str
    border: str
    """Separates; carries no meaning of its own."""
    outline: str
    """Around controls: 3 : 1 on `window`."""
    text: str
    muted: str
    disabled: str
    accent: str
    """Behind `on_accent`."""
    accent_hover: str
    accent_pressed: str
    on_accent: str
    accent_text: str
    """Text and icons in the accent colour."""
    accent_soft: str
    """A tint behind text, for selection and the drop zone."""
    danger: str
    danger_soft: str
    warning: str
    warning_soft: str
    success: str


LIGHT = Tokens(
    window="#f7f7f9",
    raised="#ffffff",
    hover="#eeeff3",
    pressed="#e3e5eb",
    border="#e2e3e9",
    outline="#878d9b",
    text="#1a1c22",
    muted="#5b616e",
    disabled="#9aa0ab",
    accent="#4257d6",
    accent_hover="#384bc2",
    accent_pressed="#2f40ab",
    on_accent="#ffffff",
    accent_text="#3a4ecb",
    accent_soft="#e9ecfd",
    danger="#b4232c",
    danger_soft="#fdecec",
    warning="#8a5300",
    warning_soft="#fdf3e0",
    success="#17713b",
)
DARK = Tokens(
    window="#1a1b1f",
    raised="#232529",
    hover="#2d2f35",
    pressed="#383b42",
    border="#33363d",
    outline="#757b88",
    text="#eceef2",
    muted="#a6acb8",
    disabled="#6b717d",
    accent="#5166e0",
    accent_hover="#566ae1",
    accent_pressed="#4358cf",
    on_accent="#ffffff",
    accent_text="#a3b2ff",
    accent_soft="#2a3052",
    danger="#ff8f8f",
    danger_soft="#3d2326",
    warning="#f0b35a",
    warning_soft="#3a2d17",
    success="#6fd394",
)


def contrast(first: str, second: str) -> float:
    """The contrast of two colours by WCAG 2: from 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    channels = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def current_tokens() -> Tokens:
    """The look that everything is painted in."""
    # Not a widget's own palette: the stylesheet changes that.
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def small_font(font: QFont, factor: float = 0.9) -> QFont:
    """The type for second lines; never below 8 points."""
    small = QFont(font)
    small.setPointSizeF(max(8.0, font.pointSizeF() * factor))
    return small


def heading_font(font: QFont, factor: float = 1.0) -> QFont:
    """The type for headings."""
    heading = QFont(font)
    heading.setPointSizeF(font.pointSizeF() * factor)
    heading.setWeight(QFont.Weight.DemiBold)
    return heading


class Look(QObject):
    """Keeps the application's palette and stylesheet as the setting, or the desktop, says."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice = Theme.SYSTEM
        self._tokens: Tokens | None = None
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._apply)
        self._apply()

    @property
    def tokens(self) -> Tokens:
        """The colours in use."""
        return self._wanted()

    def choose(self, theme: Theme) -> None:
        """Follow the person's choice."""
        self._choice = theme
        hints = self._application.styleHints()
        match theme:
            case Theme.SYSTEM:
                hints.unsetColorScheme()
            case Theme.LIGHT:
                hints.setColorScheme(Qt.ColorScheme.Light)
            case Theme.DARK:
                hints.setColorScheme(Qt.ColorScheme.Dark)
        self._apply()

    def _wanted(self) -> Tokens:
        # Platforms without a colour scheme ignore setColorScheme, so an explicit choice is decided here.
        if self._choice is Theme.SYSTEM:
            return DARK if self._application.styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT
        return DARK if self._choice is Theme.DARK else LIGHT

    def _apply(self) -> None:
        tokens = self._wanted()
        if tokens is self._tokens:
            return
        self._tokens = tokens
        self._application.setPalette(palette_of(tokens))
        self._application.setStyleSheet(stylesheet_of(tokens))


def palette_of(tokens: Tokens) -> QPalette:
    """The palette, for what is painted without the stylesheet and for other programs' view of ours."""
    role = QPalette.ColorRole
    palette = QPalette()
    for color_role, color in (
        (role.Window, tokens.window),
        (role.WindowText, tokens.text),
        (role.Base, tokens.raised),
        (role.AlternateBase, tokens.hover),
        (role.Text, tokens.text),
        (role.PlaceholderText, tokens.muted),
        (role.Button, tokens.raised),
        (role.ButtonText, tokens.text),
        (role.BrightText, tokens.danger),
        (role.ToolTipBase, tokens.raised),
        (role.ToolTipText, tokens.text),
        (role.Highlight, tokens.accent),
        (role.HighlightedText, tokens.on_accent),
        (role.Accent, tokens.accent),
        (role.Link, tokens.accent_text),
        (role.LinkVisited, tokens.accent_text),
        (role.Light, tokens.raised),
        (role.Midlight, tokens.hover),
        (role.Mid, tokens.border),
        (role.Dark, tokens.outline),
        (role.Shadow, tokens.border),
    ):
        palette.setColor(color_role, QColor(color))
    for color_role in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, color_role, QColor(tokens.disabled))
    return palette


def stylesheet_of(tokens: Tokens) -> str:
    """The one stylesheet, with its colours filled in."""
    values = {entry.name: getattr(tokens, entry.name) for entry in fields(tokens)}
    icons = resource_path("icons/check-white.svg").parent.as_posix()
    shade = "dark" if tokens is DARK else "light"
    template = resource_path("style.qss").read_text(encoding="utf-8")
    return Template(template).substitute(values, icons=icons, shade=shade)
