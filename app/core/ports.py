"""The holes in the wall between services and the world: what an adapter must offer, as Protocols.

Blocking methods say so; they are called off the Qt and asyncio threads. Coroutines run on the one asyncio thread, and
call-backs that an adapter makes come on that thread too.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from app.core.errors import ErrorKind
from app.core.geometry import Rect
from app.core.history import EntryId, HistoryEntry, HistoryQuery, HistoryStatistics
from app.core.images import ImageFormat
from app.core.imglink import (
    Album,
    AlbumChanges,
    AlbumId,
    CredentialKind,
    EmbedFields,
    EmbedId,
    EmbedProfile,
    GalleryPage,
    Image,
    ImageId,
    KeyCheck,
    UploadOptions,
)
from app.core.jobs import Job, JobId, JobItem, JobState
from app.core.screen import Desktop, Frame
from app.core.shortcuts import Shortcut
from app.core.uploads import NOTHING_AFTER, AfterUpload, QueueState, UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind


@dataclass(frozen=True, slots=True)
class Probe:
    """What a back end says of itself: usable here, or why not and the one thing to do about it."""

    name: str
    available: bool
    reason: str = ""
    remedy: str = ""
    settings_url: str = ""
    """Opens the page of the system's settings where the remedy is; empty where there is none."""


# --- the screen -----------------------------------------------------------------------------------------------------


class ScreenCapture(Protocol):
    """Frozen pixels of every monitor. All methods block; all are called from one worker thread."""

    name: str

    def probe(self) -> Probe:
        """Tell whether it can work here, without capturing anything."""

    def grab(self, *, cursor: bool = False) -> Desktop:
        """Take all monitors at one moment, with the windows on them. Raises UserFacingError.

        Where the desktop asks the person and they decline, that is Cancelled.
        """

    def warm_up(self) -> None:
        """Do beforehand what the first grab would wait for, and nothing that the person could notice.

        Raises UserFacingError.
        """

    def close(self) -> None:
        """Release the connection to the screen."""


class Screen(ScreenCapture, Protocol):
    """The screen capture of this desktop, whichever back end it is."""

    def grab_for_window(self, *, cursor: bool = False) -> Desktop:
        """Take all monitors, for a window to be chosen on them. Raises UserFacingError.

        Where the desktop does not tell where its windows are, its own dialog asks for one: that picture `is_chosen`.
        Raises Cancelled when the person closes it.
        """


class Encoder(Protocol):
    """Pixels to a file's bytes, without metadata. Blocks, releases the GIL, may be called from any thread."""

    def encode(self, frame: Frame, image_format: ImageFormat, quality: int) -> bytes:
        """Encode as PNG, WebP (lossless) or JPEG; `quality` (1 to 100) counts for JPEG only."""


# --- keys -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BindResult:
    """What became of one shortcut: bound, or why not, in words to show beside the key."""

    shortcut: Shortcut
    bound: bool
    reason: str = ""
    trigger: str = ""
    """The key as the desktop names it, where the desktop decides which one it is; plain text from outside."""
    is_pending: bool = False
    """True while the desktop still asks the person; another result follows."""
    is_declined: bool = False
    """True where the person gave the desktop no key for it: they know."""


RunSoon = Callable[[Callable[[], Awaitable[None]]], None]
"""Has a function called and awaited soon, and sees to its errors; once the program ends, it is not called any more."""

OnPressed = Callable[[str, str], None]
"""Gets the action id of a pressed shortcut, and what lets a window of ours come to the front for it, or "".

That is an XDG activation token: Wayland's compositors give the keyboard to no window without one.
"""


class Hotkeys(Protocol):
    """Global shortcuts."""

    name: str

    def probe(self) -> Probe:
        """Tell whether it can work here."""

    async def start(
        self,
        on_pressed: OnPressed,
        on_change: Callable[[Mapping[str, BindResult]], None] | None = None,
    ) -> None:
        """Begin; `on_pressed` is called on the event loop's thread.

        `on_change` gets every shortcut's new result when the world changed it: another keyboard layout, a lost display.
        Raises UserFacingError.
        """

    async def bind(self, shortcuts: Mapping[str, Shortcut]) -> Mapping[str, BindResult]:
        """Replace all bindings (action id → shortcut) and tell what became of each."""

    async def stop(self) -> None:
        """Release every key."""


# --- secrets --------------------------------------------------------------------------------------------------------


