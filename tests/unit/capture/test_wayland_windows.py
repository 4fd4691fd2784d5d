"""What compositors tell of their windows, as their documentation shows it, and whatever else may come."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.capture.arrangement import Area, Output, arrange, place
from app.capture.wayland.windows import hyprland, kwin, sway, told
from app.capture.wayland.windows.hyprland import HyprlandWindows
from app.capture.wayland.windows.sway import SwayWindows
from app.capture.wayland.windows.told import ToldWindow, WindowsUnknown, with_windows
from app.core.doctor import Part
from app.core.geometry import Rect
from app.core.screen import Desktop, Frame

MONITORS = [
    {"id": 0, "name": "DP-1", "activeWorkspace": {"id": 1, "name": "1"}, "specialWorkspace": {"id": 0, "name": ""}},
    {"id": 1, "name": "DP-2", "activeWorkspace": {"id": 4, "name": "4"}, "specialWorkspace": {"id": -98, "name": "s"}},
]


def client(title: str, number: int, *, workspace: int = 1, **changes: Any) -> dict[str, Any]:
    usual = {
        "address": f"0x55d{number:03x}",
        "mapped": True,
        "hidden": False,
        "at": [10 * number, 20],
        "size": [300, 200],
        "workspace": {"id": workspace, "name": str(workspace)},
        "floating": False,
        "pinned": False,
        "fullscreen": 0,
        "title": title,
        "focusHistoryID": number,
    }
    return {**usual, **changes}


@contextlib.contextmanager
def compositor(path: Path, answer: Callable[[bytes], bytes]) -> Iterator[list[bytes]]:
    """A socket that answers each connection once and closes it, as Hyprland's does."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        asked.append(connection.recv(4096))
                        connection.sendall(answer(asked[-1]))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture
def hypr(tmp_path: Path) -> tuple[dict[str, str], Path]:
    folder = tmp_path / "hypr" / "abc_123"
    folder.mkdir(parents=True)
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "HYPRLAND_INSTANCE_SIGNATURE": "abc_123"}
    return environ, folder / ".socket.sock"


def test_hyprlands_windows_come_topmost_first_with_their_borders(hypr: tuple[dict[str, str], Path]) -> None:
    environ, path = hypr
    clients = [
        client("used long ago", 7),
        client("used last", 0),
        client("floats", 5, floating=True),
        client("covers the screen", 3, workspace=4, fullscreen=2, at=[1920, 0], size=[1920, 1080]),
        client("special", 6, workspace=-98),
        client("pinned", 8, workspace=9, pinned=True, floating=True),
        client("elsewhere", 1, workspace=2),
        client("behind a tab", 2, hidden=True),
        client("not there yet", 4, mapped=False),
    ]
    answers = {b"j/monitors": MONITORS, b"j/clients": clients, b"j/getoption general:border_size": {"int": 2}}
    with compositor(path, lambda question: json.dumps(answers[question]).encode()) as asked:
        windows = HyprlandWindows(environ).windows()
    assert sorted(asked) == sorted(answers)
    names = ["special", "covers the screen", "floats", "pinned", "used last", "used long ago"]
    assert [window.title for window in windows] == names
    by_title = {window.title: window for window in windows}
    assert by_title["floats"].inner == Area(50, 20, 300, 200)
    assert by_title["floats"].outer == Area(48, 18, 304, 204)
    full = by_title["covers the screen"]
    assert full.inner == full.outer == Area(1920, 0, 1920, 1080)
    assert full.id == 0x55D003


