"""Bulk jobs: the same call to the service for many images, which outlives a restart.

A job is durable before its first call is made, and each image's result when it is known; what was in flight when the
program died is simply done again, because all of these calls can be made twice without harm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import NewType

from app.core.errors import ErrorKind
from app.core.imglink import ImageId

JobId = NewType("JobId", str)


class JobKind(Enum):
    """What is done to every image."""

    ADD_TO_ALBUM = "add-to-album"
    REMOVE_FROM_ALBUM = "remove-from-album"
    ASSIGN_EMBED = "assign-embed"
    """Or take it away, when the job's target is None."""


class JobState(Enum):
    """Where a job as a whole stands."""

    ACTIVE = "active"
    """Worked on, or waiting for its turn, the network, or the person to sign in."""
    FINISHED = "finished"
    """Every image has its result; some may have failed."""
    CANCELLED = "cancelled"
    """By the person: what was done stays done, the rest is left alone."""


class JobItemState(Enum):
    """What became of one image."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class JobItem:
    """One image of a job."""

    image_id: ImageId
    state: JobItemState = JobItemState.PENDING
    reason: str = ""
    """Why it failed; plain text."""
    former: str | None = None
    """What the history knew before: the image's embed profile, or the album if the image was in it already."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job and its images. Never changed in place: every change is a new value with the same `id`."""

    id: JobId
    kind: JobKind
    target: str | None
    """The id of the album or embed profile; None takes the embed profile away."""
    target_name: str
    """What to call the target before the person; may be empty."""
    items: tuple[JobItem, ...]
    """Each image once, in the order given; at least one."""
    created_at: datetime
    """Aware, UTC."""
    state: JobState = JobState.ACTIVE

    @property
    def is_active(self) -> bool:
        """True while there is something left to do."""
        return self.state is JobState.ACTIVE

    @property
    def pending(self) -> tuple[JobItem, ...]:
        """Images without a result."""
        return self._in(JobItemState.PENDING)

    @property
    def done(self) -> tuple[JobItem, ...]:
        """Images for which it was done."""
        return self._in(JobItemState.DONE)

    @property
    def failed(self) -> tuple[JobItem, ...]:
        """Images for which it was refused, with reasons."""
        return self._in(JobItemState.FAILED)

    @property
    def progress(self) -> float:
        """Share of the images that have a result, 0.0 to 1.0."""
        return 1.0 - len(self.pending) / len(self.items)

    def with_items(self, changed: tuple[JobItem, ...]) -> Job:
        """The same with new values of some items."""
        by_id = {item.image_id: item for item in changed}
        return replace(self, items=tuple(by_id.get(item.image_id, item) for item in self.items))

    def _in(self, state: JobItemState) -> tuple[JobItem, ...]:
        return tuple(item for item in self.items if item.state is state)


@dataclass(frozen=True, slots=True)
class JobsHold:
    """Why no job goes on just now."""

    reason: str
    """Plain text."""
    error_kind: ErrorKind
    resume_at: datetime | None = None
    """When the next call is made; None when it waits for the person to sign in. Aware, UTC."""

    @property
    def needs_sign_in(self) -> bool:
        """True when only a new token lets jobs go on."""
        return self.resume_at is None


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job is new, or has moved on."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobRemoved:
    """A job was dismissed."""

    id: JobId


@dataclass(frozen=True, slots=True)
class JobsHeld:
    """Jobs wait (see `hold`), or go on again when it is None."""

    hold: JobsHold | None


JobEvent = JobChanged | JobRemoved | JobsHeld
