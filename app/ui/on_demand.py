"""A window that costs nothing before it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

W = TypeVar("W")


class OnDemand(Generic[W]):
    """One that is made when it is first asked for, and kept; several parts share it. Use it on the Qt thread only."""

    def __init__(self, make: Callable[[], W]) -> None:
        """`make` loads and makes it."""
        self._make = make
        self._made: W | None = None
        self._prepare: list[Callable[[W], object]] = []

    @property
    def made(self) -> W | None:
        """It, once there is one: for news, which wait in whoever has them until someone can see them."""
        return self._made

    def get(self) -> W:
        """It, made now if need be: for what the person wants, or has to see."""
        if self._made is None:
            self._made = self._make()
            for prepare in self._prepare:
                prepare(self._made)
        return self._made

    def when_made(self, prepare: Callable[[W], object]) -> None:
        """Call `prepare(it)` as soon as it is there, which may be now: to connect it, and to show how things stand."""
        self._prepare.append(prepare)
        if self._made is not None:
            prepare(self._made)
