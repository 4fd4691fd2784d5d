"""Every page of the settings."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.core.workflow import DEFAULT_SHORTCUTS
from app.ui.account_view import AccountState, AccountView
from app.ui.settings_window.window import PageId, SettingsWindow
from pictures.frame import picture


def settings_window(page: PageId, account: AccountView) -> SettingsWindow:
    """The window, opened at a page."""
    window = SettingsWindow(screenshots_folder="~/Pictures/Screenshots")
    window.set_account(account)
    window.set_hotkey_results(
        {name: BindResult(Shortcut.parse(keys), True) for name, keys in DEFAULT_SHORTCUTS.items()}
    )
    window.open_page(page)
    return window


def of_page(page: PageId) -> Callable[[], QWidget]:
    """Makes the window at this page."""
    ready = AccountView(AccountState.READY, "imglink.cc", "GNOME Keyring", message="The key is good.")
    return lambda: settings_window(page, ready)


account_page = picture("settings-account")(of_page(PageId.ACCOUNT))
capture_page = picture("settings-capture")(of_page(PageId.CAPTURE))
after_capture_page = picture("settings-after-capture")(of_page(PageId.AFTER_CAPTURE))
upload_page = picture("settings-upload")(of_page(PageId.UPLOAD))
links_page = picture("settings-links")(of_page(PageId.LINKS))
hotkeys_page = picture("settings-hotkeys")(of_page(PageId.HOTKEYS))
appearance_page = picture("settings-appearance")(of_page(PageId.APPEARANCE))
advanced_page = picture("settings-advanced")(of_page(PageId.ADVANCED))


@picture("settings-account-first")
def without_key() -> QWidget:
    """Nobody has signed in, and there is no keyring."""
    notice = "No keyring was found. Install gnome-keyring or KWallet to keep the key."
    view = AccountView(AccountState.NO_KEY, "imglink.cc", "memory", is_persistent=False, store_notice=notice)
    return settings_window(PageId.ACCOUNT, view)


@picture("settings-trouble")
def trouble() -> QWidget:
    """A broken settings file and a key that another program has."""
    window = settings_window(PageId.HOTKEYS, AccountView(AccountState.REJECTED, message="Invalid API key"))
    region = Shortcut.parse(DEFAULT_SHORTCUTS["region"])
    window.set_hotkey_results({"region": BindResult(region, False, "Another program has this key.")})
    window.add_notices(["The settings file could not be read and was set aside; these are the defaults."])
    return window
