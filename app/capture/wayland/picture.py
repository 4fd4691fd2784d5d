"""Pictures that other programs took, as frames of the desktop's monitors.

A picture of the whole desktop is drawn in one scale for all outputs: the logical one, or that of the sharpest output
(GNOME, KDE and wlroots all do one of the two). So the picture's size over that of the layout tells its scale. An output
of that scale comes out with its own pixels, exactly; one of another scale was enlarged into the picture and is brought
back to its own size by taking the nearest pixel of the picture. That is exact where pixels were repeated a whole number
of times; GNOME blends them with their neighbours, and such an output stays soft.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.capture.arrangement import Output, arrange
from app.core.errors import UserFacingError
from app.core.geometry import Rect, bounding
from app.core.images import SNIFF_BYTES, ImageFormat, sniff
from app.core.screen import Desktop, Frame, Monitor

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_FILE_BYTES = 512 * 1024 * 1024
MAX_PIXELS = 200_000_000
_FORMATS = {ImageFormat.PNG: "PNG", ImageFormat.JPEG: "JPEG", ImageFormat.WEBP: "WEBP"}
_PPM = b"P6\n"


class UnusablePicture(UserFacingError):
    """What another program took for us is no picture of this desktop."""

    def __init__(self, taker: str, details: str) -> None:
        super().__init__(
            f"The picture of the screen that {taker} made cannot be used.", remedy="Try again.", details=details
        )


def load_picture(path: Path, *, taker: str) -> Image:
    """Read a picture that `taker` wrote, as RGB. Blocks; raises UnusablePicture.

    Only a regular file of our own is opened, and decoded only as what its first bytes say.
    """
    from PIL import Image

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_uid != os.getuid():
                raise UnusablePicture(taker, f"{path} is no file of this person")
            if not 0 < about.st_size <= MAX_FILE_BYTES:
                raise UnusablePicture(taker, f"{path} has {about.st_size} bytes")
            head = file.read(SNIFF_BYTES)
            file.seek(0)
            name = "PPM" if head.startswith(_PPM) else _FORMATS.get(sniff(head) or ImageFormat.SVG)
            if name is None:
                raise UnusablePicture(taker, f"{path} is in no known format")
            # PIL's own limit is below what a wall of screens has; ours is checked before anything is decoded.
            with Image.open(file, formats=(name,)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UnusablePicture(taker, f"{image.width} × {image.height} pixels are too many")
                return image.convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise UnusablePicture(taker, f"{path}: {problem}") from problem


def desktop_of(image: Image, outputs: Sequence[Output], *, taker: str) -> Desktop:
    """Cut a picture of the whole desktop into its outputs. Raises UnusablePicture when it shows another desktop."""
    layout = bounding([each.logical for each in outputs])
    factor = _factor(image.size, outputs, layout)
    if factor is None:
        raise UnusablePicture(taker, f"{image.size} pixels for a layout of {layout}")
    monitors = arrange(outputs)
    frames = []
    for monitor, output in zip(monitors, outputs, strict=True):
        area = output.logical.moved(-layout.x, -layout.y)
        left, top = round(area.x * factor), round(area.y * factor)
        if abs(factor - output.scale) * max(output.size_px) < output.scale:
            part = image.crop((left, top, left + output.size_px[0], top + output.size_px[1]))
        else:
            right, bottom = round(area.right * factor), round(area.bottom * factor)
            part = image.crop((left, top, right, bottom)).resize(output.size_px, resample=0)
        frames.append(frame_of(part, monitor.rect_px))
    return in_order(monitors, frames)


def chosen_desktop(image: Image) -> Desktop:
    """A picture of which the person has chosen the part already, as a desktop of its own."""
    rect_px = Rect(0, 0, image.width, image.height)
    return Desktop((Monitor(1, "chosen", rect_px),), (frame_of(image, rect_px),), is_chosen=True)


def frame_of(image: Image, rect_px: Rect) -> Frame:
    """The pixels of an RGB picture, as a frame at this place."""
    return Frame(rect_px, memoryview(image.tobytes("raw", "BGRX")), rect_px.width * 4)


def in_order(monitors: Sequence[Monitor], frames: Sequence[Frame]) -> Desktop:
    """A desktop with its monitors in the order of their numbers."""
    pairs = sorted(zip(monitors, frames, strict=True), key=lambda pair: pair[0].number)
    return Desktop(tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))


def _factor(size_px: tuple[int, int], outputs: Sequence[Output], layout: Rect) -> float | None:
    """Pixels of the picture per logical unit; None when the picture cannot be of this layout."""
    scales = {1.0, *(each.scale for each in outputs)}
    # A fractional scale rounds the size of every output, and of the picture.
    slack = 2 * len(outputs)
    fitting = [
        scale
        for scale in sorted(scales, reverse=True)
        if abs(layout.width * scale - size_px[0]) <= slack and abs(layout.height * scale - size_px[1]) <= slack
    ]
    return min(fitting, key=lambda scale: abs(layout.width * scale - size_px[0]), default=None)
