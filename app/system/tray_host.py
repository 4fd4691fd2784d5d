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
_REASON = "No panel with a tray runs here: the icon cannot be shown, and the window takes its place."
_REMEDY = "Start a panel with a tray; on GNOME, the AppIndicator extension."


async def probe_tray(environ: Mapping[str, str]) -> Probe:
    """Look for a StatusNotifier host, then for an XEmbed tray."""
    if await _has_watcher(environ):
        return Probe("StatusNotifier", available=True)
    if await asyncio.to_thread(_has_xembed_tray, environ.get("DISPLAY", "")):
        return Probe("XEmbed", available=True)
    return Probe("none", available=False, reason=_REASON, remedy=_REMEDY)


class TrayWatch:
    """Tells of a StatusNotifier host that comes, once the program runs. Used on the event loop."""

    def __init__(self, environ: Mapping[str, str], on_came: Callable[[], None]) -> None:
        """`on_came` is called on the loop's thread, at the start too where there is a host already."""
        self._environ = dict(environ)
        self._on_came = on_came
        self._stack = AsyncExitStack()

    async def start(self) -> bool:
        """Begin; False where nothing will ever be told."""
        try:
            bus = await SessionBus.connect(self._environ)
            self._stack.push_async_callback(bus.close)
            await self._stack.enter_async_context(
                bus.subscribed(self._on_owner, sender=_BUS, interface=_BUS, member="NameOwnerChanged", about=_WATCHER)
            )
            if await bus.has_owner(_WATCHER):
                self._on_came()
        except UserFacingError:
            await self._stack.aclose()
            return False
        return True

    async def close(self) -> None:
        """Disconnect; nothing more is told."""
        await self._stack.aclose()

    def _on_owner(self, signal: Signal) -> None:
        name, _former, owner = signal.body
        if name == _WATCHER and owner:
            self._on_came()


async def _has_watcher(environ: Mapping[str, str]) -> bool:
    if session_bus_address(environ) is None:
        return False
    try:
        bus = await SessionBus.connect(environ)
        try:
            return await bus.has_owner(_WATCHER)
        finally:
            await bus.close()
    except UserFacingError:
        return False


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
