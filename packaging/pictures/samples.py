"""Uploads to fill windows with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image as Pixels
from PySide6.QtGui import QImage
from sample_desktop import letter, photograph, wallpaper

from app.core.imglink import Image, ImageId, UploadOptions
from app.core.uploads import UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind


def upload(
    name: str,
    state: UploadState,
    *,
    minutes_ago: int = 0,
    progress: float = 0.0,
    reason: str = "",
    kind: SourceKind = SourceKind.FILE,
    size: int = 840_000,
) -> UploadItem:
    """One upload; its id is its name."""
    return UploadItem(
        id=UploadId(name),
        path=Path("/nowhere") / name,
        file_name=name,
        upload_name="screenshot.png",
        kind=kind,
        mime="image/png",
        size=size,
        options=UploadOptions(),
        state=state,
        created_at=datetime.now(UTC) - timedelta(minutes=minutes_ago),
        width=1280,
        height=800,
        sent_bytes=round(progress * size),
        reason=reason,
        image=Image(ImageId("_RxgFRvwh9"), "https://i.imglink.cc/_RxgFRvwh9.png")
        if state is UploadState.DONE
        else None,
    )


def running() -> list[UploadItem]:
    """Some on their way."""
    return [
        upload("Harbour at dawn.png", UploadState.SENDING, progress=0.62, size=4_800_000),
        upload("Region", UploadState.COMMITTING, progress=1.0, kind=SourceKind.REGION),
        upload("Letter to Ada.webp", UploadState.QUEUED),
    ]


def finished() -> list[UploadItem]:
    """Five that are done, newest first."""
    return [
        upload("Region", UploadState.DONE, minutes_ago=1, kind=SourceKind.REGION),
        upload("Window", UploadState.DONE, minutes_ago=9, kind=SourceKind.WINDOW),
        upload("Photograph of the sea.jpg", UploadState.DONE, minutes_ago=34),
        upload("A name that is too long to be shown whole in one row.png", UploadState.DONE, minutes_ago=190),
        upload("Whole screen", UploadState.DONE, minutes_ago=1600, kind=SourceKind.SCREEN),
    ]


def thumbnails() -> list[QImage]:
    """A few small pictures, drawn here."""
    return [as_qimage(draw(480, 320).resize((144, 96))) for draw in (photograph, letter, wallpaper)]


def as_qimage(picture: Pixels.Image) -> QImage:
    """A copy for Qt."""
    data = picture.convert("RGB").tobytes()
    return QImage(data, *picture.size, picture.width * 3, QImage.Format.Format_RGB888).copy()