class SecretStore(Protocol):
    """One secret for each origin and kind. All methods block and may hang: call them on a thread with a time-out.

    They raise UserFacingError with ErrorKind.CREDENTIAL when the store refuses.
    """

    name: str
    is_persistent: bool
    """False when secrets are forgotten at exit: the person is told."""

    def probe(self) -> Probe:
        """Tell whether it can work here."""

    def get(self, origin: str, kind: CredentialKind) -> str | None:
        """The secret, or None. `origin` is scheme://host[:port]."""

    def set(self, origin: str, kind: CredentialKind, secret: str) -> None:
        """Store or replace it."""

    def delete(self, origin: str, kind: CredentialKind) -> None:
        """Forget it; nothing happens when there is none."""


class Secrets(Protocol):
    """A `SecretStore` made safe to await: every call has its own thread and a time-out behind it.

    They raise UserFacingError with ErrorKind.CREDENTIAL when the store refuses or hangs.
    """

    @property
    def name(self) -> str:
        """What keeps the secrets, in words for the person."""

    @property
    def is_persistent(self) -> bool:
        """False when secrets are forgotten at exit: the person is told."""

    async def get(self, origin: str, kind: CredentialKind) -> str | None:
        """The secret, or None. `origin` is scheme://host[:port]."""

    async def set(self, origin: str, kind: CredentialKind, secret: str) -> None:
        """Store or replace it."""

    async def delete(self, origin: str, kind: CredentialKind) -> None:
        """Forget it; nothing happens when there is none."""


# --- telling the person ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notice:
    """A desktop notification: plain text, and actions as (key, label); the key `default` is a click on the body."""

    title: str
    body: str
    actions: tuple[tuple[str, str], ...] = ()
    thumbnail: Frame | None = None
    """A small picture (at most 256 × 256) to show."""
    is_error: bool = False


class Notifier(Protocol):
    """The desktop's notification service."""

    async def probe(self) -> Probe:
        """Tell whether it can work here."""

    async def show(self, notice: Notice, on_action: Callable[[str], None] | None = None) -> None:
        """Show it; `on_action` gets the key of what was clicked. Raises UserFacingError when it cannot be shown."""

    async def close(self) -> None:
        """Close the connection."""


class Clipboard(Protocol):
    """The system's clipboard. True only after it was read back and held what was set."""

    async def copy_text(self, text: str) -> bool:
        """Set text."""

    async def copy_image(self, frame: Frame) -> bool:
        """Set an image."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the person chose on the overlay; `window_title` when it was a window."""

    rect_px: Rect
    kind: SourceKind
    window_title: str = ""
    window_id: int | None = None


class RegionSelector(Protocol):
    """The overlay, as the capture workflow sees it."""

    async def select(
        self,
        desktop: Desktop,
        *,
        windows_only: bool,
        last_region: Rect | None,
        fixed_size_px: tuple[int, int] | None = None,
    ) -> Selection | None:
        """Show the frozen desktop and let the person choose; None when they cancel.

        With `fixed_size_px` (width, height) a region of that size follows the pointer until it is taken.
        """


class Countdown(Protocol):
    """The wait before a capture, as the person sees it."""

    async def wait(self, seconds: float) -> bool:
        """Show the seconds that are left; False when the person cancels. Nothing of it is on the screen afterwards."""


# --- the service ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UploadFile:
    """A file to send: read from disk while it is sent, never loaded whole."""

    path: Path
    upload_name: str
    mime: str


