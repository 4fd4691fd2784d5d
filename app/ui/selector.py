"""The overlay as the capture workflow sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.core.errors import UserFacingError
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
        """Show the frozen desktop and let the person choose; None when they cancel.

        Raises UserFacingError when the monitors change meanwhile: the person did not cancel, and must hear of it.
        """

        def question(answer: Callable[[tuple[Selection | None, bool]], None]) -> None:
            self._overlay.select(
                desktop,
                windows_only=windows_only,
                last_region=last_region,
                fixed_size_px=fixed_size_px,
                on_done=lambda selection: answer((selection, self._overlay.has_lost_screens)),
            )

        try:
            selection, has_lost_screens = await self._bridge.ask(question)
        except asyncio.CancelledError:
            # Whoever wanted the picture has gone.
            self._bridge.post(self._overlay.cancel)
            raise
        if selection is None and has_lost_screens:
            raise UserFacingError(
                "A monitor was plugged in, unplugged or changed while you were choosing.", remedy="Capture again."
            )
        return selection
