"""Joins the sign-in dialog with the account: one dialog, however many calls wait for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from PySide6.QtCore import QObject

from app.core.errors import InputError, UserFacingError
from app.core.service_errors import NoPasswordSignIn, NotAuthenticated
from app.services.account import AccountService, AccountStatus
from app.services.sign_in import SignInReason
from app.services.suite import Services
from app.ui.bridge import Bridge, TaskHandle

if TYPE_CHECKING:
    from app.ui.sign_in import SignInDialog, SignInView, Way
    from app.ui.sign_in.browser import BrowserSignIn


class SignInController(QObject):
    """Lives on the Qt thread. The dialog is made when it is wanted, and destroyed when it closes."""

    def __init__(
        self,
        bridge: Bridge,
        ready: Callable[[], Awaitable[Services]],
        page_command: Callable[[], tuple[Sequence[str], Mapping[str, str]]],
        parent: QObject,
    ) -> None:
        """`ready` waits for the services, on the asyncio thread.

        `page_command` makes the command, with its environment, that shows the site's own sign-in page.
        """
        super().__init__(parent)
        self._bridge = bridge
        self._ready = ready
        self._page_command = page_command
        self._dialog: SignInDialog | None = None
        self._view: SignInView | None = None
        self._browser: BrowserSignIn | None = None
        self._running: TaskHandle | None = None
        self._answers: list[Callable[[bool], None]] = []
        """Calls that wait for the dialog."""
        self._session = 0
        """The number of the latest token."""
        self._base_url = ""

    @property
    def dialog(self) -> SignInDialog | None:
        """The dialog, while it is there."""
        return self._dialog

    async def ask(self, reason: SignInReason) -> bool:
        """On the asyncio thread: an `AskToSignIn`. The dialog closes when nobody waits for it any more."""
        answers: list[Callable[[bool], None]] = []

        def put(answer: Callable[[bool], None]) -> None:
            answers.append(answer)
            self._answers.append(answer)
            self.present(reason)

        try:
            return await self._bridge.ask(put)
        except BaseException:
            self._bridge.post(self._withdraw, answers)
            raise

    def attach(self, base_url: str, status: AccountStatus) -> None:
        """Begin: `base_url` is the server's that the services speak to, whatever the settings say meanwhile."""
        self._base_url = base_url
        self._session = status.session

    def present(self, reason: SignInReason | None = None) -> None:
        """Bring the dialog to the front; `reason` says why the person is asked."""
        from app.ui.sign_in import SignInDialog, SignInView
        from app.ui.sign_in.extra import browser_problem

        if self._dialog is None:
            no_browser = browser_problem()
            server = urlsplit(self._base_url).netloc or "imglink.cc"
            self._view = SignInView(server, reason, has_browser=not no_browser, no_browser=no_browser)
            dialog = self._dialog = SignInDialog()
            dialog.password_entered.connect(self._sign_in)
            dialog.token_entered.connect(self._take_token)
            dialog.browser_requested.connect(self._browse)
            dialog.stop_requested.connect(self._stop)
            dialog.finished.connect(partial(self._finished, dialog))
            dialog.set_view(self._view)
        elif reason is not None:
            self._show(reason=reason)
        self._dialog.present()

    def show_status(self, status: AccountStatus) -> None:
        """A new token came from anywhere: whoever waits for one goes on."""
        is_new, self._session = status.session != self._session, status.session
        if is_new and self._dialog is not None:
            self._dialog.accept()

    def close(self) -> None:
        """Close the windows; whoever waits is cancelled."""
        if self._browser is not None:
            self._browser.kill()
        if self._dialog is not None:
            self._dialog.reject()

    # --- signing in ---------------------------------------------------------------------------------------------------

    def _sign_in(self, user: str, password: str) -> None:
        from app.ui.sign_in import Way

        self._try(Way.PASSWORD, lambda account: account.sign_in(user, password))

    def _take_token(self, token: str) -> None:
        from app.ui.sign_in import Way

        self._try(Way.TOKEN, lambda account: account.set_token(token))

    def _try(self, way: Way, sign_in: Callable[[AccountService], Awaitable[AccountStatus]]) -> None:
        async def run() -> AccountStatus:
            return await sign_in((await self._ready()).account)

        self._show(busy=way, problem="")
        self._running = self._bridge.submit(run, owner=self, on_done=self._signed_in, on_error=self._failed)

    def _signed_in(self, status: AccountStatus) -> None:
        self._running = None
        self._session = status.session
        if self._dialog is not None:
            self._dialog.accept()

    def _failed(self, error: UserFacingError) -> None:
        self._running = None
        if isinstance(error, NoPasswordSignIn):
            # The dialog has its own words for this, and the other ways beside them.
            self._show(busy=None, takes_password=False)
        else:
            self._show(busy=None, problem=str(error))
        if self._dialog is not None:
            self._dialog.focus_entry()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self._close_browser()
        self._show(busy=None)

    # --- the site's own page ------------------------------------------------------------------------------------------

    def _browse(self) -> None:
        from app.ui.sign_in import Way
        from app.ui.sign_in.browser import BrowserSignIn

        browser = self._browser = BrowserSignIn(*self._page_command(), self._base_url, self)
        browser.token_found.connect(self._token_seen)
        browser.closed.connect(partial(self._browser_closed, browser))
        self._show(busy=Way.BROWSER, problem="")
        browser.open()

    def _token_seen(self, token: str) -> None:
        async def run() -> AccountStatus:
            return await (await self._ready()).account.set_token(token)

        # A page may hold others besides: the service says which is the one, and the window stays until it has.
        self._bridge.submit(run, owner=self, on_done=self._signed_in, on_error=self._not_this_one)

    def _not_this_one(self, error: UserFacingError) -> None:
        if not isinstance(error, NotAuthenticated | InputError):
            self._show(problem=str(error))

    def _browser_closed(self, browser: BrowserSignIn, problem: str) -> None:
        browser.deleteLater()
        if browser is self._browser:
            self._browser = None
            self._show(busy=None, problem=problem)

    def _close_browser(self) -> None:
        browser, self._browser = self._browser, None
        if browser is not None:
            browser.close()

    # --- the dialog ---------------------------------------------------------------------------------------------------

    def _show(self, **changes: Any) -> None:
        if self._dialog is not None and self._view is not None:
            self._view = replace(self._view, **changes)
            self._dialog.set_view(self._view)

    def _finished(self, dialog: SignInDialog, result: int) -> None:
        if dialog is not self._dialog:
            return
        self._dialog = self._view = None
        if self._running is not None:
            self._running.cancel()
            self._running = None
        self._close_browser()
        answers, self._answers = self._answers, []
        for answer in answers:
            answer(result == dialog.DialogCode.Accepted)

    def _withdraw(self, answers: list[Callable[[bool], None]]) -> None:
        was_asked = bool(self._answers)
        self._answers = [answer for answer in self._answers if answer not in answers]
        # One that the person opened themselves stays.
        if was_asked and not self._answers and self._view is not None and self._view.reason is not None:
            self.close()
