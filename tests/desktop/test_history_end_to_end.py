"""The history on a real desktop: thirty uploads are found, copied, deleted, forgotten, carried out and brought back.

What a person does is done with mouse and keyboard only; what came of it is asked of others: the clipboard, the server,
the command line, and what a screen reader finds.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image

from app.core.geometry import Rect
from app.demo import DemoServer
from tests.desktop.accessibility import ENVIRON, Control, ScreenReader, screen_reader
from tests.desktop.cli import results, run
from tests.desktop.dragging import drag_out
from tests.desktop.running import PROGRAM, READY, RunningProgram, program_environment, running_program
from tests.desktop.session import DesktopSession

T = TypeVar("T")

HISTORY = "ImgLink history"
SEARCH = "Search the history"
COUNT = 30
PAPERS = 10


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


@pytest.fixture
def reader(full_desktop: DesktopSession) -> Iterator[ScreenReader]:
    with screen_reader(full_desktop) as running:
        yield running


@pytest.fixture
def program(full_desktop: DesktopSession, server: DemoServer, reader: ScreenReader) -> Iterator[RunningProgram]:
    with running_program(full_desktop, server, environ=ENVIRON) as running:
        yield running


def upload(program: RunningProgram, folder: Path, count: int = COUNT) -> None:
    """By the command line, which hands over to the program; every third one is a paper."""
    paths = []
    for number in range(count):
        name = "paper" if number % (COUNT // PAPERS) == 0 else "holiday"
        paths.append(folder / f"{name} {number:02}.png")
        Image.new("RGB", (60 + number, 40), (8 * number, 120, 250 - 8 * number)).save(paths[-1])
    run(program.desktop, program.server, "upload", *map(str, paths), key="")
    assert program.server.commits == count


def listed(program: RunningProgram, *words: str) -> list[dict[str, Any]]:
    """The history as another process sees it, newest first."""
    found = results(run(program.desktop, program.server, "history", "--json", "--limit", "1000", *words, key=""))
    assert isinstance(found, list)
    return found


def there(program: RunningProgram) -> set[str]:
    """What the server has."""
    return {image.id for image in program.server.images()}


def open_from_tray(program: RunningProgram, reader: ScreenReader) -> None:
    icon = program.tray_icon()
    program.desktop.click(icon.x, icon.y, button=3)
    program.desktop.wait_for(lambda: program.popups() == 1, what="the tray's menu did not open")
    reader.choose_from_menu("History…")
    window = program.desktop.window(HISTORY)
    program.desktop.wait_for(lambda: program.desktop.active_window() == window.id, what="the history is not in front")


def inside(reader: ScreenReader, title: str = HISTORY) -> Control:
    """The window with this title, as it is now; nothing while it is not there."""
    nothing = Control("", "", frozenset(), Rect(0, 0, 0, 0), ())
    return next((each for each in reader.windows() if each.name == title), nothing)


def controls(reader: ScreenReader, role: str, name: str | None = None) -> list[Control]:
    """Those in the history that can be used now."""
    return [each for each in inside(reader).walk() if each.role == role and name in (None, each.name) and each.is_ready]


def wait(program: RunningProgram, predicate: Callable[[], T], what: str) -> T:
    """Wait until a screen reader finds something."""
    return program.desktop.wait_for(predicate, 20, what=f"{what} was not there")


def item(program: RunningProgram, reader: ScreenReader, name: str) -> Control:
    """Wait for the picture with this name."""

    def found() -> Control | None:
        pictures = controls(reader, "list item")
        return next((each for each in pictures if each.name.startswith(name)), None)

    picture = wait(program, found, name)
    assert isinstance(picture, Control)
    return picture


def click(program: RunningProgram, reader: ScreenReader, name: str, *, button: int = 1, key: str = "") -> None:
    """On a picture, with a key held down or not."""
    place = item(program, reader, name).middle
    held = (["keydown", key], ["keyup", key]) if key else ([], [])
    program.desktop.xdotool(*held[0], "mousemove", place.x, place.y, "click", button, *held[1])


def said(program: RunningProgram, reader: ScreenReader, text: str) -> None:
    """Wait until the window says this."""
    wait(program, lambda: controls(reader, "label", text), f"“{text}”")


def choose(program: RunningProgram, reader: ScreenReader, key: str, *entries: str) -> None:
    """Press a key that opens a menu, and walk through that."""
    program.desktop.xdotool("key", key)
    program.desktop.wait_for(lambda: program.popups() == 1, what="no menu opened")
    reader.choose_from_menu(*entries)


def more(program: RunningProgram, reader: ScreenReader, entry: str) -> None:
    """Choose from the menu of the whole history."""
    reader.click(HISTORY, "push button", "More")
    program.desktop.wait_for(lambda: program.popups() == 1, what="no menu opened")
    reader.choose_from_menu(entry)


def enter_path(program: RunningProgram, title: str, path: Path) -> None:
    """Answer a file dialog."""
    window = program.desktop.window(title)
    program.desktop.wait_for(lambda: program.desktop.active_window() == window.id, what=f"“{title}” is not in front")
    program.desktop.xdotool("key", "ctrl+a", "type", "--delay", "2", str(path))
    program.desktop.xdotool("key", "Return")
    program.desktop.wait_for(
        lambda: all(window.title != title for window in program.desktop.windows()), what=f"“{title}” stayed"
    )


def markdown(entries: Sequence[dict[str, Any]]) -> list[str]:
    return [f"[![{each['file_name']}]({each['url']})]({each['viewer']})" for each in entries]


def wait_for_clipboard(program: RunningProgram, lines: Sequence[str]) -> None:
    desktop = program.desktop
    desktop.wait_for(
        lambda: desktop.clipboard_text().splitlines() == list(lines), 20, what="it did not come to the clipboard"
    )


def wait_until_gone(program: RunningProgram, ids: set[str]) -> None:
    """On the server, and in the history."""
    program.desktop.wait_for(lambda: not ids & there(program), 30, what="they are still on the server")
    program.desktop.wait_for(
        lambda: {each["id"] for each in listed(program) if each["state"] == "gone"} == ids,
        30,
        what="the history does not say so",
    )


def test_thirty_uploads_are_searched_copied_deleted_and_kept_by_mouse(
    program: RunningProgram, reader: ScreenReader, tmp_path: Path
) -> None:
    upload(program, tmp_path)
    papers = listed(program, "paper")
    assert len(papers) == PAPERS
    open_from_tray(program, reader)
    reader.type_into(HISTORY, SEARCH, "paper")
    said(program, reader, f"{PAPERS} found")

    names = [str(each["file_name"]) for each in papers]
    click(program, reader, names[0])
    click(program, reader, names[-1], key="shift")
    said(program, reader, f"{PAPERS} of {PAPERS} chosen")
    reader.click(HISTORY, "push button", "Copy as Markdown")
    wait_for_clipboard(program, markdown(papers))

    # One is deleted, and kept within its five seconds; then two are, and those are not.
    click(program, reader, names[4])
    program.desktop.xdotool("key", "Delete", "key", "ctrl+z")
    click(program, reader, names[1])
    click(program, reader, names[2], key="ctrl")
    said(program, reader, f"2 of {PAPERS} chosen")
    program.desktop.xdotool("key", "Delete")
    wait_until_gone(program, {str(papers[row]["id"]) for row in (1, 2)})
    assert len(there(program)) == COUNT - 2
    click(program, reader, names[1])
    wait(
        program,
        lambda: [each for each in controls(reader, "label") if each.name.startswith("Gone from ImgLink.")],
        "that it is gone",
    )


def test_the_same_path_by_keyboard_alone(program: RunningProgram, reader: ScreenReader, tmp_path: Path) -> None:
    desktop = program.desktop
    upload(program, tmp_path)
    papers = listed(program, "paper")
    # Without a mouse, a second start brings the window, and that the history.
    assert desktop.spawn(PROGRAM, env=program_environment(program.server)).wait() == 0
    small = desktop.window("ImgLink")
    desktop.wait_for(lambda: desktop.active_window() == small.id, what="the window is not in front")
    tab_to(program, reader, "ImgLink", "History")
    desktop.xdotool("key", "space")
    window = desktop.window(HISTORY)
    desktop.wait_for(lambda: desktop.active_window() == window.id, what="the history is not in front")
    desktop.xdotool("type", "paper")
    said(program, reader, f"{PAPERS} found")

    desktop.xdotool("key", "Down", "key", "shift+End")
    said(program, reader, f"{PAPERS} of {PAPERS} chosen")
    choose(program, reader, "Menu", "Copy as", "Markdown")
    wait_for_clipboard(program, markdown(papers))

    desktop.xdotool("key", "Home", "key", "Delete", "key", "ctrl+z")
    desktop.xdotool("key", "Right", "key", "shift+Right")
    said(program, reader, f"2 of {PAPERS} chosen")
    desktop.xdotool("key", "Delete")
    wait_until_gone(program, {str(papers[row]["id"]) for row in (1, 2)})
    assert len(there(program)) == COUNT - 2
    # Out again the way that was come: the search, the choice, the window.
    for _ in range(3):
        desktop.xdotool("key", "Escape")
    desktop.wait_for(lambda: all(each.title != HISTORY for each in desktop.windows()), what="the history stayed")


def tab_to(program: RunningProgram, reader: ScreenReader, title: str, name: str) -> None:
    """Press Tab until this has the keyboard."""
    passed: list[str] = []
    for _ in range(40):
        program.desktop.xdotool("key", "Tab")
        passed.append(wait(program, lambda: _focused(reader, title, passed[-1] if passed else ""), "something focused"))
        if passed[-1] == name:
            return
    raise AssertionError(f"Tab does not lead to “{name}”: {passed}")


def _focused(reader: ScreenReader, title: str, before: str) -> str:
    names = [each.name for each in inside(reader, title).walk() if "focused" in each.states]
    return next((name for name in names if name != before), "")


def test_pictures_are_carried_out_as_files_and_as_links(
    program: RunningProgram, reader: ScreenReader, tmp_path: Path
) -> None:
    upload(program, tmp_path, 3)
    mine = listed(program)[0]
    # One that came from elsewhere has no file here.
    history = tmp_path / "history.csv"
    address = f"{program.server.base_url}/i/elsewhere0"
    history.write_text(f"id,url,uploaded_at,file_name\nelsewhere0,{address},2026-01-01T12:00:00Z,elsewhere\n")
    run(program.desktop, program.server, "history", "import", str(history), key="")
    open_from_tray(program, reader)

    urls, text = drag_out(program.desktop, item(program, reader, mine["file_name"]).middle)
    assert text == mine["viewer"]
    path = Path(unquote(urlsplit(urls[0]).path))
    assert (urlsplit(urls[0]).scheme, path.name) == ("file", mine["file_name"])
    assert path.read_bytes() == program.server.file_bytes(mine["id"])
    assert path != Path(mine["path"])

    urls, text = drag_out(program.desktop, item(program, reader, "elsewhere").middle)
    assert (urls, text) == ([address], address)


def test_what_is_forgotten_comes_back_and_stays_on_the_server(
    program: RunningProgram, reader: ScreenReader, tmp_path: Path
) -> None:
    desktop = program.desktop
    upload(program, tmp_path, 4)
    before = listed(program)
    open_from_tray(program, reader)
    click(program, reader, before[1]["file_name"])
    desktop.xdotool("key", "shift+Delete", "key", "ctrl+z")
    click(program, reader, before[2]["file_name"])
    desktop.xdotool("key", "shift+Delete")
    expected = [before[row] for row in (0, 1, 3)]
    desktop.wait_for(lambda: listed(program) == expected, 20, what="not what was forgotten is missing")
    assert len(there(program)) == 4


def test_an_export_brings_everything_back_after_the_data_is_lost(
    full_desktop: DesktopSession, server: DemoServer, reader: ScreenReader, tmp_path: Path
) -> None:
    exported = full_desktop.home / "my history.json"
    with running_program(full_desktop, server, environ=ENVIRON) as program:
        upload(program, tmp_path, 6)
        open_from_tray(program, reader)
        newest = listed(program)[0]
        click(program, reader, newest["file_name"])
        # A title that nobody left yet is stored all the same.
        full_desktop.xdotool("key", "F2")
        wait(program, lambda: "focused" in reader.find(HISTORY, "text", "Title").states, "the keyboard in the title")
        full_desktop.xdotool("type", "Note & <b>co</b>")
        full_desktop.xdotool("key", "Return")
        full_desktop.wait_for(lambda: listed(program)[0]["title"] == "Note & <b>co</b>", what="no title was stored")
        more(program, reader, "Export what is listed…")
        enter_path(program, "Export the history", exported)
        full_desktop.wait_for(exported.exists, what="nothing was exported")
        before = listed(program)
    for folder in (".local/share/imglink", ".cache/imglink"):
        shutil.rmtree(full_desktop.home / folder)

    process = full_desktop.spawn(PROGRAM, env={**program_environment(server), **ENVIRON})
    process.wait_for_output(READY, 30)
    program = RunningProgram(full_desktop, server, process, "")
    assert listed(program) == []
    open_from_tray(program, reader)
    said(program, reader, "Nothing uploaded yet")
    more(program, reader, "Import…")
    enter_path(program, "Import a history", exported)
    item(program, reader, "Note & <b>co</b>")
    assert listed(program) == [{**entry, "path": None} for entry in before]
    assert process.stop(10) == 0, process.describe()


def test_a_picture_is_uploaded_again_and_an_edit_is_kept_when_the_program_ends(
    full_desktop: DesktopSession, server: DemoServer, reader: ScreenReader, tmp_path: Path
) -> None:
    with running_program(full_desktop, server, environ=ENVIRON) as program:
        upload(program, tmp_path, 2)
        first = listed(program)[0]
        open_from_tray(program, reader)
        click(program, reader, first["file_name"])
        choose(program, reader, "Menu", "Upload again")
        full_desktop.wait_for(lambda: server.commits == 3, 20, what="it was not uploaded again")
        again = server.images()[-1]
        assert server.file_bytes(again.id) == server.file_bytes(first["id"])
        wait_for_clipboard(program, [f"{server.base_url}/i/{again.id}"])

        click(program, reader, "paper")
        full_desktop.xdotool("key", "F2")
        wait(program, lambda: "focused" in reader.find(HISTORY, "text", "Title").states, "the keyboard in the title")
        full_desktop.xdotool("type", "Unfinished")
        full_desktop.xdotool("key", "ctrl+a", "key", "ctrl+c")
        wait_for_clipboard(program, ["Unfinished"])
        assert not any(entry["title"] for entry in listed(program))
    assert [entry["title"] for entry in listed(program) if entry["title"]] == ["Unfinished"]
