"""What `imglink doctor` looks at."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from app.core.ports import Probe

OPTIONAL_PARTS = frozenset({"Tray", "Notifications", "Demo server"})
"""What the program does without: its window takes the tray's place, its own cards that of notifications."""

_NO_SESSION = "There is no graphical session here: files can be uploaded, but the screen cannot be captured."
_START_SESSION = "Run it in a terminal of your desktop."


def doctor_parts(environ: Mapping[str, str]) -> dict[str, Callable[[], Awaitable[Probe]]]:
    """Part → what probes it, on the event loop."""
    parts = {
        "Session": _session,
        "Screen capture": _capture,
        "Shortcuts": _hotkeys,
        "Clipboard": _clipboard,
        "Tray": _tray,
        "Notifications": _notifications,
        "Keyring": _keyring,
        "Folders": _folders,
        "Demo server": _demo,
    }
    return {name: partial(probe, environ) for name, probe in parts.items()}


async def _session(environ: Mapping[str, str]) -> Probe:
    from app.system.session import SessionType, detect_session

    found = detect_session(environ, platform=sys.platform)
    if found.type is SessionType.NONE:
        return Probe("none", available=False, reason=_NO_SESSION, remedy=_START_SESSION)
    name = {SessionType.X11: "X11", SessionType.WAYLAND: "Wayland", SessionType.MACOS: "macOS"}[found.type]
    shown = found.compositor if found.type is not SessionType.MACOS else ""
    return Probe(f"{name} ({shown})" if shown else name, available=True)


async def _capture(environ: Mapping[str, str]) -> Probe:
    from app.capture.choose import choose_capture

    screen = choose_capture(environ)

    def probe() -> Probe:
        # On one thread: that is whose the connection is.
        try:
            return in_order_tried(screen.probe_all())
        finally:
            screen.close()

    return await asyncio.to_thread(probe)


def in_order_tried(probes: Sequence[Probe]) -> Probe:
    """One answer of several ways: the first that works, with the order in which they are tried and why not the others.

    When none works, the remedy is that of the first that has one.
    """
    chosen = next((probe for probe in probes if probe.available), None)
    told = chosen or next((probe for probe in probes if probe.remedy), probes[0])
    if len(probes) == 1:
        return told
    tried = []
    for number, probe in enumerate(probes, 1):
        state = "used" if probe is chosen else "works too" if probe.available else f"no: {probe.reason}"
        tried.append(f"{number}. {probe.name} ({state.rstrip('.')})")
    reason = f"In this order: {', '.join(tried)}."
    return Probe(told.name if chosen else "none", chosen is not None, reason, "" if chosen else told.remedy)


async def _hotkeys(environ: Mapping[str, str]) -> Probe:
    from app.hotkeys.choose import choose_hotkeys

    return (await asyncio.to_thread(choose_hotkeys, environ)).probe()


async def _clipboard(environ: Mapping[str, str]) -> Probe:
    from app.system.session import SessionType, detect_session
    from app.system.x11_clipboard import X11ClipboardReader

    found = detect_session(environ, platform=sys.platform).type
    if found is SessionType.X11:
        await asyncio.to_thread(X11ClipboardReader(environ).formats)
        return Probe("X11", available=True)
    if found is SessionType.NONE:
        return Probe("none", available=False, reason="There is no graphical session here.", remedy=_START_SESSION)
    if found is SessionType.WAYLAND:
        from app.bootstrap.services import wayland_clipboard

        return wayland_clipboard(environ).probe()
    return Probe(found.value, available=True, reason="What was copied cannot be read back here to make sure.")


async def _tray(environ: Mapping[str, str]) -> Probe:
    from app.system.tray_host import probe_tray

    if sys.platform == "darwin":
        return Probe("menu bar", available=True)
    return await probe_tray(environ)


async def _notifications(environ: Mapping[str, str]) -> Probe:
    from app.system.notifications import choose_notifier

    notifier = choose_notifier(environ)
    try:
        return await notifier.probe()
    finally:
        await notifier.close()


async def _keyring(environ: Mapping[str, str]) -> Probe:
    from app.secrets.guard import GuardedSecrets

    return await (await GuardedSecrets.open(environ)).probe()


async def _folders(environ: Mapping[str, str]) -> Probe:
    from app.system.paths import Paths

    paths = Paths.detect(environ, home=Path.home(), platform=sys.platform)
    for path in (paths.data, paths.config, paths.state, paths.cache, paths.runtime):
        nearest = next(each for each in (path, *path.parents) if each.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            reason = f"{path} cannot be written."
            return Probe(str(paths.data), available=False, reason=reason, remedy=f"Check the permissions of {nearest}.")
    return Probe(str(paths.data), available=True)


async def _demo(environ: Mapping[str, str]) -> Probe:
    from importlib.util import find_spec

    if all(find_spec(name) is not None for name in ("starlette", "uvicorn", "python_multipart")):
        return Probe("starlette", available=True)
    reason = "Its libraries are not installed; nothing else needs them."
    return Probe("none", available=False, reason=reason, remedy="pip install 'imglink-desktop[demo]'")
