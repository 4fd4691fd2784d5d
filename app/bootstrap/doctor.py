"""What the doctor looks at: `imglink doctor`, and its page in the settings."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import disk_usage

from app.core.doctor import Part
from app.core.ports import Probe
from app.services.doctor import PROBE_TIMEOUT_S, Report, examine, report_lines

OPTIONAL_PARTS = frozenset({Part.WINDOWS, Part.TRAY, Part.NOTIFICATIONS, Part.PORTAL, Part.AUTOSTART, Part.DEMO})
"""What the program does without: its window takes the tray's place, its own cards that of notifications."""

_LEAST_FREE_BYTES = 20_000_000
"""Some large captures."""
_NO_SESSION = "There is no graphical session here: files can be uploaded, but the screen cannot be captured."
_START_SESSION = "Run it in a terminal of your desktop."


def doctor_parts(environ: Mapping[str, str]) -> dict[Part, Callable[[], Awaitable[Probe]]]:
    """Part → what probes it, on the event loop."""
    parts = {
        Part.SESSION: _session,
        Part.CAPTURE: _capture,
        Part.WINDOWS: _windows,
        Part.PORTAL: _portal,
        Part.SHORTCUTS: _hotkeys,
        Part.CLIPBOARD: _clipboard,
        Part.TRAY: _tray,
        Part.NOTIFICATIONS: _notifications,
        Part.KEYRING: _keyring,
        Part.NETWORK: _network,
        Part.FOLDERS: _folders,
        Part.AUTOSTART: _autostart,
        Part.DEMO: _demo,
        Part.VERSIONS: _versions,
    }
    if sys.platform == "darwin":
        del parts[Part.PORTAL]
    return {part: partial(probe, environ) for part, probe in parts.items()}


async def examine_desktop(environ: Mapping[str, str]) -> Report:
    """Look at everything, on the event loop."""
    findings = await examine(doctor_parts(environ))
    lines = report_lines(findings, OPTIONAL_PARTS, home=str(Path.home()))
    return Report(findings, OPTIONAL_PARTS, "\n".join(lines) + "\n")


async def ask_again(environ: Mapping[str, str]) -> str:
    """Have the desktop ask again whether pictures may be taken, where that was declined, and say what came of it.

    Raises UserFacingError.
    """
    from app.system.portal import Portal

    portal = await Portal.connect(environ)
    try:
        is_undone = await portal.forget_denials() > 0
    finally:
        await portal.close()
    if is_undone:
        return "With the next picture, the desktop asks whether ImgLink may take it."
    return "Nothing is stored here that forbids ImgLink to take pictures of the screen."


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
    return in_order_tried(
        await asyncio.gather(*(_in_time(each.name, each.probe, each.close) for each in screen.candidates))
    )


async def _windows(environ: Mapping[str, str]) -> Probe:
    from app.capture.choose import choose_capture

    screen = choose_capture(environ)
    return await _in_time("?", screen.probe_windows, screen.close)


async def _in_time(name: str, probe: Callable[[], Probe], close: Callable[[], None] = lambda: None) -> Probe:
    """What a probe that blocks says; one that hangs holds up neither the others nor the end of the program."""
    from app.secrets.guard import call_on_own_thread
    from app.system.portal import RESTART

    def work() -> Probe:
        # On one thread: that is whose the connection is.
        try:
            return probe()
        finally:
            close()

    limit_s = PROBE_TIMEOUT_S - 1
    try:
        async with asyncio.timeout(limit_s):
            return await call_on_own_thread(work)
    except TimeoutError:
        # The others ask nobody who may have to be started first.
        remedy = RESTART if name == "portal" else "Restart it, or log in again."
        return Probe(name, False, f"It did not answer within {limit_s:g} seconds.", remedy)


