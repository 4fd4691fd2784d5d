"""The sign-in dialog and what joins it with the account."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QObject, QProcess, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.errors import UserFacingError
from app.core.imglink import CredentialKind
from app.core.service_errors import NoPasswordSignIn, NotAuthenticated, RateLimited
from app.services.account import AccountStatus, CredentialStatus, StoredIn, Validity
from app.services.sign_in import SignInReason
from app.services.suite import Services
from app.ui.bridge import Bridge
from app.ui.session_watch import SessionWatch
from app.ui.sign_in import SignInDialog, SignInView, Way
from app.ui.sign_in.candidates import in_header, in_storage, in_text
from app.ui.sign_in_controller import SignInController
from app.ui.theme import Look
from tests.unit.services.test_account import jwt

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
CANARY = "canary-5b1f0c"
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def status(session: int, **token: Any) -> AccountStatus:
    return AccountStatus(
        "https://imglink.example",
        CredentialStatus(CredentialKind.API_KEY),
        CredentialStatus(CredentialKind.TOKEN, **token),
        "the keyring",
        is_persistent=True,
        session=session,
    )


SIGNED_IN = {"stored_in": StoredIn.KEYRING, "validity": Validity.GOOD}


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def button(widget: QWidget, text: str) -> QAbstractButton:
    return next(each for each in widget.findChildren(QAbstractButton) if each.text() == text)


def line(widget: QWidget, name: str) -> QLineEdit:
    return next(each for each in widget.findChildren(QLineEdit) if each.accessibleName() == name)


# --- the dialog -------------------------------------------------------------------------------------------------------


@pytest.fixture
def dialog(qtbot: QtBot, look: Look) -> Iterator[SignInDialog]:
    made = SignInDialog()
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.present()
    yield made
    made.close()


def test_a_password_passes_through_once_and_is_cleared(dialog: SignInDialog, qtbot: QtBot) -> None:
    user, password = line(dialog, "User name or e-mail"), line(dialog, "Password")
    assert password.echoMode() is QLineEdit.EchoMode.Password
    assert not button(dialog, "Sign in").isEnabled()
    QTest.keyClicks(user, " mia ")
    QTest.keyClicks(password, f" {CANARY} ")
    with qtbot.waitSignal(dialog.password_entered, timeout=1000) as heard:
        QTest.keyClick(password, Qt.Key.Key_Return)
    # A password may begin and end with a blank; a name does not.
    assert heard.args == ["mia", f" {CANARY} "]
    assert (user.text(), password.text()) == (" mia ", "")
    assert CANARY not in repr(dialog)


def test_a_token_passes_through_once_and_is_cleared(dialog: SignInDialog, qtbot: QtBot) -> None:
    button(dialog, "Token").click()
    token = line(dialog, "Session token")
    assert token.echoMode() is QLineEdit.EchoMode.Password
    token.setText(f" {CANARY}\n")
    with qtbot.waitSignal(dialog.token_entered, timeout=1000) as heard:
        button(dialog, "Sign in").click()
    assert (heard.args, token.text()) == ([CANARY], "")


def test_what_was_typed_goes_with_the_window(dialog: SignInDialog) -> None:
    line(dialog, "Password").setText(CANARY)
    line(dialog, "Session token").setText(CANARY)
    dialog.close()
    assert (line(dialog, "Password").text(), line(dialog, "Session token").text()) == ("", "")


def test_both_credentials_are_explained(dialog: SignInDialog) -> None:
    assert "The API key uploads to your account" in texts(dialog)
    assert "Signing in opens your albums and embed profiles" in texts(dialog)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (SignInReason.MISSING, "This needs you to be signed in."),
        (SignInReason.LAPSED, "Your session is over"),
        (SignInReason.REFUSED, "imglink.cc does not accept your session any more."),
    ],
)
def test_why_it_asks_and_that_it_goes_on(dialog: SignInDialog, reason: SignInReason, words: str) -> None:
    dialog.set_view(SignInView(reason=reason))
    assert words in texts(dialog)
    assert "What you asked for goes on" in texts(dialog)


def test_while_it_is_under_way_only_stop_can_be_pressed(dialog: SignInDialog, qtbot: QtBot) -> None:
    line(dialog, "User name or e-mail").setText("mia")
    line(dialog, "Password").setText(CANARY)
    dialog.set_view(SignInView(busy=Way.PASSWORD))
    assert not button(dialog, "Sign in").isEnabled()
    assert not line(dialog, "Password").isEnabled()
    with qtbot.waitSignal(dialog.stop_requested, timeout=1000), qtbot.assertNotEmitted(dialog.rejected):
        button(dialog, "Stop").click()
    dialog.set_view(SignInView())
    with qtbot.waitSignal(dialog.rejected, timeout=1000):
        button(dialog, "Cancel").click()


def test_where_no_password_is_taken_the_other_ways_are_named(dialog: SignInDialog) -> None:
    dialog.set_view(SignInView(takes_password=False))
    assert "offers no sign-in with a password" in texts(dialog)
    assert not line(dialog, "Password").isVisible()
    assert not button(dialog, "Sign in").isVisible()


def test_without_the_extra_it_says_how_to_get_it(dialog: SignInDialog, qtbot: QtBot) -> None:
    dialog.set_view(SignInView(no_browser="Install it with pip."))
    dialog.choose_way(Way.BROWSER)
    assert "Install it with pip." in texts(dialog)
    assert not button(dialog, "Open the sign-in page").isEnabled()
    dialog.set_view(SignInView(has_browser=True))
    with qtbot.waitSignal(dialog.browser_requested, timeout=1000):
        button(dialog, "Open the sign-in page").click()


def test_all_of_it_can_be_seen_and_reached(dialog: SignInDialog) -> None:
    for way in Way:
        for view in (SignInView(), SignInView("a" * 60 + ".example.org", SignInReason.REFUSED, problem="word " * 60)):
            dialog.set_view(view)
            dialog.choose_way(way)
            for widget in dialog.findChildren(QWidget):
                if widget.isVisible() and isinstance(widget, QLabel | QLineEdit | QAbstractButton):
                    assert dialog.rect().contains(
                        widget.rect().translated(widget.mapTo(dialog, widget.rect().topLeft()))
                    )
                if widget.isVisible() and isinstance(widget, QLineEdit | QAbstractButton):
                    assert widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text())
                    assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus


# --- joined with the account ------------------------------------------------------------------------------------------


class Account:
    """Takes one password and one token, and refuses as it is told."""

    def __init__(self) -> None:
        self.session = 0
        self.refuses: UserFacingError | None = None
        self.hangs = False
        self.tokens: list[str] = []
        self.has_begun = False
        self.was_cancelled = False

    async def sign_in(self, user: str, password: str) -> AccountStatus:
        self.has_begun = True
        if self.hangs:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.was_cancelled = True
                raise
        if self.refuses is not None:
            raise self.refuses
        self.session += 1
        return status(self.session, **SIGNED_IN)

    async def set_token(self, token: str) -> AccountStatus:
        self.tokens.append(token)
        if token == "another's":
            raise NotAuthenticated("The service does not know it.")
        return await self.sign_in("", "")


class Bench:
    """A controller with everything around it, and calls that wait for it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.account = Account()
        self.owner = QObject()
        self.bridge = Bridge()
        self.bridge.start()
        self.answers: list[bool] = []
        self.page_command: tuple[str, ...] = ()
        self.controller = SignInController(self.bridge, self._ready, lambda: (self.page_command, {}), self.owner)
        self.controller.attach("https://imglink.example", status(0))

    async def _ready(self) -> Services:
        return cast(Services, SimpleNamespace(account=self.account))

    def ask(self, reason: SignInReason = SignInReason.LAPSED) -> Callable[[], None]:
        handle = self.bridge.submit(lambda: self.controller.ask(reason), owner=self.owner, on_done=self.answers.append)
        self.until(lambda: self.controller.dialog is not None)
        return handle.cancel

    def until(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=10_000)

    @property
    def dialog(self) -> SignInDialog:
        assert self.controller.dialog is not None
        return self.controller.dialog

    def close(self) -> None:
        self.controller.close()
        self.bridge.stop()
        for each in (self.owner, self.bridge):
            each.deleteLater()


