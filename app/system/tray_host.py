"""Is there a tray that shows icons? Asked without Qt, of the X server and of the message bus."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.system.dbus import SessionBus, session_bus_address

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
