"""The history window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from PIL import Image as Pixels
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtWidgets import QWidget
from sample_desktop import letter, photograph, wallpaper

from app.core.errors import ErrorKind
from app.core.history import EntryId, HistoryEntry, HistorySort, HistoryStatistics
from app.core.imglink import AlbumId, EmbedId, Image, ImageId, Visibility
from app.core.links import LinkForm, format_link
from app.core.uploads import RemoteState, UploadState
from app.core.workflow import DEFAULT_SHORTCUTS, SourceKind
from app.ui import icons, theme
from app.ui.history_window import HistoryWindow
from app.ui.history_window.switch import ViewMode
from pictures.frame import picture
from pictures.samples import as_qimage, running, upload

_NAMES = (
    ("Harbour at dawn.jpg", SourceKind.DROP, 4_812_330, (4032, 3024)),
    ("", SourceKind.REGION, 184_020, (1280, 800)),
    ("Invoice 2026-118.png", SourceKind.FILE, 92_400, (1654, 2339)),
    ("", SourceKind.WINDOW, 402_118, (1440, 960)),
    ("Größe der Übung – Skizze.webp", SourceKind.CLI, 71_020, (900, 600)),
    ("", SourceKind.SCREEN, 2_410_000, (3840, 2160)),
    ("Holiday 2026 – Lofoten, the last evening before the storm came in from the west.jpeg", SourceKind.DROP, 6_100_000,
     (6000, 4000)),
    ("", SourceKind.CLIPBOARD, 33_010, (640, 480)),
)  # fmt: skip
_TITLES = {0: "Harbour, before sunrise", 5: "Board of the sprint"}


class SamplePictures:
    """A few drawings, always at hand."""

    def pixmap(self, what: HistoryEntry, size_px: int, dpr: float) -> QPixmap | None:
        if what.kind is SourceKind.CLIPBOARD:
            return None
        drawing = _drawings()[what.id % 3]
        scaled = drawing.scaled(
            round(size_px * dpr),
            round(size_px * dpr),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        scaled.setDevicePixelRatio(dpr)
        return scaled

    def placeholder(self, what: HistoryEntry, size_px: int, dpr: float) -> QPixmap:
        return icons.pixmap("clipboard", QColor(theme.current_tokens().disabled), size_px, dpr)

    def keep_only(self, keys: Iterable[EntryId]) -> None:
        """Everything is there."""


def sample_entries(count: int = 64) -> list[HistoryEntry]:
    """Some days of uploads, newest first."""
    now, entries = datetime.now(UTC), []
    for number in range(count):
        name, kind, size, (width, height) = _NAMES[number % len(_NAMES)]
        moment = now - timedelta(minutes=7 + 151 * number)
        image_id = ImageId(f"_Rx{number:04}vwh")
        entries.append(
            HistoryEntry(
                id=EntryId(round(moment.timestamp() * 1_000_000) // 3 * 3 + number % 3),
                image=Image(
                    image_id,
                    f"https://i.imglink.cc/{image_id}.png",
                    viewer=f"https://imglink.cc/i/{image_id}",
                    thumbnail=f"https://i.imglink.cc/t/{image_id}.webp",
                    delete=f"https://imglink.cc/delete/{image_id}?token=k3v9q0xw",
                    views=17 * number % 113,
                ),
                file_name=name or "k3v9q0xw.png",
                kind=kind,
                path=Path("/nowhere/file.png") if number % 3 else None,
                width=width,
                height=height,
                size=size,
                mime="image/png",
                sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                visibility=Visibility.PRIVATE if number % 7 == 3 else Visibility.PUBLIC,
                anonymous=number % 11 == 10,
                title=_TITLES.get(number, ""),
                note="For the talk in May." if number == 0 else "",
                favourite=number in (0, 5, 9),
                albums=(AlbumId("talk"),) if number % 5 == 0 else (),
                embed=EmbedId("3") if number == 0 else None,
                remote_state=RemoteState.GONE if number == 6 else RemoteState.THERE,
                checked_at=now - timedelta(hours=2) if number in (0, 6) else None,
            )
        )
    return entries


def history_window(entries: Sequence[HistoryEntry] = (), *, mode: ViewMode = ViewMode.GRID) -> HistoryWindow:
    """The window with these."""
    window = HistoryWindow(SamplePictures())
    window.set_shortcut(DEFAULT_SHORTCUTS["region"])
    window.set_links(
        LinkForm.VIEWER,
        lambda entry: {
            form: format_link(entry.image, form, file_name=entry.file_name)
            for form in LinkForm
            if form is not LinkForm.CUSTOM
        },
    )
    window.set_albums({AlbumId("talk"): "Talk in May"})
    window.set_embeds({EmbedId("3"): "Studio"})
    window.set_mode(mode)
    window.model.reset([entry.id for entry in entries], entries, HistorySort.NEWEST)
    window.set_statistics(
        HistoryStatistics(12_431 if entries else 0, 312_400_000 if entries else 0, 4 if entries else 0)
    )
    window.show_list(complete=True)
    return window


@picture("history-empty")
def empty() -> QWidget:
    """Before the first upload."""
    return history_window()


@picture("history-grid")
def grid() -> QWidget:
    """Pictures by day, nothing chosen."""
    return history_window(sample_entries())


@picture("history-details")
def details() -> QWidget:
    """One is chosen."""
    entries = sample_entries()
    window = history_window(entries)
    window.listing.choose([entries[0].id], entries[0].id)
    return window


@picture("history-gone")
def gone() -> QWidget:
    """One with a long name that is not on the service any more."""
    entries = sample_entries()
    window = history_window(entries)
    window.listing.choose([entries[6].id], entries[6].id)
    return window


@picture("history-table")
def table() -> QWidget:
    """The same as a table, with some chosen."""
    entries = sample_entries()
    window = history_window(entries, mode=ViewMode.TABLE)
    window.listing.choose([entry.id for entry in entries[2:6]], entries[2].id)
    return window


@picture("history-long-text")
def long_text() -> QWidget:
    """Text that does not fit, and markup that must not be taken for any."""
    long = "<b>Very</b> long & <img src=x> " * 8
    entries = [
        replace(entry, title=long, note=long * 3, file_name=long, albums=(AlbumId(long),), mime=long[:80])
        for entry in sample_entries(5)
    ]
    window = history_window(entries)
    window.listing.choose([entries[0].id], entries[0].id)
    return window


@picture("history-no-match")
def no_match() -> QWidget:
    """Words and filters that nothing has."""
    window = history_window()
    window.filters.search.setText("aurora")
    window.filters._search_now()
    window.filters._change(favourite=True, visibility=Visibility.PRIVATE, since=datetime(2026, 3, 1, tzinfo=UTC))
    window.show_list(complete=True)
    return window


@picture("history-error")
def error() -> QWidget:
    """It cannot be read."""
    window = history_window()
    window.show_error("The disk does not answer. Nothing is lost. Try again in a moment.")
    return window


@picture("history-trouble")
def trouble() -> QWidget:
    """What waits and failed stands on top."""
    window = history_window(sample_entries())
    window.set_uploads(
        [
            upload("Too big.png", UploadState.FAILED, reason="File exceeds the limit of 50 MB."),
            replace(running()[0], error_kind=ErrorKind.OFFLINE),
        ]
    )
    return window


@picture("history-undo")
def undo() -> QWidget:
    """Three are about to be deleted."""
    entries = sample_entries()
    window = history_window(entries)
    window.listing.choose([entry.id for entry in entries[1:4]], entries[1].id)
    window.action.offer_undo("3 images are deleted on ImgLink in 5 s.", 5.0)
    return window


@picture("history-deleted")
def deleted() -> QWidget:
    """Some could not be deleted."""
    window = history_window(sample_entries())
    window.results.show_results(
        "2 of 40 images could not be deleted.",
        [
            "Harbour at dawn.jpg: This API key may upload, but not delete.",
            "Region: ImgLink did not answer. It is still there.",
        ],
    )
    window.results._show_or_hide()
    window.action.show_progress("Deleting 12 of 40 images…", 12, 40)
    return window


@cache
def _drawings() -> tuple[QPixmap, ...]:
    def pixmap(pixels: Pixels.Image) -> QPixmap:
        return QPixmap.fromImage(as_qimage(pixels))

    return tuple(pixmap(draw(960, 640)) for draw in (photograph, letter, wallpaper))
