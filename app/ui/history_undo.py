"""What can be taken back in the history window: the latest first, each while its time lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.core.imglink import ImageId
from app.ui.history_window.bars import ActionBar


@dataclass(eq=False, slots=True)
class Step:
    """One thing that the person asked for. It can be unwanted before it is done."""

    text: str = ""
    until: float = 0.0
    take_back: Callable[[], None] | None = None
    """None until it is done."""
    image_ids: frozenset[ImageId] = frozenset()
    """Those that it deletes."""
    is_unwanted: bool = False


class UndoSteps:
    """Lives on the Qt thread. Of what can be taken back, the bar shows the latest."""

    def __init__(self, bar: ActionBar, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bar = bar
        self._monotonic = monotonic
        self._steps: list[Step] = []
        bar.expired.connect(self._show_latest)

    @property
    def is_offering(self) -> bool:
        """True while the bar is needed for something that can be taken back."""
        return bool(self._lasting())

    def begin(self) -> Step:
        """Something was asked for; from now on, undo means this."""
        step = Step()
        self._steps.append(step)
        return step

    def offer(
        self, step: Step, text: str, seconds: float, take_back: Callable[[], None], image_ids: Iterable[ImageId] = ()
    ) -> None:
        """It is done, and can be taken back for so long; at once, when it is unwanted by now."""
        if step.is_unwanted:
            take_back()
            return
        step.text, step.until, step.take_back = text, self._monotonic() + seconds, take_back
        step.image_ids = frozenset(image_ids)
        self._show_latest()

    def drop(self, step: Step) -> None:
        """There is nothing to take back."""
        if step in self._steps:
            self._steps.remove(step)

    def drop_images(self, image_ids: Iterable[ImageId]) -> None:
        """It is too late for these: they are being deleted."""
        late = frozenset(image_ids)
        self._steps = [step for step in self._steps if not step.image_ids & late]

    def undo(self) -> None:
        """Take back what was asked for last, while there is time."""
        self._lasting()
        if not self._steps:
            return
        step = self._steps.pop()
        self._bar.stop()
        if step.take_back is None:
            step.is_unwanted = True
        else:
            step.take_back()

    def _lasting(self) -> list[Step]:
        """What is done and can still be taken back."""
        now = self._monotonic()
        self._steps = [step for step in self._steps if step.take_back is None or now < step.until]
        return [step for step in self._steps if step.take_back is not None]

    def _show_latest(self) -> None:
        lasting = self._lasting()
        if lasting:
            self._bar.offer_undo(lasting[-1].text, lasting[-1].until - self._monotonic())
