"""Which back end for shortcuts this session gets, and why."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from app.core.errors import InputError
from app.core.ports import Hotkeys, Probe
from app.hotkeys.null import NullHotkeys

FORCE_VARIABLE = "IMGLINK_HOTKEYS"
OnMain = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Calls a function on the main thread, and returns what it returns."""

_NO_DISPLAY = ("There is no graphical session here.", "Start ImgLink Desktop inside a graphical session.")
_TURNED_OFF = (f"Shortcuts are turned off by {FORCE_VARIABLE}.", f"Unset {FORCE_VARIABLE} to have them.")


async def _nowhere(work: Callable[[], Any]) -> Any:
    raise RuntimeError("nobody has said where the main thread is")


def choose_hotkeys(environ: Mapping[str, str], on_main: OnMain = _nowhere, *, platform: str = sys.platform) -> Hotkeys:
    """The first back end that works here, else one that binds nothing and says why.

    `IMGLINK_HOTKEYS` (`x11`, `pynput`, `portal`, `carbon`, `null`) forces one, which may then fail to start. Connects
    to the display for a moment: call it off the loop. Of the portal nothing is asked: it may hang. `on_main` calls a
    function on the main thread, which macOS wants. Raises InputError for an unknown name.
    """
    options = _candidates(environ, on_main, platform)
    if environ.get(FORCE_VARIABLE) or _is_wayland(environ):
        return options[0]
    probes = []
    for option in options:
        probes.append(option.probe())
        if probes[-1].available:
            return option
    return NullHotkeys(probes[0].reason, probes[0].remedy)


def probe_hotkeys(environ: Mapping[str, str], *, platform: str = sys.platform) -> tuple[Probe, ...]:
    """What every back end that counts here says of itself, in order of preference; blocks like `choose_hotkeys`."""
    return tuple(option.probe() for option in _candidates(environ, _nowhere, platform))


def _candidates(environ: Mapping[str, str], on_main: OnMain, platform: str) -> tuple[Hotkeys, ...]:
    forced = environ.get(FORCE_VARIABLE, "")
    if forced:
        if forced not in _MAKERS:
            raise InputError(
                f"{FORCE_VARIABLE} is “{forced}”, which is no way to bind keys.", remedy=f"Use {', '.join(_MAKERS)}."
            )
        return (_MAKERS[forced](environ, on_main),)
    if platform == "darwin":
        return (_carbon(environ, on_main),)
    # XWayland has a display too, but grabs there see only keys typed into X11 programs.
    if _is_wayland(environ):
        return (_portal(environ, on_main),)
    if not environ.get("DISPLAY"):
        return (NullHotkeys(*_NO_DISPLAY),)
    return (_x11(environ, on_main), _pynput(environ, on_main))


def _x11(environ: Mapping[str, str], _on_main: OnMain) -> Hotkeys:
    from app.hotkeys.x11 import X11Hotkeys

    return X11Hotkeys(environ.get("DISPLAY", ""))


def _pynput(environ: Mapping[str, str], _on_main: OnMain) -> Hotkeys:
    from app.hotkeys.watched import PynputHotkeys

    return PynputHotkeys(environ.get("DISPLAY", ""))


def _portal(environ: Mapping[str, str], _on_main: OnMain) -> Hotkeys:
    from app.hotkeys.portal import PortalHotkeys

    return PortalHotkeys(environ)


def _carbon(_environ: Mapping[str, str], on_main: OnMain) -> Hotkeys:
    from app.hotkeys.macos.backend import MacHotkeys

    return MacHotkeys(on_main)


def _null(_environ: Mapping[str, str], _on_main: OnMain) -> Hotkeys:
    return NullHotkeys(*_TURNED_OFF)


_MAKERS: Mapping[str, Callable[[Mapping[str, str], OnMain], Hotkeys]] = {
    "x11": _x11,
    "pynput": _pynput,
    "portal": _portal,
    "carbon": _carbon,
    "null": _null,
}
"""Each loads its back end only when that may be needed."""


def _is_wayland(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("WAYLAND_DISPLAY")) or environ.get("XDG_SESSION_TYPE") == "wayland"
