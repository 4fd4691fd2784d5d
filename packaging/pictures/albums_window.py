"""The albums in every state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from app.core.errors import ErrorKind
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import Album, AlbumId, Image, ImageId
from app.core.jobs import Job, JobId, JobItem, JobItemState, JobKind, JobsHold, JobState
from app.core.workflow import SourceKind
from app.ui.albums_window.chooser import AlbumChooser
from app.ui.albums_window.edit_dialog import EditDialog
from app.ui.albums_window.picker import Picker
from app.ui.albums_window.window import AlbumsWindow
from pictures.frame import picture

NAMES = ("Evening in the hills", "error-dialog.png", "Seating plan", "receipt-2026-03.jpg", "Team photo", "sketch.webp")
LONG = (
    "Screenshots of the great migration of the accounting system, from the first days until nobody could say any more"
)


def sample_pixmap(what: HistoryEntry | str, size_px: int, ratio: float) -> QPixmap | None:
    """A coloured picture that differs by address."""
    key = what if isinstance(what, str) else what.image_id
    if key.endswith("none"):
        return None
    hue = sum(key.encode()) * 47 % 360
    side = round(size_px * ratio)
    pixmap = QPixmap(side, side * 3 // 4)
    gradient = QLinearGradient(0, 0, side, side)
    gradient.setColorAt(0, QColor.fromHsv(hue, 110, 225))
    gradient.setColorAt(1, QColor.fromHsv((hue + 50) % 360, 150, 140))
    painter = QPainter(pixmap)
    painter.fillRect(pixmap.rect(), gradient)
    painter.end()
    return pixmap


def image(number: int) -> Image:
    """An image of an album."""
    return Image(ImageId(f"_RxgFRv{number:03}"), f"https://i.imglink.example/{number}.png")


def albums() -> list[Album]:
    """Albums of every kind."""
    return [
        Album(AlbumId("a1"), "Holiday in Norway", "Two weeks along the coast, in the rain.", True, 23, "https://e/3",
              "https://imglink.cc/a/a1"),
        Album(AlbumId("a2"), "Bug reports", image_count=148, cover="https://e/11"),
        Album(AlbumId("a3"), "Family", image_count=1, cover="https://e/21", has_password=True),
        Album(AlbumId("a4"), "Receipts", is_public=False, image_count=0),
        Album(AlbumId("a5"), LONG, image_count=7, cover="https://e/none"),
    ]  # fmt: skip


def entries(count: int) -> list[HistoryEntry]:
    """Images of the history."""
    return [
        HistoryEntry(EntryId(number + 1), image(number), NAMES[number % len(NAMES)], SourceKind.FILE)
        for number in range(count)
    ]


def job(kind: JobKind, done: int, failed: int, total: int, state: JobState) -> Job:
    """A job that has come so far."""

    def item(number: int) -> JobItem:
        if number < failed:
            reason = "Could not add the image to the album: it is not there, or it is not yours. Nothing was changed."
            return JobItem(image(number).id, JobItemState.FAILED, reason)
        return JobItem(image(number).id, JobItemState.DONE if number < failed + done else JobItemState.PENDING)

    items = tuple(item(number) for number in range(total))
    made_at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    return Job(JobId(f"{kind.value}{total}"), kind, "a1", "Holiday in Norway", items, made_at, state)


def window(album: int = 0, count: int = 23, jobs: Sequence[Job] = (), hold: JobsHold | None = None) -> AlbumsWindow:
    """The window with everything in it."""
    made = AlbumsWindow(sample_pixmap)
    listed = albums()
    made.set_default(AlbumId("a2"))
    made.set_albums(listed)
    made.list.choose(listed[album].id)
    images = tuple(image(number) for number in range(count))
    known = {entry.image_id: entry for entry in entries(count)[: count * 2 // 3]}
    made.set_images(replace(listed[album], images=images), known)
    made.set_jobs(jobs, hold)
    return made


def of_state(show: Callable[[AlbumsWindow], object]) -> Callable[[], QWidget]:
    """The window without albums, told something."""

    def make() -> QWidget:
        made = AlbumsWindow(sample_pixmap)
        show(made)
        return made

    return make


full = picture("albums-full")(window)
loading = picture("albums-loading")(of_state(AlbumsWindow.show_loading))
signed_out = picture("albums-signed-out")(of_state(AlbumsWindow.show_signed_out))
none_yet = picture("albums-none")(of_state(lambda made: made.set_albums(())))
unreadable = picture("albums-failed")(
    of_state(
        lambda made: made.show_failure(
            "Could not list the albums: a web page came back in place of an answer (HTTP 502). Try again later."
        )
    )
)
empty_album = picture("albums-empty-album")(lambda: window(3, 0))


@picture("albums-selected")
def selected() -> QWidget:
    """Some images are selected, and the album takes new captures."""
    made = window()
    made.set_default(AlbumId("a1"))
    made.page.grid.select([image(number).id for number in (1, 2, 5)])
    return made


@picture("albums-long")
def long_texts() -> QWidget:
    """Everything is too long, and something went wrong."""
    made = AlbumsWindow(sample_pixmap)
    listed = [*albums()[:4], replace(albums()[4], description=" ".join([LONG] * 3))]
    made.set_albums(listed)
    made.list.choose("a5")
    made.set_images(replace(listed[4], images=tuple(image(number) for number in range(3))), {})
    made.show_notice(
        "Could not change the album: the server has trouble (HTTP 503). It may have been done all the same."
    )
    return made


@picture("albums-jobs")
def jobs() -> QWidget:
    """Jobs that run, went well, and failed in part."""
    bad = job(JobKind.ADD_TO_ALBUM, 197, 3, 200, JobState.FINISHED)
    running = job(JobKind.ADD_TO_ALBUM, 63, 0, 180, JobState.ACTIVE)
    well = job(JobKind.REMOVE_FROM_ALBUM, 3, 0, 3, JobState.FINISHED)
    made = window(jobs=[bad, running, well])
    for bar in made.job_bars:
        if bar.job is not None and bar.job.failed:
            bar.show_reasons()
    return made


@picture("albums-held")
def held() -> QWidget:
    """A job waits for the person, another was cancelled."""
    hold = JobsHold("Could not add the image to the album: the session is over or not accepted.", ErrorKind.CREDENTIAL)
    running = job(JobKind.ADD_TO_ALBUM, 63, 0, 180, JobState.ACTIVE)
    cancelled = job(JobKind.REMOVE_FROM_ALBUM, 3, 0, 9, JobState.CANCELLED)
    return window(jobs=[running, cancelled], hold=hold)


@picture("albums-unreadable-album")
def unreadable_album() -> QWidget:
    """One album cannot be read."""
    made = AlbumsWindow(sample_pixmap)
    made.set_albums(albums())
    made.show_album_failure(AlbumId("a1"), "Could not read the album: imglink.cc took too long.")
    return made


chooser = picture("albums-chooser")(lambda: AlbumChooser(None, albums(), 12, sample_pixmap))
new_album = picture("albums-dialog-new")(lambda: EditDialog(None))


@picture("albums-dialog-edit")
def edit() -> QWidget:
    """An album with a password, and a refusal."""
    made = EditDialog(None, albums()[2])
    made.show_problem(
        "Could not change the album: the server does not accept it. The server says: “Title is too long”."
    )
    return made


@picture("albums-picker")
def picker() -> QWidget:
    """Three are picked, two are in the album already."""
    made = Picker(None, "Holiday in Norway", sample_pixmap)
    made.set_entries("", entries(40), has_more=False)
    made.set_members(frozenset(image(number).id for number in (0, 4)))
    made.grid.select([image(number).id for number in (1, 2, 6)])
    return made


@picture("albums-picker-empty")
def picker_empty() -> QWidget:
    """Nothing was uploaded yet."""
    made = Picker(None, "Holiday in Norway", sample_pixmap)
    made.set_entries("", [], has_more=False)
    return made
