"""What kind of desktop this program runs on, read from the environment alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class SessionType(Enum):
    """The display system in charge of the screen."""

    X11 = "x11"
    WAYLAND = "wayland"
    MACOS = "macos"
    NONE = "none"
    """No screen: a console, a service, a remote shell without forwarding."""


@dataclass(frozen=True, slots=True)
class Session:
    """The session as its environment describes it."""

    type: SessionType
    compositor: str = ""
    """Name of the desktop or compositor for people (`GNOME`, `KDE`, `sway`); empty when nothing says it."""
    desktops: tuple[str, ...] = ()
    """The entries of XDG_CURRENT_DESKTOP in lower case, in its order."""
    display: str = ""
    """The X display, also when it is only the X server inside a Wayland session."""
    wayland_display: str = ""


_SIGNS = (
    ("SWAYSOCK", "sway"),
    ("HYPRLAND_INSTANCE_SIGNATURE", "Hyprland"),
    ("NIRI_SOCKET", "niri"),
    ("KDE_FULL_SESSION", "KDE"),
    ("GNOME_DESKTOP_SESSION_ID", "GNOME"),
)
_GENERIC = frozenset({"ubuntu", "wlroots", "pop", "zorin", "classic", "gnome-classic", "gnome-flashback"})
"""Entries of XDG_CURRENT_DESKTOP that name a distribution or family beside the desktop itself."""


def detect_session(environ: Mapping[str, str], *, platform: str) -> Session:
    """Read the session (`platform` as `sys.platform`). Nothing is connected to.

    Wayland goes before X11: its sessions offer an X server as well, on which the screen looks black. So a session is
    X11 only when nothing speaks of Wayland.
    """
    if platform == "darwin":
        return Session(SessionType.MACOS, compositor="macOS")
    display, wayland = environ.get("DISPLAY", ""), environ.get("WAYLAND_DISPLAY", "")
    listed = tuple(entry for entry in environ.get("XDG_CURRENT_DESKTOP", "").split(":") if entry)
    return Session(
        type=_session_type(environ.get("XDG_SESSION_TYPE", ""), display, wayland),
        compositor=_compositor(environ, listed),
        desktops=tuple(entry.lower() for entry in listed),
        display=display,
        wayland_display=wayland,
    )


def _session_type(declared: str, display: str, wayland: str) -> SessionType:
    if wayland or declared.lower() == "wayland":
        return SessionType.WAYLAND
    # "tty" is what a session has that was started by startx, or an X display that was forwarded.
    return SessionType.X11 if display else SessionType.NONE


def _compositor(environ: Mapping[str, str], listed: tuple[str, ...]) -> str:
    specific = [entry for entry in listed if entry.lower() not in _GENERIC]
    if specific:
        return specific[-1]
    return next((name for variable, name in _SIGNS if environ.get(variable)), listed[-1] if listed else "")
