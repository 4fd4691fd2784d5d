"""The whole felt latency in the real program: a key press to the painted overlay, and to the link on the clipboard."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.demo import DEMO_API_KEY, DemoLimits, DemoServer
from app.system.x11_clipboard import X11ClipboardReader
from benches import pictures
from benches.frame import Race, benchmark
from benches.overlay import CLEAR, SIZE, SPOT, flameshot, until_painted
from tests.desktop.running import READY, program_environment, skip_welcome
from tests.desktop.session import DesktopSession, desktop_session

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_S = 30


@benchmark("key press to painted overlay, real program (4K)", gate=0.25, rounds=7)
def key_to_overlay() -> Iterator[Race]:
    """From xdotool's start, so its own few milliseconds count against us; the peer is started as a command."""
    with _screen() as session, DemoServer() as server, flameshot(session) as peer:
        session.paint_pattern()
        _start(session, server)
        session.move(400, 1900)
        assert session.screenshot(SPOT).getpixel((0, 0)) == CLEAR
        yield Race(
            ours=lambda: until_painted(session, lambda: session.xdotool("key", "ctrl+shift+4")),
            peers={"flameshot gui": peer},
            is_timed=False,
        )


@benchmark("whole screen to link, warm (4K)", gate=0.15, rounds=7)
def screen_to_link() -> Iterator[Race]:
    """Key press to link on the clipboard, beside pipes that print it; the same server for all."""
    limits = DemoLimits(uploads_per_hour=1_000_000, requests_per_minute=1_000_000, storage_bytes_verified=10**12)
    with _screen() as session, DemoServer(limits=limits) as server:
        session.paint(pictures.desktop(SIZE))
        _start(session, server)
        yield Race(
            ours=_by_key(session, server),
            peers={
                "flameshot full -r | curl": _by_pipe(session, server, "flameshot", "flameshot full -r"),
                "scrot | curl": _by_pipe(session, server, "scrot", "scrot -o -"),
                "maim | curl": _by_pipe(session, server, "maim", "maim"),
            },
            is_timed=False,
        )


@contextmanager
def _screen() -> Iterator[DesktopSession]:
    with desktop_session(monitor_size=SIZE, keyring=True, tray=True) as session:
        yield session


def _start(session: DesktopSession, server: DemoServer) -> None:
    env = {**program_environment(server), "IMGLINK_API_KEY": DEMO_API_KEY, "PYTHONWARNINGS": "ignore"}
    skip_welcome(session)
    session.spawn([sys.executable, "-m", "app"], env=env).wait_for_output(READY, 30)


def _by_key(session: DesktopSession, server: DemoServer) -> Callable[[], float]:
    reader = X11ClipboardReader(session.env)

    def run() -> float:
        before = server.commits
        begin = time.perf_counter()
        session.xdotool("key", "ctrl+shift+3")
        while server.commits == before:
            _check(begin)
        link = f"{server.base_url}/i/{server.images()[-1].id}"
        while reader.text() != link:
            _check(begin)
        return 1000 * (time.perf_counter() - begin)

    return run


def _by_pipe(session: DesktopSession, server: DemoServer, program: str, command: str) -> Callable[[], float] | None:
    if shutil.which(program) is None or shutil.which("curl") is None:
        return None
    upload = f"curl -sf -H 'X-API-Key: {DEMO_API_KEY}' -F 'file=@-;filename=a.png' {server.base_url}/api/v1/upload"

    def run() -> float:
        begin = time.perf_counter()
        answer = session.run(["sh", "-c", f"{command} | {upload}"], timeout_s=_TIMEOUT_S)
        assert b'"viewer"' in answer
        return 1000 * (time.perf_counter() - begin)

    return run


def _check(begin: float) -> None:
    # The server lives in this process: a busy loop would keep it from its work.
    time.sleep(0.001)
    if time.perf_counter() - begin > _TIMEOUT_S:
        raise TimeoutError("no link came")
