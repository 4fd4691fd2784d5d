"""What an embed profile may say, and how much of it Discord shows.

Facts behind the numbers: Discord's message API takes at most 256 characters for an embed's title, author and provider
and 4096 for its description (Discord's documentation, "Embed Limits"). Of a *linked page* it shows less: og:title is
cut when it has over 70 bytes of UTF-8 and og:description when it has over 350, both down to three bytes less with
"..." behind them (observed by people who measured it, and built the same into other clients). The colour is read from
theme-color, as six hexadecimal digits. ImgLink documents no lengths: its own refusals are shown as they come.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from app.core.imglink import EmbedFields

FIELD_NAMES = ("name", "title", "description", "color", "author_name", "author_url", "site_name")
"""The fields of `EmbedFields`, in the order in which they are shown."""

LIMITS: Mapping[str, int] = MappingProxyType(
    {"name": 100, "title": 256, "description": 4096, "author_name": 256, "author_url": 2048, "site_name": 253}
)
"""The most characters of each. With more than 253 in the site's name, Discord shows no card at all."""

SHOWN_BYTES: Mapping[str, int] = MappingProxyType({"title": 70, "description": 350})
"""How many bytes of UTF-8 Discord shows of a linked page before it cuts."""

_DOTS = "..."
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


def problems(fields: EmbedFields) -> dict[str, str]:
    """What keeps a profile from being saved: field name → a sentence; empty when nothing does."""
    found = {name: problem(name, getattr(fields, name)) for name in FIELD_NAMES}
    return {name: text for name, text in found.items() if text}


def problem(name: str, value: str) -> str:
    """What is wrong with the value of one field, in a sentence; empty when nothing is."""
    if name == "name" and not value.strip():
        return "A profile needs a name."
    limit = LIMITS.get(name)
    if limit is not None and len(value) > limit:
        return f"{len(value) - limit} characters too long: the most is {limit}."
    if name == "color" and value and not _COLOR.fullmatch(value):
        return "A colour is # and six digits from 0 to f, such as #ff5733."
    if name == "author_url" and value and not _is_web_address(value):
        return "A web address begins with https:// or http://."
    return ""


def as_shown(name: str, value: str) -> str:
    """The part of a field that Discord shows of a linked page."""
    most = SHOWN_BYTES.get(name)
    data = value.encode("utf-8", "replace")
    if most is None or len(data) <= most:
        return value
    # Half a character at the cut is left out.
    return data[: most - len(_DOTS)].decode("utf-8", "ignore") + _DOTS


def is_cut(name: str, value: str) -> bool:
    """True when Discord does not show all of it."""
    return as_shown(name, value) != value


def parse_color(text: str) -> str:
    """A colour as it is stored, `#rrggbb` in lower case, from what people paste: also without the # and as #rgb.

    What is none of these comes back as it is.
    """
    digits = text.strip().removeprefix("#")
    if re.fullmatch(r"[0-9A-Fa-f]{3}", digits):
        digits = "".join(2 * digit for digit in digits)
    return f"#{digits.lower()}" if re.fullmatch(r"[0-9A-Fa-f]{6}", digits) else text.strip()


def _is_web_address(text: str) -> bool:
    if not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
