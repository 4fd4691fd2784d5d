"""Which back end for shortcuts this session gets, and why."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from app.core.errors import InputError
from app.core.ports import Hotkeys, Probe
from app.hotkeys.macos.backend import MacHotkeys
from app.hotkeys.null import NullHotkeys
from app.hotkeys.portal import PortalHotkeys
from app.hotkeys.watched import PynputHotkeys
from app.hotkeys.x11 import X11Hotkeys

FORCE_VARIABLE = "IMGLINK_HOTKEYS"
OnMain = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Calls a function on the main thread, and returns what it returns."""

_WAYLAND = (
    "On Wayland, programs cannot take keys for themselves.",
    "Give a key of your desktop's own settings the command “imglink capture region --copy”.",
)
_NO_DISPLAY = ("There is no graphical session here.", "Start ImgLink Desktop inside a graphical session.")
_TURNED_OFF = (f"Shortcuts are turned off by {FORCE_VARIABLE}.", f"Unset {FORCE_VARIABLE} to have them.")


async def _nowhere(work: Callable[[], Any]) -> Any:
    raise RuntimeError("nobody has said where the main thread is")


def choose_hotkeys(environ: Mapping[str, str], on_main: OnMain = _nowhere, *, platform: str = sys.platform) -> Hotkeys:
    """The first back end that works here, else one that binds nothing and says why.

    `IMGLINK_HOTKEYS` (`x11`, `pynput`, `portal`, `carbon`, `null`) forces one, which may then fail to start. Connects
    to the display or the message bus for a moment: call it off the loop. `on_main` calls a function on the main thread,
    which macOS wants. Raises InputError for an unknown name.
    """
    options = _candidates(environ, on_main, platform)
    if environ.get(FORCE_VARIABLE):
        # Later it is asked where nothing may block.
        options[0].probe()
        return options[0]
    probes = []
    for option in options:
        probes.append(option.probe())
        if probes[-1].available:
            return option
    # On Wayland it helps more to say how the desktop's own keys are given than how to come by another portal.
    told = probes[-1] if _is_wayland(environ) else probes[0]
    return NullHotkeys(told.reason, told.remedy)


def probe_hotkeys(environ: Mapping[str, str], *, platform: str = sys.platform) -> tuple[Probe, ...]:
    """What every back end that counts here says of itself, in order of preference; blocks like `choose_hotkeys`."""
    return tuple(option.probe() for option in _candidates(environ, _nowhere, platform))


def _candidates(environ: Mapping[str, str], on_main: OnMain, platform: str) -> tuple[Hotkeys, ...]:
    display = environ.get("DISPLAY", "")
    forced = environ.get(FORCE_VARIABLE, "")
    by_name: dict[str, Hotkeys] = {
        "x11": X11Hotkeys(display),
        "pynput": PynputHotkeys(display),
        "portal": PortalHotkeys(environ),
        "carbon": MacHotkeys(on_main),
        "null": NullHotkeys(*_TURNED_OFF),
    }
    if forced:
        if forced not in by_name:
            raise InputError(
                f"{FORCE_VARIABLE} is “{forced}”, which is no way to bind keys.", remedy=f"Use {', '.join(by_name)}."
            )
        return (by_name[forced],)
    if platform == "darwin":
        return (by_name["carbon"],)
    # XWayland has a display too, but grabs there see only keys typed into X11 programs.
    if _is_wayland(environ):
        return (by_name["portal"], NullHotkeys(*_WAYLAND))
    if not display:
        return (NullHotkeys(*_NO_DISPLAY),)
    return (by_name["x11"], by_name["pynput"])


def _is_wayland(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("WAYLAND_DISPLAY")) or environ.get("XDG_SESSION_TYPE") == "wayland"
