"""Frames of every monitor of an X11 desktop, with the windows on it.

One connection through mss stays open for the pixels (the server writes them into shared memory, mss copies them once
into a buffer that is ours alone), and one through python-xlib for the rest. Both belong to the thread that grabs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from app.capture.x11.connection import XConnection
from app.capture.x11.cursor import ask_for_cursor, draw_cursor, read_cursor
from app.capture.x11.monitors import LayoutQuery, is_xwayland
from app.capture.x11.windows import WindowQuery
from app.core.errors import UserFacingError
from app.core.geometry import Rect, bounding
from app.core.ports import Probe
from app.core.screen import Desktop, Frame

if TYPE_CHECKING:
    from mss import MSS

XWAYLAND_REASON = "This X server belongs to a Wayland session, which shows it a black screen."


class X11Capture:
    """The ScreenCapture port for X11."""

    name = "x11"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._connection: XConnection | None = None
        self._shooter: MSS | None = None

    def probe(self) -> Probe:
        """Connect, and look what server that is; nothing is captured. The connection is kept for the first grab."""
        try:
            with self._failures_explained():
                self._connected()
        except UserFacingError as problem:
            return Probe(self.name, available=False, reason=problem.message, remedy=problem.remedy)
        return Probe(self.name, available=True)

    def grab(self, *, cursor: bool = False) -> Desktop:
        """Take all monitors at one moment; their frames share one buffer. Raises UserFacingError.

        An open connection may have become useless: the server was restarted, or the desktop has grown beyond the shared
        memory that mss made when it connected. So a failure on one is followed by one more try on a new one.
        """
        if self._connection is not None:
            with suppress(UserFacingError), self._failures_explained():
                return self._grab(cursor=cursor)
        with self._failures_explained():
            return self._grab(cursor=cursor)

    def warm_up(self) -> None:
        """Grab one pixel for nothing: nobody sees it, and of the memory for a whole screen no page is taken yet."""
        with self._failures_explained():
            connection = self._connected()
            layout_query, window_query = LayoutQuery(connection), WindowQuery(connection)
            root = layout_query.result(self._environ).root_px
            window_query.ask()
            self._pixels(Rect(root.x, root.y, 1, 1))
            window_query.result(root)

    def close(self) -> None:
        """Disconnect. The next grab connects again."""
        from mss.exception import ScreenShotError

        shooter, self._shooter = self._shooter, None
        connection, self._connection = self._connection, None
        if shooter is not None:
            # A broken connection complains while it is being freed; it is freed all the same.
            with suppress(ScreenShotError):
                shooter.close()
        if connection is not None:
            connection.close()

    def _grab(self, *, cursor: bool) -> Desktop:
        connection = self._connected()
        connection.discard_events()
        layout_query, window_query = LayoutQuery(connection), WindowQuery(connection)
        layout = layout_query.result(self._environ)
        # The answers about the windows travel while the pixels are copied.
        window_query.ask()
        pointer = ask_for_cursor(connection) if cursor else None
        connection.flush()
        root = layout.root_px
        pixels = self._pixels(root)
        image = read_cursor(pointer)
        if image is not None:
            draw_cursor(pixels, root, image)
        whole = Frame(root, memoryview(pixels).toreadonly(), root.width * 4)
        return Desktop(
            monitors=layout.monitors,
            frames=tuple(whole.crop(monitor.rect_px) for monitor in layout.monitors),
            windows=window_query.result(bounding([monitor.rect_px for monitor in layout.monitors])),
        )

    def _pixels(self, root: Rect) -> bytearray:
        """The whole root window in a buffer of its own: mss makes a fresh one for every grab."""
        assert self._shooter is not None
        area = {"left": root.x, "top": root.y, "width": root.width, "height": root.height}
        return self._shooter.grab(area).raw

    def _connected(self) -> XConnection:
        display = self._environ.get("DISPLAY", "")
        if not display:
            raise UserFacingError("There is no X display (DISPLAY is not set).", remedy="Run it in a desktop session.")
        if self._connection is None:
            # mss goes first: when there is no server it frees what it opened, which python-xlib leaves to chance.
            from mss import MSS

            self._shooter = MSS(display=display)
            self._connection = XConnection(display)
            if is_xwayland(self._connection):
                raise UserFacingError(XWAYLAND_REASON, remedy="Log in to an X11 (Xorg) session.")
        return self._connection

    @contextmanager
    def _failures_explained(self) -> Iterator[None]:
        """Turn what the two libraries raise into words, and drop the connections, which may be broken."""
        from mss.exception import ScreenShotError
        from Xlib.error import ConnectionClosedError, DisplayError

        try:
            yield
        except UserFacingError:
            self.close()
            raise
        except (ScreenShotError, ConnectionClosedError, DisplayError, OSError) as problem:
            self.close()
            display = self._environ.get("DISPLAY", "")
            raise UserFacingError(
                f"The screen cannot be read from the X display {display}.",
                remedy="Check that the display still runs, then try again.",
                details=f"{type(problem).__name__}: {problem}",
            ) from problem
