"""A logind of the tests' own: it says on a bus that the computer sleeps and wakes."""

from __future__ import annotations

from collections.abc import Mapping

from app.system.dbus import SessionBus

NAME = "org.freedesktop.login1"


class FakeLogind:
    """Made by `start`, used on the loop that made it."""

    def __init__(self, bus: SessionBus) -> None:
        self.bus = bus

    @classmethod
    async def start(cls, environ: Mapping[str, str]) -> FakeLogind:
        """Take the name on the bus of `environ`, which stands for the system's."""
        made = cls(await SessionBus.connect(environ))
        assert await made.bus.own(NAME)
        return made

    async def prepare_for_sleep(self, is_going: bool) -> None:
        """Say that the computer is about to sleep, or awake again."""
        await self.bus.emit(
            "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep", "b", (is_going,)
        )

    async def stop(self) -> None:
        """Leave the bus."""
        await self.bus.close()