class ImgLink(Protocol):
    """The ImgLink REST API (see `app.api`). Every method raises the errors of `app.core.service_errors`.

    Which credential an endpoint takes is the client's business; a missing one raises NotAuthenticated before sending.
    """

    async def upload(
        self,
        file: UploadFile,
        options: UploadOptions,
        *,
        on_progress: Callable[[int, int], None] | None = None,
        before_commit: Callable[[], Awaitable[None]] | None = None,
    ) -> Image:
        """Send one file. `on_progress(sent, total)` counts the file's bytes, as they are handed to the network.

        With the API key if there is one, else with the token, else (or when `options.anonymous`) with neither. The
        album and embed profile of `options` are not sent: they are calls of their own.

        `before_commit` is awaited when all but the closing boundary is out: until it returns, the server cannot have a
        whole request, so a failure before it is safe to repeat.
        """

    async def upload_several(
        self,
        files: Sequence[UploadFile],
        options: UploadOptions,
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Image, ...]:
        """Send several files in one request, answered in the same order."""

    async def image(self, image_id: ImageId) -> Image:
        """Read an image's data, with views and time; no credential is sent."""

    async def delete_image(self, image_id: ImageId) -> None:
        """Delete one of one's own images."""

    async def gallery(self, page: int = 1, limit: int = 20) -> GalleryPage:
        """Read a page of the public gallery; no credential is sent."""

    async def check_key(self) -> KeyCheck:
        """Check the API key without side effects; raises NotAuthenticated when it is not good."""

    async def sign_in(self, user: str, password: str) -> str:
        """Trade a user name or e-mail and a password for a token.

        Raises NoPasswordSignIn where the server offers none, NotAuthenticated when it does not accept the two.
        """

    async def albums(self) -> tuple[Album, ...]:
        """List one's albums."""

    async def album(self, album_id: AlbumId) -> Album:
        """Read one album with its images."""

    async def create_album(self, title: str, description: str = "", *, is_public: bool = True) -> Album:
        """Create an album."""

    async def update_album(self, album_id: AlbumId, changes: AlbumChanges) -> Album:
        """Change an album."""

    async def delete_album(self, album_id: AlbumId) -> None:
        """Delete an album (soft: the images stay)."""

    async def add_to_album(self, album_id: AlbumId, image_id: ImageId) -> None:
        """Put an image into an album."""

    async def remove_from_album(self, album_id: AlbumId, image_id: ImageId) -> None:
        """Take an image out of an album."""

    async def embeds(self) -> tuple[EmbedProfile, ...]:
        """List one's embed profiles."""

    async def create_embed(self, fields: EmbedFields) -> EmbedProfile:
        """Create an embed profile."""

    async def update_embed(self, embed_id: EmbedId, fields: EmbedFields) -> EmbedProfile:
        """Change an embed profile."""

    async def delete_embed(self, embed_id: EmbedId) -> None:
        """Delete an embed profile; its images revert to the defaults."""

    async def assign_embed(self, image_id: ImageId, embed_id: EmbedId | None) -> None:
        """Give an image an embed profile, or None to remove it."""

    async def assign_embed_bulk(self, image_ids: Sequence[ImageId], embed_id: EmbedId | None) -> None:
        """The same for up to 100 images at once."""

    async def close(self) -> None:
        """Close every connection."""


# --- what is kept ---------------------------------------------------------------------------------------------------


class UploadStore(Protocol):
    """The outbox and the history. Coroutines: the database and the files have threads of their own behind them.

    Every method raises UserFacingError when the disk or the database refuses. Those that take an id raise KeyError when
    there is no such row.
    """

    async def add_bytes(self, data: bytes, new: NewUpload) -> UploadItem:
        """Write the bytes and their row durably, then return the queued item. Raises NotSaved (disk full…)."""

    async def add_file(self, source: Path, new: NewUpload) -> UploadItem:
        """The same from a copy of an existing file, which is left alone."""

    async def claim(self, upload_id: UploadId, *, anonymous: bool) -> UploadItem | None:
        """Take a queued upload for sending and count the attempt; None when it is no longer queued.

        Two processes that share the outbox never get the same one.
        """

    async def set_state(
        self,
        upload_id: UploadId,
        state: UploadState,
        *,
        reason: str = "",
        error_kind: ErrorKind | None = None,
        image: Image | None = None,
    ) -> UploadItem:
        """Record where an upload stands; durable when it returns. `image` None keeps the one that is known."""

    async def get(self, upload_id: UploadId) -> UploadItem | None:
        """One item."""

    async def find(self, image_id: ImageId) -> UploadItem | None:
        """The latest upload that became this image."""

    async def pending(self) -> tuple[UploadItem, ...]:
        """Everything but the done and the cancelled, in the order of sending."""

    async def recent(self, limit: int) -> tuple[UploadItem, ...]:
        """The latest finished uploads, newest first."""

    async def unfinished(self) -> tuple[UploadItem, ...]:
        """Every upload but the cancelled after which something is still to be done, oldest first."""

    async def change_after(
        self, upload_id: UploadId, change: Callable[[AfterUpload], AfterUpload]
    ) -> UploadItem | None:
        """Record what is left to do after an upload; None when the upload was forgotten meanwhile.

        `change` gets what is stored; it runs on the database's thread, so that two changes never undo each other.
        """

    async def remove(self, upload_id: UploadId) -> None:
        """Forget the row and its file."""

    async def set_order(self, upload_ids: Sequence[UploadId]) -> None:
        """Make these go in this order."""

    async def attempts_since(self, when: datetime, *, anonymous: bool) -> tuple[datetime, ...]:
        """When uploads were sent, oldest first: the ledger from which the pace is kept."""

    async def load_queue_state(self) -> QueueState | None:
        """Why the queue was not sending when it was last saved; None when it was."""

    async def save_queue_state(self, state: QueueState | None) -> None:
        """Remember that across restarts."""

    async def close(self) -> None:
        """Close the database."""


