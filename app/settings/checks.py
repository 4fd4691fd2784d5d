"""What makes a single value unusable, in words that stand below its field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from app.core.base_url import parse_base_url
from app.core.geometry import parse_size
from app.core.imglink import parse_image_id
from app.core.shortcuts import Modifier, Shortcut, modifier_names

SAVE_PATTERN_FIELDS = ("width", "height", "title", "random")


def check_base_url(text: str) -> str | None:
    """Accept https://…, and http:// to this computer only."""
    return _reason(parse_base_url, text)


def check_sign_in_path(text: str) -> str | None:
    """Accept the path part of an address."""
    parts = urlsplit(text)
    if (
        not text.startswith("/")
        or parts.netloc
        or parts.query
        or parts.fragment
        or any(char.isspace() for char in text)
    ):
        return "Write a path such as /api/auth/login."
    return None


def check_id(text: str) -> str | None:
    """Accept nothing, or an id of the service."""
    try:
        parse_image_id(text or "none")
    except ValueError:
        return "An id has letters, digits, - and _, and nothing else."
    return None


def check_size(text: str) -> str | None:
    """Accept width and height in pixels."""
    try:
        parse_size(text)
    except ValueError:
        return "Write width and height in pixels, such as 1280x720."
    return None


def check_folder(text: str) -> str | None:
    """Accept nothing (the usual folder), an absolute path, or one below `~/`."""
    if text and "\0" not in text and (text == "~" or text.startswith("~/") or Path(text).is_absolute()):
        return None
    return "Write the whole path of a folder, such as ~/Pictures/Screenshots." if text else None


def check_save_pattern(text: str) -> str | None:
    """Accept strftime codes and the `$name` fields of saved files."""
    if not text.strip():
        return "A name pattern must not be empty."
    if "/" in text or "\0" in text:
        return "A name cannot contain a slash."
    parsed = Template(text)
    if not parsed.is_valid():
        return "A dollar sign must begin a name, such as $width; write $$ for a dollar sign."
    unknown = [name for name in parsed.get_identifiers() if name not in SAVE_PATTERN_FIELDS]
    if unknown:
        return f"${unknown[0]} is not known. Use {', '.join('$' + name for name in SAVE_PATTERN_FIELDS)}."
    return None


def check_shortcuts(shortcuts: Mapping[str, str]) -> str | None:
    """Accept shortcuts that can be read, take no ordinary key away, and are used once."""
    used: set[Shortcut] = set()
    for text in shortcuts.values():
        if not text:
            continue
        reason = check_shortcut(text)
        if reason:
            return f"{text}: {reason}"
        shortcut = Shortcut.parse(text)
        if shortcut in used:
            return f"{shortcut} is used twice."
        used.add(shortcut)
    return None


def check_shortcut(text: str) -> str | None:
    """Accept one shortcut for everywhere, or none."""
    if not text:
        return None
    reason = _reason(Shortcut.parse, text)
    if reason:
        return reason[:1].upper() + reason[1:] + "."
    if not Shortcut.parse(text).is_global_safe:
        names = modifier_names()
        others = f"{names[Modifier.CTRL]}, {names[Modifier.ALT]} or {names[Modifier.SUPER]}"
        return f"Add {others}: this key alone is needed for typing."
    return None


def _reason(parse: Callable[[str], object], text: str) -> str | None:
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None
