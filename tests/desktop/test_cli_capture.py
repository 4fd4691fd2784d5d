"""`imglink capture` on a real X server: what is uploaded or saved are the screen's own pixels."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.core.geometry import Point, Rect
from app.demo import DemoServer, Fault
from tests.desktop.cli import results, run, start, uploaded
from tests.desktop.processes import Process
from tests.desktop.running import pixels
from tests.desktop.session import DesktopSession, desktop_session


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def wide() -> Iterator[DesktopSession]:
    """Two monitors, with neither window manager nor tray."""
    with desktop_session(monitors=2, window_manager=False) as session:
        yield session


def overlay_is_shown(desktop: DesktopSession) -> Callable[[], bool]:
    def covered() -> bool:
        windows = [window.rect_px for window in desktop.windows() if not window.is_managed]
        return all(monitor in windows for monitor in desktop.monitors)

    return covered


def with_overlay(desktop: DesktopSession, server: DemoServer, *words: str) -> Process:
    """Start a command, and wait until its overlay covers every monitor."""
    process = start(desktop, server, "capture", *words)
    desktop.wait_for(overlay_is_shown(desktop), what="the overlay did not come")
    return process


def ended(process: Process, code: int = 0) -> Process:
    assert process.wait() == code, process.describe()
    assert "Traceback" not in process.stderr, process.describe()
    return process


# --- without an overlay ---------------------------------------------------------------------------------------------


def test_screen_monitor_and_geometry_are_the_screens_pixels(wide: DesktopSession, server: DemoServer) -> None:
    picture = wide.paint_pattern()
    run(wide, server, "capture", "screen")
    assert uploaded(server).tobytes() == picture.tobytes()
    done = run(wide, server, "capture", "monitor", "2")
    assert uploaded(server).tobytes() == pixels(picture, Rect(1280, 0, 1280, 800))
    assert done.stdout == f"{server.base_url}/i/{server.images()[-1].id}\n"
    assert done.stderr == ""
    run(wide, server, "capture", "--geometry", "1200,77,161,93")
    assert uploaded(server).tobytes() == pixels(picture, Rect(1200, 77, 161, 93))


def test_a_geometry_partly_outside_is_clipped_and_said(wide: DesktopSession, server: DemoServer) -> None:
    picture = wide.paint_pattern()
    done = run(wide, server, "capture", "--geometry", "-10,-20,40,50", "--json")
    assert done.stderr == "Only a part of that region is on the screen: 0,0,30,30 was taken.\n"
    assert uploaded(server).tobytes() == pixels(picture, Rect(0, 0, 30, 30))
    [result] = results(done)
    assert (result["width"], result["height"], result["file"], result["state"]) == (30, 30, None, "done")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--geometry", "5000,0,10,10"], "lies outside the screen. The desktop is 0,0,2560,800 (X,Y,W,H)."),
        (["--geometry", "-10,-10,10,10"], "lies outside the screen."),
        (["monitor", "3"], "There is no monitor 3. Choose one from 1 to 2."),
    ],
)
def test_what_is_not_on_the_screen_is_explained(
    wide: DesktopSession, server: DemoServer, words: list[str], reason: str
) -> None:
    done = run(wide, server, "capture", *words, code=1)
    assert reason in done.stderr
    assert server.requests == ()


def test_the_last_region_again(desktop: DesktopSession, server: DemoServer) -> None:
    picture = desktop.paint_pattern()
    run(desktop, server, "capture", "--geometry", "11,22,33,44")
    run(desktop, server, "capture", "last")
    assert uploaded(server).tobytes() == pixels(picture, Rect(11, 22, 33, 44))
    assert server.commits == 2


def test_a_delay_comes_before_the_picture(desktop: DesktopSession, server: DemoServer) -> None:
    desktop.paint_pattern()
    began = time.monotonic()
    process = start(desktop, server, "capture", "screen", "--delay", "2")
    # Painted while it waits.
    later = Image.new("RGB", (1280, 800), "orange")
    desktop.paint(later)
    ended(process)
    assert time.monotonic() - began >= 2
    assert uploaded(server).tobytes() == later.tobytes()


def test_the_pointer_is_in_it_only_when_asked_for(desktop: DesktopSession, server: DemoServer) -> None:
    picture = desktop.paint_pattern()
    desktop.move(400, 300)
    run(desktop, server, "capture", "screen")
    assert uploaded(server).tobytes() == picture.tobytes()
    run(desktop, server, "capture", "screen", "--cursor")
    around = Rect(380, 280, 40, 40)
    assert pixels(uploaded(server), around) != pixels(picture, around)
    below = Rect(0, 400, 1280, 400)
    assert pixels(uploaded(server), below) == pixels(picture, below)


# --- saving ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "format_name"), [("a.png", "PNG"), ("a.WEBP", "WEBP"), ("b c.jpg", "JPEG")])
def test_the_format_follows_the_name(
    desktop: DesktopSession, server: DemoServer, tmp_path: Path, name: str, format_name: str
) -> None:
    picture = desktop.paint_pattern()
    path = tmp_path / "new folder" / name
    done = run(desktop, server, "capture", "--geometry", "10,20,300,200", "--save", str(path))
    with Image.open(path) as saved:
        assert (saved.format, saved.size) == (format_name, (300, 200))
        if format_name != "JPEG":
            assert saved.convert("RGB").tobytes() == pixels(picture, Rect(10, 20, 300, 200))
    # What is uploaded is the same file.
    assert server.file_bytes(server.images()[0].id) == path.read_bytes()
    assert done.stdout == f"{server.base_url}/i/{server.images()[0].id}\n"


def test_without_upload_the_path_is_printed(desktop: DesktopSession, server: DemoServer, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    words = ["capture", "--geometry", "10,20,30,20", "--no-upload", "--save", str(path)]
    assert run(desktop, server, *words).stdout == f"{path}\n"
    [result] = results(run(desktop, server, *words, "--json"))
    assert (result["file"], result["state"], result["id"]) == (str(path), "saved", None)
    assert (result["width"], result["height"], result["mime"]) == (30, 20, "image/png")
    assert result["size"] == path.stat().st_size
    assert server.requests == ()


def test_a_folder_gets_a_file_with_the_usual_name(desktop: DesktopSession, server: DemoServer, tmp_path: Path) -> None:
    words = ["capture", "--geometry", "1,2,3,4", "--no-upload", "--save", str(tmp_path)]
    first, second = (Path(run(desktop, server, *words).stdout.rstrip("\n")) for _ in range(2))
    assert first != second
    assert first.parent == second.parent == tmp_path
    assert sorted(tmp_path.iterdir()) == sorted([first, second])


def test_what_cannot_be_saved_is_uploaded_all_the_same(
    desktop: DesktopSession, server: DemoServer, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = run(desktop, server, "capture", "screen", "--save", str(tmp_path / "file" / "a.png"), code=1)
    assert "could not be saved" in done.stderr
    assert done.stdout == f"{server.base_url}/i/{server.images()[0].id}\n"


# --- the overlay ----------------------------------------------------------------------------------------------------


def test_a_region_by_mouse_without_window_manager_or_tray(wide: DesktopSession, server: DemoServer) -> None:
    picture = wide.paint_pattern()
    process = with_overlay(wide, server)
    wide.drag(Point(1180, 300), Point(1379, 399))
    done = ended(process)
    assert uploaded(server).tobytes() == pixels(picture, Rect(1180, 300, 200, 100))
    assert done.stdout == f"{server.base_url}/i/{server.images()[0].id}\n"
    assert done.stderr == ""


def test_a_click_takes_a_window(desktop: DesktopSession, server: DemoServer) -> None:
    desktop.paint_pattern()
    inside = Rect(300, 260, 240, 160)
    desktop.open_window("Letters", inside)
    process = with_overlay(desktop, server, "window", "--json")
    desktop.click(400, 330)
    [result] = results(ended(process))
    assert result["width"] >= inside.width
    assert result["height"] > inside.height
    assert "Letters" not in process.stdout


def test_the_same_window_again_without_its_decorations(desktop: DesktopSession, server: DemoServer) -> None:
    desktop.paint_pattern()
    desktop.open_window("Letters", Rect(300, 260, 240, 160), Image.new("RGB", (240, 160), "orange"))
    process = with_overlay(desktop, server, "window", "--no-decorations")
    desktop.click(400, 330)
    ended(process)
    inside = uploaded(server)
    assert (inside.size, inside.getcolors()) == ((240, 160), [(240 * 160, (255, 165, 0))])
    # Elsewhere now, and nobody has to point at it.
    before = desktop.window("Letters").rect_px
    desktop.xdotool("search", "--name", "^Letters$", "windowmove", "700", "100")
    desktop.wait_for(lambda: desktop.window("Letters").rect_px != before, what="the window did not move")
    run(desktop, server, "capture", "same-window", "--no-decorations")
    assert uploaded(server).tobytes() == inside.tobytes()
    run(desktop, server, "capture", "same-window")
    assert uploaded(server).height > 160
    assert server.commits == 3


def test_a_region_of_a_fixed_size_is_placed_by_a_click(desktop: DesktopSession, server: DemoServer) -> None:
    picture = desktop.paint_pattern()
    process = with_overlay(desktop, server, "--size", "320x200")
    desktop.click(500, 400)
    ended(process)
    assert uploaded(server).tobytes() == pixels(picture, Rect(340, 300, 320, 200))


def test_the_first_last_region_is_chosen_on_the_overlay(desktop: DesktopSession, server: DemoServer) -> None:
    picture = desktop.paint_pattern()
    process = with_overlay(desktop, server, "last")
    desktop.drag(Point(50, 60), Point(149, 109))
    ended(process)
    assert uploaded(server).tobytes() == pixels(picture, Rect(50, 60, 100, 50))


def test_escape_is_130_and_sends_nothing(desktop: DesktopSession, server: DemoServer) -> None:
    process = with_overlay(desktop, server)
    desktop.xdotool("key", "Escape")
    done = ended(process, 130)
    assert (done.stdout, done.stderr) == ("", "")
    assert server.requests == ()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_takes_the_overlay_away(desktop: DesktopSession, server: DemoServer, number: signal.Signals) -> None:
    process = with_overlay(desktop, server)
    process.send_signal(number)
    ended(process, 130)
    desktop.wait_for(lambda: not overlay_is_shown(desktop)(), what="the overlay stayed")
    assert server.requests == ()


# --- what follows ---------------------------------------------------------------------------------------------------


def test_the_copied_link_outlives_the_command(desktop: DesktopSession, server: DemoServer) -> None:
    done = run(desktop, server, "capture", "--geometry", "1,2,30,40", "--copy", "--link", "direct")
    assert desktop.clipboard_text() == done.stdout.rstrip("\n")
    assert done.stdout == f"{server.base_url}/cdn/{server.images()[0].id}.png\n"


def test_links_of_several_files_are_copied_one_a_line(
    desktop: DesktopSession, server: DemoServer, tmp_path: Path
) -> None:
    paths = [str(tmp_path / f"{number}.png") for number in range(2)]
    for path in paths:
        Image.new("RGB", (30, 20), "teal").save(path)
    done = run(desktop, server, "upload", *paths, "--copy", "--json")
    assert desktop.clipboard_text().splitlines() == [each["viewer"] for each in results(done)]


def test_a_folder_named_app_is_not_run_by_the_clipboards_keeper(
    desktop: DesktopSession, server: DemoServer, tmp_path: Path
) -> None:
    trap = desktop.home / "app"
    trap.mkdir()
    (trap / "__init__.py").touch()
    (trap / "__main__.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')", encoding="utf-8")
    # As installed: what is started is found by its name, and not in the current folder.
    process = start(desktop, server, "capture", "--geometry", "1,2,30,40", "--copy", env={"PYTHONSAFEPATH": "1"})
    ended(process)
    assert desktop.clipboard_text() == process.stdout.rstrip("\n")
    assert not (tmp_path / "sprung").exists()


def test_a_capture_that_cannot_be_sent_now_is_kept(desktop: DesktopSession, server: DemoServer) -> None:
    server.faults.add(Fault.error(429, retry_after="600").on("POST", "/api/v1/upload"))
    done = run(desktop, server, "capture", "screen", "--json", code=4)
    [result] = results(done)
    assert result["state"] == "queued"
    assert "is kept, and is sent" in result["error"]
