"""What the window shows when there are no profiles to work on: signed out, or none yet."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.imglink import EmbedFields
from app.ui import theme
from app.ui.embeds_window.card import DiscordCard
from app.ui.embeds_window.preview import sample_picture
from app.ui.widgets import button, heading, label

SAMPLE = EmbedFields(
    name="Holiday",
    title="Evening in the hills",
    description="Photographs of our walk. Click the title for the full size.",
    color="#5865f2",
    author_name="Ada",
    site_name="Ada's pictures",
)


class IntroPage(QWidget):
    """What embed profiles are, beside a card that shows it, and the way in."""

    def __init__(self, title: str, text: str, action: str, on_click: Callable[[], object]) -> None:
        super().__init__()
        words = QVBoxLayout()
        words.setSpacing(theme.SPACE_M)
        words.addStretch(1)
        words.addWidget(heading(title, 1.35))
        words.addWidget(label(text, tone="muted", wrap=True))
        self.note = label(tone="danger", wrap=True)
        self.note.hide()
        words.addWidget(self.note)
        self.button = button(action, on_click, look="primary")
        line = QHBoxLayout()
        line.addWidget(self.button)
        line.addStretch(1)
        words.addLayout(line)
        words.addStretch(2)
        self.card = DiscordCard()
        self.card.set_fields(SAMPLE)
        self.card.set_image(sample_picture())
        self.card.setMaximumWidth(self.card.sizeHint().width())
        right = QVBoxLayout()
        right.addStretch(1)
        right.addWidget(self.card)
        right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL)
        row.setSpacing(theme.SPACE_XL)
        row.addLayout(words, 4)
        row.addLayout(right, 5)

    def set_note(self, text: str) -> None:
        """Say what went wrong with the last try."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