@pytest.fixture
def it(qtbot: QtBot, look: Look) -> Iterator[Bench]:
    made = Bench(qtbot)
    yield made
    made.close()


def test_whoever_waits_goes_on_after_the_sign_in(it: Bench) -> None:
    it.ask()
    assert "imglink.example" in it.dialog.windowTitle()
    it.dialog.password_entered.emit("mia", CANARY)
    it.until(lambda: it.answers == [True])
    assert it.controller.dialog is None


def test_closing_it_answers_no(it: Bench) -> None:
    it.ask()
    it.dialog.close()
    it.until(lambda: it.answers == [False])
    assert it.controller.dialog is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotAuthenticated("The name or the password is not right."), "not right"),
        (RateLimited("The server asks to wait.", remedy="Try again in 30 seconds."), "Try again in 30 seconds."),
        (NoPasswordSignIn("No."), "offers no sign-in with a password"),
    ],
)
def test_a_sign_in_that_fails_says_why_and_can_be_tried_again(it: Bench, error: UserFacingError, words: str) -> None:
    it.ask()
    it.account.refuses = error
    it.dialog.password_entered.emit("mia", CANARY)
    it.until(lambda: words in texts(it.dialog))
    assert it.answers == []
    it.account.refuses = None
    it.dialog.token_entered.emit(CANARY)
    it.until(lambda: it.answers == [True])


