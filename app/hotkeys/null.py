"""No shortcuts, and the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.core.ports import BindResult, OnPressed, Probe
from app.core.shortcuts import Shortcut


class NullHotkeys:
    """Binds nothing and says why."""

    name = "null"
    detects_conflicts = False
    takes_keys = False

    def __init__(self, reason: str, remedy: str = "") -> None:
        self._reason = reason
        self._remedy = remedy

    def probe(self) -> Probe:
        """Never available."""
        return Probe(self.name, available=False, reason=self._reason, remedy=self._remedy)

    async def start(
        self,
        on_pressed: OnPressed,
        on_change: Callable[[Mapping[str, BindResult]], None] | None = None,
    ) -> None:
        """Nothing ever comes."""

    async def bind(self, shortcuts: Mapping[str, Shortcut]) -> Mapping[str, BindResult]:
        """Refuse all, with the reason."""
        reason = f"{self._reason} {self._remedy}".strip()
        return {action: BindResult(shortcut, bound=False, reason=reason) for action, shortcut in shortcuts.items()}

    async def stop(self) -> None:
        """Nothing to release."""
