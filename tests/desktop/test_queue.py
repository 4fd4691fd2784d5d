"""The queue of the real program: it is killed, its disk is full, its key is refused, its answers are lost."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from Xlib import X
from Xlib.display import Display
from Xlib.protocol.event import ClientMessage

from app.core.geometry import Point, Rect
from app.demo import DEMO_USER, DemoServer, Fault
from app.demo.faults import Stage
from tests.desktop.processes import Process
from tests.desktop.running import PROGRAM, READY, RunningProgram, program_environment, running_program, skip_welcome
from tests.desktop.session import DesktopSession

TITLE = "ImgLink"
START, END = Point(101, 203), Point(420, 442)
FIRST_IN_LIST = 6
"""How often Tab is pressed to come past capture buttons, “Choose files” and “Paste” to what is above the uploads."""


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def program(full_desktop: DesktopSession, server: DemoServer) -> Iterator[RunningProgram]:
    full_desktop.paint_pattern()
    with running_program(full_desktop, server) as running:
        yield running


def open_window(program: RunningProgram) -> None:
    """Click the tray icon, and wait until its window has the keyboard."""
    icon = program.tray_icon()
    program.desktop.click(icon.x, icon.y)
    window = program.desktop.window(TITLE)
    program.desktop.wait_for(lambda: program.desktop.active_window() == window.id, what="the window is not in front")


def tab_to(program: RunningProgram, place: int) -> None:
    program.desktop.xdotool("key", "--delay", "20", *["Tab"] * place)


def notified(program: RunningProgram, *texts: str) -> None:
    """Wait until the notification daemon was told all of these."""
    said = program.desktop.notifications
    program.desktop.wait_for(
        lambda: all(text in said() for text in texts), 60, what=f"no notification said {texts}: {said()}"
    )


def rows(desktop: DesktopSession, query: str) -> list[tuple[object, ...]]:
    """Ask the program's own list of uploads."""
    with contextlib.closing(sqlite3.connect(data_folder(desktop) / "uploads.db", timeout=5)) as connection:
        found = connection.execute(query).fetchall()
        connection.commit()
        return found


def states(desktop: DesktopSession) -> list[str]:
    return [str(state) for (state,) in rows(desktop, "SELECT state FROM uploads ORDER BY seq")]


def data_folder(desktop: DesktopSession) -> Path:
    return desktop.home / ".local/share/imglink"


# --- after a restart --------------------------------------------------------------------------------------------------


def killed_while_sending(desktop: DesktopSession, server: DemoServer) -> dict[str, str]:
    """Capture, and kill the program while the upload is on its way; returns the environment for its next start."""
    environ = program_environment(server)
    key = server.add_key(server.user(DEMO_USER))
    setter = desktop.spawn([*PROGRAM, "account", "key", "set"], env=environ, stdin=key.encode() + b"\n")
    assert setter.wait() == 0, setter.describe()
    skip_welcome(desktop)
    server.faults.add(Fault.slow(60).on("POST", "/api/v1/upload"))
    process = desktop.spawn(PROGRAM, env=environ)
    process.wait_for_output(READY, 30)
    program = RunningProgram(desktop, server, process, key)
    program.capture_region(START, END)
    desktop.wait_for(lambda: states(desktop) == ["sending"], what="the upload did not begin")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert server.commits == 0
    server.faults.clear()
    return environ


def started(desktop: DesktopSession, server: DemoServer, environ: dict[str, str]) -> RunningProgram:
    process = desktop.spawn(PROGRAM, env=environ)
    process.wait_for_output(READY, 30)
    return RunningProgram(desktop, server, process, "")


def ended(process: Process) -> None:
    assert process.is_running, process.describe()
    assert process.stop(10) == 0, process.describe()
    assert process.stderr == "", process.describe()


def test_a_link_is_copied_though_the_program_was_killed_meanwhile(
    full_desktop: DesktopSession, server: DemoServer
) -> None:
    full_desktop.paint_pattern()
    environ = killed_while_sending(full_desktop, server)
    program = started(full_desktop, server, environ)
    assert program.wait_for_link() == f"{server.base_url}/i/{server.images()[-1].id}"
    notified(program, "Link copied")
    full_desktop.wait_for(
        lambda: rows(full_desktop, "SELECT count(*) FROM uploads WHERE follow_up IS NOT NULL") == [(0,)],
        what="the follow-up was not remembered as done",
    )
    assert (server.commits, states(full_desktop)) == (1, ["done"])
    ended(program.process)


def test_a_link_that_comes_late_leaves_the_clipboard_to_the_person(
    full_desktop: DesktopSession, server: DemoServer
) -> None:
    full_desktop.paint_pattern()
    environ = killed_while_sending(full_desktop, server)
    # An hour goes by until the next start.
    rows(full_desktop, "UPDATE uploads SET created_at = created_at - 3600 * 1000000")
    full_desktop.set_clipboard(b"something else by now")
    program = started(full_desktop, server, environ)
    notified(program, "Link ready", f"{server.base_url}/i/{server.images()[-1].id}" if server.commits else "")
    assert full_desktop.clipboard_text() == "something else by now"
    ended(program.process)


