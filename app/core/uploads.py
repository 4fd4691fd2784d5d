"""An upload as the queue, the windows and the command line see it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import NewType

from app.core.errors import ErrorKind
from app.core.imglink import CredentialKind, Image, UploadOptions
from app.core.links import LinkForm
from app.core.workflow import SourceKind, UploadTask

UploadId = NewType("UploadId", str)
GroupId = NewType("GroupId", str)

NETWORK_TASKS = frozenset({UploadTask.ADD_TO_ALBUM, UploadTask.ASSIGN_EMBED})
"""The after-upload tasks that are calls to the service; the others happen on this computer."""


class UploadState(Enum):
    """Where an upload stands. `UNCERTAIN`: the whole request was out, and no answer came back."""

    QUEUED = "queued"
    SENDING = "sending"
    COMMITTING = "committing"
    DONE = "done"
    FAILED = "failed"
    PAUSED = "paused"
    UNCERTAIN = "uncertain"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """True when nothing more happens by itself and nobody is asked."""
        return self in (UploadState.DONE, UploadState.FAILED, UploadState.CANCELLED)


class RemoteState(Enum):
    """What is known of an image on the service after its upload."""

    UNKNOWN = "unknown"
    THERE = "there"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class AfterUpload:
    """What is still to be done once an upload is there. It is kept with the upload, so it outlives a restart."""

    tasks: frozenset[UploadTask] = frozenset()
    """Each leaves when it is done."""
    link_form: LinkForm | None = None
    """None means as the settings say."""
    group: GroupId | None = None
    """Uploads that were given together share it: one text on the clipboard, one notification."""
    problems: tuple[tuple[UploadTask, str], ...] = ()
    """Why a task of these failed; it waits for the person."""

    @property
    def due(self) -> frozenset[UploadTask]:
        """The tasks that have not failed."""
        return self.tasks - {task for task, _ in self.problems}

    def without(self, tasks: frozenset[UploadTask]) -> AfterUpload:
        """The rest when these are done, or given up."""
        left = tuple((task, reason) for task, reason in self.problems if task not in tasks)
        return replace(self, tasks=self.tasks - tasks, problems=left)

    def failed(self, task: UploadTask, reason: str) -> AfterUpload:
        """The same with a task that waits for the person."""
        others = tuple((each, words) for each, words in self.problems if each is not task)
        return replace(self, problems=(*others, (task, reason)))

    def hopeful(self) -> AfterUpload:
        """The same with every failed task due again."""
        return replace(self, problems=())


NOTHING_AFTER = AfterUpload()
"""Nothing is left to do."""


def with_network_tasks(after: AfterUpload, options: UploadOptions) -> AfterUpload:
    """Add the calls that `options` ask for: the album and the embed profile."""
    wanted = {UploadTask.ADD_TO_ALBUM: options.album, UploadTask.ASSIGN_EMBED: options.embed}
    return replace(after, tasks=after.tasks | {task for task, target in wanted.items() if target is not None})


@dataclass(frozen=True, slots=True)
class UploadItem:
    """One file on its way to the service. Never changed in place: every change is a new value with the same `id`."""

    id: UploadId
    path: Path
    """Our own copy of the bytes, in the outbox."""
    file_name: str
    """What to call it before the person: the dropped file's name, or a neutral one."""
    upload_name: str
    """What the service is told: neutral by default."""
    kind: SourceKind
    mime: str
    size: int
    """In bytes."""
    options: UploadOptions
    state: UploadState
    created_at: datetime
    """Aware, UTC."""
    width: int | None = None
    height: int | None = None
    sent_bytes: int = 0
    reason: str = ""
    """Why it failed, waits or is uncertain; plain text."""
    error_kind: ErrorKind | None = None
    """What sort of trouble `reason` is; the command line's exit code follows from it."""
    image: Image | None = None
    remote_state: RemoteState = RemoteState.UNKNOWN
    updated_at: datetime | None = None
    """When `state` was last set. Aware, UTC."""
    attempts: int = 0
    """How often sending began."""
    sha256: str = ""
    """Of the bytes, as hexadecimal digits."""
    has_file: bool = True
    """False when `path` is gone: old files of finished uploads make room for new ones."""
    after: AfterUpload = NOTHING_AFTER
    """What is left to do once it is done."""

    @property
    def progress(self) -> float:
        """Share of the bytes handed to the network, 0.0 to 1.0."""
        return min(1.0, self.sent_bytes / self.size) if self.size else 0.0


class QueueMode(Enum):
    """What the queue as a whole is doing."""

    STOPPED = "stopped"
    RUNNING = "running"
    WAITING = "waiting"
    """It goes on by itself at `QueueState.resume_at`."""
    PAUSED = "paused"
    """It goes on when the person says so, or brings a new credential."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """The queue as a whole: whether it sends, and why not."""

    mode: QueueMode
    reason: str = ""
    """Plain text; empty when it runs, or when the person paused it."""
    error_kind: ErrorKind | None = None
    resume_at: datetime | None = None
    """When the next attempt is made. Aware, UTC."""
    needs_credential: bool = False
    """True when the service does not accept what was sent."""
    credential: CredentialKind | None = None
    """Which one that was; None when nothing was sent and an account is wanted."""
    lacks_account: bool = False
    """True when it waits because the service takes no more uploads without an account: with one, they may go on."""


@dataclass(frozen=True, slots=True)
class UploadChanged:
    """An upload is new, or has moved on."""

    item: UploadItem


@dataclass(frozen=True, slots=True)
class UploadRemoved:
    """An upload was forgotten."""

    id: UploadId


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """The queue as a whole has changed."""

    state: QueueState


@dataclass(frozen=True, slots=True)
class QueueReordered:
    """The uploads that are not done go in another order."""

    ids: tuple[UploadId, ...]


UploadEvent = UploadChanged | UploadRemoved | QueueChanged | QueueReordered
