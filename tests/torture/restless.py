"""A sender that never ends: it waits for what never comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.torture.sender import Job, Log


async def run(job: Job, hold: Callable[[], None]) -> None:
    """Say that it begins, and begin."""
    hold()
    Log(job.log).say("begun")
    await wait_for_what_never_comes()


async def wait_for_what_never_comes() -> None:
    """The name that must be told."""
    await asyncio.Event().wait()
