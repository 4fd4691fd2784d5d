"""The sign-in dialog: a password, a token, or the site's own page. What is typed passes through once and is cleared."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.services.sign_in import SignInReason
from app.ui import icons, theme
from app.ui.mac import bring_to_front
from app.ui.sign_in.view import SignInView, Way
from app.ui.widgets import NoticeBar, Symbol, button, label

_WIDTH = 460
_MAX_USER, _MAX_SECRET = 320, 8192


class SignInDialog(QDialog):
    """Shows a `SignInView` and says what was entered; it signs nobody in itself. Open it with `present`."""

    password_entered = Signal(str, str)
    """User name or e-mail, and password: secret, not logged, not kept."""
    token_entered = Signal(str)
    """A session token: secret as well."""
    browser_requested = Signal()
    stop_requested = Signal()
    """What is under way is not wanted any more; the dialog stays."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowIcon(icons.app_icon())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._view = SignInView()
        self._title = label(wrap=True)
        self._title.setFont(theme.heading_font(self._title.font(), 1.35))
        self._why = label(tone="muted", wrap=True)
        self._problem = NoticeBar("error", dismissible=False)
        self._way = Way.PASSWORD
        self._panes: dict[Way, QWidget] = {}
        self._ways: dict[Way, QPushButton] = {}
        self._user, self._password, self._token = QLineEdit(), QLineEdit(), QLineEdit()
        self._no_password = NoticeBar(dismissible=False)
        self._fields = QWidget()
        self._no_browser = label(tone="muted", small=True, wrap=True)
        self._open_page = button(self.tr("Open the sign-in page"), self._browse)
        self._bar = QProgressBar()
        self._cancel = button(self.tr("Cancel"), self._give_up)
        self._go = button(self.tr("Sign in"), self._enter, look="primary")
        self._build()
        self.set_view(self._view)

    def set_view(self, view: SignInView) -> None:
        """Show how it stands."""
        self._view = view
        title = self.tr("Sign in to {server}").format(server=view.server)
        self.setWindowTitle(title)
        self._title.setText(title)
        self._why.setText(self._reason_text(view))
        self._no_password.set_text(self._no_password_text(view))
        self._no_password.setVisible(not view.takes_password)
        self._fields.setVisible(view.takes_password)
        self._problem.set_text(view.problem)
        self._problem.setVisible(bool(view.problem))
        self._open_page.setEnabled(view.has_browser and view.busy is None)
        self._no_browser.setText(view.no_browser)
        self._no_browser.setVisible(not view.has_browser and bool(view.no_browser))
        is_busy = view.busy is not None
        self._bar.setVisible(is_busy)
        for part in (*self._panes.values(), *self._ways.values()):
            part.setEnabled(not is_busy)
        self._cancel.setText(self.tr("Stop") if is_busy else self.tr("Cancel"))
        self._check_entries()
        self._fit()

    def present(self) -> None:
        """Come to the front, ready for typing."""
        self.show()
        bring_to_front(self)
        self.focus_entry()

    def choose_way(self, way: Way) -> None:
        """Show the fields of this way."""
        self._ways[way].setChecked(True)
        self._way = way
        for each, pane in self._panes.items():
            pane.setVisible(each is way)
        self._check_entries()
        self._fit()

    @property
    def way(self) -> Way:
        """The way that is shown."""
        return self._way

    def focus_entry(self) -> None:
        """Let the person type where something is missing."""
        if self.way is Way.BROWSER:
            self._open_page.setFocus()
        elif self.way is Way.TOKEN:
            self._token.setFocus()
        else:
            (self._password if self._user.text().strip() else self._user).setFocus()

    def sizeHint(self) -> QSize:
        """As wide as a sentence is comfortable, as high as that makes it."""
        layout = self.layout()
        width = max(_WIDTH, self.fontMetrics().averageCharWidth() * 64)
        return QSize(width, layout.totalHeightForWidth(width) if layout is not None else 0)

    def showEvent(self, event: QShowEvent) -> None:
        """Only now the style has given everything its size."""
        super().showEvent(event)
        self._fit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave nothing of what was typed behind."""
        self._password.clear()
        self._token.clear()
        super().closeEvent(event)

    # --- what is pressed ----------------------------------------------------------------------------------------------

    def reject(self) -> None:
        """Escape and the window's own button: as Cancel."""
        if self._view.busy is not None:
            self.stop_requested.emit()
        super().reject()

    def _give_up(self) -> None:
        if self._view.busy is not None:
            self.stop_requested.emit()
        else:
            self.reject()

    def _enter(self) -> None:
        if not self._go.isEnabled():
            return
        if self.way is Way.TOKEN:
            token = self._token.text().strip()
            self._token.clear()
            self.token_entered.emit(token)
            return
        user, password = self._user.text().strip(), self._password.text()
        self._password.clear()
        self.password_entered.emit(user, password)

    def _browse(self) -> None:
        self.browser_requested.emit()

    def _check_entries(self) -> None:
        entered = {
            Way.PASSWORD: self._view.takes_password and bool(self._user.text().strip() and self._password.text()),
            Way.TOKEN: bool(self._token.text().strip()),
            Way.BROWSER: False,
        }
        self._go.setEnabled(self._view.busy is None and entered[self.way])
        self._go.setVisible(self.way is Way.TOKEN or (self.way is Way.PASSWORD and self._view.takes_password))

    # --- texts --------------------------------------------------------------------------------------------------------

    def _reason_text(self, view: SignInView) -> str:
        then = self.tr("What you asked for goes on as soon as you have signed in.")
        match view.reason:
            case SignInReason.MISSING:
                return self.tr("This needs you to be signed in.") + " " + then
            case SignInReason.LAPSED:
                return self.tr("Your session is over; they last a week.") + " " + then
            case SignInReason.REFUSED:
                return (
                    self.tr("{server} does not accept your session any more.").format(server=view.server) + " " + then
                )
            case _:
                return self.tr("Albums and embed profiles need it; uploads need only the API key.")

    def _no_password_text(self, view: SignInView) -> str:
        return self.tr(
            "{server} offers no sign-in with a password to programs. Sign in on its own page, or paste a token; the "
            "path it was asked at is in the settings under Advanced."
        ).format(server=view.server)

    # --- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Signing in…"))
        for line, name, most in (
            (self._user, self.tr("User name or e-mail"), _MAX_USER),
            (self._password, self.tr("Password"), _MAX_SECRET),
            (self._token, self.tr("Session token"), _MAX_SECRET),
        ):
            line.setAccessibleName(name)
            line.setMaxLength(most)
            line.textChanged.connect(self._check_entries)
            line.returnPressed.connect(self._enter)
        for secret in (self._password, self._token):
            secret.setEchoMode(QLineEdit.EchoMode.Password)
        self._token.setPlaceholderText(self.tr("Paste the token"))
        self._panes = {
            Way.PASSWORD: self._password_pane(),
            Way.TOKEN: self._token_pane(),
            Way.BROWSER: self._browser_pane(),
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_L)
        column.setSpacing(theme.SPACE_M)
        # Its own idea of the least height is of labels that are as narrow as can be.
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.addWidget(self._title)
        column.addWidget(self._why)
        column.addLayout(self._ways_row())
        for pane in self._panes.values():
            column.addWidget(pane)
        column.addWidget(self._problem)
        column.addWidget(self._bar)
        column.addWidget(self._credentials())
        column.addStretch(1)
        column.addLayout(self._buttons_row())
        self.choose_way(Way.PASSWORD)

    def _ways_row(self) -> QHBoxLayout:
        row, group = QHBoxLayout(), QButtonGroup(self)
        row.setSpacing(0)
        names = {
            Way.PASSWORD: self.tr("Password"),
            Way.TOKEN: self.tr("Token"),
            Way.BROWSER: self.tr("Sign-in page"),
        }
        for way, side in zip(Way, ("left", "", "right"), strict=True):
            made = self._ways[way] = QPushButton(names[way])
            made.setCheckable(True)
            # Their group knows it already; this tells screen readers.
            made.setAutoExclusive(True)
            made.setAutoDefault(False)
            made.setProperty("look", "segment")
            made.setProperty("side", side)
            made.setAccessibleName(self.tr("Sign in with: {way}").format(way=names[way]))
            made.clicked.connect(lambda _checked, way=way: self._chosen(way))
            group.addButton(made)
            row.addWidget(made, 1)
        return row

    def _chosen(self, way: Way) -> None:
        self.choose_way(way)
        self.focus_entry()

    def _password_pane(self) -> QWidget:
        column = QVBoxLayout(self._fields)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_XS)
        for line in (self._user, self._password):
            column.addWidget(_named(line))
            column.addWidget(line)
            column.addSpacing(theme.SPACE_XS)
        column.addWidget(label(self.tr("The password is sent once and never stored."), tone="muted", small=True))
        return _pane(self._no_password, self._fields)

    def _token_pane(self) -> QWidget:
        how = self.tr(
            "Sign in to ImgLink in your browser. Its developer tools show the token as the Authorization header of a "
            "request for your albums, after the word “Bearer”."
        )
        return _pane(_named(self._token), self._token, label(how, tone="muted", small=True, wrap=True))

    def _browser_pane(self) -> QWidget:
        what = self.tr(
            "The site's own page, in a window of ImgLink: captcha and two-factor sign-in work there. Nothing of it is "
            "kept but the token."
        )
        row = QHBoxLayout()
        row.addWidget(self._open_page)
        row.addStretch(1)
        pane = _pane(label(what, wrap=True), row, self._no_browser)
        self._no_browser.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        return pane

    def _credentials(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, theme.SPACE_S, 0, theme.SPACE_S)
        column.setSpacing(theme.SPACE_XS)
        for symbol, text in (
            ("key", self.tr("The API key uploads to your account and deletes images; it is good until you revoke it.")),
            ("person", self.tr("Signing in opens your albums and embed profiles, for about a week at a time.")),
        ):
            row = QHBoxLayout()
            row.setSpacing(theme.SPACE_S)
            row.addWidget(Symbol(symbol, size=16), 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(label(text, tone="muted", small=True, wrap=True), 1)
            column.addLayout(row)
        return made

    def _buttons_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_S)
        row.addStretch(1)
        row.addWidget(self._cancel)
        row.addWidget(self._go)
        return row

    def _fit(self) -> None:
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.setFixedSize(self.sizeHint())


def _named(line: QLineEdit) -> QLabel:
    made = label(line.accessibleName())
    made.setBuddy(line)
    return made


def _pane(*parts: QWidget | QHBoxLayout) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.SPACE_S)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    column.addStretch(1)
    return made