def in_order_tried(probes: Sequence[Probe]) -> Probe:
    """One answer of several ways: the first that is there, with the order in which they are tried and why not others.

    One that is there and has a remedy is used, and refuses. When none works, the remedy is that of the first with one.
    """
    chosen = next((probe for probe in probes if probe.available), None)
    told = chosen or next((probe for probe in probes if probe.remedy), probes[0])
    works = chosen is not None and not chosen.remedy
    if len(probes) == 1:
        return replace(told, available=works)
    tried = []
    for number, probe in enumerate(probes, 1):
        is_fine = probe.available and not probe.remedy
        state = f"no: {probe.reason}" if not is_fine else "used" if probe is chosen else "works too"
        tried.append(f"{number}. {probe.name} ({state.rstrip('.')})")
    reason = f"In this order: {', '.join(tried)}."
    return Probe(told.name if works else "none", works, reason, "" if works else told.remedy)


async def _hotkeys(environ: Mapping[str, str]) -> Probe:
    from app.hotkeys.choose import choose_hotkeys

    hotkeys = await asyncio.to_thread(choose_hotkeys, environ)
    return await _in_time(hotkeys.name, hotkeys.probe)


async def _clipboard(environ: Mapping[str, str]) -> Probe:
    from app.system.mac_desktop import MacClipboard
    from app.system.session import SessionType, detect_session
    from app.system.x11_clipboard import X11ClipboardReader

    match detect_session(environ, platform=sys.platform).type:
        case SessionType.X11:
            return await asyncio.to_thread(X11ClipboardReader(environ).probe)
        case SessionType.MACOS:
            return await asyncio.to_thread(MacClipboard(environ).probe)
        case SessionType.WAYLAND:
            from app.bootstrap.services import wayland_clipboard

            return wayland_clipboard(environ).probe()
        case SessionType.NONE:
            reason = "There is no graphical session here."
            return Probe("none", available=False, reason=reason, remedy=_START_SESSION)


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

    # Less than the examination gives, so that the keyring's own words come.
    return await (await GuardedSecrets.open(environ)).probe(timeout_s=PROBE_TIMEOUT_S - 1)


async def _folders(environ: Mapping[str, str]) -> Probe:
    from app.system.paths import Paths

    paths = Paths.detect(environ, home=Path.home(), platform=sys.platform)
    for path in (paths.data, paths.config, paths.state, paths.cache, paths.runtime):
        if (problem := _unwritable(str(paths.data), path)) is not None:
            return problem
    return Probe(str(paths.data), available=True)


def _unwritable(name: str, folder: Path) -> Probe | None:
    """What is wrong with a folder that need not be there yet; None when nothing is."""
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        return Probe(name, False, f"{folder} cannot be written.", f"Check the permissions of {nearest}.")
    if disk_usage(nearest).free < _LEAST_FREE_BYTES:
        return Probe(name, False, f"The disk of {folder} is nearly full.", "Free some space on it.")
    return None


async def _demo(environ: Mapping[str, str]) -> Probe:
    from importlib.util import find_spec

    if all(find_spec(name) is not None for name in ("starlette", "uvicorn", "python_multipart")):
        return Probe("starlette", available=True)
    reason = "Its libraries are not installed; nothing else needs them."
    return Probe("none", available=False, reason=reason, remedy="pip install 'imglink-desktop[demo]'")


_PORTAL_PARTS = ("Screenshot", "GlobalShortcuts", "FileChooser", "OpenURI", "Background")


async def _portal(environ: Mapping[str, str]) -> Probe:
    """The versions of the portal's parts, which matter where programs may not help themselves: on Wayland."""
    from app.system.portal import RESTART
    from app.system.session import SessionType, detect_session

    if detect_session(environ, platform=sys.platform).type is not SessionType.WAYLAND:
        return Probe("not needed", available=True)
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S - 1):
            return await _portal_parts(environ)
    except TimeoutError:
        # It is not there yet, and the bus tries to start it.
        return Probe("none", available=False, reason="The desktop portal does not start.", remedy=RESTART)


