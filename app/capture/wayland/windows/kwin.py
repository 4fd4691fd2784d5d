"""Windows as KWin tells of them, by a script of a few lines that it is asked to run: its scripting API.

KWin has no call that lists windows, but lets every program of the session run scripts in it. Ours reads, calls back
over the bus, and is unloaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.capture.arrangement import Area
from app.capture.wayland.windows.told import TIMEOUT_S, ToldWindow, WindowsUnknown, area, reading
from app.core.ports import Probe
from app.system.dbus import BusUnavailable, CallFailed, IncomingCall, SessionBus

_KWIN, _SCRIPTING, _SCRIPT = "org.kde.KWin", "org.kde.kwin.Scripting", "org.kde.kwin.Script"
_OURS = "/cc/imglink/Windows"
_USUALLY_WITHIN_S = 0.3
_CODE = """\
(function () {
    // Plasma 6 lists the windows in their order, from the lowest; Plasma 5 lists them in none, and numbers them.
    var all = workspace.stackingOrder || workspace.clientList();
    var shown = [];
    function isHere(window) {
        var places = window.desktops;
        if (places !== undefined) {
            if (places.length > 0 && places.indexOf(workspace.currentDesktop) < 0) { return false; }
        } else if (!window.onAllDesktops && window.desktop !== workspace.currentDesktop) {
            return false;
        }
        var kept = window.activities;
        return !kept || kept.length === 0 || kept.indexOf(workspace.currentActivity) >= 0;
    }
    function numbers(area) { return [area.x, area.y, area.width, area.height]; }
    for (var index = 0; index < all.length; index++) {
        var window = all[index];
        if (window.minimized || window.hidden || window.deleted || window.desktopWindow || window.outline) { continue; }
        if (!isHere(window)) { continue; }
        shown.push({
            id: String(window.internalId), title: String(window.caption).slice(0, 1024), order: window.stackingOrder,
            frame: numbers(window.frameGeometry), buffer: numbers(window.bufferGeometry)
        });
    }
    callDBus(%(name)s, %(path)s, "cc.imglink.Windows", "Take", JSON.stringify(shown));
})();
"""


class KWinWindows:
    """The WindowSource of KWin, in Plasma 5 and 6."""

    name = "KWin"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def probe(self) -> Probe:
        """Ask for the windows. Raises WindowsUnknown."""
        self.windows()
        return Probe(self.name, available=True)

    def windows(self) -> tuple[ToldWindow, ...]:
        """See `WindowSource`."""
        with reading(self.name):
            return _windows(json.loads(asyncio.run(self._ask())))

    async def _ask(self) -> str:
        try:
            bus = await SessionBus.connect(self._environ, TIMEOUT_S)
        except BusUnavailable as problem:
            raise WindowsUnknown(problem.details) from problem
        try:
            return await self._run_script(bus)
        except (CallFailed, BusUnavailable) as problem:
            raise WindowsUnknown(problem.details or problem.message) from problem
        except TimeoutError as problem:
            raise WindowsUnknown(f"KWin did not run the script within {TIMEOUT_S:g} seconds") from problem
        finally:
            await bus.close()

    async def _run_script(self, bus: SessionBus) -> str:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def take(call: IncomingCall) -> tuple[str, tuple[Any, ...]]:
            if not answer.done() and len(call.body) == 1:
                answer.set_result(str(call.body[0]))
            return "", ()

        bus.export(_OURS, take)
        name = f"imglink-{secrets.token_hex(8)}"
        with _script(self._environ, bus.unique_name) as file:
            (number,) = await bus.call(_KWIN, "/Scripting", _SCRIPTING, "loadScript", "ss", (file, name))
            try:
                await self._start(bus, int(number))
                if not (await asyncio.wait({answer}, timeout=_USUALLY_WITHIN_S))[0]:
                    # The number was another script's as well, if several came and went: KWin counts those it has.
                    await bus.call(_KWIN, "/Scripting", _SCRIPTING, "start")
                async with asyncio.timeout(TIMEOUT_S):
                    return await answer
            finally:
                with contextlib.suppress(CallFailed, BusUnavailable):
                    await bus.call(_KWIN, "/Scripting", _SCRIPTING, "unloadScript", "s", (name,))

    @staticmethod
    async def _start(bus: SessionBus, number: int) -> None:
        """Run a loaded script by its number, which Plasma 6 has at another place than Plasma 5."""
        for path in (f"/Scripting/Script{number}", f"/{number}"):
            try:
                await bus.call(_KWIN, path, _SCRIPT, "run")
            except CallFailed as problem:
                if not problem.error_name.endswith((".UnknownObject", ".UnknownMethod", ".UnknownInterface")):
                    raise
            else:
                return


@contextlib.contextmanager
def _script(environ: Mapping[str, str], bus_name: str) -> Iterator[str]:
    """The script in a file of our own, which KWin reads."""
    folder = environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    descriptor, path = tempfile.mkstemp(suffix=".js", prefix="imglink-", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_CODE % {"name": json.dumps(bus_name), "path": json.dumps(_OURS)})
        yield path
    finally:
        Path(path).unlink()


def _windows(told: list[Mapping[str, Any]]) -> tuple[ToldWindow, ...]:
    from_lowest = sorted(told, key=lambda window: window["order"]) if told and "order" in told[0] else told
    return tuple(_told(window) for window in reversed(from_lowest))


def _told(window: Mapping[str, Any]) -> ToldWindow:
    outer, buffer = area(*window["frame"]), area(*window["buffer"])
    # What the program drew lies inside the decorations of KWin, or reaches beyond the window with a shadow of its own.
    left, top = max(outer.x, buffer.x), max(outer.y, buffer.y)
    right, bottom = min(outer.right, buffer.right), min(outer.bottom, buffer.bottom)
    inner = Area(left, top, right - left, bottom - top) if right > left and bottom > top else outer
    number = uuid.UUID(window["id"]).int & 0x7FFF_FFFF_FFFF_FFFF
    return ToldWindow(number, str(window["title"]), outer, inner)