class HistoryStore(Protocol):
    """Every image that was ever uploaded or imported. Coroutines, like those of `UploadStore`.

    An upload enters by itself, in the same transaction in which it becomes DONE with an image. Ids that are not there
    (any more) are passed over. Methods that change entries return their new values.
    """

    async def outline(
        self, query: HistoryQuery, *, after: EntryId | None = None, limit: int = 1000
    ) -> Sequence[EntryId]:
        """Which entries match, in the order asked for, from behind `after`; fewer than `limit` when that is all."""

    async def entries(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """The values of entries, in the order of `ids`."""

    async def count(self, query: HistoryQuery) -> int:
        """How many match."""

    async def find_entries(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        """Those of these images that are known, in their order."""

    async def find_by_hash(self, sha256: str) -> HistoryEntry | None:
        """The latest that is not known to be gone with these bytes."""

    async def annotate(
        self,
        ids: Sequence[EntryId],
        *,
        title: str | None = None,
        note: str | None = None,
        favourite: bool | None = None,
    ) -> tuple[HistoryEntry, ...]:
        """Record the person's own words; None leaves a field as it is."""

    async def refresh(self, image: Image) -> tuple[HistoryEntry, ...]:
        """Record what the service says of an image now."""

    async def mark_gone(self, image_ids: Sequence[ImageId]) -> tuple[HistoryEntry, ...]:
        """Record that images are not on the service any more."""

    async def set_album(self, image_ids: Sequence[ImageId], album: AlbumId, *, is_in: bool) -> tuple[HistoryEntry, ...]:
        """Record that images were put into an album, or taken out."""

    async def set_embed(self, image_ids: Sequence[ImageId], embed: EmbedId | None) -> tuple[HistoryEntry, ...]:
        """Record which embed profile images have."""

    async def name_albums(self, titles: Mapping[AlbumId, str]) -> None:
        """Remember what albums are called, so that the search finds them by it."""

    async def forget(self, ids: Sequence[EntryId]) -> None:
        """Leave entries out of everything; `unforget` brings them back until the program's next start."""

    async def unforget(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """Bring forgotten entries back, as they were."""

    async def merge(self, entries: Sequence[HistoryEntry]) -> tuple[int, int]:
        """Import entries; returns how many are new and how many completed a known image of the same id.

        What is known here is never overwritten, only completed. The ids of new ones may move to be unique.
        """

    async def statistics(self) -> HistoryStatistics:
        """What it all adds up to."""


class JobStore(Protocol):
    """Bulk jobs that outlive a restart. Coroutines, like those of `UploadStore`. Ids that are gone are passed over."""

    async def add_job(self, job: Job) -> None:
        """Store a new job, which belongs to this process; durable when it returns."""

    async def take_jobs(self) -> tuple[Job, ...]:
        """All jobs but those of other living processes, oldest first; from now on they belong to this one."""

    async def record_items(self, job_id: JobId, items: Sequence[JobItem]) -> None:
        """Record new values of some of a job's items. A power cut may forget it, the death of the process not."""

    async def set_job_state(self, job_id: JobId, state: JobState) -> None:
        """Record where a job stands."""

    async def remove_job(self, job_id: JobId) -> None:
        """Forget a job."""


@dataclass(frozen=True, slots=True)
class NewUpload:
    """What is known of a file before it has a row."""

    file_name: str
    upload_name: str
    kind: SourceKind
    mime: str
    options: UploadOptions
    width: int | None = None
    height: int | None = None
    after: AfterUpload = NOTHING_AFTER
    """What is to be done once it is uploaded; what `options` ask for is added by itself."""


class Clock(Protocol):
    """Time, so that tests can hold it."""

    def now(self) -> datetime:
        """Wall-clock time, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""


class Timer(Clock, Protocol):
    """A clock that can also be waited on."""

    async def sleep(self, seconds: float) -> None:
        """Wait so long, counted by `monotonic`."""
