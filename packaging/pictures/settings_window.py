"""Every page of the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtWidgets import QWidget

from app.core.doctor import Part
from app.core.ports import BindResult, Probe
from app.core.shortcuts import Shortcut
from app.core.workflow import DEFAULT_SHORTCUTS
from app.services.doctor import Finding, Report
from app.settings import Settings
from app.settings.schema import Account
from app.system.compositor_keys import binding_help
from app.system.session import Session, SessionType
from app.ui.account_view import AccountState, AccountView, SessionState, SessionView
from app.ui.settings_window.window import PageId, SettingsWindow
from pictures.frame import picture


def settings_window(page: PageId, account: AccountView) -> SettingsWindow:
    """The window, opened at a page."""
    window = SettingsWindow(screenshots_folder="~/Pictures/Screenshots")
    window.set_account(account)
    window.set_hotkey_results(
        {name: BindResult(Shortcut.parse(keys), True) for name, keys in DEFAULT_SHORTCUTS.items() if keys}
    )
    window.open_page(page)
    return window


def of_page(page: PageId) -> Callable[[], QWidget]:
    """Makes the window at this page."""
    ends = datetime(2026, 3, 10, 14, 30).astimezone()
    session = SessionView(SessionState.SIGNED_IN, "mia", ends)
    ready = AccountView(
        AccountState.READY, "imglink.cc", "GNOME Keyring", message="ImgLink accepts it.", session=session
    )
    return lambda: settings_window(page, ready)


account_page = picture("settings-account")(of_page(PageId.ACCOUNT))
capture_page = picture("settings-capture")(of_page(PageId.CAPTURE))
after_capture_page = picture("settings-after-capture")(of_page(PageId.AFTER_CAPTURE))
upload_page = picture("settings-upload")(of_page(PageId.UPLOAD))
links_page = picture("settings-links")(of_page(PageId.LINKS))
hotkeys_page = picture("settings-hotkeys")(of_page(PageId.HOTKEYS))
storage_page = picture("settings-storage")(of_page(PageId.STORAGE))
appearance_page = picture("settings-appearance")(of_page(PageId.APPEARANCE))
advanced_page = picture("settings-advanced")(of_page(PageId.ADVANCED))


@picture("settings-doctor")
def doctor_page() -> QWidget:
    """Most of it works; one part could be better, and one does not work."""
    window = settings_window(PageId.DOCTOR, AccountView())
    window.present_doctor(Part.CAPTURE)
    window.show_report(doctor_report())
    return window


@picture("settings-doctor-looking")
def doctor_looking() -> QWidget:
    """The doctor has not said anything yet."""
    return settings_window(PageId.DOCTOR, AccountView())


def doctor_report() -> Report:
    """What is found on a desktop that lacks this and that."""
    refused = Probe(
        "none",
        False,
        "In this order: 1. screencopy (no: the compositor does not offer it), 2. portal (no: There is no desktop "
        "portal here (xdg-desktop-portal)), 3. grim (no: grim is not installed).",
        "Install xdg-desktop-portal with the back end of your desktop, and log in again.",
        "x-apple.systempreferences:",
    )
    findings = (
        Finding(Part.SESSION, Probe("Wayland (sway)", True)),
        Finding(Part.CAPTURE, refused),
        Finding(
            Part.WINDOWS,
            Probe(
                "the desktop's own dialog",
                True,
                "This desktop does not tell where its windows are, so its own dialog asks for one.",
            ),
        ),
        Finding(Part.SHORTCUTS, Probe("x11", True)),
        Finding(Part.TRAY, Probe("none", False, "No panel with a tray runs here.", "Start a panel with a tray.")),
        Finding(Part.KEYRING, Probe("secret-service", True)),
        Finding(Part.FOLDERS, Probe("/home/a-long-name/and-more/.local/share/imglink/that/goes/on", True)),
        Finding(Part.VERSIONS, Probe("ImgLink 0.1.0", True, "Linux 6.12, Python 3.13.1, PySide6_Essentials 6.11.3.")),
    )
    return Report(findings, frozenset({Part.TRAY}), "")


@picture("settings-account-first")
def without_key() -> QWidget:
    """Nobody has signed in, and there is no keyring."""
    notice = "No keyring was found. Install gnome-keyring or KWallet to keep the key."
    view = AccountView(AccountState.NO_KEY, "imglink.cc", "memory", is_persistent=False, store_notice=notice)
    return settings_window(PageId.ACCOUNT, view)


@picture("settings-account-lapsed")
def lapsed() -> QWidget:
    """The session is over, and there is no key."""
    session = SessionView(SessionState.LAPSED, "mia", message="It has lapsed: sign in again.")
    return settings_window(PageId.ACCOUNT, AccountView(store_name="GNOME Keyring", session=session))


@picture("settings-account-environment")
def environment() -> QWidget:
    """Both credentials come from the environment; the name is long, and the key refused."""
    session = SessionView(
        SessionState.UNCHECKED,
        "a-rather-long-name@of-a-large-organisation.example.org",
        message="From the variable IMGLINK_TOKEN.",
        is_fixed=True,
    )
    problem = "Could not check the API key: the API key is not accepted."
    return settings_window(PageId.ACCOUNT, AccountView(AccountState.REJECTED, message=problem, session=session))


@picture("settings-advanced-environment")
def decided() -> QWidget:
    """The environment decides which server it is."""
    window = settings_window(PageId.ADVANCED, AccountView())
    window.set_settings(
        Settings(account=Account(base_url="http://127.0.0.1:8086")), {"account.base_url": "IMGLINK_BASE_URL"}
    )
    return window


@picture("settings-trouble")
def trouble() -> QWidget:
    """A broken settings file and a key that another program has."""
    window = settings_window(PageId.HOTKEYS, AccountView(AccountState.REJECTED, message="Invalid API key"))
    region = Shortcut.parse(DEFAULT_SHORTCUTS["region"])
    window.set_hotkey_results({"region": BindResult(region, False, "Another program has this key.")})
    window.add_notices(["The settings file could not be read and was set aside; these are the defaults."])
    return window


@picture("settings-hotkeys-sway")
def hotkeys_on_sway() -> QWidget:
    """Only the compositor can bind keys: its lines are there to be copied."""
    window = settings_window(PageId.HOTKEYS, AccountView(AccountState.READY, "imglink.cc", "GNOME Keyring"))
    window.set_hotkey_results({})
    window.set_hotkeys_unavailable("On Wayland, programs cannot take keys for themselves.")
    keys = {name: Shortcut.parse(text) for name, text in DEFAULT_SHORTCUTS.items() if text}
    window.set_binding_help(binding_help(Session(SessionType.WAYLAND, "sway"), keys))
    return window


@picture("settings-hotkeys-portal")
def hotkeys_by_portal() -> QWidget:
    """The desktop has bound the keys, one of them otherwise than asked."""
    window = settings_window(PageId.HOTKEYS, AccountView(AccountState.READY, "imglink.cc", "KWallet"))
    bound = {
        name: BindResult(Shortcut.parse(keys), True, trigger="Meta+Print" if name == "screen" else keys)
        for name, keys in DEFAULT_SHORTCUTS.items()
        if keys
    }
    window.set_hotkey_results(bound)
    return window
