"""Windows as sway tells of them, in its tree: sway-ipc(7). i3's protocol, which its forks speak as well."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from app.capture.arrangement import Area
from app.capture.wayland.windows.told import ToldWindow, area, ask_socket, reading
from app.core.ports import Probe

_MAGIC = b"i3-ipc"
_HEADER = struct.Struct("=6sII")
_GET_TREE = 4

_Node = Mapping[str, Any]


class SwayWindows:
    """The WindowSource of sway."""

    name = "sway"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._path = environ.get("SWAYSOCK", "")

    def probe(self) -> Probe:
        """Ask for the tree. Raises WindowsUnknown."""
        self.windows()
        return Probe(self.name, available=True)

    def windows(self) -> tuple[ToldWindow, ...]:
        """See `WindowSource`."""
        answer = ask_socket(self._path, _HEADER.pack(_MAGIC, 0, _GET_TREE), _size_of)
        with reading(self.name):
            return tuple(_windows(json.loads(answer[_HEADER.size :])))


def _size_of(answer: bytearray) -> int | None:
    if len(answer) < _HEADER.size:
        return _HEADER.size
    return int(_HEADER.size + _HEADER.unpack_from(answer)[1])


def _windows(root: _Node) -> Iterator[ToldWindow]:
    """Everything that can be seen: what is full screen, then what floats, the last on top, then the tiles."""
    for output in root["nodes"]:
        for workspace in output["nodes"]:
            floating = [view for node in reversed(workspace["floating_nodes"]) for view in _views(node, workspace)]
            shown = [*floating, *(view for node in workspace["nodes"] for view in _views(node, workspace))]
            yield from (_told(view, above) for view, above in shown if view["fullscreen_mode"])
            yield from (_told(view, above) for view, above in shown if not view["fullscreen_mode"])


def _views(node: _Node, parent: _Node) -> Iterator[tuple[_Node, float]]:
    """The visible windows in this part of the tree, each with the height of the title bars above it."""
    if node.get("visible"):
        bars = len(parent["nodes"]) if parent["layout"] == "stacked" else 1
        yield node, node["deco_rect"]["height"] * bars
    for child in node["nodes"]:
        yield from _views(child, node)


def _told(view: _Node, above: float) -> ToldWindow:
    # The title bar is no part of what sway calls the rectangle of a window, and its borders are.
    rect = _area(view["rect"])
    if view["fullscreen_mode"]:
        return ToldWindow(view["id"], str(view["name"] or ""), rect, rect)
    outer = Area(rect.x, rect.y - above, rect.width, rect.height + above)
    content = _area(view["window_rect"])
    inner = Area(rect.x + content.x, rect.y + content.y, content.width, content.height)
    return ToldWindow(view["id"], str(view["name"] or ""), outer, inner)


def _area(rect: _Node) -> Area:
    return area(rect["x"], rect["y"], rect["width"], rect["height"])