async def _portal_parts(environ: Mapping[str, str]) -> Probe:
    from app.core.errors import UserFacingError
    from app.system.desktop_entry import find_entry
    from app.system.paths import APP_ID
    from app.system.portal import Portal, PortalFailed

    try:
        portal = await Portal.connect(environ)
    except UserFacingError as problem:
        return Probe("none", available=False, reason=problem.message, remedy=problem.remedy)
    found: dict[str, int] = {}
    problem_with_all = Probe("none", available=False, reason="The desktop portal has none of the parts asked for.")
    try:
        for part in _PORTAL_PARTS:
            try:
                found[part] = await portal.version(f"org.freedesktop.portal.{part}")
            except PortalFailed as problem:
                return Probe("none", available=False, reason=problem.message, remedy=problem.remedy)
            except UserFacingError as problem:
                problem_with_all = Probe("none", available=False, reason=problem.message, remedy=problem.remedy)
    finally:
        await portal.close()
    if not found:
        return problem_with_all
    missing = [part for part in _PORTAL_PARTS[:2] if part not in found]
    listed = ", ".join(f"{part} {version}" for part, version in found.items())
    reason = f"{listed}." + (f" Without {' and '.join(missing)}." if missing else "")
    if await asyncio.to_thread(find_entry, environ, home=Path.home()) is not None:
        return Probe("xdg-desktop-portal", True, reason)
    reason += f" It does not know ImgLink by name: {APP_ID}.desktop is not installed."
    return Probe("xdg-desktop-portal", True, reason, "Start ImgLink once: it writes that file where there is none.")


async def _network(environ: Mapping[str, str]) -> Probe:
    """Whether the service's server can be connected to, securely where it must be. Nothing is asked of it."""
    import ssl
    from urllib.parse import urlsplit

    origin = await asyncio.to_thread(_origin, environ)
    parts = urlsplit(origin)
    is_secure = parts.scheme == "https"
    port = parts.port or (443 if is_secure else 80)
    try:
        context = ssl.create_default_context() if is_secure else None
        _reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
    except ssl.SSLError as error:
        reason = f"The connection to {origin} is not secure: {error.reason or error}."
        return Probe(origin, False, reason, "Check the date of this computer, and the network you are in.")
    except OSError as error:
        reason = f"{origin} cannot be reached: {error.strerror or error}."
        return Probe(origin, False, reason, "Check the network. Captures wait, and are sent later.")
    writer.close()
    return Probe(origin, available=True)


def _origin(environ: Mapping[str, str]) -> str:
    """The server that is talked to. Settings that cannot be read are somebody else's business, and stay as they are."""
    import json

    from app.core.base_url import parse_base_url
    from app.core.imglink import DEFAULT_BASE_URL
    from app.system.paths import Paths

    text = environ.get("IMGLINK_BASE_URL", "")
    try:
        paths = Paths.detect(environ, home=Path.home(), platform=sys.platform)
        text = text or json.loads(paths.settings_file.read_bytes())["account"]["base_url"]
        return parse_base_url(text).origin
    except (OSError, ValueError, KeyError, TypeError):
        return DEFAULT_BASE_URL


async def _autostart(environ: Mapping[str, str]) -> Probe:
    from app.system.autostart import choose_autostart

    autostart = choose_autostart(environ, home=Path.home(), platform=sys.platform)
    name = "on" if await asyncio.to_thread(autostart.is_on) else "off"
    return await asyncio.to_thread(_unwritable, name, autostart.path.parent) or Probe(name, available=True)


async def _versions(environ: Mapping[str, str]) -> Probe:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from app import __version__

    def of(package: str) -> str:
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:
            return f"no {package}"

    of_desktop = ("pyobjc-core",) if sys.platform == "darwin" else ("pynput", "jeepney")
    packages = [of(name) for name in ("PySide6_Essentials", "mss", "httpx", "keyring", *of_desktop)]
    system = f"{platform.system()} {platform.release()}"
    listed = ", ".join([system, f"Python {platform.python_version()}", *packages])
    return Probe(f"ImgLink {__version__}", available=True, reason=f"{listed}.")
