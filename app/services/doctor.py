"""Say what works on this desktop: every part probes itself, and nothing is tried that has side effects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from app.core.errors import UserFacingError
from app.core.ports import Probe

PROBE_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report: the part's name, such as `Screen capture`, and what it says of itself."""

    part: str
    probe: Probe


async def examine(parts: Mapping[str, Callable[[], Awaitable[Probe]]]) -> tuple[Finding, ...]:
    """Probe all parts side by side, in the order given. One that hangs is reported as that."""

    async def one(part: str, probe: Callable[[], Awaitable[Probe]]) -> Finding:
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                return Finding(part, await probe())
        except TimeoutError:
            reason = f"It did not answer within {PROBE_TIMEOUT_S:g} seconds."
            return Finding(part, Probe("?", available=False, reason=reason, remedy="Restart it, or log in again."))
        except UserFacingError as error:
            return Finding(part, Probe("?", available=False, reason=error.message, remedy=error.remedy))

    return tuple(await asyncio.gather(*(one(part, probe) for part, probe in parts.items())))
