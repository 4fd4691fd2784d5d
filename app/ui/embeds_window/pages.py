"""What the window shows when there are no profiles to work on: loading, signed out, trouble, none yet."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.core.imglink import EmbedFields
from app.ui import theme
from app.ui.embeds_window.card import DiscordCard
from app.ui.embeds_window.preview import sample_picture
from app.ui.widgets import Symbol, button, heading, label

SAMPLE = EmbedFields(
    name="Holiday",
    title="Evening in the hills",
    description="Photographs of our walk. Click the title for the full size.",
    color="#5865f2",
    author_name="Ada",
    site_name="Ada's pictures",
)


class MessagePage(QWidget):
    """A drawing, a sentence, what it means, and at most one thing to do."""

    def __init__(self, symbol: str, tone: str = "muted") -> None:
        super().__init__()
        self.title = heading("", 1.2)
        self.text = label(tone="muted", wrap=True)
        self.button: QPushButton | None = None
        for each in (self.title, self.text):
            each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            each.setWordWrap(True)
        inner = QWidget()
        inner.setMaximumWidth(460)
        self._column = QVBoxLayout(inner)
        self._column.setSpacing(theme.SPACE_M)
        self._column.addWidget(Symbol(symbol, tone=tone, size=36), 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addWidget(self.title)
        self._column.addWidget(self.text)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(inner, 4)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL)
        outer.addStretch(1)
        outer.addLayout(row)
        outer.addStretch(2)

    def say(self, title: str, text: str) -> None:
        """Show these words."""
        self.title.setText(title)
        self.text.setText(text)
        self.text.setVisible(bool(text))
        self.setAccessibleName(f"{title} {text}".strip())

    def offer(self, text: str, on_click: Callable[[], object]) -> None:
        """Add the button."""
        self.button = button(text, on_click, look="primary")
        self._column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)

    def add(self, widget: QWidget) -> None:
        """Add something below the words."""
        self._column.insertWidget(3, widget)


class LoadingPage(MessagePage):
    """Something is on its way."""

    def __init__(self, title: str) -> None:
        super().__init__("retry")
        self.say(title, "")
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedWidth(160)
        bar.setAccessibleName(title)
        self._column.addWidget(bar, 0, Qt.AlignmentFlag.AlignHCenter)


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
