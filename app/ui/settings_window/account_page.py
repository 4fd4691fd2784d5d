"""The API key: add, check, remove, and where it is kept."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMessageBox, QVBoxLayout, QWidget

from app.settings import Settings
from app.ui import theme
from app.ui.account_view import AccountState, AccountView
from app.ui.settings_window.page import Group, Page, Row
from app.ui.widgets import NoticeBar, Symbol, button, heading, label, set_tone


class AccountPage(Page):
    """Shows an `AccountView`; the key itself passes through once and is not kept."""

    key_entered = Signal(str)
    check_key_requested = Signal()
    remove_key_requested = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Account"))
        self._symbol = Symbol("person", size=28)
        self._state = heading("", 1.1)
        self._message = label(tone="muted", wrap=True)
        self._store = label(tone="muted", small=True, wrap=True)
        self._check = button(self.tr("Check"), self.check_key_requested.emit)
        self._remove = button(self.tr("Remove…"), self._ask_to_remove, look="danger")
        self._notice = NoticeBar(dismissible=False)
        self._key = QLineEdit()
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._key.setPlaceholderText(self.tr("Paste the API key"))
        self._key.setAccessibleName(self.tr("API key"))
        self._add = button(self.tr("Add key"), self._enter, look="primary")
        self._add.setEnabled(False)
        self._key.textChanged.connect(lambda text: self._add.setEnabled(bool(text.strip())))
        self._key.returnPressed.connect(self._enter)
        self.add(Group([self._status_row(), self._key_row()]))
        self.add(self._notice)
        self.add(self._anonymous_note())
        self.set_account(AccountView())

    def set_account(self, account: AccountView) -> None:
        """Show this account."""
        state = account.state
        text, symbol, tone = {
            AccountState.NO_KEY: (self.tr("No account"), "person", "muted"),
            AccountState.CHECKING: (self.tr("Checking the key…"), "key", "muted"),
            AccountState.UNCHECKED: (self.tr("There is a key"), "key", "muted"),
            AccountState.READY: (self.tr("The key is good"), "check", "success"),
            AccountState.REJECTED: (self.tr("The key was refused"), "alert", "danger"),
        }[state]
        self._state.setText(text)
        self._symbol.set_symbol(symbol, tone)
        self._message.setText(account.message or self._default_message(account))
        set_tone(self._message, "danger" if state is AccountState.REJECTED else "muted")
        has_key = state is not AccountState.NO_KEY
        self._check.setVisible(has_key)
        self._check.setEnabled(state is not AccountState.CHECKING)
        self._remove.setVisible(has_key)
        self._store.setText(self.tr("Kept in {store}.").format(store=account.store_name) if account.store_name else "")
        self._store.setVisible(has_key and account.is_persistent and bool(account.store_name))
        self._notice.setVisible(not account.is_persistent)
        self._notice.set_text(
            " ".join(part for part in (self.tr("Keys are forgotten when ImgLink quits."), account.store_notice) if part)
        )
        self._entry.show_problem(account.problem)
        self._add.setText(self.tr("Replace key") if has_key else self.tr("Add key"))
        self._anonymous.setVisible(not has_key)

    def focus_key(self) -> None:
        """Let the person paste at once."""
        self._key.setFocus()

    def set_settings(self, settings: Settings, overrides: Mapping[str, str]) -> None:
        """Nothing here is a setting: keys never are."""

    def search(self, query: str) -> bool:
        """Found by what it is about."""
        words = self.tr("account api key sign in anonymous keyring").casefold()
        return all(word in words for word in query.casefold().split())

    def _default_message(self, account: AccountView) -> str:
        if account.state is AccountState.NO_KEY:
            return self.tr("Uploads to {server} are anonymous.").format(server=account.server)
        return self.tr("For {server}.").format(server=account.server)

    def _enter(self) -> None:
        key = self._key.text().strip()
        self._key.clear()
        if key:
            self.key_entered.emit(key)

    def _ask_to_remove(self) -> None:
        box = QMessageBox(self.window())
        box.setText(self.tr("Remove the API key from this computer?"))
        box.setInformativeText(self.tr("It stays valid on the service, which may not show it again."))
        remove = box.addButton(self.tr("Remove"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        remove.clicked.connect(self.remove_key_requested)
        box.finished.connect(box.deleteLater)
        box.open()

    def _status_row(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
        row.setSpacing(theme.SPACE_M)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for widget in (self._state, self._message, self._store):
            texts.addWidget(widget)
        row.addWidget(self._symbol)
        row.addLayout(texts, 1)
        row.addWidget(self._check)
        row.addWidget(self._remove)
        return made

    def _key_row(self) -> QWidget:
        made = self._entry = Row(
            self.tr("API key"), self.tr("From your ImgLink account page. It is checked, then kept in the keyring.")
        )
        line = QHBoxLayout()
        line.setSpacing(theme.SPACE_S)
        line.addWidget(self._key, 1)
        line.addWidget(self._add)
        made.below.addLayout(line)
        return made

    def _anonymous_note(self) -> QWidget:
        self._anonymous = label(
            self.tr(
                "Without a key: files up to 25 MB, one upload every 30 minutes, and what was uploaded cannot be "
                "deleted from here. With one: 50 MB, 100 uploads an hour."
            ),
            tone="muted",
            small=True,
            wrap=True,
        )
        return self._anonymous
