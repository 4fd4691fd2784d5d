from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.settings import Theme
from app.system.resources import resource_path
from app.ui import icons
from app.ui.theme import DARK, LIGHT, Look, Tokens, contrast, current_tokens, stylesheet_of
from app.ui.widgets import IconButton

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
SURFACES = ("window", "raised", "hover", "pressed", "accent_soft", "danger_soft", "warning_soft")
ICONS = Path(resource_path("icons/app.svg")).parent


def test_contrast_is_the_one_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["text", "muted", "accent_text", "danger", "warning", "success"])
def test_every_text_colour_can_be_read_on_every_surface(tokens: Tokens, name: str) -> None:
    for surface in SURFACES:
        assert contrast(getattr(tokens, name), getattr(tokens, surface)) >= 4.5, surface


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_on_the_accent_and_outlines_of_controls_can_be_seen(tokens: Tokens) -> None:
    for accent in (tokens.accent, tokens.accent_hover, tokens.accent_pressed):
        assert contrast(tokens.on_accent, accent) >= 4.5
    for surface in (tokens.window, tokens.raised):
        assert contrast(tokens.outline, surface) >= 3


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_the_stylesheet_has_no_colour_of_its_own_and_its_pictures_exist(tokens: Tokens) -> None:
    template = resource_path("style.qss").read_text(encoding="utf-8")
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b", template)
    sheet = stylesheet_of(tokens)
    assert "$" not in sheet
    pictures = re.findall(r'url\("([^"]+)"\)', sheet)
    assert pictures
    assert all(Path(picture).is_file() for picture in pictures)


def test_the_choice_wins_and_the_desktop_decides_without_one(look: Look, qapp: QApplication) -> None:
    look.choose(Theme.DARK)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.window)
    assert current_tokens() is DARK
    look.choose(Theme.LIGHT)
    assert current_tokens() is LIGHT
    look.choose(Theme.SYSTEM)
    assert look.tokens is LIGHT


def test_an_icon_follows_when_the_look_changes(look: Look, qtbot: QtBot) -> None:
    button = IconButton("close", "Close")
    qtbot.addWidget(button)
    button.show()
    seen = []
    for theme in (Theme.LIGHT, Theme.DARK):
        look.choose(theme)
        image = button.icon().pixmap(18, 18).toImage()
        pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
        seen.append({color.name() for color in pixels if color.alpha() == 255})
    assert LIGHT.muted in seen[0]
    assert DARK.muted in seen[1]


@pytest.mark.parametrize("path", sorted(ICONS.glob("*.svg")), ids=lambda path: path.stem)
def test_every_drawing_can_be_drawn(path: Path, qtbot: QtBot) -> None:
    image = icons.pixmap(path.stem, QColor("#ff0000"), 24, 2.0).toImage()
    assert (image.width(), image.height()) == (48, 48)
    assert any(image.pixelColor(x, y).alpha() for x in range(48) for y in range(48))


def test_the_states_of_the_tray_icon_differ_at_its_smallest_size(qtbot: QtBot) -> None:
    pictures = [icons.tray_icon(state).pixmap(16, 16).toImage() for state in ("idle", "uploading", "attention")]
    assert all(first != second for first, second in zip(pictures, pictures[1:] + pictures[:1], strict=True))