def test_stop_takes_the_request_back_and_leaves_the_dialog(it: Bench) -> None:
    it.ask()
    it.account.hangs = True
    it.dialog.password_entered.emit("mia", CANARY)
    it.until(lambda: it.account.has_begun)
    button(it.dialog, "Stop").click()
    it.until(lambda: it.account.was_cancelled)
    assert button(it.dialog, "Cancel").isVisible()
    assert it.answers == []


def test_a_token_that_comes_from_elsewhere_answers_too(it: Bench) -> None:
    it.ask()
    # The same one again is no news: an API key was added, perhaps.
    it.controller.show_status(status(0))
    assert it.controller.dialog is not None
    it.controller.show_status(status(1, **SIGNED_IN))
    it.until(lambda: it.answers == [True])


def test_the_dialog_goes_when_nobody_waits_for_it_any_more(it: Bench) -> None:
    cancel = it.ask()
    cancel()
    it.until(lambda: it.controller.dialog is None)
    assert it.answers == []


def test_one_that_the_person_opened_stays(it: Bench) -> None:
    it.controller.present()
    it.dialog.token_entered.emit(CANARY)
    it.until(lambda: it.controller.dialog is None)
    assert it.account.session == 1


PAGE = """
import json, sys
address = sys.stdin.readline().strip()
for token in ("another's", address):
    print(json.dumps(token), flush=True)
sys.stdin.read()
"""


def test_the_site_s_own_page_offers_tokens_until_one_is_taken_and_is_closed(it: Bench) -> None:
    it.page_command = (sys.executable, "-c", PAGE)
    it.ask()
    it.dialog.browser_requested.emit()
    it.until(lambda: it.answers == [True])
    # What the service does not know is passed over; the page got the address of the services' own server.
    assert it.account.tokens == ["another's", "https://imglink.example"]
    it.until(lambda: not it.owner.findChildren(QProcess))


@pytest.mark.parametrize("command", [(sys.executable, "-c", "raise SystemExit(3)"), ("/no/such/program",)])
def test_a_page_that_cannot_be_shown_says_so(it: Bench, command: tuple[str, ...]) -> None:
    it.page_command = command
    it.ask()
    it.dialog.choose_way(Way.BROWSER)
    it.dialog.browser_requested.emit()
    it.until(lambda: "could not be shown" in texts(it.dialog))
    assert it.answers == []


def test_stop_closes_the_page_and_leaves_the_dialog(it: Bench) -> None:
    it.page_command = (sys.executable, "-c", "import sys; sys.stdin.read()")
    it.ask()
    it.dialog.browser_requested.emit()
    button(it.dialog, "Stop").click()
    it.until(lambda: not it.owner.findChildren(QProcess))
    assert button(it.dialog, "Cancel").isVisible()
    assert it.answers == []


# --- the session's end ------------------------------------------------------------------------------------------------


