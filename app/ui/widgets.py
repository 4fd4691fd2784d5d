"""Small widgets that every window uses. Text is always plain: names and reasons come from files and servers."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.ui import icons, theme


def plain_tooltip(text: str) -> str:
    """A tooltip that shows `text` as it is, whatever markup it holds."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<qt>{escaped}</qt>" if text else ""


_LONG_WORD = re.compile(r"\S{25,}")


def label(text: str = "", *, tone: str = "", small: bool = False, wrap: bool = False) -> QLabel:
    """A label of plain text; `tone` is muted, danger, warning, success or accent."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if tone:
        made.setProperty("tone", tone)
    if small:
        made.setFont(theme.small_font(made.font()))
    if wrap:
        made.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    return made


def breakable(text: str) -> str:
    """The same to read, where long words such as paths may be broken between lines. Not for text that can be copied."""
    return _LONG_WORD.sub(lambda word: re.sub(r"([/.=_:-])", "\\1\N{ZERO WIDTH SPACE}", word[0]), text)


def heading(text: str, factor: float = 1.0) -> QLabel:
    """A label in the type of headings, `factor` times the ordinary size."""
    made = label(text)
    made.setFont(theme.heading_font(made.font(), factor))
    return made


def set_tone(widget: QWidget, tone: str, *, name: str = "tone") -> None:
    """Change a property that the stylesheet looks at."""
    # Polishing again costs about a millisecond a widget.
    if (widget.property(name) or "") != tone:
        widget.setProperty(name, tone)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def line() -> QFrame:
    """A hairline."""
    made = QFrame()
    made.setProperty("look", "line")
    return made


def button(text: str, on_click: Callable[[], object], *, look: str = "") -> QPushButton:
    """A push button; `look` is primary, danger, small or plain."""
    made = QPushButton(text)
    if look:
        made.setProperty("look", look)
    made.setAutoDefault(False)

    def clicked() -> None:
        # Without Qt's `checked`, which would become the first argument of whatever is called.
        on_click()

    made.clicked.connect(clicked)
    return made


def make_clearable(field: QLineEdit) -> None:
    """Put a button into a field that empties it; Qt's own has no name for a screen reader."""
    field.setClearButtonEnabled(True)
    for action in field.findChildren(QAction):
        action.setText(QCoreApplication.translate("Widgets", "Clear"))


