"""The windows a click can take: what the window manager lists, and the menus it does not know of.

Two round trips: the lists, then everything about every window at once; a third when a menu may be open. Windows come
and go meanwhile; one that is gone answers nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.capture.x11.connection import Pending, XConnection, numbers, raw
from app.core.geometry import Rect
from app.core.screen import WindowInfo, shown_title

_VIEWABLE = 2
_INPUT_OUTPUT = 1
_ALL_DESKTOPS = 0xFFFFFFFF
_TITLE_BYTES = 1024
_POPUPS_LOOKED_AT = 32
"""Menus lie on top of everything; a session may have hundreds of hidden top-level windows below them."""

_TYPE = "_NET_WM_WINDOW_TYPE"
_POPUP_TYPES = tuple(
    f"{_TYPE}_{kind}" for kind in ("DROPDOWN_MENU", "POPUP_MENU", "MENU", "COMBO", "TOOLTIP", "NOTIFICATION", "DOCK")
)
_ATOMS = (
    "_NET_CLIENT_LIST_STACKING",
    "_NET_CURRENT_DESKTOP",
    "_NET_WM_NAME",
    "_NET_FRAME_EXTENTS",
    "_GTK_FRAME_EXTENTS",
    "_NET_WM_DESKTOP",
    "_NET_WM_STATE",
    "_NET_WM_STATE_HIDDEN",
    "WM_NAME",
    "UTF8_STRING",
    _TYPE,
    f"{_TYPE}_DESKTOP",
    *_POPUP_TYPES,
)


class WindowQuery:
    """Asks for the lists on construction; `ask` sends the questions about each window, `result` reads the answers."""

    def __init__(self, connection: XConnection) -> None:
        from Xlib.protocol.request import QueryTree

        self._connection = connection
        connection.intern(_ATOMS)
        self._stacking = connection.get_property(connection.root_id, "_NET_CLIENT_LIST_STACKING", limit=64 * 1024)
        self._desktop = connection.get_property(connection.root_id, "_NET_CURRENT_DESKTOP")
        self._tree = connection.send(QueryTree, window=connection.root_id)
        self._managed: list[_WindowQuestions] = []
        self._others: list[_Visibility] = []

    def ask(self) -> None:
        """Read the lists and put the questions about every window on the wire, without waiting for the answers."""
        stacking = numbers(self._stacking.reply())
        tree = self._tree.reply()
        top_levels = [] if tree is None else list(tree.children)
        if not stacking:
            # Without a window manager every top-level window is the person's own.
            self._managed = [_WindowQuestions(self._connection, window) for window in reversed(top_levels)]
        else:
            listed = set(stacking)
            self._managed = [_WindowQuestions(self._connection, window) for window in reversed(stacking)]
            others = [window for window in reversed(top_levels) if window not in listed][:_POPUPS_LOOKED_AT]
            self._others = [_Visibility(self._connection, window) for window in others]
        self._connection.flush()

    def result(self, bounds: Rect) -> tuple[WindowInfo, ...]:
        """The windows that show at least a pixel inside `bounds`, from the topmost to the lowest."""
        current = numbers(self._desktop.reply())
        return tuple(
            window
            for found in (*self._popups(), *self._shown_managed(current[0] if current else None))
            if (window := found.window(bounds)) is not None
        )

    def _popups(self) -> list[_WindowQuestions]:
        """Among the other top-level windows (mostly frames around the managed ones), the open menus and the like."""
        wanted = {self._connection.atom(name) for name in _POPUP_TYPES}
        candidates = [
            _WindowQuestions(self._connection, other.id)
            for other in self._others
            if other.is_shown(override_redirect=True)
        ]
        return [found for found in candidates if wanted.intersection(numbers(found.types.reply()))]

    def _shown_managed(self, current_desktop: int | None) -> Iterator[_WindowQuestions]:
        background = self._connection.atom(f"{_TYPE}_DESKTOP")
        hidden = self._connection.atom("_NET_WM_STATE_HIDDEN")
        for questions in self._managed:
            if not questions.visibility.is_shown() or background in numbers(questions.types.reply()):
                continue
            desktop = numbers(questions.desktop.reply())
            # Some compositors keep minimised windows and those of other workspaces mapped.
            is_elsewhere = bool(desktop) and desktop[0] not in (_ALL_DESKTOPS, current_desktop)
            if hidden in numbers(questions.state.reply()) or (current_desktop is not None and is_elsewhere):
                continue
            yield questions


@dataclass(frozen=True, slots=True)
class _Place:
    """A window's rectangle and its border, in root coordinates."""

    rect: Rect
    border: int


