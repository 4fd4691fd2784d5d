"""The still parts of the tray window: capture buttons, drop zone, welcome, footer."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.ui import theme
from app.ui.account_view import AccountState, AccountView
from app.ui.texts import shortcut_text, workflow_name
from app.ui.widgets import ElidedLabel, IconButton, Symbol, button, heading, label, plain_tooltip

_CENTER = Qt.AlignmentFlag.AlignCenter


class CaptureButton(QToolButton):
    """A drawing, what it takes, and its key, one below the other."""

    def __init__(self, symbol: str, text: str, full_name: str) -> None:
        super().__init__()
        self.setAccessibleName(full_name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setProperty("look", "tile")
        self._key = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self._key.setProperty("tone", "muted")
        self._key.setFont(theme.small_font(self._key.font(), 0.85))
        self._key.setAlignment(_CENTER)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_XS, theme.SPACE_M, theme.SPACE_XS, theme.SPACE_S + 2)
        column.setSpacing(theme.SPACE_XS)
        column.addWidget(Symbol(symbol, tone="accent_text", size=24), 0, _CENTER)
        column.addWidget(label(text), 0, _CENTER)
        column.addWidget(self._key)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_key(self, key: str) -> None:
        """Show this shortcut; none leaves its line empty, so that the three buttons stay aligned."""
        self._key.set_text(key)
        self.setToolTip(plain_tooltip(key))
        self.setAccessibleDescription(key)

    def sizeHint(self) -> QSize:
        """As large as what it holds."""
        layout = self.layout()
        return layout.sizeHint() if layout is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        """The same: nothing in it can be left out."""
        return self.sizeHint()


class CaptureButtons(QWidget):
    """Region, screen, window."""

    capture_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_S)
        self._buttons: dict[str, CaptureButton] = {}
        for workflow_id, text in (
            ("region", self.tr("Region")),
            ("screen", self.tr("Screen")),
            ("window", self.tr("Window")),
        ):
            made = CaptureButton(workflow_id, text, workflow_name(workflow_id))
            made.clicked.connect(lambda _=False, chosen=workflow_id: self.capture_requested.emit(chosen))
            self._buttons[workflow_id] = made
            row.addWidget(made, 1)

    def set_shortcuts(self, shortcuts: Mapping[str, str]) -> None:
        """Show the keys."""
        for workflow_id, made in self._buttons.items():
            made.set_key(shortcut_text(shortcuts.get(workflow_id, "")))


class DropZone(QWidget):
    """Where pictures may be dropped. The whole window takes drops; this says so, and lights up during a drag."""

    choose_requested = Signal()
    paste_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._is_lit = False
        self._symbol = Symbol("upload", tone="muted", size=22)
        self._text = label(self.tr("Drop images here, or paste"))
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_XS)
        row.addStretch(1)
        row.addWidget(button(self.tr("Choose files…"), self.choose_requested.emit, look="plain"))
        row.addWidget(button(self.tr("Paste"), self.paste_requested.emit, look="plain"))
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_M, theme.SPACE_M, theme.SPACE_M, theme.SPACE_S)
        column.setSpacing(theme.SPACE_XS)
        column.addWidget(self._symbol, 0, _CENTER)
        column.addWidget(self._text, 0, _CENTER)
        column.addLayout(row)

    @property
    def is_lit(self) -> bool:
        """True while something hangs over the window."""
        return self._is_lit

    def light(self, is_lit: bool) -> None:
        """Show that a drop would be taken."""
        if is_lit != self._is_lit:
            self._is_lit = is_lit
            self._symbol.set_symbol("upload", "accent_text" if is_lit else "muted")
            self._text.setText(self.tr("Let go to upload") if is_lit else self.tr("Drop images here, or paste"))
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A dashed frame."""
        tokens = theme.current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(tokens.accent_text if self._is_lit else tokens.outline), 1.5 if self._is_lit else 1.0)
        pen.setDashPattern([4.0, 3.0])
        painter.setPen(pen)
        painter.setBrush(QColor(tokens.accent_soft) if self._is_lit else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)
        painter.end()


