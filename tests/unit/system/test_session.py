from __future__ import annotations

import pytest

from app.system.session import Session, SessionType, detect_session


def detect(**environ: str) -> Session:
    return detect_session(environ, platform="linux")


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, SessionType.NONE),
        ({"XDG_SESSION_TYPE": "tty"}, SessionType.NONE),
        ({"XDG_SESSION_TYPE": "x11"}, SessionType.NONE),
        ({"DISPLAY": ":0"}, SessionType.X11),
        ({"DISPLAY": ":0", "XDG_SESSION_TYPE": "x11"}, SessionType.X11),
        ({"DISPLAY": ":0", "XDG_SESSION_TYPE": "tty"}, SessionType.X11),
        ({"DISPLAY": "", "WAYLAND_DISPLAY": ""}, SessionType.NONE),
        ({"WAYLAND_DISPLAY": "wayland-0"}, SessionType.WAYLAND),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, SessionType.WAYLAND),
        ({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0"}, SessionType.WAYLAND),
        ({"XDG_SESSION_TYPE": "Wayland"}, SessionType.WAYLAND),
        # A compositor in a window of an X session: its own programs see both.
        ({"XDG_SESSION_TYPE": "x11", "WAYLAND_DISPLAY": "wayland-1", "DISPLAY": ":1"}, SessionType.WAYLAND),
    ],
)
def test_wayland_is_decided_before_x11(environ: dict[str, str], expected: SessionType) -> None:
    assert detect(**environ).type is expected


def test_macos_needs_no_variables() -> None:
    assert detect_session({"DISPLAY": ":0"}, platform="darwin").type is SessionType.MACOS


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"XDG_CURRENT_DESKTOP": "GNOME"}, "GNOME"),
        ({"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}, "GNOME"),
        ({"XDG_CURRENT_DESKTOP": "sway:wlroots"}, "sway"),
        ({"XDG_CURRENT_DESKTOP": "KDE", "KDE_FULL_SESSION": "true"}, "KDE"),
        ({"XDG_CURRENT_DESKTOP": "wlroots"}, "wlroots"),
        ({"SWAYSOCK": "/run/sway.sock"}, "sway"),
        ({"HYPRLAND_INSTANCE_SIGNATURE": "1"}, "Hyprland"),
        ({}, ""),
    ],
)
def test_the_compositor_is_named_for_people(environ: dict[str, str], name: str) -> None:
    assert detect(**environ).compositor == name


def test_displays_and_desktops_are_passed_on() -> None:
    session = detect(DISPLAY=":1", WAYLAND_DISPLAY="wayland-0", XDG_CURRENT_DESKTOP="ubuntu:GNOME")
    assert (session.display, session.wayland_display) == (":1", "wayland-0")
    assert session.desktops == ("ubuntu", "gnome")
