"""Joins the settings window with the settings file, the account and the global keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal

from app.core.doctor import Part
from app.core.errors import InputError, UserFacingError
from app.core.imglink import CredentialKind
from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.services.account import AccountStatus, CredentialStatus, StoredIn, Validity
from app.services.doctor import Report
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.settings.schema import Settings
from app.system.compositor_keys import BindingHelp
from app.ui.account_view import AccountState, AccountView, SessionState, SessionView
from app.ui.bridge import Bridge
from app.ui.opener import open_system_settings

if TYPE_CHECKING:
    from app.ui.settings_window import PageId, SettingsWindow
    from app.ui.settings_window.recorder import ReadKey

_STATES = {
    Validity.UNKNOWN: AccountState.UNCHECKED,
    Validity.GOOD: AccountState.READY,
    Validity.LIMITED: AccountState.READY,
    Validity.BAD: AccountState.REJECTED,
}


class Autostart(Protocol):
    """Whether the program starts with the session. Blocks for a small file."""

    def is_on(self) -> bool:
        """As it stands now."""

    def turn_on(self) -> None:
        """Raises UserFacingError."""

    def turn_off(self) -> None:
        """Raises UserFacingError."""


@dataclass(frozen=True, slots=True)
class OwnSystem:
    """What the settings show of the desktop around the program."""

    examine: Callable[[], Awaitable[Report]]
    autostart: Autostart


class SettingsController(QObject):
    """Lives on the Qt thread. The window is made when it is first wanted, and kept."""

    settings_changed = Signal(object)
    """The new Settings, whoever changed them."""
    account_changed = Signal(object)
    """An AccountView."""
    status_changed = Signal(object)
    """The AccountStatus behind it."""
    sign_in_requested = Signal()

    def __init__(
        self,
        bridge: Bridge,
        settings_file: SettingsFile,
        screenshots_folder: str,
        show_error: Callable[[UserFacingError], None],
        parent: QObject,
        *,
        system: OwnSystem,
        binding_help: Callable[[Mapping[str, Shortcut]], BindingHelp | None] = lambda _shortcuts: None,
    ) -> None:
        """`binding_help` tells how these keys are bound in the desktop's own settings, where we cannot do it."""
        super().__init__(parent)
        self._binding_help = binding_help
        self._bridge = bridge
        self._file = settings_file
        self._screenshots_folder = screenshots_folder
        self._show_error = show_error
        self._system = system
        self._services: Services | None = None
        self._read_key: ReadKey | None = None
        self._window: SettingsWindow | None = None
        self._is_recording = False
        self._account = self._settled = AccountView(server=_host(settings_file.settings.account.base_url))
        self._bound: Mapping[str, BindResult] = {}
        settings_file.subscribe(lambda _, new: self._bridge.post(self._apply, new))

    @property
    def window(self) -> SettingsWindow | None:
        """The window, once there is one."""
        return self._window

    @property
    def account(self) -> AccountView:
        """The account as it was last seen."""
        return self._account

    async def prepare(self, services: Services) -> tuple[AccountStatus, Mapping[str, BindResult]]:
        """On the asyncio thread: bind the keys and look at the account."""
        services.account.subscribe(lambda status: self._bridge.post(self._show_account, status))
        # The keys first: a keyring that hangs must not hold them up.
        bound = await services.hotkeys.bind(shortcuts_of(self._file.settings))
        return await services.account.status(), bound

    def attach(
        self,
        services: Services,
        status: AccountStatus,
        bound: Mapping[str, BindResult],
        read_key: ReadKey | None,
    ) -> None:
        """Begin: show what `prepare` returned."""
        self._services = services
        self._read_key = read_key
        self._show_account(status)
        self.show_bound(bound)

    def present_account(self) -> None:
        """Bring the window to the front, where a key is entered."""
        from app.ui.settings_window import PageId

        self.present(PageId.ACCOUNT)

    def present_hotkeys(self) -> None:
        """Bring the window to the front, where the keys are."""
        from app.ui.settings_window import PageId

        self.present(PageId.HOTKEYS)

    def present(self, page_id: PageId | None = None) -> None:
        """Bring the window to the front, on a page."""
        if self._window is None:
            self._window = self._make_window()
        self._read_autostart()
        self._window.present(page_id)

    def present_doctor(self, part: Part | None = None) -> None:
        """Bring the window to the front, with what the doctor says of this part."""
        if self._window is None:
            self._window = self._make_window()
        self._window.present_doctor(part)

    def close(self) -> None:
        """Destroy the window."""
        if self._window is not None:
            self._window.close()
            self._window.deleteLater()
            self._window = None

    def _make_window(self) -> SettingsWindow:
        # Loaded when it is wanted: most days it is not.
        from app.ui.settings_window import SettingsWindow

        window = SettingsWindow(read_key=self._read_key, screenshots_folder=self._screenshots_folder)
        window.set_settings(self._file.settings, self._file.overrides)
        window.set_account(self._account)
        window.change_requested.connect(self._change)
        window.clear_previews_requested.connect(self._clear_previews)
        window.key_entered.connect(self._set_key)
        window.check_key_requested.connect(self._check_key)
        window.remove_key_requested.connect(self._remove_key)
        window.sign_in_requested.connect(self.sign_in_requested)
        window.sign_out_requested.connect(self._sign_out)
        window.recording_changed.connect(self._record)
        window.autostart_requested.connect(self._set_autostart)
        window.examination_requested.connect(self._examine)
        window.system_settings_requested.connect(open_system_settings)
        window.copy_requested.connect(self._copy)
        if self._services is not None:
            self._show_keys(window, self._services, self._file.settings)
        else:
            window.set_hotkey_results(self._bound)
        return window

    def _show_keys(self, window: SettingsWindow, services: Services, settings: Settings) -> None:
        """What became of the keys; where there are none, how the desktop itself is told of them."""
        probe = services.hotkeys.probe()
        results = self._bound.values()
        has_none = bool(results) and not any(result.bound or result.is_pending for result in results)
        reasons = {result.reason for result in results}
        if not probe.available:
            window.set_hotkeys_unavailable(f"{probe.reason} {probe.remedy}".strip())
        else:
            # What is the same for every key is not said beside each.
            window.set_hotkeys_unavailable(reasons.pop() if has_none and len(results) > 1 == len(reasons) else "")
        is_wanted = has_none or not probe.available
        window.set_binding_help(self._binding_help(shortcuts_of(settings)) if is_wanted else None)
        window.set_hotkey_results(self._bound)

    # --- settings -----------------------------------------------------------------------------------------------------

    def _change(self, section: str, values: Mapping[str, Any]) -> None:
        def refused(error: UserFacingError) -> None:
            if self._window is not None and isinstance(error, InputError) and len(values) == 1:
                self._window.show_problem(f"{section}.{next(iter(values))}", str(error))
            else:
                self._show_error(error)

        # The file is synced to disk: not on this thread.
        self._submit(lambda: asyncio.to_thread(self._file.update, section, **values), on_error=refused)

    def _apply(self, settings: Settings) -> None:
        if self._window is not None:
            self._window.set_settings(settings, self._file.overrides)
            if self._services is not None:
                self._show_keys(self._window, self._services, settings)
        self.settings_changed.emit(settings)
        self._bind_keys(settings)

    def _clear_previews(self) -> None:
        def cleared(_: None) -> None:
            if self._window is not None:
                self._window.show_previews_cleared()

        services = self._services
        if services is not None:
            self._submit(services.thumbnails.clear, cleared)

    def _copy(self, text: str, tell: Callable[[bool], None]) -> None:
        def failed(error: UserFacingError) -> None:
            tell(False)
            self._show_error(error)

        services = self._services
        if services is None:
            tell(False)
        else:
            self._submit(lambda: services.clipboard.copy_text(text), tell, on_error=failed)

    # --- the system ---------------------------------------------------------------------------------------------------

    def _examine(self) -> None:
        def show(report: Report) -> None:
            if self._window is not None:
                self._window.show_report(report)

        self._submit(self._system.examine, show)

    def _set_autostart(self, is_wanted: bool) -> None:
        autostart = self._system.autostart

        async def change() -> None:
            await asyncio.to_thread(autostart.turn_on if is_wanted else autostart.turn_off)

        def refused(error: UserFacingError) -> None:
            self._show_error(error)
            self._read_autostart()

        self._submit(change, lambda _: self._read_autostart(), on_error=refused)

    def _read_autostart(self) -> None:
        def show(is_on: bool) -> None:
            if self._window is not None:
                self._window.set_autostart(is_on)

        # Desktops change it too, in settings of their own.
        self._submit(lambda: asyncio.to_thread(self._system.autostart.is_on), show)

    # --- keys ---------------------------------------------------------------------------------------------------------

    def _bind_keys(self, settings: Settings) -> None:
        shortcuts = shortcuts_of(settings)
        services = self._services
        if services is not None and shortcuts != {name: result.shortcut for name, result in self._bound.items()}:
            self._submit(lambda: services.hotkeys.bind(shortcuts), self.show_bound)

    def bind_again(self) -> None:
        """Bind the same keys once more, after a time in which the desktop may have lost them."""
        services = self._services
        if services is not None and not self._is_recording:
            self._submit(lambda: services.hotkeys.bind(shortcuts_of(self._file.settings)), self.show_bound)

    def _record(self, is_recording: bool) -> None:
        services, self._is_recording = self._services, is_recording
        if services is not None:
            shortcuts = {} if is_recording else shortcuts_of(self._file.settings)
            # While a new shortcut is pressed, the old ones must not fire.
            self._submit(lambda: services.hotkeys.bind(shortcuts), None if is_recording else self.show_bound)

    def show_bound(self, bound: Mapping[str, BindResult]) -> None:
        """Say beside each key what became of it."""
        self._bound = bound
        if self._window is not None and self._services is not None:
            self._show_keys(self._window, self._services, self._file.settings)

    # --- account ------------------------------------------------------------------------------------------------------

    def _set_key(self, key: str) -> None:
        services = self._services
        if services is None:
            return
        self._show_view(replace(self._settled, state=AccountState.CHECKING, message=""))
        self._submit(lambda: services.account.set_key(key), on_error=self._key_refused)

    def _key_refused(self, error: UserFacingError) -> None:
        self._show_view(replace(self._settled, problem=str(error)))

    def _check_key(self) -> None:
        services = self._services
        if services is not None:
            self._submit(services.account.check_key, on_error=self._key_refused)

    def _remove_key(self) -> None:
        services = self._services
        if services is not None:
            self._submit(lambda: services.account.remove(CredentialKind.API_KEY))

    def _sign_out(self) -> None:
        services = self._services
        if services is not None:
            self._submit(lambda: services.account.remove(CredentialKind.TOKEN))

    def look_again(self) -> None:
        """Show the account anew: time has changed it."""
        services = self._services
        if services is not None:
            self._submit(services.account.status, self._show_account)

    def _show_account(self, status: AccountStatus) -> None:
        self.status_changed.emit(status)
        state = _STATES[status.key.validity] if status.key.is_present else AccountState.NO_KEY
        self._settled = AccountView(
            state,
            _host(status.origin),
            status.store_name,
            status.is_persistent,
            status.notice,
            status.key.message,
            session=_session_view(status.token),
        )
        self._show_view(self._settled)

    def _show_view(self, view: AccountView) -> None:
        self._account = view
        if self._window is not None:
            self._window.set_account(view)
        self.account_changed.emit(view)

    def _submit(
        self,
        function: Callable[[], Awaitable[Any]],
        on_done: Callable[[Any], None] | None = None,
        *,
        on_error: Callable[[UserFacingError], None] | None = None,
    ) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(run, owner=self, on_done=on_done, on_error=on_error or self._show_error)


def shortcuts_of(settings: Settings) -> dict[str, Shortcut]:
    """Workflow id → its key, for those that have one."""
    return {name: Shortcut.parse(text) for name, text in settings.hotkeys.shortcuts.items() if text}


def _session_view(token: CredentialStatus) -> SessionView:
    if not token.is_present:
        return SessionView(message=token.message)
    states = {
        Validity.UNKNOWN: SessionState.UNCHECKED,
        Validity.GOOD: SessionState.SIGNED_IN,
        Validity.LIMITED: SessionState.SIGNED_IN,
        Validity.BAD: SessionState.LAPSED if token.has_lapsed else SessionState.REFUSED,
    }
    # That it is good shows already.
    message = "" if token.validity is Validity.GOOD else token.message
    is_fixed = token.stored_in is StoredIn.ENVIRONMENT
    return SessionView(states[token.validity], token.holder, token.expires_at, message, is_fixed)


def _host(origin: str) -> str:
    return urlsplit(origin).netloc or origin
