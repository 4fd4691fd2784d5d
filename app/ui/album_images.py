"""Images in and out of albums: the jobs that do it, the history they are picked from, and their links."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer

from app.core.errors import UserFacingError
from app.core.history import HistoryEntry, HistoryQuery
from app.core.imglink import Album, AlbumId, ImageId
from app.core.jobs import Job, JobChanged, JobEvent, JobId, JobKind, JobRemoved, JobsHeld, JobsHold
from app.core.links import format_link
from app.core.ports import Clipboard, ImgLink
from app.core.uploads import RemoteState
from app.services.account import AccountService
from app.services.albums import AlbumsService
from app.services.history import HistoryService
from app.services.jobs import Jobs
from app.settings.file import SettingsFile
from app.ui.bridge import Bridge

if TYPE_CHECKING:
    from app.ui.albums_window import AlbumsWindow

_PORTION = 60
_COLLECT_MS = 50
_FOR_ALBUMS = (JobKind.ADD_TO_ALBUM, JobKind.REMOVE_FROM_ALBUM)


class AlbumParts(Protocol):
    """The services that are needed here."""

    @property
    def images(self) -> ImgLink:
        """The service, without asking the person to sign in."""

    @property
    def albums(self) -> AlbumsService:
        """The albums; its calls may ask the person to sign in."""

    @property
    def jobs(self) -> Jobs:
        """What puts images in and takes them out."""

    @property
    def history(self) -> HistoryService:
        """What is known of images."""

    @property
    def account(self) -> AccountService:
        """Whether somebody is signed in."""

    @property
    def clipboard(self) -> Clipboard:
        """Where links go."""


class AlbumImages(QObject):
    """Lives on the Qt thread, a part of `AlbumsController`."""

    def __init__(
        self,
        bridge: Bridge,
        settings_file: SettingsFile,
        albums: Callable[[], Sequence[Album]],
        show_error: Callable[[UserFacingError], None],
        parent: QObject,
    ) -> None:
        """`albums` tells which there are, as they were last seen."""
        super().__init__(parent)
        self._bridge = bridge
        self._file = settings_file
        self._albums = albums
        self._show_error = show_error
        self._parts: AlbumParts | None = None
        self._window: AlbumsWindow | None = None
        self._jobs: dict[JobId, Job] = {}
        self._hold: JobsHold | None = None
        # A job of many images tells of each: they are shown together.
        self._collect = QTimer(self, singleShot=True, interval=_COLLECT_MS)
        self._collect.timeout.connect(self._show_jobs)

    def attach(self, parts: AlbumParts) -> None:
        """Begin, with the services."""
        self._parts = parts

        async def watch() -> tuple[tuple[Job, ...], JobsHold | None]:
            parts.jobs.subscribe(lambda event: self._bridge.post_to(self, self._on_job, event))
            return await parts.jobs.pending(), parts.jobs.hold

        self._submit(watch, self._watched)

    def set_window(self, window: AlbumsWindow | None) -> None:
        """Serve this window."""
        self._window = window
        if window is None:
            return
        window.add_requested.connect(self.add)
        window.remove_requested.connect(self.remove)
        window.entries_requested.connect(self._find_entries)
        window.copy_requested.connect(self._copy)
        window.copy_links_requested.connect(self._copy_links)
        window.job_cancelled.connect(lambda job_id: self._with_jobs(lambda jobs: jobs.cancel(JobId(job_id))))
        window.job_retried.connect(lambda job_id: self._with_jobs(lambda jobs: jobs.retry_failed(JobId(job_id))))
        window.job_undone.connect(self._undo)
        window.job_dismissed.connect(lambda job_id: self._with_jobs(lambda jobs: jobs.dismiss(JobId(job_id))))
        self._show_jobs()

    def add(self, album_id: AlbumId, image_ids: Sequence[ImageId]) -> None:
        """Put images into an album: a job that outlives a restart."""
        self._start(JobKind.ADD_TO_ALBUM, album_id, image_ids)

    def remove(self, album_id: AlbumId, image_ids: Sequence[ImageId]) -> None:
        """Take images out of an album, likewise."""
        self._start(JobKind.REMOVE_FROM_ALBUM, album_id, image_ids)

    def go_on(self) -> None:
        """Let jobs that wait for the person to sign in ask for it."""
        self._with_jobs(lambda jobs: jobs.credentials_changed())

    def _start(self, kind: JobKind, album_id: AlbumId, image_ids: Sequence[ImageId]) -> None:
        title = next((album.title for album in self._albums() if album.id == album_id), "")
        self._with_jobs(lambda jobs: jobs.start(kind, album_id, image_ids, target_name=" ".join(title.split())))

    def _undo(self, job_id: str) -> None:
        names = {str(album.id): " ".join(album.title.split()) for album in self._albums()}
        self._with_jobs(lambda jobs: jobs.undo(JobId(job_id), names))

    def _with_jobs(self, ask: Callable[[Jobs], Awaitable[Any]]) -> None:
        parts = self._parts
        if parts is not None:
            self._submit(lambda: ask(parts.jobs), on_error=self._show_error)

    def _find_entries(self, text: str, count: int) -> None:
        parts, window = self._parts, self._window
        if parts is None or window is None:
            return

        async def find() -> tuple[tuple[HistoryEntry, ...], bool]:
            # What was uploaded without the account is not the account's.
            query, limit = HistoryQuery(text=text, anonymous=False), count + _PORTION
            while True:
                ids = await parts.history.outline(query, limit=limit)
                entries = await parts.history.entries(ids)
                found = tuple(each for each in entries if each.remote_state is not RemoteState.GONE)
                # A portion of which all is gone would be asked for again and again.
                if len(found) > count or len(ids) < limit:
                    return found, len(ids) == limit
                limit += _PORTION

        def done(found: tuple[tuple[HistoryEntry, ...], bool]) -> None:
            window.set_entries(text, found[0], has_more=found[1])

        self._submit(find, done, on_error=lambda error: window.show_picker_problem(str(error)))

    def _copy_links(self, image_ids: Sequence[ImageId]) -> None:
        parts, window, links = self._parts, self._window, self._file.settings.links
        album = None if window is None else window.page.album
        if parts is None or album is None:
            return

        async def texts() -> list[str]:
            names = {entry.image_id: entry.file_name for entry in await parts.history.find(image_ids)}
            images = {image.id: image for image in album.images}
            return [
                format_link(images[each], links.form, file_name=names.get(each, ""), template=links.template)
                for each in image_ids
                if each in images
            ]

        self._submit(texts, self._copy, on_error=self._show_error)

    def _copy(self, texts: Sequence[str]) -> None:
        parts = self._parts
        if parts is None or not texts:
            return

        def copied(is_there: bool) -> None:
            if not is_there:
                self._show_error(UserFacingError("The clipboard did not take the link.", remedy="Try once more."))

        self._submit(lambda: parts.clipboard.copy_text("\n".join(texts)), copied, on_error=self._show_error)

    def _watched(self, jobs: tuple[tuple[Job, ...], JobsHold | None]) -> None:
        self._jobs = {job.id: job for job in jobs[0]} | self._jobs
        self._hold = jobs[1]
        self._show_jobs()

    def _on_job(self, event: JobEvent) -> None:
        match event:
            case JobChanged(job):
                self._jobs[job.id] = job
            case JobRemoved(job_id):
                self._jobs.pop(job_id, None)
            case JobsHeld(hold):
                self._hold = hold
        if not self._collect.isActive():
            self._collect.start()

    def _show_jobs(self) -> None:
        if self._window is not None:
            jobs = [job for job in self._jobs.values() if job.kind in _FOR_ALBUMS]
            self._window.set_jobs(jobs, self._hold)

    def _submit(
        self,
        function: Callable[[], Awaitable[Any]],
        on_done: Callable[[Any], None] | None = None,
        *,
        on_error: Callable[[UserFacingError], None] | None = None,
    ) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(run, owner=self._window or self, on_done=on_done, on_error=on_error or self._show_error)
