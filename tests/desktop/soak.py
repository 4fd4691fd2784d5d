"""Fifty captures in a row: fifty links, the right pixels, and nothing left behind."""

from __future__ import annotations

from PIL import Image

from app.core.geometry import Rect
from tests.desktop.running import RunningProgram, pixels

CAPTURES = 50
_WARM_UP = 10
_MORE_KB = 32 * 1024
"""A frozen desktop of this size is 8 MB: one that is kept of every capture would be 320 MB in the end."""
_MORE_DESCRIPTORS = 2


class Soak:
    """What a program is put to. Take each of `rects`, tell each link, and check."""

    def __init__(self, program: RunningProgram, left: int) -> None:
        """`left` is where the first region begins, so that all lie where nothing of ours comes above."""
        self.rects = [Rect(left + 11 * number, 150 + 3 * number, 400, 300) for number in range(CAPTURES)]
        self.links: list[str] = []
        self._program = program
        self._descriptors, self._memory_kb = 0, 0

    def taken(self, link: str) -> None:
        """One more is done."""
        self.links.append(link)
        if len(self.links) == _WARM_UP:
            self._descriptors, self._memory_kb = self._program.descriptors(), self._program.memory_kb()

    def check(self, picture: Image.Image) -> None:
        """Compare with what the desktop showed, and with what the program held after the first few."""
        program = self._program
        assert len(set(self.links)) == CAPTURES
        assert self.links == [f"{program.server.base_url}/i/{image.id}" for image in program.server.images()]
        for number, rect in enumerate(self.rects):
            assert program.uploaded_picture(number).tobytes() == pixels(picture, rect)
        # What the last of them still holds, it lets go of.
        program.desktop.wait_for(
            lambda: program.descriptors() <= self._descriptors + _MORE_DESCRIPTORS,
            what=f"{self._descriptors} descriptors have become {program.descriptors()}",
        )
        program.desktop.wait_for(
            lambda: program.memory_kb() < self._memory_kb + _MORE_KB,
            what=f"{self._memory_kb} kB have become {program.memory_kb()}",
        )