# --- a full disk ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Put the folder on a disk of its own, which is soon full."""
    folder.mkdir(mode=0o700, parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Leave no room for a picture."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    (folder / "ballast").write_bytes(b"\0" * max(0, free - 4096))
    yield
    (folder / "ballast").unlink()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let nothing be written to the outbox."""
    (folder / "outbox").chmod(0o500)
    yield
    (folder / "outbox").chmod(0o700)


IS_ROOT = os.geteuid() == 0
"""Only root can mount a small disk, and only root can write to a locked folder: one of the two works for everybody."""


def test_a_capture_that_no_disk_takes_is_kept_and_called_not_saved(
    full_desktop: DesktopSession, server: DemoServer
) -> None:
    # Noise, because a picture of anything else is small enough for every disk.
    size = (full_desktop.monitors[-1].right, full_desktop.monitors[-1].bottom)
    full_desktop.paint(Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)))
    folder = data_folder(full_desktop)
    with (
        small_disk(folder) if IS_ROOT else contextlib.nullcontext(),
        running_program(full_desktop, server) as program,
    ):
        with filled(folder) if IS_ROOT else locked(folder):
            program.capture_region(START, END)
            reason = "there is no space left on the disk" if IS_ROOT else "its folder cannot be written"
            notified(program, "NOT saved: Region, 320 × 240", reason)
            assert "Link copied" not in full_desktop.notifications()
            assert (states(full_desktop), server.commits) == ([], 0)
        # Quitting would lose it, so that is asked first.
        open_window(program)
        quitter = full_desktop.spawn([*PROGRAM, "quit"], env=program_environment(server))
        full_desktop.window("Quit ImgLink?")
        full_desktop.xdotool("key", "Escape")
        assert quitter.wait(30) != 0
        assert "1 picture is not saved" in quitter.stderr
        assert "ImgLink was not quit." in quitter.stderr
        assert program.process.is_running

        open_window_again(program)
        tab_to(program, FIRST_IN_LIST)
        full_desktop.xdotool("key", "space")
        assert program.wait_for_link() == f"{server.base_url}/i/{server.images()[-1].id}"
        assert states(full_desktop) == ["done"]


def open_window_again(program: RunningProgram) -> None:
    """Close it first, so that the keyboard begins at its beginning."""
    program.desktop.xdotool("key", "Escape")
    program.desktop.wait_for(
        lambda: all(window.title != TITLE for window in program.desktop.windows() if window.is_managed),
        what="the window did not close",
    )
    # Not by its icon: two clicks that come soon after one another are a double click.
    again = program.desktop.spawn(PROGRAM, env=program_environment(program.server))
    assert again.wait(30) == 0, again.describe()
    window = program.desktop.window(TITLE)
    program.desktop.wait_for(lambda: program.desktop.active_window() == window.id, what="the window is not in front")


# --- a refused key ----------------------------------------------------------------------------------------------------


def wait_for_count(desktop: DesktopSession, count: int) -> None:
    desktop.wait_for(lambda: len(states(desktop)) == count, what="it was not queued")


def test_a_refused_key_stops_everything_asks_once_and_a_new_one_resumes_in_order(program: RunningProgram) -> None:
    desktop, server = program.desktop, program.server
    server.revoke_key(program.key)
    for number in range(3):
        left = 101 + 50 * number
        program.capture_region(Point(left, 203), Point(left + 39 + number, 242))
        wait_for_count(desktop, number + 1)
    notified(program, "The API key is no longer accepted.")
    desktop.wait_for(lambda: "sending" not in states(desktop), what="an upload still runs")
    assert server.commits == 0
    assert desktop.notifications().count("summary: 'The API key is no longer accepted.'") == 1
    assert "Not uploaded" not in desktop.notifications()

    # “Enter key…” leads to the place where it is entered.
    open_window(program)
    tab_to(program, FIRST_IN_LIST)
    desktop.xdotool("key", "space")
    settings = desktop.window("ImgLink settings")
    desktop.wait_for(lambda: desktop.active_window() == settings.id, what="the settings are not in front")
    key = server.add_key(server.user(DEMO_USER))
    desktop.xdotool("type", "--delay", "5", key)
    desktop.xdotool("key", "Return")
    desktop.wait_for(lambda: states(desktop) == ["done"] * 3, 30, what="the uploads did not go on")
    # Two are sent at a time, so the first two may change places.
    widths = [image.width for image in server.images()]
    assert (set(widths), widths[2]) == ({40, 41, 42}, 42)


def test_a_new_key_of_the_command_line_lets_the_running_application_go_on(program: RunningProgram) -> None:
    desktop, server = program.desktop, program.server
    server.revoke_key(program.key)
    program.capture_region(START, END)
    notified(program, "The API key is no longer accepted.")
    desktop.wait_for(lambda: states(desktop) == ["paused"], what="it was not paused")
    key = server.add_key(server.user(DEMO_USER))
    setter = desktop.spawn(
        [*PROGRAM, "account", "key", "set"], env=program_environment(server), stdin=key.encode() + b"\n"
    )
    assert setter.wait() == 0, setter.describe()
    desktop.wait_for(lambda: states(desktop) == ["done"], 30, what="the upload did not go on")


# --- an answer that was lost ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("presses", "commits"), [(1, 2), (2, 1)], ids=["send again", "mark as done"])
def test_an_uncertain_upload_is_the_persons_choice(program: RunningProgram, presses: int, commits: int) -> None:
    desktop, server = program.desktop, program.server
    server.faults.add(Fault.lost(Stage.AFTER_COMMIT).on("POST", "/api/v1/upload", stage=Stage.AFTER_COMMIT))
    program.capture_region(START, END)
    notified(program, "May already be uploaded")
    assert (states(desktop), server.commits) == (["uncertain"], 1)
    open_window(program)
    # “Open gallery” comes first.
    tab_to(program, FIRST_IN_LIST + presses)
    desktop.xdotool("key", "space")
    desktop.wait_for(lambda: states(desktop) == ["done"], 30, what="it is still uncertain")
    assert server.commits == commits


# --- the order --------------------------------------------------------------------------------------------------------


def test_waiting_uploads_go_in_the_order_that_the_person_gives_them(
    full_desktop: DesktopSession, server: DemoServer, tmp_path: Path
) -> None:
    settings = full_desktop.home / ".config" / "imglink" / "settings.json"
    settings.parent.mkdir(mode=0o700)
    settings.write_text('{"upload": {"concurrency": 1}}', encoding="utf-8")
    environ = program_environment(server)
    with running_program(full_desktop, server) as program:
        assert full_desktop.spawn([*PROGRAM, "pause"], env=environ).wait() == 0
        for width in (10, 11, 12):
            path = tmp_path / f"{width}.png"
            Image.new("RGB", (width, 10), "teal").save(path)
            command = full_desktop.spawn([*PROGRAM, "upload", "--no-wait", path], env=environ)
            assert command.wait() == 0, command.describe()
        open_window(program)
        # Past “Resume” into the list; its first row goes to the end.
        tab_to(program, FIRST_IN_LIST + 1)
        full_desktop.xdotool("key", "ctrl+End")
        order = "SELECT width FROM (SELECT substr(file_name, 1, 2) AS width, position FROM uploads) ORDER BY position"
        full_desktop.wait_for(
            lambda: [width for (width,) in rows(full_desktop, order)] == ["11", "12", "10"],
            what="the order is the same",
        )
        assert full_desktop.spawn([*PROGRAM, "resume"], env=environ).wait() == 0
        full_desktop.wait_for(lambda: server.commits == 3, 30, what="the uploads did not go on")
        assert [image.width for image in server.images()] == [11, 12, 10]


# --- the first run ----------------------------------------------------------------------------------------------------


def make_full_screen(desktop: DesktopSession, window_id: int) -> None:
    """As a film does it."""
    display = Display(desktop.display)
    with contextlib.closing(display):
        window = display.create_resource_object("window", window_id)
        state, full = display.intern_atom("_NET_WM_STATE"), display.intern_atom("_NET_WM_STATE_FULLSCREEN")
        message = ClientMessage(window=window, client_type=state, data=(32, [1, full, 0, 1, 0]))
        mask = X.SubstructureRedirectMask | X.SubstructureNotifyMask
        display.screen().root.send_event(message, event_mask=mask)
        display.sync()


def test_the_first_start_says_what_to_press_and_disturbs_nobody(
    full_desktop: DesktopSession, server: DemoServer
) -> None:
    desktop, environ = full_desktop, program_environment(server)
    film = desktop.open_window("Film", Rect(100, 100, 300, 200))
    desktop.click(200, 200)
    desktop.wait_for(lambda: desktop.active_window() == film.id, what="the film has no focus")
    make_full_screen(desktop, film.id)
    desktop.wait_for(lambda: desktop.window("Film").rect_px == desktop.monitors[0], what="the film is not full screen")
    process = desktop.spawn(PROGRAM, env=environ)
    process.wait_for_output(READY, 30)
    desktop.window(TITLE)
    assert desktop.active_window() == film.id
    ended(process)
    # Never again. What opens by itself is there before the overlay is: that is asked for later, of the same thread.
    program = started(desktop, server, environ)
    desktop.xdotool("key", "ctrl+shift+4")
    program.wait_for_overlay()
    assert all(window.title != TITLE for window in desktop.windows() if window.is_managed)
    desktop.xdotool("key", "Escape")
    desktop.wait_for(lambda: not program.overlay_windows(), what="the overlay stayed")
    assert desktop.active_window() == film.id
    ended(program.process)
