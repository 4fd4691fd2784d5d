"""The command line, joined with what it needs."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from app.bootstrap.profile import Profile, open_profile
from app.bootstrap.services import build_captures, build_core, build_link, command_clipboard, last_region_of
from app.cli.exit_codes import ExitCode
from app.cli.streams import Lines, say
from app.core.doctor import Part
from app.core.errors import Cancelled, UserFacingError

if TYPE_CHECKING:
    from types import TracebackType

    from app.cli.desk import Desk
    from app.cli.run import Command
    from app.core.geometry import Rect
    from app.core.ports import Clipboard, RegionSelector, Selection
    from app.core.screen import Desktop
    from app.demo import DemoServer
    from app.services.account import AccountService
    from app.services.sign_in import AskToSignIn


def run_command(arguments: argparse.Namespace) -> int:
    """Run a parsed command; returns its exit code."""
    from app.cli import run

    try:
        match arguments.command:
            case "demo":
                return _serve_demo(arguments)
            case "doctor":
                return _examine(arguments)
            case "quit":
                from app.bootstrap.start import quit_application

                return quit_application(os.environ, is_demo=arguments.demo)
        command = run.prepare(arguments)
        profile = open_profile(os.environ)
        for notice in profile.notices:
            say(notice)
        if arguments.command == "capture" and _needs_overlay(arguments, profile):
            return _run_with_overlay(arguments, command, profile)
        code = asyncio.run(_run_plainly(arguments, command, profile))
        if code == ExitCode.DONE and arguments.command == "account" and arguments.account_command != "status":
            from app.bootstrap.handover import tell_credentials_changed

            tell_credentials_changed(os.environ)
        return code
    except UserFacingError as error:
        return run.fail(arguments, error)
    except (Cancelled, KeyboardInterrupt, asyncio.CancelledError):
        return ExitCode.CANCELLED


async def _run_plainly(arguments: argparse.Namespace, command: Command, profile: Profile) -> int:
    from app.cli.run import perform

    _cancel_on_signals()
    async with _open_desk(arguments, profile, _NoSelector()) as desk:
        return await perform(arguments, command, desk)


def _cancel_on_signals() -> None:
    """Let a polite request to end do what Ctrl+C does (asyncio sees to that one): withdraw what was not sent."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Ignored means `nohup`.
        if signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)


def _run_with_overlay(arguments: argparse.Namespace, command: Command, profile: Profile) -> int:
    """The same, with Qt on this thread for the overlay and the command on the asyncio thread."""
    _require_screen(profile)

    from PySide6.QtWidgets import QApplication

    from app.cli.run import perform
    from app.ui.imports import use_plain_imports

    use_plain_imports()
    from app.ui.bridge import Bridge
    from app.ui.clipboard import copier
    from app.ui.overlay import Overlay
    from app.ui.quiet import quieten
    from app.ui.selector import OverlaySelector
    from app.ui.signals import StopSignals

    quieten()
    application = QApplication(sys.argv[:1])
    # Desktops show these beside the overlay's windows, where they list windows.
    application.setApplicationName("ImgLink")
    application.setDesktopFileName("cc.imglink.Desktop")
    application.setQuitOnLastWindowClosed(False)
    bridge = Bridge()
    overlay = Overlay(adjustable=not profile.settings.capture.region_done_on_release)

    async def clipboard() -> Clipboard:
        # The colour under the pointer outlives the command, as its link does.
        return command_clipboard(profile.environ, copies=True)

    overlay.copy_text = copier(bridge, bridge, clipboard)

    def leave_after_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        # Qt's event loop would go on for ever with nobody in it.
        sys.__excepthook__(kind, error, trace)
        application.exit(ExitCode.FAILED)

    async def work() -> int:
        async with _open_desk(arguments, profile, OverlaySelector(bridge, overlay)) as desk:
            return await perform(arguments, command, desk)

    sys.excepthook = leave_after_bug
    signals = StopSignals(lambda: application.exit(ExitCode.CANCELLED))
    bridge.start()
    bridge.submit(work, owner=bridge, on_done=application.exit, on_error=_exit_with(application.exit, arguments))
    code = application.exec()
    overlay.close()
    bridge.stop()
    signals.close()
    return code


def _require_screen(profile: Profile) -> None:
    """Qt ends the whole process where it finds no display, so that is asked first. Raises UserFacingError."""
    from app.capture.choose import choose_capture

    screen = choose_capture(profile.environ)
    try:
        probe = screen.probe()
    finally:
        screen.close()
    if not probe.available:
        problem = UserFacingError(probe.reason, remedy=probe.remedy)
        problem.part = Part.CAPTURE
        raise problem


def _exit_with(leave: Callable[[int], None], arguments: argparse.Namespace) -> Callable[[UserFacingError], None]:
    from app.cli.run import fail

    return lambda error: leave(fail(arguments, error))


def _needs_overlay(arguments: argparse.Namespace, profile: Profile) -> bool:
    if arguments.geometry is not None or arguments.mode in ("screen", "monitor"):
        return False
    if arguments.mode == "last":
        return last_region_of(profile).load() is None
    return True


