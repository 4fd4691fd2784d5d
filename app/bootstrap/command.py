"""The command line, joined with what it needs."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from app.bootstrap.profile import Profile, open_profile
from app.bootstrap.services import build_captures, build_core, clipboard_reader, last_region_of
from app.core.errors import Cancelled, UserFacingError
from app.core.geometry import Rect
from app.core.ports import RegionSelector, Selection
from app.core.screen import Desktop

if TYPE_CHECKING:
    from app.cli.desk import Desk
    from app.cli.run import Command
    from app.demo import DemoServer
    from app.services.capture import CaptureService


def run_command(arguments: argparse.Namespace) -> int:
    """Run a parsed command; returns its exit code."""
    from app.cli import run
    from app.cli.exit_codes import ExitCode

    try:
        if arguments.command == "demo":
            return _serve_demo(arguments)
        if arguments.command == "doctor":
            from app.bootstrap.doctor import doctor_parts
            from app.cli.doctor import report
            from app.services.doctor import examine

            return report(arguments, asyncio.run(examine(doctor_parts(os.environ))))
        command = run.prepare(arguments)
        profile = open_profile(os.environ)
        if arguments.command == "capture" and _needs_overlay(arguments, profile):
            return _run_with_overlay(arguments, command, profile)
        return asyncio.run(_run_plainly(arguments, command, profile))
    except UserFacingError as error:
        return run.fail(arguments, error)
    except (Cancelled, KeyboardInterrupt):
        return ExitCode.CANCELLED


async def _run_plainly(arguments: argparse.Namespace, command: Command, profile: Profile) -> int:
    from app.cli.run import perform

    async with _open_desk(arguments, profile, _NoSelector()) as desk:
        return await perform(arguments, command, desk)


def _run_with_overlay(arguments: argparse.Namespace, command: Command, profile: Profile) -> int:
    """The same, with Qt on this thread for the overlay and the command on the asyncio thread."""
    from PySide6.QtWidgets import QApplication

    from app.cli.exit_codes import ExitCode
    from app.cli.run import perform
    from app.ui.bridge import Bridge
    from app.ui.overlay import Overlay
    from app.ui.selector import OverlaySelector
    from app.ui.signals import StopSignals

    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    bridge = Bridge()
    overlay = Overlay(adjustable=not profile.settings.capture.region_done_on_release)

    async def work() -> int:
        async with _open_desk(arguments, profile, OverlaySelector(bridge, overlay)) as desk:
            return await perform(arguments, command, desk)

    signals = StopSignals(lambda: application.exit(ExitCode.CANCELLED))
    bridge.start()
    bridge.submit(work, owner=bridge, on_done=application.exit, on_error=_exit_with(application.exit, arguments))
    code = application.exec()
    overlay.close()
    bridge.stop()
    signals.close()
    return code


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
    from app.cli.desk import Desk
    from app.system.clipboard_keeper import KeeperClipboard

    clipboard = KeeperClipboard(profile.environ, clipboard_reader(profile.environ))
    async with AsyncExitStack() as stack:
        core = await build_core(profile, stack, resume_pending=False)
        captures: CaptureService | None = None
        if arguments.command == "capture":
            captures = build_captures(
                profile, uploads=core.uploads, selector=selector, clipboard=clipboard, tasks=frozenset
            )
            stack.push_async_callback(captures.close)
        links = profile.settings.links
        yield Desk(
            images=core.images,
            uploads=core.uploads,
            incoming=core.incoming,
            history=core.history,
            account=core.account,
            captures=captures,
            clipboard=clipboard,
            options=profile.settings.upload.options(),
            link_form=links.form,
            link_template=links.template,
        )


class _NoSelector:
    """Stands in where nothing has to be chosen."""

    async def select(self, desktop: Desktop, *, windows_only: bool, last_region: Rect | None) -> Selection | None:
        """Never asked: see `_needs_overlay`."""
        raise UserFacingError(
            "The last region lies outside today's screen.", remedy="Choose a new one with: imglink capture region"
        )


def _serve_demo(arguments: argparse.Namespace) -> int:
    from app.cli.exit_codes import ExitCode
    from app.cli.output import print_line
    from app.demo import DEMO_API_KEY, DEMO_PASSWORD, DEMO_USER, serve

    def ready(server: DemoServer) -> None:
        print_line(f"Demo server: {server.base_url}")
        print_line(f"API key: {DEMO_API_KEY}   User: {DEMO_USER}   Password: {DEMO_PASSWORD}")
        print_line(f"Try: IMGLINK_BASE_URL={server.base_url} IMGLINK_API_KEY={DEMO_API_KEY} imglink upload FILE")
        print_line("Press Ctrl+C to stop.")

    serve(arguments.port, arguments.dir, on_ready=ready)
    return ExitCode.DONE
