"""The tray application, joined from its parts."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from app.bootstrap.profile import Profile, open_profile
from app.bootstrap.services import build_captures, build_core, clipboard_reader, tasks_of
from app.cli.output import print_line, say
from app.core.errors import UserFacingError
from app.core.ports import RegionSelector
from app.system.paths import screenshots_folder
from app.system.session import SessionType, detect_session

if TYPE_CHECKING:
    from app.core.ports import BindResult
    from app.services.followups import LinkPreferences
    from app.services.suite import Services
    from app.settings.schema import Settings
    from app.ui.bridge import Bridge
    from app.ui.settings_window.recorder import ReadKey

RunSoon = Callable[[Awaitable[None]], None]


def run_application(*, use_demo_server: bool = False) -> int:
    """Run the tray application until the person quits; returns the exit code."""
    try:
        with ExitStack() as stack:
            if not use_demo_server:
                return _run_tray(open_profile(os.environ), "")
            from app.demo import DEMO_API_KEY, DemoServer

            server = stack.enter_context(DemoServer())
            profile = open_profile(os.environ, demo_url=server.base_url, demo_key=DEMO_API_KEY)
            return _run_tray(profile, f"This is the demo: uploads go to {server.base_url} on this computer.")
    except UserFacingError as error:
        say(f"imglink: {error}")
        return 1


def _run_tray(profile: Profile, banner: str) -> int:
    from PySide6.QtCore import QLoggingCategory
    from PySide6.QtWidgets import QApplication

    from app.ui.application import Application, Parts
    from app.ui.bridge import Bridge
    from app.ui.overlay import Overlay
    from app.ui.selector import OverlaySelector
    from app.ui.signals import StopSignals
    from app.ui.theme import Look

    # Where there is no portal, Qt's attempt to tell it our name is nobody's business.
    QLoggingCategory.setFilterRules("qt.qpa.services.warning=false")
    qt = QApplication([sys.argv[0]])
    qt.setApplicationName("ImgLink")
    qt.setDesktopFileName("cc.imglink.Desktop")
    qt.setQuitOnLastWindowClosed(False)
    bridge = Bridge()
    overlay = Overlay()
    stack = AsyncExitStack()

    async def build(run_soon: RunSoon) -> Services:
        return await _build_services(profile, stack, bridge, OverlaySelector(bridge, overlay), run_soon)

    def ready(bound: Mapping[str, BindResult]) -> None:
        lines = [banner] if banner else []
        region = bound.get("region")
        how = f": press {region.shortcut} and drag" if region is not None and region.bound else ""
        print_line("\n".join([*lines, f"ImgLink is ready{how}."]))

    parts = Parts(
        bridge=bridge,
        settings_file=profile.settings_file,
        overlay=overlay,
        build=build,
        close=stack.aclose,
        on_ready=ready,
        look=Look(qt),
        screenshots_folder=str(screenshots_folder("", profile.environ, home=Path.home(), platform=sys.platform)),
        read_key=lambda: _load_keymap(profile.environ),
        notices=profile.notices,
    )
    application = Application(parts)
    signals = StopSignals(application.stop)
    application.start()
    try:
        return qt.exec()
    finally:
        signals.close()


async def _build_services(
    profile: Profile, stack: AsyncExitStack, bridge: Bridge, selector: RegionSelector, run_soon: RunSoon
) -> Services:
    from app.hotkeys.choose import choose_hotkeys
    from app.services.followups import FollowUps
    from app.services.suite import Services
    from app.system.notifications import choose_notifier
    from app.ui.clipboard import QtClipboard
    from app.ui.opener import open_url

    async def open_page(url: str) -> None:
        bridge.post(open_url, url)

    core = await build_core(profile, stack, resume_pending=True)
    clipboard = QtClipboard(bridge, clipboard_reader(profile.environ))
    captures = build_captures(
        profile,
        uploads=core.uploads,
        selector=selector,
        clipboard=clipboard,
        tasks=lambda: tasks_of(profile.settings),
    )
    stack.push_async_callback(captures.close)
    notifier = choose_notifier(profile.environ)
    stack.push_async_callback(notifier.close)
    follow_ups = FollowUps(
        uploads=core.uploads,
        clipboard=clipboard,
        notifier=notifier,
        deleter=core.history,
        open_url=open_page,
        preferences=lambda: _link_preferences(profile.settings),
        run_soon=run_soon,
    )
    hotkeys = await asyncio.to_thread(choose_hotkeys, profile.environ)
    # Pushed last, so that the keys are released first.
    stack.push_async_callback(hotkeys.stop)
    return Services(
        images=core.images,
        uploads=core.uploads,
        history=core.history,
        account=core.account,
        incoming=core.incoming,
        captures=captures,
        follow_ups=follow_ups,
        clipboard=clipboard,
        notifier=notifier,
        hotkeys=hotkeys,
    )


def _link_preferences(settings: Settings) -> LinkPreferences:
    from app.services.followups import LinkPreferences

    return LinkPreferences(settings.links.form, settings.links.template, settings.notifications.desktop)


async def _load_keymap(environ: Mapping[str, str]) -> ReadKey | None:
    """What tells a pressed key's cap on this keyboard layout; None where only Qt can tell."""
    if detect_session(environ, platform=sys.platform).type is not SessionType.X11:
        return None
    from app.hotkeys.keymap import KeyMap
    from app.hotkeys.xconnection import open_display

    def read() -> ReadKey:
        display = open_display(environ.get("DISPLAY", ""))
        try:
            return KeyMap.read(display).shortcut
        finally:
            display.close()

    return await asyncio.to_thread(read)