@asynccontextmanager
async def _open_desk(arguments: argparse.Namespace, profile: Profile, selector: RegionSelector) -> AsyncIterator[Desk]:
    """Build what the command needs, and no more."""
    from app.cli.desk import Desk, StoreDesk
    from app.cli.progress import TerminalCountdown
    from app.system.browser import open_page

    # Whoever does not copy need not know how.
    clipboard = command_clipboard(
        profile.environ, copies=getattr(arguments, "copy", False) or arguments.command == "copy"
    )
    links, use_keyring = profile.settings.links, _uses_keyring(arguments, profile)
    async with AsyncExitStack() as stack:
        if arguments.command in ("info", "account", "gallery"):
            link = await build_link(profile, stack, ask_of=_ask_on_terminal, use_keyring=use_keyring)
            yield Desk(link.client, link.account, clipboard, links.form, links.template)
            return
        core = await build_core(
            profile,
            stack,
            resume_pending=False,
            ask_of=_ask_on_terminal,
            use_keyring=use_keyring,
            sends=getattr(arguments, "wait", True),
        )
        desk = StoreDesk(
            images=core.images,
            account=core.account,
            clipboard=clipboard,
            link_form=links.form,
            link_template=links.template,
            uploads=core.uploads,
            incoming=core.incoming,
            history=core.history,
            options=profile.settings.upload.options(),
            albums=core.albums,
            embeds=core.embeds,
            jobs=core.jobs,
            assignments=core.assignments,
            open_page=partial(open_page, environ=profile.environ),
        )
        if arguments.command == "capture":
            desk.captures = build_captures(
                profile,
                uploads=core.uploads,
                selector=selector,
                clipboard=clipboard,
                countdown=TerminalCountdown(sys.stderr),
                tasks=frozenset,
            )
            stack.push_async_callback(desk.captures.close)
        yield desk


_WITHOUT_CREDENTIAL = frozenset(
    {
        "info",
        "gallery",
        "pause",
        "resume",
        "history",
        "history export",
        "history import",
        "history forget",
        "open",
        "copy",
    }
)


def _ask_on_terminal(account: AccountService) -> AskToSignIn:
    from app.cli.sign_in import TerminalSignIn

    return TerminalSignIn(account)


def _uses_keyring(arguments: argparse.Namespace, profile: Profile) -> bool:
    """Opening a keyring costs more than an upload. A key of the environment wins over it, and `info` needs none."""
    if arguments.command == "account":
        return True
    if arguments.command in _WITHOUT_CREDENTIAL or getattr(arguments, "action", "retry") != "retry":
        return False
    has_key, has_token = (profile.environ.get(name, "").strip() for name in ("IMGLINK_API_KEY", "IMGLINK_TOKEN"))
    if arguments.command in ("albums", "embeds"):
        return not has_token
    defaults = profile.settings.upload.options()
    wants_token = (
        getattr(arguments, "embed", None)
        or getattr(arguments, "album", None)
        or defaults.embed is not None
        or defaults.album is not None
    )
    return not has_key or bool(wants_token and not has_token)


class _NoSelector:
    """Stands in where nothing has to be chosen."""

    async def select(
        self,
        desktop: Desktop,
        *,
        windows_only: bool,
        last_region: Rect | None,
        fixed_size_px: tuple[int, int] | None = None,
    ) -> Selection | None:
        """Never asked: see `_needs_overlay`."""
        raise UserFacingError(
            "The last region lies outside today's screen.", remedy="Choose a new one with: imglink capture region"
        )


def _examine(arguments: argparse.Namespace) -> int:
    from app.bootstrap.doctor import OPTIONAL_PARTS, ask_again, doctor_parts
    from app.cli.doctor import report
    from app.services.doctor import examine

    if arguments.ask_again:
        say(asyncio.run(ask_again(os.environ)))
        return ExitCode.DONE
    findings = asyncio.run(examine(doctor_parts(os.environ)))
    return report(findings, optional=OPTIONAL_PARTS, as_json=arguments.json)


def _serve_demo(arguments: argparse.Namespace) -> int:
    from app.demo import DEMO_API_KEY, DEMO_PASSWORD, DEMO_USER, serve

    def ready(server: DemoServer) -> None:
        # Nobody has to listen: it serves all the same.
        lines = Lines()
        lines.add(f"Demo server  {server.base_url}")
        lines.add(f"API key      {DEMO_API_KEY}")
        lines.add(f"Sign-in      {DEMO_USER}, with the password {DEMO_PASSWORD}")
        lines.add(f"Kept in      {arguments.dir or 'a temporary folder'}")
        lines.add(f"Try          IMGLINK_BASE_URL={server.base_url} IMGLINK_API_KEY={DEMO_API_KEY} imglink upload FILE")
        lines.add("Press Ctrl+C to stop.")

    serve(arguments.port, arguments.dir, on_ready=ready)
    return ExitCode.DONE
