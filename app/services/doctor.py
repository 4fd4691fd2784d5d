"""Say what works on this desktop: every part probes itself, and nothing is tried that has side effects."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.core.ports import Probe

PROBE_TIMEOUT_S = 5.0
_WIDTH = 100


class Mark(Enum):
    """What a line of the report says at a glance."""

    OK = "ok"
    NOTE = "note"
    """It works without, or could be better."""
    MISSING = "MISSING"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: the part, and what it says of itself."""

    part: Part
    probe: Probe

    def mark(self, optional: Collection[Part]) -> Mark:
        """How it stands, when the program does without the `optional` parts."""
        if not self.probe.available:
            return Mark.NOTE if self.part in optional else Mark.MISSING
        return Mark.NOTE if self.probe.remedy else Mark.OK


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, and the whole as text to be shown to somebody else: without a secret, without the person's name."""

    findings: tuple[Finding, ...]
    optional: frozenset[Part]
    text: str


@contextmanager
def failing(part: Part) -> Iterator[None]:
    """Name the part of the desktop that is at work, in every failure that comes of it."""
    try:
        yield
    except UserFacingError as error:
        error.part = error.part or part
        raise


async def examine(parts: Mapping[Part, Callable[[], Awaitable[Probe]]]) -> tuple[Finding, ...]:
    """Probe all parts side by side, in the order given. One that hangs is reported as that."""

    async def one(part: Part, probe: Callable[[], Awaitable[Probe]]) -> Finding:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                return Finding(part, await probe())
        except TimeoutError:
            reason = f"It did not answer within {PROBE_TIMEOUT_S:g} seconds."
            return Finding(part, Probe("?", available=False, reason=reason, remedy="Restart it, or log in again."))
        except UserFacingError as error:
            return Finding(part, Probe("?", available=False, reason=error.message, remedy=error.remedy))

    return tuple(await asyncio.gather(*(one(part, probe) for part, probe in parts.items())))


def report_lines(findings: Sequence[Finding], optional: Collection[Part], *, home: str = "") -> list[str]:
    """The report as plain text. With `home`, that folder is written `~`: it has the person's name in it."""
    width = max((len(finding.part.value) for finding in findings), default=0)
    column = len(Mark.MISSING.value)
    indent = " " * (column + 2 + width + 2)
    lines: list[str] = []
    for finding in findings:
        probe = finding.probe
        lines.append(f"{finding.mark(optional).value:<{column}}  {finding.part.value:<{width}}  {probe.name}")
        for text, first in ((probe.reason, ""), (probe.remedy, "→ ")):
            lines += [indent + line for line in textwrap.wrap(first + text, _WIDTH - len(indent)) if text]
    return [line.replace(home, "~") for line in lines] if home else lines