def test_an_older_hyprland_tells_of_the_full_screen_by_a_truth(
    hypr: tuple[dict[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    environ, _ = hypr
    monkeypatch.setattr(
        hyprland,
        "ask_socket",
        lambda _path, question, _size: json.dumps(
            {
                b"j/monitors": MONITORS,
                b"j/clients": [client("a", 1, fullscreen=True)],
                b"j/getoption general:border_size": {"int": 3},
            }[question]
        ).encode(),
    )
    (window,) = HyprlandWindows(environ).windows()
    assert window.outer == window.inner


def test_a_compositor_that_is_silent_is_given_up(
    hypr: tuple[dict[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    environ, path = hypr
    monkeypatch.setattr(told, "TIMEOUT_S", 0.05)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with pytest.raises(WindowsUnknown) as caught:
            HyprlandWindows(environ).windows()
    assert caught.value.part is Part.WINDOWS
    assert "timed out" in caught.value.details


@pytest.mark.parametrize("data", [b"", b"i3-ipc", b"i3-ipc" + struct.pack("=II", 0xFFFFFFFF, 4) + b"x" * 100])
def test_half_an_answer_of_sway_is_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "sway.sock"
    with compositor(path, lambda _question: data), pytest.raises(WindowsUnknown, match="does not tell"):
        SwayWindows({"SWAYSOCK": str(path)}).windows()


def test_an_answer_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "MAX_BYTES", 1000)
    path = tmp_path / "sway.sock"
    data = b"i3-ipc" + struct.pack("=II", 50_000, 4) + b"x" * 2000
    with compositor(path, lambda _question: data), pytest.raises(WindowsUnknown):
        SwayWindows({"SWAYSOCK": str(path)}).windows()


# --- whatever comes ---------------------------------------------------------------------------------------------------

RECT = {"x": 0, "y": 0, "width": 640, "height": 400}
VIEW = {
    "id": 7, "name": "a", "visible": True, "rect": RECT, "window_rect": RECT, "deco_rect": RECT, "fullscreen_mode": 0,
    "layout": "none", "nodes": [], "floating_nodes": [],
}  # fmt: skip
TABS = {**VIEW, "visible": None, "layout": "stacked", "nodes": [VIEW, VIEW]}
WORKSPACE = {**VIEW, "visible": None, "layout": "splith", "nodes": [TABS], "floating_nodes": [VIEW]}
KWIN_WINDOW = {
    "id": "{74102cfa-7df3-4a0e-b145-d830ae15bb3c}", "title": "a", "frame": [0, 0, 9, 9], "buffer": [0, 0, 9, 9],
    "order": 1,
}  # fmt: skip
GOOD: dict[str, Any] = {
    "sway": {"nodes": [{"nodes": [WORKSPACE]}]},
    "hyprland": [client("a", 1), client("b", 2)],
    "kwin": [KWIN_WINDOW, KWIN_WINDOW],
}
STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.text(max_size=3),
    st.sampled_from([-1, 0, 10**400, [], {}, [1], ["a"] * 4]),
)


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in an answer."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*way, key))


def changed(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    if not way:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = changed(value[way[0]], way[1:], new)
    return copy


@pytest.mark.parametrize("name", GOOD)
@given(st.data())
def test_a_strange_answer_is_a_reason_and_never_a_crash(name: str, data: st.DataObject) -> None:
    assert read(name, GOOD[name])
    way = data.draw(st.sampled_from(list(places(GOOD[name]))))
    with contextlib.suppress(WindowsUnknown):
        with_windows(desktop_of(LEFT), read(name, changed(GOOD[name], way, data.draw(STRANGE))), [LEFT])


def read(name: str, answer: Any) -> tuple[ToldWindow, ...]:
    with told.reading(name):
        match name:
            case "sway":
                return tuple(sway._windows(answer))
            case "hyprland":
                return hyprland._windows(MONITORS, answer, 2)
            case _:
                return kwin._windows(answer)


def test_windows_of_plasma_6_come_in_their_order_and_those_of_plasma_5_by_their_number() -> None:
    def window(title: str, **more: Any) -> dict[str, Any]:
        number = "{74102cfa-7df3-4a0e-b145-d830ae15bb3c}"
        return {"id": number, "title": title, "frame": [0, 0, 9, 9], "buffer": [0, 0, 9, 9], **more}

    six = kwin._windows([window("low"), window("high")])
    five = kwin._windows([window("high", order=3), window("low", order=1)])
    assert [each.title for each in six] == [each.title for each in five] == ["high", "low"]
    assert 0 <= six[0].id < 2**63


@pytest.mark.parametrize(
    ("frame", "buffer", "inner"),
    [
        pytest.param([10, 10, 200, 150], [12, 40, 196, 118], Area(12, 40, 196, 118), id="KWin's own decorations"),
        pytest.param([10, 10, 200, 150], [-10, -5, 240, 200], Area(10, 10, 200, 150), id="a shadow of its own"),
        pytest.param([10.4, 10, 200, 150], [10.4, 10, 200, 150], Area(10.4, 10, 200, 150), id="without"),
        pytest.param([10, 10, 200, 150], [0, 0, 0, 0], Area(10, 10, 200, 150), id="nothing drawn yet"),
    ],
)
def test_the_inside_of_a_window_of_kwin(frame: list[float], buffer: list[float], inner: Area) -> None:
    number = "{74102cfa-7df3-4a0e-b145-d830ae15bb3c}"
    (window,) = kwin._windows([{"id": number, "title": "", "frame": frame, "buffer": buffer}])
    assert window.inner.x == pytest.approx(inner.x)
    assert (window.inner.width, window.inner.height) == pytest.approx((inner.width, inner.height))


# --- their place ------------------------------------------------------------------------------------------------------

LEFT = Output("left", Rect(0, 0, 800, 500), (1600, 1000))
RIGHT = Output("right", Rect(800, 0, 1280, 800), (1280, 800))


def desktop_of(*outputs: Output) -> Desktop:
    monitors = arrange(outputs)
    return Desktop(monitors, tuple(Frame(each.rect_px, memoryview(b""), 0) for each in monitors))


def test_windows_are_placed_on_the_monitors_of_the_picture() -> None:
    window = ToldWindow(1, "two\nlines", Area(100, 100, 50.5, 30), Area(101, 110, 48, 19))
    outside = ToldWindow(2, "outside", Area(5000, 0, 10, 10), Area(5000, 0, 10, 10))
    (found,) = with_windows(desktop_of(LEFT, RIGHT), [window, outside], [LEFT, RIGHT]).windows
    assert (found.title, str(found.rect_px), str(found.client_rect_px)) == (
        "two lines",
        "200,200,101,60",
        "202,220,96,38",
    )


def test_another_layout_than_that_of_the_picture_places_nothing() -> None:
    window = ToldWindow(1, "", Area(100, 100, 50, 30), Area(100, 100, 50, 30))
    assert with_windows(desktop_of(LEFT), [window], [LEFT, RIGHT]).windows == ()


@given(
    st.floats(-100, 3000), st.floats(-100, 3000), st.floats(0, 3000), st.floats(0, 3000),
    st.sampled_from([1.0, 1.25, 1.5, 1.75, 2.0]),
)  # fmt: skip
def test_an_area_never_leaves_the_screens(x: float, y: float, width: float, height: float, scale: float) -> None:
    one = Output("one", Rect(-700, -50, round(1400 / scale), round(1000 / scale)), (1400, 1000))
    outputs = (one, RIGHT)
    monitors = arrange(outputs)
    found = place(Area(x, y, width, height), outputs, monitors)
    if not found.is_empty:
        assert desktop_of(*outputs).rect_px.encloses(found)
