from __future__ import annotations

import pytest
from PySide6.QtGui import QImage

from app.core.geometry import Rect
from app.core.images import ImageFormat
from app.core.screen import Frame
from app.encoding.encoder import ImageEncoder
from tests.unit.encoding.pictures import noise_frame


@pytest.mark.parametrize(
    "frame",
    [noise_frame(1, 1), noise_frame(33, 17, padding=12), noise_frame(1600, 1300).crop(Rect(3, 5, 1500, 1200))],
    ids=["pixel", "padded", "large crop"],
)
def test_qt_reads_the_png_to_the_exact_pixels(frame: Frame) -> None:
    image = QImage.fromData(ImageEncoder().encode(frame, ImageFormat.PNG))
    assert (image.width(), image.height()) == (frame.rect_px.width, frame.rect_px.height)
    assert image.textKeys() == []
    width, height = frame.rect_px.width, frame.rect_px.height
    assert image.convertToFormat(QImage.Format.Format_RGB32) == QImage(
        frame.packed(), width, height, width * 4, QImage.Format.Format_RGB32
    )