class _Visibility:
    """The first question about a window, on its way: is it to be seen at all?"""

    def __init__(self, connection: XConnection, window_id: int) -> None:
        from Xlib.protocol.request import GetWindowAttributes

        self.id = window_id
        self._attributes = connection.send(GetWindowAttributes, window=window_id)

    def is_shown(self, *, override_redirect: bool | None = None) -> bool:
        """True when it still exists, is mapped with all its parents, and has pixels of its own."""
        attributes = self._attributes.reply()
        if attributes is None or attributes.map_state != _VIEWABLE or attributes.win_class != _INPUT_OUTPUT:
            return False
        return override_redirect is None or bool(attributes.override_redirect) is override_redirect


class _WindowQuestions:
    """Everything there is to ask about one window, on its way."""

    def __init__(self, connection: XConnection, window_id: int) -> None:
        from Xlib.protocol import request

        self.id = window_id
        self.visibility = _Visibility(connection, window_id)
        self._connection = connection
        self._geometry = connection.send(request.GetGeometry, drawable=window_id)
        self._origin = connection.send(
            request.TranslateCoords, src_wid=window_id, dst_wid=connection.root_id, src_x=0, src_y=0
        )
        self.types = self._property(_TYPE)
        self.desktop = self._property("_NET_WM_DESKTOP")
        self.state = self._property("_NET_WM_STATE")
        self._frame = self._property("_NET_FRAME_EXTENTS")
        self._shadow = self._property("_GTK_FRAME_EXTENTS")
        self._name = self._property("_NET_WM_NAME", _TITLE_BYTES)

    def _property(self, name: str, limit: int = 256) -> Pending:
        return self._connection.get_property(self.id, name, limit=limit)

    def window(self, bounds: Rect) -> WindowInfo | None:
        """The window as a person sees it, clipped to `bounds`; None when nothing of it lies there or it is gone."""
        place = self._place()
        if place is None:
            return None
        frame, shadow = _edges(numbers(self._frame.reply())), _edges(numbers(self._shadow.reply()))
        # Programs that draw their own title bar count it as their inside, and the shadow around it as well.
        client = _shrunk(place.rect, shadow)
        outer = _shrunk(client, tuple(-edge for edge in frame)) if any(frame) else _shrunk(client, (-place.border,) * 4)
        rect = outer.intersected(bounds)
        if rect.is_empty:
            return None
        return WindowInfo(self.id, self._title(), rect, client.intersected(bounds))

    def _place(self) -> _Place | None:
        geometry, origin = self._geometry.reply(), self._origin.reply()
        if geometry is None or origin is None:
            return None
        return _Place(Rect(origin.x, origin.y, geometry.width, geometry.height), geometry.border_width)

    def _title(self) -> str:
        name = raw(self._name.reply())
        if name:
            text = name.decode("utf-8", "ignore" if len(name) >= _TITLE_BYTES else "replace")
        else:
            old = self._property("WM_NAME", _TITLE_BYTES).reply()
            is_utf8 = old is not None and old.property_type == self._connection.atom("UTF8_STRING")
            text = raw(old).decode("utf-8" if is_utf8 else "latin-1", "replace")
        return shown_title(text)


def _edges(values: Sequence[int]) -> tuple[int, ...]:
    """Left, right, top, bottom of a frame or shadow; zeros when the property is missing or absurd."""
    if len(values) < 4 or max(values[:4]) > 0x7FFF:
        return (0, 0, 0, 0)
    return tuple(values[:4])


def _shrunk(rect: Rect, edges: Sequence[int]) -> Rect:
    """`rect` without `edges` (left, right, top, bottom; negative ones grow it)."""
    left, right, top, bottom = edges
    return Rect(rect.x + left, rect.y + top, max(0, rect.width - left - right), max(0, rect.height - top - bottom))
