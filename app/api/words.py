"""Text from a server, made fit to stand in a sentence for a person."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_WORDS = 300
"""Characters of a server's own words that are shown."""

# Control characters but for tab and line feed, what turns the direction of text around, and halves of surrogate pairs,
# which no file and no clipboard takes. Joiners stay: emoji and several scripts need them.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Take out what cannot be shown or stored; line feeds and tabs stay."""
    return _UNPRINTABLE.sub("", text)


def clean_words(text: str, secrets: Iterable[str] = (), limit: int = MAX_WORDS) -> str:
    """One line of at most `limit` characters, without any of the `secrets`, should the server repeat what it got."""
    line = printable(" ".join(text.split()))
    for secret in filter(None, secrets):
        line = line.replace(secret, "…")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
