"""The two credentials, API key and session: what they are for, how they stand, where they are kept."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.settings import Settings
from app.ui import theme
from app.ui.account_view import AccountState, AccountView, SessionState, SessionView
from app.ui.asking import ask
from app.ui.settings_window.page import Group, Page, Row
from app.ui.texts import moment_text
from app.ui.widgets import ElidedLabel, NoticeBar, Symbol, button, heading, label, set_tone


class AccountPage(Page):
    """Shows an `AccountView`; the key itself passes through once and is not kept."""

    key_entered = Signal(str)
    check_key_requested = Signal()
    remove_key_requested = Signal()
    sign_in_requested = Signal()
    sign_out_requested = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Account"))
        self._notice = NoticeBar(dismissible=False)
        self.add(self._notice)
        self._make_key_part()
        self._make_session_part()
        self.set_account(AccountView())

    def set_account(self, account: AccountView) -> None:
        """Show this account."""
        self._show_key(account)
        self._show_session(account.session, account.server)
        self._notice.setVisible(not account.is_persistent)
        self._notice.set_text(account.store_notice or self.tr("What you enter here is forgotten when ImgLink quits."))
        is_in_keyring = account.is_persistent and bool(account.store_name)
        self._store.setText(self.tr("Kept in {store}.").format(store=account.store_name) if is_in_keyring else "")
        is_anything_kept = account.state is not AccountState.NO_KEY or (
            account.session.state is not SessionState.SIGNED_OUT
        )
        self._store.setVisible(is_in_keyring and is_anything_kept)

    def focus_key(self) -> None:
        """Let the person paste at once."""
        self._key.setFocus()

    @property
    def wants_key(self) -> bool:
        """True while there is none, or none that is good."""
        return self._wants_key

    def set_settings(self, settings: Settings, overrides: Mapping[str, str]) -> None:
        """Nothing here is a setting: credentials never are."""

    def search(self, query: str) -> bool:
        """Found by what it is about."""
        words = self.tr("account api key sign in out session token password anonymous keyring").casefold()
        return all(word in words for word in query.casefold().split())

    # --- the key ------------------------------------------------------------------------------------------------------

    def _make_key_part(self) -> None:
        self._symbol = Symbol("person", size=28)
        self._state = _state_label()
        self._message = label(tone="muted", wrap=True)
        self._check = button(self.tr("Check"), self.check_key_requested.emit)
        self._remove = button(self.tr("Remove…"), self._ask_to_remove, look="danger")
        self._key = QLineEdit()
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._key.setPlaceholderText(self.tr("Paste the API key"))
        self._key.setAccessibleName(self.tr("API key"))
        self._add = button(self.tr("Add key"), self._enter, look="primary")
        self._add.setEnabled(False)
        self._key.textChanged.connect(lambda text: self._add.setEnabled(bool(text.strip())))
        self._key.returnPressed.connect(self._enter)
        self._anonymous = label(
            self.tr(
                "Without an account: files up to 25 MB, one upload every 30 minutes, and what was uploaded cannot be "
                "deleted from here. With one: 50 MB, 100 uploads an hour."
            ),
            tone="muted",
            small=True,
            wrap=True,
        )
        self.add(
            _part(
                self.tr("API key"),
                self.tr("It uploads to your account and deletes images, until you revoke it on the service."),
            )
        )
        status = _status_row(self._symbol, (self._state, self._message), (self._check, self._remove))
        self.add(Group([status, self._key_row()]))
        self.add(self._anonymous)

    def _show_key(self, account: AccountView) -> None:
        state = account.state
        text, symbol, tone = {
            AccountState.NO_KEY: (self.tr("No API key"), "key", "muted"),
            AccountState.CHECKING: (self.tr("Checking the key…"), "key", "muted"),
            AccountState.UNCHECKED: (self.tr("There is a key"), "key", "muted"),
            AccountState.READY: (self.tr("The key is good"), "check", "success"),
            AccountState.REJECTED: (self.tr("The key was refused"), "alert", "danger"),
        }[state]
        self._state.set_text(text)
        self._symbol.set_symbol(symbol, tone)
        self._message.setText(account.message or self._default_message(account))
        set_tone(self._message, "danger" if state is AccountState.REJECTED else "muted")
        has_key = state is not AccountState.NO_KEY
        self._wants_key = state in (AccountState.NO_KEY, AccountState.REJECTED)
        self._check.setVisible(has_key)
        self._check.setEnabled(state is not AccountState.CHECKING)
        self._remove.setVisible(has_key)
        self._entry.show_problem(account.problem)
        self._add.setText(self.tr("Replace key") if has_key else self.tr("Add key"))
        self._anonymous.setVisible(account.is_anonymous)

    def _default_message(self, account: AccountView) -> str:
        if account.is_anonymous:
            return self.tr("Uploads to {server} are anonymous.").format(server=account.server)
        if account.state is AccountState.NO_KEY and account.session.state.is_over:
            return self.tr("Uploads to {server} need a key, or a new session.").format(server=account.server)
        if account.state is AccountState.NO_KEY:
            return self.tr("Uploads to {server} use your session.").format(server=account.server)
        return self.tr("For {server}.").format(server=account.server)

    def _enter(self) -> None:
        key = self._key.text().strip()
        self._key.clear()
        if key:
            self.key_entered.emit(key)

    def _ask_to_remove(self) -> None:
        ask(
            self.window(),
            self.tr("Remove the API key"),
            self.tr(
                "Remove the API key from this computer? It stays valid on the service, which may not show it again."
            ),
            self.tr("Remove"),
            self.remove_key_requested.emit,
        )

    def _key_row(self) -> QWidget:
        made = self._entry = Row(
            self.tr("API key"), self.tr("From the dashboard of ImgLink. It is checked before it replaces another.")
        )
        made.name.setBuddy(self._key)
        line = QHBoxLayout()
        line.setSpacing(theme.SPACE_S)
        line.addWidget(self._key, 1)
        line.addWidget(self._add)
        made.below.addLayout(line)
        return made

    # --- the session --------------------------------------------------------------------------------------------------

    def _make_session_part(self) -> None:
        self._session_symbol = Symbol("person", size=28)
        self._session_state = _state_label()
        self._session_message = label(tone="muted", wrap=True)
        self._sign_in = button("", self.sign_in_requested.emit)
        self._sign_out = button(self.tr("Sign out"), self.sign_out_requested.emit, look="danger")
        self._store = label(tone="muted", small=True, wrap=True)
        self.add(
            _part(
                self.tr("Session"),
                self.tr("Signing in opens your albums and embed profiles, for about a week at a time."),
            )
        )
        texts = (self._session_state, self._session_message)
        self.add(Group([_status_row(self._session_symbol, texts, (self._sign_in, self._sign_out))]))
        self.add(self._store)

    def _show_session(self, session: SessionView, server: str) -> None:
        state = session.state
        holder = self.tr("Signed in as {name}").format(name=session.holder) if session.holder else self.tr("Signed in")
        text, symbol, tone = {
            SessionState.SIGNED_OUT: (self.tr("Not signed in"), "person", "muted"),
            SessionState.UNCHECKED: (holder, "person", "muted"),
            SessionState.SIGNED_IN: (holder, "check", "success"),
            SessionState.LAPSED: (self.tr("The session is over"), "alert", "danger"),
            SessionState.REFUSED: (self.tr("The session was refused"), "alert", "danger"),
        }[state]
        self._session_state.set_text(text)
        self._session_symbol.set_symbol(symbol, tone)
        until = ""
        if session.expires_at is not None and not state.is_over:
            until = self.tr("Until {time}.").format(time=moment_text(session.expires_at))
        said = " ".join(filter(None, (until, session.message)))
        self._session_message.setText(said or self.tr("For {server}.").format(server=server))
        is_in = state in (SessionState.UNCHECKED, SessionState.SIGNED_IN)
        self._sign_in.setText(
            self.tr("Sign in again…") if state is not SessionState.SIGNED_OUT else self.tr("Sign in…")
        )
        self._sign_in.setVisible(not session.is_fixed)
        set_tone(self._sign_in, "" if is_in else "primary", name="look")
        self._sign_out.setVisible(state is not SessionState.SIGNED_OUT and not session.is_fixed)


def _state_label() -> ElidedLabel:
    made = ElidedLabel(mode=Qt.TextElideMode.ElideRight)
    made.setFont(theme.heading_font(made.font(), 1.1))
    return made


def _part(title: str, what: str) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, theme.SPACE_S, 0, 0)
    column.setSpacing(2)
    column.addWidget(heading(title))
    column.addWidget(label(what, tone="muted", small=True, wrap=True))
    return made


def _status_row(symbol: Symbol, lines: tuple[QLabel, ...], buttons: tuple[QPushButton, ...]) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
    row.setSpacing(theme.SPACE_M)
    texts = QVBoxLayout()
    texts.setSpacing(2)
    for line in lines:
        texts.addWidget(line)
    row.addWidget(symbol)
    row.addLayout(texts, 1)
    for each in buttons:
        row.addWidget(each)
    return made
