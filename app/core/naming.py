"""Names for captured files.

Upload names are neutral by default: no window title, user name or path leaves the machine. The pattern for saved
files is the person's own and takes strftime codes and `$name` fields.
"""

from __future__ import annotations

import string
from datetime import datetime

_ALPHABET = string.ascii_lowercase + string.digits
_UNSAFE = str.maketrans(dict.fromkeys('/\\:*?"<>|', "-"))
_MAX_NAME_BYTES = 200

DEFAULT_SAVE_PATTERN = "Screenshot %Y-%m-%d %H-%M-%S"


def neutral_upload_name(extension: str) -> str:
    """A random name such as `k3v9q0xw.png`; `extension` has its dot."""
    # It brings hashing along, which the command line's start need not wait for.
    import secrets

    return "".join(secrets.choice(_ALPHABET) for _ in range(8)) + extension


def file_name_from_pattern(pattern: str, when: datetime, *, width: int, height: int, title: str, extension: str) -> str:
    """Fill a save pattern: strftime codes, and `$width`, `$height`, `$title`, `$random`.

    The result is one path component of at most 200 bytes: separators and characters that other systems refuse become
    `-`, leading dots and surrounding blanks go. An empty result becomes `Screenshot`.
    """
    filled = string.Template(when.strftime(pattern)).safe_substitute(
        width=width, height=height, title=title, random=neutral_upload_name("")
    )
    name = clean_component(filled)
    return (name or "Screenshot") + extension


def clean_component(text: str) -> str:
    """Make `text` one safe path component (see `file_name_from_pattern`); may be empty."""
    name = "".join(char for char in text.translate(_UNSAFE) if char.isprintable()).strip().lstrip(".")
    return name.encode()[:_MAX_NAME_BYTES].decode(errors="ignore").strip()
