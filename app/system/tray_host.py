"""Is there a tray that shows icons? Asked without Qt, of the X server and of the message bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.system.dbus import SessionBus, Signal, session_bus_address

_BUS = "org.freedesktop.DBus"
_WATCHER = "org.kde.StatusNotifierWatcher"
_WATCHER_PATH = "/StatusNotifierWatcher"
_PATIENCE_S = 2.0
_REASON = "No panel with a tray runs here: the icon cannot be shown, and the window takes its place."
_REMEDY = "Start a panel with a tray; on GNOME, the AppIndicator extension."


async def probe_tray(environ: Mapping[str, str]) -> Probe:
    """Look for a StatusNotifier host, then for an XEmbed tray."""
    if await _has_watched_host(environ):
        return Probe("StatusNotifier", available=True)
    if await asyncio.to_thread(_has_xembed_tray, environ.get("DISPLAY", "")):
        return Probe("XEmbed", available=True)
    return Probe("none", available=False, reason=_REASON, remedy=_REMEDY)


class TrayWatch:
    """Tells of a StatusNotifier host that comes, once the program runs. Used on the event loop.

    Hosts register with a watcher, which may be there without one: it takes icons that nobody shows, and Qt believes it.
    """

    def __init__(
        self, environ: Mapping[str, str], on_came: Callable[[], None], on_missing: Callable[[], None] = lambda: None
    ) -> None:
        """Both are called on the loop's thread, at the start too: `on_came` where there is a host, `on_missing` where
        there is a watcher that has none for a while.
        """
        self._environ = dict(environ)
        self._on_came = on_came
        self._on_missing = on_missing
        self._stack = AsyncExitStack()
        self._bus: SessionBus | None = None
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> bool:
        """Begin; False where nothing will ever be told."""
        try:
            bus = await SessionBus.connect(self._environ)
            self._stack.push_async_callback(bus.close)
            await self._stack.enter_async_context(
                bus.subscribed(self._on_owner, sender=_BUS, interface=_BUS, member="NameOwnerChanged", about=_WATCHER)
            )
            await self._stack.enter_async_context(
                bus.subscribed(
                    self._on_host, sender=_WATCHER, interface=_WATCHER, member="StatusNotifierHostRegistered"
                )
            )
            self._bus = bus
            self._look_soon()
        except UserFacingError:
            await self._stack.aclose()
            return False
        return True

    async def close(self) -> None:
        """Disconnect; nothing more is told."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.wait([looking])
        await self._stack.aclose()

    def _on_host(self, _signal: Signal) -> None:
        self._on_came()

    def _on_owner(self, signal: Signal) -> None:
        name, _former, owner = signal.body
        if name == _WATCHER and owner:
            self._look_soon()

    def _look_soon(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        assert self._bus is not None, "not started"
        found = await _has_host(self._bus)
        if found is False:
            # In a panel that starts, the watcher is there first.
            await asyncio.sleep(_PATIENCE_S)
            found = await _has_host(self._bus)
        if found:
            self._on_came()
        elif found is not None:
            self._on_missing()


async def _has_watched_host(environ: Mapping[str, str]) -> bool:
    if session_bus_address(environ) is None:
        return False
    try:
        bus = await SessionBus.connect(environ)
    except UserFacingError:
        return False
    try:
        return bool(await _has_host(bus))
    finally:
        await bus.close()


async def _has_host(bus: SessionBus) -> bool | None:
    """Whether the watcher knows somebody who shows icons; None where there is no watcher."""
    try:
        if not await bus.has_owner(_WATCHER):
            return None
        question = (_WATCHER, "IsStatusNotifierHostRegistered")
        answer = await bus.call(_WATCHER, _WATCHER_PATH, "org.freedesktop.DBus.Properties", "Get", "ss", question)
    except UserFacingError:
        return None
    return answer == (("b", True),)


def _has_xembed_tray(display_name: str) -> bool:
    if not display_name:
        return False
    from Xlib import X, display, error

    try:
        connection = display.Display(display_name)
    except (error.DisplayError, OSError):
        return False
    try:
        atom = connection.intern_atom(f"_NET_SYSTEM_TRAY_S{connection.get_default_screen()}")
        return bool(connection.get_selection_owner(atom) != X.NONE)
    except error.ConnectionClosedError:
        return False
    finally:
        connection.close()
