"""The real program on a private Wayland desktop, against a demo server: what its end-to-end tests share."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from app.demo import DEMO_API_KEY, DemoServer
from tests.desktop.coloured_windows import open_windows
from tests.desktop.running import PROGRAM, READY, RunningProgram, program_environment, skip_welcome
from tests.desktop.sway import SwaySession


@contextlib.contextmanager
def running_program(
    desktop: SwaySession, server: DemoServer, settings: dict[str, Any] | None = None, *, may_say: tuple[str, ...] = ()
) -> Iterator[RunningProgram]:
    """Start the application with a key from the environment, wait until it is ready, and end it properly.

    On stderr it may print only what starts like one of `may_say`, and what Qt says where no tray is.
    """
    skip_welcome(desktop)
    if settings is not None:
        folder = desktop.home / ".config/imglink"
        folder.mkdir(mode=0o700, parents=True)
        (folder / "settings.json").write_text(json.dumps({"version": 1, **settings}), encoding="ascii")
    environ = {**program_environment(server), "IMGLINK_API_KEY": DEMO_API_KEY}
    process = desktop.spawn(PROGRAM, env=environ)
    process.wait_for_output(READY, 60)
    # There is no tray, so its window is there, and the compositor gives it the whole of an output.
    desktop.wait_for(desktop.window_titles, what="the window did not come")
    yield RunningProgram(desktop, server, process, DEMO_API_KEY)
    assert process.is_running, process.describe()
    assert process.stop(20) == 0, process.describe()
    expected = ("QDBusTrayIcon encountered", *may_say)
    said = [line for line in process.stderr.splitlines() if not line.startswith(expected)]
    assert said == [], process.describe()


def start_typing_elsewhere(desktop: SwaySession, title: str = "Letters") -> None:
    """Open another program's window, which has the keyboard from then on."""
    open_windows(desktop, f"{title}=#ffa500")
    desktop.wait_for(lambda: desktop.focused_title() == title, what="the other program has no focus")


def do_action(desktop: SwaySession, action: str) -> None:
    """Have the running application do something, as its keys, launchers and panels do: by the message bus."""
    call_application(desktop, "ActivateAction", action, "@av []", "@a{sv} {}")


def call_application(desktop: SwaySession, method: str, *arguments: str) -> None:
    """Call a method of org.freedesktop.Application by another program, with arguments as GVariant writes them."""
    where = ["--dest", "cc.imglink.Desktop", "--object-path", "/cc/imglink/Desktop"]
    full_name = f"org.freedesktop.Application.{method}"
    desktop.run(["gdbus", "call", "--session", *where, "--method", full_name, *arguments])
