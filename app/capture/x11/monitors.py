"""The layout of the desktop: its size, its monitors and their scale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.capture.x11.connection import Pending, XConnection, raw
from app.core.geometry import Rect
from app.core.screen import Monitor

_MONITORS_SINCE = (1, 5)
_NORMAL_DPI = 96.0
_SANE_SCALE = (0.5, 8.0)
_RESOURCES_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True)
class Layout:
    """What RandR and the root window say at one moment."""

    root_px: Rect
    """The whole X screen: every monitor lies inside, and there may be parts that no monitor shows."""
    monitors: tuple[Monitor, ...]


class LayoutQuery:
    """Asks for the layout on construction; `result` waits for it."""

    def __init__(self, connection: XConnection) -> None:
        from Xlib.protocol.request import GetGeometry

        self._connection = connection
        self._geometry = connection.send(GetGeometry, drawable=connection.root_id)
        self._resources = connection.get_property(connection.root_id, "RESOURCE_MANAGER", limit=_RESOURCES_LIMIT)
        self._monitors = _ask_for_monitors(connection)

    def result(self, environ: Mapping[str, str]) -> Layout:
        """The layout, with the monitors numbered from left to right, then from top to bottom."""
        geometry = self._geometry.reply()
        root = Rect(0, 0, geometry.width, geometry.height)
        default_scale = scale_of_resources(raw(self._resources.reply()).decode("latin-1"))
        named_scales = scales_by_name(environ.get("QT_SCREEN_SCALE_FACTORS", ""))
        found: dict[Rect, tuple[str, bool]] = {}
        for entry in self._entries():
            rect = Rect(entry.x, entry.y, entry.width_in_pixels, entry.height_in_pixels).intersected(root)
            # Mirrored monitors show the same pixels: one of them, the primary one, stands for all.
            if not rect.is_empty and (rect not in found or entry.primary):
                found[rect] = (self._connection.atom_name(entry.name), bool(entry.primary))
        if not found:
            found[root] = ("screen", True)
        ordered = sorted(found.items(), key=lambda item: (item[0].x, item[0].y))
        monitors = tuple(
            Monitor(number, name, rect, scale=named_scales.get(name, default_scale), is_primary=is_primary)
            for number, (rect, (name, is_primary)) in enumerate(ordered, 1)
        )
        return Layout(root, monitors)

    def _entries(self) -> list[Any]:
        reply = self._monitors.reply() if self._monitors else None
        return [] if reply is None else list(reply.monitors)


def is_xwayland(connection: XConnection) -> bool:
    """True for the X server inside a Wayland session, where a grab of the screen succeeds and is black.

    The environment usually says so before anyone connects; this is for programs that were started without it. Newer
    servers (23.1) have an extension to tell, older ones name their monitors XWAYLAND0 and so on.
    """
    if connection.extension("XWAYLAND") is not None:
        return True
    return any(monitor.name.startswith("XWAYLAND") for monitor in LayoutQuery(connection).result({}).monitors)


def _ask_for_monitors(connection: XConnection) -> Pending | None:
    """None on servers without RandR's monitors (before 2015): the whole root then counts as one monitor."""
    from Xlib.ext import randr

    found = connection.extension("RANDR", randr.QueryVersion, _MONITORS_SINCE)
    if found is None or found.version < _MONITORS_SINCE:
        return None
    return connection.send(randr.GetMonitors, opcode=found.opcode, window=connection.root_id, is_active=True)


def scale_of_resources(resources: str) -> float:
    """The scale the desktop asks all programs for: Xft.dpi over 96, as GTK and Qt read it."""
    match = re.search(r"^\s*Xft\.dpi\s*:\s*([0-9.]+)\s*$", resources, re.MULTILINE)
    return _sane(match[1], _NORMAL_DPI) if match else 1.0


def scales_by_name(setting: str) -> dict[str, float]:
    """Plasma on X11 scales each monitor for itself, and says so by `NAME=FACTOR;…` in QT_SCREEN_SCALE_FACTORS."""
    pairs = (entry.rpartition("=") for entry in setting.split(";"))
    return {name: _sane(factor) for name, _, factor in pairs if name}


def _sane(text: str, unit: float = 1.0) -> float:
    """The number over `unit`, when it can be a scale; else 1."""
    try:
        scale = float(text) / unit
    except ValueError:
        return 1.0
    return scale if _SANE_SCALE[0] <= scale <= _SANE_SCALE[1] else 1.0
