from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from Xlib import X, Xatom, Xutil, display
from Xlib.protocol.request import GetProperty

from app.capture.x11.backend import X11Capture
from app.capture.x11.connection import XConnection
from app.core.geometry import Rect
from app.core.screen import WindowInfo
from tests.desktop.session import DesktopSession, desktop_session

SIZE = (800, 600)


class Client:
    """Makes windows of every kind that a window list has to know."""

    def __init__(self, session: DesktopSession) -> None:
        self._display: Any = display.Display(session.display)
        self._session = session
        self.root: Any = self._display.screen().root

    def close(self) -> None:
        self._display.close()

    def atom(self, name: str) -> int:
        number: int = self._display.intern_atom(name)
        return number

    def window(
        self,
        title: str,
        rect: Rect,
        *,
        kind: str = "",
        override_redirect: bool = False,
        gtk_shadow: Sequence[int] = (),
        border: int = 0,
        window_class: int = X.InputOutput,
    ) -> Any:
        made = self.root.create_window(
            rect.x,
            rect.y,
            rect.width,
            rect.height,
            border,
            X.CopyFromParent if window_class == X.InputOutput else 0,
            window_class,
            override_redirect=override_redirect,
        )
        made.change_text_property(self.atom("_NET_WM_NAME"), self.atom("UTF8_STRING"), title)
        if kind:
            name = f"_NET_WM_WINDOW_TYPE_{kind}"
            made.change_property(self.atom("_NET_WM_WINDOW_TYPE"), Xatom.ATOM, 32, [self.atom(name)])
        if gtk_shadow:
            made.change_property(self.atom("_GTK_FRAME_EXTENTS"), Xatom.CARDINAL, 32, list(gtk_shadow))
            undecorated = [2, 0, 0, 0, 0]
            made.change_property(self.atom("_MOTIF_WM_HINTS"), self.atom("_MOTIF_WM_HINTS"), 32, undecorated)
        made.set_wm_normal_hints(flags=Xutil.USPosition | Xutil.USSize)
        made.map()
        self._display.sync()
        return made

    def destroy(self, window: Any) -> None:
        window.destroy()
        self._display.sync()

    def sync(self) -> None:
        self._display.sync()


@pytest.fixture(scope="module")
def session() -> Iterator[DesktopSession]:
    with desktop_session(monitors=1, monitor_size=SIZE) as made:
        yield made


@pytest.fixture
def client(session: DesktopSession) -> Iterator[Client]:
    made = Client(session)
    yield made
    made.close()
    session.wait_for(lambda: not [shown for shown in session.windows() if shown.is_managed], what="windows stayed")


@pytest.fixture
def capture(session: DesktopSession) -> Iterator[X11Capture]:
    made = X11Capture(session.env)
    yield made
    made.close()


def listed(capture: X11Capture) -> list[str]:
    return [window.title for window in capture.grab().windows]


def wait_for_titles(session: DesktopSession, capture: X11Capture, expected: list[str]) -> tuple[WindowInfo, ...]:
    session.wait_for(lambda: listed(capture) == expected, what=f"{expected} were not listed, but {listed(capture)}")
    return capture.grab().windows


def test_a_window_has_its_decorations_and_its_inside(session: DesktopSession, capture: X11Capture) -> None:
    background = session.paint_pattern()
    inside = Rect(200, 150, 300, 200)
    painted = session.open_window("framed", inside)
    (window,) = wait_for_titles(session, capture, ["framed"])
    assert window.id == painted.id
    assert window.client_rect_px == inside
    rect = window.rect_px
    assert rect.encloses(inside)
    assert inside.y - rect.y > 10, "no title bar"
    # The frame ends exactly there: one pixel further out, the background is untouched.
    screen = session.screenshot()
    for x, y in [(rect.x, rect.y), (rect.right - 1, rect.bottom - 1)]:
        assert screen.getpixel((x, y)) != background.getpixel((x, y))
    for x, y in [(rect.x - 1, rect.y), (rect.x, rect.y - 1), (rect.right, rect.bottom - 1), (rect.x, rect.bottom)]:
        assert screen.getpixel((x, y)) == background.getpixel((x, y))
    painted.close()


