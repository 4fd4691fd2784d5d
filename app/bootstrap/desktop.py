"""The tray application, joined from its parts; `app.bootstrap.tray` loads this when the icon shows."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app import __version__
from app.bootstrap.doctor import examine_desktop
from app.bootstrap.profile import Profile
from app.bootstrap.services import AskOf, build_captures, build_core, clipboard_reader, tasks_of, wayland_clipboard
from app.cli.streams import Lines
from app.core.ports import RegionSelector
from app.settings.remembered import RememberedWindow, first_time
from app.system.autostart import choose_autostart, named_command, start_command
from app.system.flags import SIGN_IN_FLAG
from app.system.paths import screenshots_folder
from app.system.relaunch import own_command, own_environment
from app.system.session import SessionType, detect_session
from app.ui.application import Application, Parts
from app.ui.bridge import Bridge
from app.ui.countdown import ShownCountdown
from app.ui.opener import open_url
from app.ui.overlay import Overlay
from app.ui.overlay.grab import is_wayland
from app.ui.selector import OverlaySelector
from app.ui.settings_controller import OwnSystem
from app.ui.theme import Look

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.core.ports import BindResult, Clipboard, Countdown, Notifier, RunSoon
    from app.core.shortcuts import Shortcut
    from app.services.followups import LinkPreferences
    from app.services.suite import Services
    from app.services.thumbnails import ThumbnailService
    from app.settings.schema import Settings
    from app.system.application_service import ApplicationService
    from app.system.compositor_keys import BindingHelp
    from app.system.instance import Instance
    from app.system.ipc.server import IpcServer
    from app.ui.settings_window.recorder import ReadKey
    from app.ui.tray import Tray

DELAYED_S = 5.0
"""The delay of the action “Capture Region in 5 Seconds”."""


def build_application(qt: QApplication, tray: Tray, profile: Profile, banner: str, instance: Instance) -> Application:
    """Join everything. Nothing runs before `Application.start`."""
    bridge = Bridge()
    overlay = Overlay()
    stack = AsyncExitStack()

    async def build(run_soon: RunSoon) -> Services:
        # Commands may come from now on; they wait for the services.
        server = _build_server(instance, profile, application)
        stack.push_async_callback(server.close)
        await server.start()
        bus_name = _build_bus_name(profile, application)
        stack.push_async_callback(bus_name.close)
        await bus_name.start(are_services_new=await asyncio.to_thread(_keep_entry, profile))
        services = await _build_services(
            profile, stack, bridge, OverlaySelector(bridge, overlay), run_soon, lambda _account: application.sign_in.ask
        )
        # Pushed last: commands are sent away first, and what they withdraw lets no other upload begin.
        stack.push_async_callback(server.close)
        stack.push_async_callback(services.uploads.hold)
        run_soon(lambda: _watch_desktop(profile, stack, bridge, application))
        return services

    def ready(bound: Mapping[str, BindResult], *, is_later: bool = False) -> None:
        region = bound.get("region")
        how = f"press {region.trigger or region.shortcut} and drag" if region is not None and region.bound else ""
        if is_later:
            lines = [f"Keys are ready: {how}."] if how else []
        else:
            lines = [*([banner] if banner else []), f"ImgLink is ready{': ' if how else ''}{how}."]
        if lines:
            # Whoever started it may be gone already.
            Lines().add("\n".join(lines))

    parts = Parts(
        bridge=bridge,
        settings_file=profile.settings_file,
        overlay=overlay,
        build=build,
        close=stack.aclose,
        on_ready=ready,
        on_keys=partial(ready, is_later=True),
        look=Look(qt),
        screenshots_folder=str(screenshots_folder("", profile.environ, home=Path.home(), platform=sys.platform)),
        read_key=lambda: _load_keymap(profile.environ),
        is_first_start=lambda: first_time(profile.paths.state / "welcomed"),
        history_window=RememberedWindow(profile.paths.state / "history_window.json"),
        sign_in_page=lambda: (own_command(SIGN_IN_FLAG), own_environment(profile.environ)),
        system=OwnSystem(
            examine=lambda: examine_desktop(profile.environ),
            autostart=choose_autostart(profile.environ, home=Path.home(), platform=sys.platform),
        ),
        leave_copied=lambda text: _leave_copied(profile.environ, text),
        read_clipboard=wayland_clipboard(profile.environ).content if is_wayland() else None,
        notices=profile.notices,
        binding_help=lambda shortcuts: _binding_help(profile.environ, shortcuts),
    )
    # Known to `build`, which is called when it runs.
    application = Application(parts, tray)
    return application


async def _watch_desktop(profile: Profile, stack: AsyncExitStack, bridge: Bridge, application: Application) -> None:
    from app.system.mac_sleep import MacSleepWatch
    from app.system.sleep import SleepWatch
    from app.system.tray_host import TrayWatch

    def drowsy(is_drowsy: bool) -> None:
        application.call(lambda: application.sleep_changed(is_drowsy))

    on_mac = sys.platform == "darwin"
    sleep = MacSleepWatch(bridge.run, drowsy) if on_mac else SleepWatch(profile.environ, drowsy)
    tray = TrayWatch(
        profile.environ,
        lambda: application.call(application.way_in.tray_came),
        lambda: application.call(application.way_in.tray_is_empty),
    )
    for watch in (sleep, tray):
        stack.push_async_callback(watch.close)
        await watch.start()


def _build_bus_name(profile: Profile, application: Application) -> ApplicationService:
    from app.system.application_service import ApplicationService

    actions = bus_actions(application)
    return ApplicationService(
        profile.environ,
        actions=actions,
        on_activate=lambda token: application.call(partial(application.present, token)),
        on_action=lambda action, token: application.call(partial(actions[action], token)),
        on_open=lambda paths: application.call(partial(application.files.upload_files, paths)),
    )


def bus_actions(application: Application) -> Mapping[str, Callable[[str], None]]:
    """What can be asked for over the bus, with an activation token: every workflow, and what the desktop file has."""
    from app.core.workflow import BUILT_IN_WORKFLOWS

    return {
        **{workflow.id: partial(application.capture, workflow.id) for workflow in BUILT_IN_WORKFLOWS},
        "delayed": partial(application.capture, "region", delay_s=DELAYED_S),
        "quit": lambda _token: application.quit(),
    }


def _keep_entry(profile: Profile) -> bool:
    """Have the desktop find the program; True when the message bus can start it only now. The demo is not installed."""
    if sys.platform == "darwin" or profile.demo_key is not None:
        return False
    from app.system.desktop_entry import keep_entry

    return keep_entry(profile.environ, start_command(profile.environ), home=Path.home())


def _build_server(instance: Instance, profile: Profile, application: Application) -> IpcServer:
    from app.bootstrap.remote import Remote
    from app.system.ipc.server import IpcServer

    remote = Remote(
        profile,
        os.environ,
        services=application.ready,
        show=lambda token: application.call(lambda: application.present(token)),
        expect=lambda token: application.call(lambda: application.expect_overlay(token)),
        quit=application.quit_for_command,
    )
    return IpcServer(instance.listener, remote, version=__version__)


async def _build_services(
    profile: Profile,
    stack: AsyncExitStack,
    bridge: Bridge,
    selector: RegionSelector,
    run_soon: RunSoon,
    ask_of: AskOf,
) -> Services:
    from app.core.clock import SystemClock
    from app.hotkeys.choose import choose_hotkeys
    from app.services.deletion_notices import DeletionNotices
    from app.services.followups import FollowUps
    from app.services.suite import Services
    from app.system.notifications import choose_notifier

    async def open_page(url: str) -> None:
        bridge.post(open_url, url)

    core = await build_core(profile, stack, resume_pending=True, ask_of=ask_of, stays=True)
    clipboard = _build_clipboard(profile.environ, bridge)
    notifier = choose_notifier(profile.environ)
    stack.push_async_callback(notifier.close)
    captures = build_captures(
        profile,
        uploads=core.uploads,
        selector=selector,
        clipboard=clipboard,
        countdown=_build_countdown(bridge, notifier),
        tasks=lambda: tasks_of(profile.settings),
    )
    stack.push_async_callback(captures.close)
    follow_ups = FollowUps(
        uploads=core.uploads,
        store=core.store,
        clipboard=clipboard,
        notifier=notifier,
        deleter=DeletionNotices(core.deletions, notifier, run_soon),
        open_url=open_page,
        preferences=lambda: _link_preferences(profile.settings),
        clock=SystemClock(),
        run_soon=run_soon,
    )
    stack.push_async_callback(follow_ups.stop)
    await follow_ups.start()

    hotkeys = await asyncio.to_thread(choose_hotkeys, profile.environ, bridge.run)
    # Pushed last, so that the keys are released first.
    stack.push_async_callback(hotkeys.stop)
    return Services(
        images=core.images,
        gated=core.gated,
        gate=core.gate,
        uploads=core.uploads,
        history=core.history,
        deletions=core.deletions,
        account=core.account,
        incoming=core.incoming,
        captures=captures,
        follow_ups=follow_ups,
        assignments=core.assignments,
        jobs=core.jobs,
        albums=core.albums,
        embeds=core.embeds,
        thumbnails=_build_thumbnails(profile, stack),
        clipboard=clipboard,
        notifier=notifier,
        hotkeys=hotkeys,
    )


def _build_countdown(bridge: Bridge, notifier: Notifier) -> Countdown:
    from app.services.countdown import ToldCountdown
    from app.system.notifications import DBusNotifier

    if not is_wayland():
        return ShownCountdown(bridge)
    return ToldCountdown(notifier if isinstance(notifier, DBusNotifier) else None)


def _build_thumbnails(profile: Profile, stack: AsyncExitStack) -> ThumbnailService:
    from app.api.public import PublicClient
    from app.core.base_url import parse_base_url
    from app.core.clock import SystemClock
    from app.services.thumbnails import ThumbnailService
    from app.store.thumbnail_cache import ThumbnailFiles
    from app.ui.thumbnails import QtShrinker

    thumbnails = ThumbnailService(
        cache=ThumbnailFiles(
            profile.paths.cache / "thumbnails", lambda: profile.settings.storage.preview_cache_mb * 1_000_000
        ),
        fetcher=PublicClient(parse_base_url(profile.settings.account.base_url)),
        shrinker=QtShrinker(),
        clock=SystemClock(),
    )
    stack.push_async_callback(thumbnails.stop)
    return thumbnails


def _link_preferences(settings: Settings) -> LinkPreferences:
    from app.services.followups import LinkPreferences

    return LinkPreferences(settings.links.form, settings.links.template, settings.notifications.desktop)


def _binding_help(environ: Mapping[str, str], shortcuts: Mapping[str, Shortcut]) -> BindingHelp | None:
    from app.system.compositor_keys import binding_help

    session = detect_session(environ, platform=sys.platform)
    if session.type is not SessionType.WAYLAND:
        return None
    return binding_help(session, shortcuts, named_command(environ))


def _build_clipboard(environ: Mapping[str, str], bridge: Bridge) -> Clipboard:
    from app.ui.clipboard import QtClipboard, WaylandClipboard

    foreground = QtClipboard(bridge, clipboard_reader(environ))
    if detect_session(environ, platform=sys.platform).type is SessionType.WAYLAND:
        return WaylandClipboard(bridge, foreground, wayland_clipboard(environ))
    return foreground


async def _leave_copied(environ: Mapping[str, str], text: str) -> None:
    from app.bootstrap.services import command_clipboard
    from app.core.errors import UserFacingError
    from app.system.x11_clipboard import X11ClipboardReader

    if sys.platform == "darwin":
        return  # The pasteboard outlives us.
    # Whoever quits has nobody to tell any more.
    with suppress(UserFacingError):
        reader = clipboard_reader(environ)
        if isinstance(reader, X11ClipboardReader) and await asyncio.to_thread(reader.has_manager):
            return  # Qt hands it over.
        await command_clipboard(environ, copies=False).copy_text(text)


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
