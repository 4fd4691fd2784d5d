"""The overlay as the capture workflow sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.core.geometry import Rect
from app.core.ports import Selection
from app.core.screen import Desktop
from app.ui.bridge import Bridge
from app.ui.overlay import Overlay


class OverlaySelector:
    """A `RegionSelector` (see `app.core.ports`): a coroutine for the asyncio thread, the overlay on the Qt thread."""

    def __init__(self, bridge: Bridge, overlay: Overlay) -> None:
        self._bridge = bridge
        self._overlay = overlay

    async def select(
        self,
        desktop: Desktop,
        *,
        windows_only: bool,
        last_region: Rect | None,
        fixed_size_px: tuple[int, int] | None = None,
    ) -> Selection | None:
        """Show the frozen desktop and let the person choose; None when they cancel."""

        def question(answer: Callable[[Selection | None], None]) -> None:
            self._overlay.select(
                desktop,
                windows_only=windows_only,
                last_region=last_region,
                fixed_size_px=fixed_size_px,
                on_done=answer,
            )

        try:
            return await self._bridge.ask(question)
        except asyncio.CancelledError:
            # Whoever wanted the picture has gone.
            self._bridge.post(self._overlay.cancel)
            raise