def test_windows_come_topmost_first(session: DesktopSession, capture: X11Capture, client: Client) -> None:
    bottom = client.window("bottom", Rect(100, 100, 200, 100))
    session.window("bottom")
    client.window("top", Rect(120, 120, 200, 100))
    wait_for_titles(session, capture, ["top", "bottom"])
    session.xdotool("windowraise", bottom.id)
    wait_for_titles(session, capture, ["bottom", "top"])


def test_a_window_is_clipped_to_the_desktop(session: DesktopSession, capture: X11Capture, client: Client) -> None:
    window = client.window("half out", Rect(100, 100, 300, 200))
    session.window("half out")
    session.xdotool("windowmove", window.id, 700, 500)
    session.wait_for(lambda: capture.grab().windows[0].rect_px.right == SIZE[0])
    (shown,) = capture.grab().windows
    assert Rect(0, 0, *SIZE).encloses(shown.rect_px)
    assert Rect(0, 0, *SIZE).encloses(shown.client_rect_px)
    assert shown.client_rect_px.width < 300


def test_minimised_windows_and_those_of_other_desktops_are_left_out(
    session: DesktopSession, capture: X11Capture, client: Client
) -> None:
    session.xdotool("set_num_desktops", 2)
    minimised = client.window("minimised", Rect(50, 50, 100, 80))
    session.window("minimised")
    elsewhere = client.window("elsewhere", Rect(200, 50, 100, 80))
    session.window("elsewhere")
    client.window("here", Rect(350, 50, 100, 80))
    wait_for_titles(session, capture, ["here", "elsewhere", "minimised"])
    session.xdotool("windowminimize", minimised.id)
    session.xdotool("set_desktop_for_window", elsewhere.id, 1)
    wait_for_titles(session, capture, ["here"])
    session.xdotool("set_desktop", 1)
    wait_for_titles(session, capture, ["elsewhere"])
    session.xdotool("set_desktop", 0)


def test_panels_can_be_taken_and_the_desktop_itself_not(
    session: DesktopSession, capture: X11Capture, client: Client
) -> None:
    client.window("icons", Rect(0, 0, *SIZE), kind="DESKTOP")
    client.window("panel", Rect(0, 570, 800, 30), kind="DOCK")
    client.window("program", Rect(100, 100, 200, 100))
    session.window("icons")
    windows = {window.title: window for window in wait_for_titles(session, capture, ["panel", "program"])}
    assert windows["panel"].rect_px == Rect(0, 570, 800, 30)


def test_an_open_menu_lies_on_top_and_other_unmanaged_windows_do_not_count(
    session: DesktopSession, capture: X11Capture, client: Client
) -> None:
    client.window("program", Rect(100, 100, 200, 100))
    client.window("menu", Rect(150, 150, 90, 120), kind="POPUP_MENU", override_redirect=True)
    client.window("helper", Rect(0, 0, *SIZE), override_redirect=True)
    windows = wait_for_titles(session, capture, ["menu", "program"])
    assert windows[0].rect_px == windows[0].client_rect_px == Rect(150, 150, 90, 120)


def test_the_shadow_around_a_gtk_window_is_not_part_of_it(
    session: DesktopSession, capture: X11Capture, client: Client
) -> None:
    client.window("gtk", Rect(100, 100, 252, 160), gtk_shadow=(26, 26, 23, 29))
    (window,) = wait_for_titles(session, capture, ["gtk"])
    whole = session.window("gtk").rect_px
    assert window.rect_px == Rect(whole.x + 26, whole.y + 23, whole.width - 52, whole.height - 52)
    assert window.client_rect_px == window.rect_px


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Ünïcode – 日本語 🎉", "Ünïcode – 日本語 🎉"),
        ("two\nlines\tand \x1b[31mmore", "two lines and [31mmore"),
        ("ü" * 1000, "ü" * 512),
        ("", ""),
    ],
)
def test_titles_are_unicode_on_one_line(
    session: DesktopSession, capture: X11Capture, client: Client, stored: str, shown: str
) -> None:
    client.window(stored, Rect(100, 100, 200, 100))
    wait_for_titles(session, capture, [shown])