class Welcome(QWidget):
    """What is said before the first upload: one sentence, and the limits of uploading without an account."""

    add_key_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._sentence = QWidget()
        self._keys = QHBoxLayout(self._sentence)
        self._keys.setContentsMargins(0, 0, 0, 0)
        self._keys.setSpacing(theme.SPACE_XS)
        self._account = QWidget()
        account = QVBoxLayout(self._account)
        account.setContentsMargins(0, theme.SPACE_S, 0, 0)
        account.setSpacing(theme.SPACE_S)
        limits = self.tr("Without an account: files up to 25 MB, one upload every 30 minutes.")
        account.addWidget(self._centered(limits))
        account.addWidget(button(self.tr("Add API key"), self.add_key_requested.emit), 0, _CENTER)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_M, theme.SPACE_L, theme.SPACE_M)
        column.setSpacing(theme.SPACE_S)
        column.addStretch(1)
        column.addWidget(self._sentence, 0, _CENTER)
        self._how = self._centered("")
        column.addWidget(self._how)
        column.addWidget(self._account)
        column.addStretch(1)

    def set_shortcut(self, shortcut: str) -> None:
        """Name the key that takes a region."""
        for widget in self._sentence.findChildren(QWidget):
            widget.hide()
            widget.deleteLater()
        names = shortcut_text(shortcut).split("+") if shortcut_text(shortcut) else []
        self._keys.addWidget(heading(self.tr("Press") if names else self.tr("Choose Region"), 1.15))
        for name in names:
            key = label(name)
            key.setProperty("look", "key")
            self._keys.addWidget(key)
        self._keys.addWidget(heading(self.tr("and drag."), 1.15))
        self._how.setText(self.tr("Let go, and the link is on your clipboard."))
        self.setAccessibleName(self.tr("Press {keys} and drag.").format(keys=shortcut_text(shortcut)))

    def set_account(self, account: AccountView) -> None:
        """Say the limits only while there is no account."""
        self._account.setVisible(account.state is AccountState.NO_KEY)

    @staticmethod
    def _centered(text: str) -> QLabel:
        made = label(text, tone="muted", wrap=True)
        made.setAlignment(_CENTER)
        return made


class Footer(QWidget):
    """Whose account it is, and the way to history, gallery and settings."""

    account_requested = Signal()
    history_requested = Signal()
    gallery_requested = Signal()
    settings_requested = Signal()
    quit_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._symbol = Symbol("person", size=18)
        self._text = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
        self._text.setFont(theme.small_font(self._text.font()))
        self._text.setProperty("tone", "muted")
        self._add_key = button(self.tr("Add API key"), self.account_requested.emit, look="plain")
        self._add_key.setFont(theme.small_font(self._add_key.font()))
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_XS + 2, theme.SPACE_S, theme.SPACE_XS + 2)
        row.setSpacing(theme.SPACE_XS)
        row.addWidget(self._symbol)
        row.addSpacing(theme.SPACE_XS)
        row.addWidget(self._text, 1)
        row.addWidget(self._add_key)
        self._quit = button(self.tr("Quit"), self.quit_requested.emit, look="plain")
        self._quit.setFont(theme.small_font(self._quit.font()))
        self._quit.hide()
        row.addWidget(self._quit)
        for symbol, name, signal in (
            ("history", self.tr("History"), self.history_requested),
            ("gallery", self.tr("Gallery"), self.gallery_requested),
            ("settings", self.tr("Settings"), self.settings_requested),
        ):
            made = IconButton(symbol, name)
            made.clicked.connect(signal)
            row.addWidget(made)
        self.set_account(AccountView())

    def set_has_tray(self, has_tray: bool) -> None:
        """Offer to quit where no tray menu does."""
        self._quit.setVisible(not has_tray)

    def set_account(self, account: AccountView) -> None:
        """Show this account."""
        text, symbol, tone = {
            AccountState.NO_KEY: (
                self.tr("Anonymous on {server}") if account.is_anonymous else self.tr("Signed in to {server}"),
                "person",
                "muted",
            ),
            AccountState.CHECKING: (self.tr("Checking the key…"), "key", "muted"),
            AccountState.UNCHECKED: (self.tr("API key for {server}"), "key", "muted"),
            AccountState.READY: (self.tr("Signed in to {server}"), "key", "success"),
            AccountState.REJECTED: (self.tr("{server} refused the key"), "alert", "danger"),
        }[account.state]
        self._text.set_text(text.format(server=account.server))
        self._symbol.set_symbol(symbol, tone)
        self._add_key.setVisible(account.state in (AccountState.NO_KEY, AccountState.REJECTED))
        self._add_key.setText(self.tr("Add API key") if account.state is AccountState.NO_KEY else self.tr("Change key"))