class Watched:
    """A watch, and a clock that a test holds."""

    def __init__(self, owner: QObject) -> None:
        self.now = NOW
        self.watch = SessionWatch(lambda: self.now, owner)
        self.said: list[str] = []
        self.watch.ends_soon.connect(lambda _: self.said.append("soon"))
        self.watch.lapsed.connect(lambda: self.said.append("over"))

    def follow(self, left: timedelta, number: int = 1, **token: Any) -> None:
        values = {**SIGNED_IN, "expires_at": self.now + left, **token}
        self.watch.follow(CredentialStatus(CredentialKind.TOKEN, **values), number)

    def advance(self, time: timedelta) -> None:
        self.now += time
        self.watch.look()


@pytest.fixture
def watched(qtbot: QtBot) -> Iterator[Watched]:
    owner = QObject()
    made = Watched(owner)
    yield made
    made.watch.stop()
    owner.deleteLater()


def test_it_is_said_once_a_day_before_and_once_at_the_end(watched: Watched) -> None:
    watched.follow(timedelta(days=7))
    for _ in range(6 * 24 - 1):
        watched.advance(timedelta(hours=1))
        assert watched.said == []
    for _ in range(24):
        watched.advance(timedelta(hours=1))
        assert watched.said == ["soon"]
    watched.advance(timedelta(hours=1))
    assert watched.said == ["soon", "over"]
    assert watched.watch.next_look_s is None


def test_it_wakes_for_the_next_moment_and_seldom_before(watched: Watched) -> None:
    watched.follow(timedelta(days=7))
    assert watched.watch.next_look_s == 6 * 3600
    watched.follow(timedelta(days=1, hours=2))
    assert watched.watch.next_look_s == 2 * 3600
    watched.follow(timedelta(minutes=5))
    assert watched.watch.next_look_s == 300


def test_after_a_long_sleep_only_the_end_is_said(watched: Watched) -> None:
    watched.follow(timedelta(days=7))
    watched.advance(timedelta(days=30))
    assert watched.said == ["over"]


def test_a_new_session_is_watched_anew_and_the_same_is_not_said_twice(watched: Watched) -> None:
    watched.follow(timedelta(hours=3))
    watched.follow(timedelta(hours=3))
    assert watched.said == ["soon"]
    watched.follow(timedelta(hours=3), number=2)
    assert watched.said == ["soon", "soon"]


@pytest.mark.parametrize(
    "token", [{"expires_at": None}, {"validity": Validity.BAD}, {"stored_in": None, "expires_at": None}]
)
def test_without_a_session_that_can_end_there_is_nothing_to_wait_for(watched: Watched, token: dict[str, Any]) -> None:
    watched.follow(timedelta(hours=3))
    watched.follow(timedelta(hours=3), number=2, **token)
    assert (watched.said, watched.watch.next_look_s) == (["soon"], None)


# --- what a web page may hold -----------------------------------------------------------------------------------------

GOOD = jwt({"exp": 1_800_000_000, "name": "mia"})


@pytest.mark.parametrize(
    ("value", "token"),
    [
        (f"Bearer {GOOD}", GOOD),
        ("bearer  opaque-token ", "opaque-token"),
        ("Basic bWlhOnNlY3JldA==", None),
        ("Bearer two words", None),
        ("Bearer", None),
        ("Bearer " + "x" * 9000, None),
    ],
)
def test_the_token_of_a_header(value: str, token: str | None) -> None:
    assert in_header(value) == token


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (GOOD, [GOOD]),
        (f'{{"token":"{GOOD}","other":"{GOOD}"}}', [GOOD, GOOD]),
        (f"%22{GOOD}%22", [GOOD]),
        (jwt({"name": "without an end"}), []),
        ("eyJhbGciOi.not.one", []),
        ("", []),
    ],
)
def test_the_tokens_in_a_stored_text(text: str, tokens: list[str]) -> None:
    assert list(in_text(text)) == tokens


@pytest.mark.parametrize("stored", [None, 5, "", "not json", "{}", '[1, null, ["x"]]', "[" * 100_000])
def test_storage_that_makes_no_sense_holds_nothing(stored: object) -> None:
    assert list(in_storage(stored)) == []