@pytest.mark.parametrize(
    ("encoding", "kind"), [("latin-1", "STRING"), ("utf-8", "UTF8_STRING")], ids=["latin", "utf-8"]
)
def test_old_titles_are_read_in_their_own_encoding(
    session: DesktopSession, capture: X11Capture, client: Client, encoding: str, kind: str
) -> None:
    window = client.window("", Rect(100, 100, 200, 100))
    window.change_property(Xatom.WM_NAME, client.atom(kind), 8, "Grün".encode(encoding))
    client.sync()
    wait_for_titles(session, capture, ["Grün"])


def test_a_title_that_is_not_text_does_no_harm(session: DesktopSession, capture: X11Capture, client: Client) -> None:
    window = client.window("soon numbers", Rect(100, 100, 200, 100))
    wait_for_titles(session, capture, ["soon numbers"])
    window.change_property(client.atom("_NET_WM_NAME"), Xatom.CARDINAL, 32, [1, 2, 3])
    window.change_property(client.atom("_NET_FRAME_EXTENTS"), client.atom("UTF8_STRING"), 8, b"absurd")
    window.change_property(Xatom.WM_NAME, Xatom.STRING, 8, b"\xff\xfe")
    client.sync()
    wait_for_titles(session, capture, ["ÿþ"])


def test_windows_that_vanish_while_they_are_asked_about_are_left_out() -> None:
    with desktop_session(monitors=1, monitor_size=SIZE, window_manager=False) as session:
        client = Client(session)
        real = [client.window(f"real {number}", Rect(10, 10, 100, 50)) for number in range(2)]
        gone = client.window("gone", Rect(10, 10, 100, 50))
        client.destroy(gone)
        stacking = [real[0].id, gone.id, 0, 0xFFFFFFF, real[1].id]
        client.root.change_property(client.atom("_NET_CLIENT_LIST_STACKING"), Xatom.WINDOW, 32, stacking)
        client.sync()
        capture = X11Capture(session.env)
        assert listed(capture) == ["real 1", "real 0"]
        capture.close()
        client.close()


def test_without_a_window_manager_every_visible_window_counts_with_its_border() -> None:
    with desktop_session(monitors=1, monitor_size=SIZE, window_manager=False) as session:
        client = Client(session)
        client.window("plain", Rect(100, 100, 200, 100), border=3)
        client.window("invisible", Rect(0, 0, *SIZE), window_class=X.InputOnly)
        client.window("unmapped", Rect(0, 0, 50, 50)).unmap()
        client.sync()
        capture = X11Capture(session.env)
        (window,) = capture.grab().windows
        assert (window.title, window.rect_px) == ("plain", Rect(100, 100, 206, 106))
        assert window.client_rect_px == Rect(103, 103, 200, 100)
        capture.close()
        client.close()


def test_many_windows_cost_few_round_trips(session: DesktopSession, capture: X11Capture, client: Client) -> None:
    """A grab waits for the server as often with thirty windows as with one."""
    from Xlib.protocol.display import Display

    waits = 0
    original: Callable[..., Any] = Display.send_and_recv

    def counted(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal waits
        waits += 1
        return original(self, *arguments, **options)

    def waits_of_a_grab() -> int:
        nonlocal waits
        capture.grab()
        waits = 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Display, "send_and_recv", counted)
            capture.grab()
        return waits

    client.window("one", Rect(10, 10, 100, 50))
    wait_for_titles(session, capture, ["one"])
    with_one = waits_of_a_grab()
    for number in range(29):
        client.window(str(number), Rect(10 + number * 5, 10, 100, 50))
    session.wait_for(lambda: len(listed(capture)) == 30)
    assert waits_of_a_grab() < with_one + 29


def test_a_refusal_is_an_answer_whatever_other_connections_taught_python_xlib(
    session: DesktopSession, client: Client
) -> None:
    # The client's own Display has put RandR's errors in the place of BadRequest and BadValue, for the whole process.
    connection = XConnection(session.display)
    window = client.window("asked beyond its end", Rect(100, 100, 200, 100))
    beyond = {"property": client.atom("_NET_WM_NAME"), "type": 0, "long_offset": 1000, "long_length": 1}
    assert connection.send(GetProperty, delete=False, window=window.id, **beyond).reply() is None
    assert connection.get_property(window.id, "_NET_WM_NAME").reply() is not None
    connection.close()
