"""Whose settings, data and account a command means. Light: every handed-over command loads it."""

from __future__ import annotations

from collections.abc import Mapping

_FOLDERS = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
_PREFIX = "IMGLINK_"
_SECRETS = ("IMGLINK_API_KEY", "IMGLINK_TOKEN")


def context_of(environ: Mapping[str, str], nonce: str) -> dict[str, str]:
    """What must be the same on both sides for the application to do a command's work.

    Credentials are in it as digests that mean nothing without `nonce`, which the application makes for each connection.
    """
    context = {
        name: value for name, value in environ.items() if value and (name in _FOLDERS or name.startswith(_PREFIX))
    }
    for name in _SECRETS:
        if name in context:
            context[name] = _digest(nonce, name, context[name])
    return context


def display_of(environ: Mapping[str, str]) -> str:
    """Which screen a command would take, in words; empty where it knows none, as over a remote shell."""
    return environ.get("WAYLAND_DISPLAY") or environ.get("DISPLAY") or ""


def activation_token_of(environ: Mapping[str, str]) -> str:
    """The word of whoever started this for the person, by which windows may come to the front; mostly empty."""
    return environ.get("XDG_ACTIVATION_TOKEN") or environ.get("DESKTOP_STARTUP_ID") or ""


def _digest(*parts: str) -> str:
    from hashlib import sha256

    return sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
