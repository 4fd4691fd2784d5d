"""Entries of the history whose every text means no good, and a look at what a program opened while it showed them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from app.core.history import EntryId, HistoryEntry
from app.core.imglink import AlbumId, EmbedId, Image, ImageId
from app.core.workflow import SourceKind

_CALLS = "trace=open,openat,openat2,connect,execve"
_OPENED = re.compile(r'\bopen(?:at2?)?\((?:[^"(]*, )?"((?:[^"\\]|\\.)*)"')
_RUN = re.compile(r'\bexecve\("((?:[^"\\]|\\.)*)"')
_CONNECTED = re.compile(r"\bconnect\(.*?sin6?_port=htons\((\d+)\)")


def hostile_texts(canary: Path, address: str) -> list[str]:
    """Texts that lead a careless program to the file `canary`, or to `address` (`http://…`)."""
    return [
        f'<img src="file://{canary}">',
        f"<img src={address}/a.png>",
        f'<b>bold</b><a href="file://{canary}">link</a>',
        f'<svg xmlns="http://www.w3.org/2000/svg"><image href="file://{canary}" width="9" height="9"/></svg>',
        f'<html><head><link rel="stylesheet" href="file://{canary}"></head></html>',
        f"file://{canary}",
        str(canary),
        f"{address}/direct.png",
        f"url({canary})",
        f"../../../../../../../../..{canary}",
        f"$(cat {canary})`cat {canary}`",
        f"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='{address}/x'/></svg>",
        "javascript:alert(1)\u202egnp.a\0",
    ]


def hostile_entries(canary: Path, address: str, thumbnails: Sequence[str]) -> list[HistoryEntry]:
    """Each text in every field that holds one, and each of the `thumbnails`; no entry has a copy of its own."""
    numbers = count(1)

    def entry(text: str, thumbnail: str) -> HistoryEntry:
        image = Image(
            ImageId(text), text + str(next(numbers)), viewer=text, thumbnail=thumbnail, delete=text, size=10, mime=text
        )
        return HistoryEntry(
            EntryId(next(numbers)),
            image,
            text,
            SourceKind.IMPORT,
            mime=text,
            size=10,
            sha256=text,
            albums=(AlbumId(text),),
            embed=EmbedId(text),
            title=text,
            note=text,
        )

    texts = hostile_texts(canary, address)
    return [*(entry(text, text) for text in texts), *(entry(texts[0], thumbnail) for thumbnail in thumbnails)]


@dataclass(frozen=True, slots=True)
class Touched:
    """What a program and its children did, as strace saw it."""

    opened: tuple[str, ...]
    """Paths, as they were given."""
    ports: frozenset[int]
    """Of every TCP address that was connected to."""
    programs: tuple[str, ...]


def watch(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> Touched:
    """Run a command to its end under strace. Raises CalledProcessError when it fails."""
    output = folder / "trace"
    tracing = ["strace", "-f", "-s", "4096", "-e", _CALLS, "-o", str(output), *command]
    subprocess.run(tracing, env={**os.environ, **environ}, check=True, timeout=240)
    text = output.read_text(errors="replace")
    return Touched(
        tuple(_OPENED.findall(text)),
        frozenset(int(port) for port in _CONNECTED.findall(text)),
        tuple(_RUN.findall(text)),
    )


def assert_untouched(touched: Touched, canary: Path, allowed_ports: frozenset[int]) -> None:
    """Fail when the canary, or anything with its name, was opened, another port connected to, or a program started."""
    assert touched.opened, "strace saw nothing"
    assert [path for path in touched.opened if canary.name in path] == []
    assert touched.ports <= allowed_ports
    assert len(touched.programs) == 1, touched.programs
