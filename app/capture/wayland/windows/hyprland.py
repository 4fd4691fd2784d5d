"""Windows as Hyprland tells of them: the requests of hyprctl(1), over its socket."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.capture.arrangement import Area
from app.capture.wayland.windows.told import ToldWindow, area, ask_socket, reading
from app.core.ports import Probe

_Json = Mapping[str, Any]


class HyprlandWindows:
    """The WindowSource of Hyprland."""

    name = "Hyprland"

    def __init__(self, environ: Mapping[str, str]) -> None:
        runtime, instance = environ.get("XDG_RUNTIME_DIR", ""), environ.get("HYPRLAND_INSTANCE_SIGNATURE", "")
        self._path = str(Path(runtime, "hypr", instance, ".socket.sock"))

    def probe(self) -> Probe:
        """Ask for the windows. Raises WindowsUnknown."""
        self.windows()
        return Probe(self.name, available=True)

    def windows(self) -> tuple[ToldWindow, ...]:
        """See `WindowSource`."""
        with reading(self.name):
            border = self._ask("getoption general:border_size")["int"]
            return _windows(self._ask("monitors"), self._ask("clients"), float(border))

    def _ask(self, what: str) -> Any:
        # It serves one connection at a time and closes it after the answer.
        return json.loads(ask_socket(self._path, f"j/{what}".encode(), lambda _answer: None))


def _windows(monitors: Sequence[_Json], clients: Sequence[_Json], border: float) -> tuple[ToldWindow, ...]:
    special = {monitor["specialWorkspace"]["id"] for monitor in monitors} - {0}
    shown = special | {monitor["activeWorkspace"]["id"] for monitor in monitors}

    def is_shown(client: _Json) -> bool:
        is_here = client["workspace"]["id"] in shown or bool(client.get("pinned"))
        return bool(client["mapped"]) and not client["hidden"] and is_here

    def depth(client: _Json) -> tuple[bool, bool, bool, int]:
        """What lies above has the smaller one: special workspaces, the full screen, what floats, what was used last."""
        return (
            client["workspace"]["id"] not in special,
            not client["fullscreen"],
            not client["floating"],
            client["focusHistoryID"],
        )

    return tuple(_told(client, border) for client in sorted(filter(is_shown, clients), key=depth))


def _told(client: _Json, border: float) -> ToldWindow:
    inner = area(*client["at"], *client["size"])
    # Borders are drawn around what is told; the full screen has none.
    edge = 0.0 if client["fullscreen"] else border
    outer = Area(inner.x - edge, inner.y - edge, inner.width + 2 * edge, inner.height + 2 * edge)
    return ToldWindow(int(client["address"], 16), str(client["title"]), outer, inner)