class ElidedLabel(QLabel):
    """One line that is shortened in the middle when it does not fit, with the whole text as its tooltip."""

    def __init__(self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._whole = ""
        self._mode = mode
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show this text; line breaks become blanks."""
        self._whole = " ".join(text.split())
        self.setAccessibleName(self._whole)
        self._elide()

    def text_whole(self) -> str:
        """The text before it was shortened."""
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten again."""
        super().resizeEvent(event)
        self._elide()

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(0, super().minimumSizeHint().height())

    def _elide(self) -> None:
        shown = self.fontMetrics().elidedText(self._whole, self._mode, max(0, self.width()))
        self.setText(shown)
        self.setToolTip(plain_tooltip(self._whole) if shown != self._whole else "")


class Symbol(QWidget):
    """One of our drawings. `tone` is a name of `theme.Tokens`."""

    def __init__(self, name: str, *, tone: str = "muted", size: int = 20) -> None:
        super().__init__()
        self._name, self._tone = name, tone
        self.setFixedSize(size, size)

    def set_symbol(self, name: str, tone: str) -> None:
        """Show another drawing."""
        self._name, self._tone = name, tone
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint it in the colour of the moment."""
        color = QColor(getattr(theme.current_tokens(), self._tone))
        painter = QPainter(self)
        painter.drawPixmap(0, 0, icons.pixmap(self._name, color, self.width(), self.devicePixelRatioF()))
        painter.end()


class IconButton(QToolButton):
    """A button with one of our drawings and a name for tooltip and screen reader."""

    def __init__(self, symbol: str, name: str, *, tone: str = "muted", size: int = 18) -> None:
        super().__init__()
        self._symbol, self._tone = symbol, tone
        self.setProperty("look", "icon")
        self.setIconSize(QSize(size, size))
        self.setFixedSize(size + 14, size + 14)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_name(name)
        self._paint_icon()

    def set_name(self, name: str) -> None:
        """Say what it does."""
        self.setToolTip(plain_tooltip(name))
        self.setAccessibleName(name)

    def set_symbol(self, symbol: str, tone: str = "muted") -> None:
        """Show another drawing."""
        self._symbol, self._tone = symbol, tone
        self._paint_icon()

    def changeEvent(self, event: QEvent) -> None:
        """Follow light and dark."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._paint_icon()

    def _paint_icon(self) -> None:
        tint_icon(self, self._symbol, self._tone, self.iconSize().width())


def tint_icon(target: QAbstractButton, symbol: str, tone: str, size: int) -> None:
    """Give a button one of our drawings in a token's colour."""
    tokens = theme.current_tokens()
    target.setIcon(icons.symbolic_icon(symbol, QColor(getattr(tokens, tone)), QColor(tokens.disabled), size))


class Thumbnail(QWidget):
    """A small picture with round corners, or a drawing in its place."""

    def __init__(self, width: int = 44, height: int = 44, symbol: str = "image") -> None:
        super().__init__()
        self._symbol = symbol
        self._picture = QPixmap()
        self.setFixedSize(width, height)

    def set_picture(self, image: QImage) -> None:
        """Show the middle of `image`; a null image shows the drawing."""
        self._picture = QPixmap.fromImage(image)
        self.update()

    @property
    def has_picture(self) -> bool:
        """True when there is something to see."""
        return not self._picture.isNull()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fill the square, cutting what is too much."""
        tokens = theme.current_tokens()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        path = QPainterPath()
        path.addRoundedRect(area, 6, 6)
        painter.fillPath(path, QColor(tokens.hover))
        if self._picture.isNull():
            size = 20
            drawing = icons.pixmap(self._symbol, QColor(tokens.muted), size, self.devicePixelRatioF())
            painter.drawPixmap((self.width() - size) // 2, (self.height() - size) // 2, drawing)
        else:
            painter.setClipPath(path)
            painter.drawPixmap(area, self._picture, self._middle(area))
            painter.setClipping(False)
            painter.setPen(QColor(tokens.border))
            painter.drawPath(path)
        painter.end()

    def _middle(self, area: QRectF) -> QRectF:
        picture = QRectF(self._picture.rect())
        factor = min(picture.width() / area.width(), picture.height() / area.height())
        part = QRectF(0, 0, area.width() * factor, area.height() * factor)
        part.moveCenter(picture.center())
        return part


class NoticeBar(QFrame):
    """A sentence with an icon, buttons, and a cross to dismiss it; `kind` is notice or error."""

    dismissed = Signal()

    def __init__(self, kind: str = "notice", *, dismissible: bool = True) -> None:
        super().__init__()
        self.setProperty("look", kind)
        self.text = label(wrap=True)
        self.buttons = QHBoxLayout()
        self.buttons.setContentsMargins(0, 0, 0, 0)
        self.column = QVBoxLayout()
        """The sentence, then what a window adds, then the buttons."""
        self.column.setSpacing(theme.SPACE_XS)
        self.column.addWidget(self.text)
        self.column.addLayout(self.buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_S, theme.SPACE_S)
        row.setSpacing(theme.SPACE_S)
        # The cross is taller than a line of text: both begin with their middles at the same height.
        above = 5 if dismissible else 0
        self.column.setContentsMargins(0, above, 0, above)
        marker = QVBoxLayout()
        marker.setContentsMargins(0, above, 0, 0)
        marker.addWidget(Symbol("alert", tone="danger" if kind == "error" else "warning", size=18))
        marker.addStretch(1)
        row.addLayout(marker)
        row.addLayout(self.column, 1)
        if dismissible:
            cross = IconButton("close", self.tr("Dismiss"), size=14)
            cross.clicked.connect(self.dismissed)
            row.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)

    def set_text(self, text: str) -> None:
        """Say this."""
        self.text.setText(text)
        self.setAccessibleName(text)
