"""A call whose answer is on its way for as long as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Holding:
    """Holds back what `read` returns until `goes_on` is set."""

    read: Callable[..., Awaitable[Any]]
    is_there: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, *args: Any, **named: Any) -> Any:
        found = await self.read(*args, **named)
        self.is_there.set()
        await self.goes_on.wait()
        return found
