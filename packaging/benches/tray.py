"""The tray application at its start and at rest, beside a bare PySide6 tray."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import PySide6
import shiboken6

from benches.frame import Race, benchmark
from tests.desktop.processes import Process, wait_until
from tests.desktop.running import skip_welcome
from tests.desktop.session import DesktopSession, desktop_session

ROOT = Path(__file__).resolve().parents[2]
OURS = [sys.executable, "-m", "app"]
BARE = [
    sys.executable,
    "-c",
    """
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QApplication, QSystemTrayIcon
application = QApplication([])
pixmap = QPixmap(22, 22)
pixmap.fill("red")
icon = QSystemTrayIcon(QIcon(pixmap))
icon.show()
application.exec()
""",
]
QUIET_S = 2.0
WATCHED_S = 10.0


@benchmark("tray ready: process start to icon in the tray", gate=1.3)
def ready() -> Iterator[Race]:
    """The warm-up round is the first start of a person, later ones are ordinary starts."""

    def runner(command: list[str]) -> Callable[[], float]:
        def start() -> float:
            process, took_ms = started(session, command)
            process.stop()
            session.wait_for(lambda: not session.tray_icons())
            return took_ms

        return start

    with desktop_session(tray=True, keyring=True, notifications=True) as session:
        yield Race(runner(OURS), {"bare PySide6 tray": runner(BARE)}, is_timed=False)


@benchmark("idle memory (PSS)", gate=2.0, rounds=3, warmups=0)
def memory() -> Iterator[Race]:
    """After everything that is loaded at leisure is loaded.

    Both use a copy of Qt that nothing else does: pages that another program has mapped count in part only, which makes
    the bare tray, being hardly more than Qt, look smaller the more programs with this very Qt run beside it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="imglink-bench-") as folder,
        desktop_session(tray=True, keyring=True, notifications=True) as session,
    ):
        for package in (PySide6, shiboken6):
            source = Path(package.__path__[0])
            shutil.copytree(source, Path(folder) / source.name)
        ours, bare = (idle(session, command, pss_mib, libraries=folder) for command in (OURS, BARE))
        yield Race(ours, {"bare PySide6 tray": bare}, is_timed=False, unit="MiB")


@benchmark("idle wake-ups a second, all threads", gate=1.0, rounds=1, warmups=0)
def wake_ups() -> Iterator[Race]:
    """The gate is one a second; the bare tray stands beside it."""
    with desktop_session(tray=True, keyring=True, notifications=True) as session:
        ours, bare = (idle(session, command, wake_ups_per_s) for command in (OURS, BARE))
        yield Race(ours, {"(one a second)": lambda: 1.0, "bare PySide6 tray": bare}, is_timed=False, unit="/s")


def started(session: DesktopSession, command: list[str], libraries: str = "") -> tuple[Process, float]:
    """Start a program and wait for its icon; the process, and the time in ms. What is in `libraries` comes first."""
    # Nobody listens there: whatever a start asks of the service, it does not leave this computer.
    path = os.pathsep.join(filter(None, (libraries, str(ROOT))))
    env = {"PYTHONPATH": path, "IMGLINK_BASE_URL": "http://127.0.0.1:9"}
    skip_welcome(session)
    begin = time.perf_counter()
    process = session.spawn(command, env=env)
    session.wait_for(lambda: session.tray_icons() or not process.is_running, 30)
    took_ms = (time.perf_counter() - begin) * 1000
    if not session.tray_icons():
        raise RuntimeError(f"no icon came: {process.describe()}")
    return process, took_ms


def idle(
    session: DesktopSession, command: list[str], measure: Callable[[int], float], libraries: str = ""
) -> Callable[[], float]:
    """A round: start, wait until it has been quiet for a while, measure, stop."""

    def run() -> float:
        process, _ = started(session, command, libraries)
        quiet_since, used = time.monotonic(), cpu_ticks(process.pid)

        def is_quiet() -> bool:
            nonlocal quiet_since, used
            if not process.is_running:
                raise RuntimeError(f"it ended: {process.describe()}")
            now = cpu_ticks(process.pid)
            if now != used:
                quiet_since, used = time.monotonic(), now
            return time.monotonic() - quiet_since > QUIET_S

        wait_until(is_quiet, 60, lambda: f"never quiet: {process.describe()}")
        figure = measure(process.pid)
        process.stop()
        session.wait_for(lambda: not session.tray_icons())
        return figure

    return run


def pss_mib(pid: int) -> float:
    """Memory, with shared pages counted by their share."""
    match = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert match
    return int(match[1]) / 1024


def wake_ups_per_s(pid: int) -> float:
    """How often any of its threads began to run, seen over some seconds."""
    before = switches(pid)
    time.sleep(WATCHED_S)
    return (switches(pid) - before) / WATCHED_S


def switches(pid: int) -> int:
    """Voluntary context switches of all threads so far."""
    found = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        match = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read_text(), re.MULTILINE)
        found += int(match[1]) if match else 0
    return found


def cpu_ticks(pid: int) -> int:
    """Processor time used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
