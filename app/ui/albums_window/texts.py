"""Albums and jobs in words."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QCoreApplication, QLocale, QTime

from app.core.imglink import Album
from app.core.jobs import Job, JobKind, JobsHold, JobState

_MOST_REASONS = 6


def tr(text: str) -> str:
    """Translate a text of this window."""
    return QCoreApplication.translate("Albums", text)


def count_text(count: int) -> str:
    """Such as `12 images`."""
    return tr("1 image") if count == 1 else tr("{count} images").format(count=QLocale().toString(count))


def title_text(album: Album) -> str:
    """What to call it, also where the service gave no title."""
    return " ".join(album.title.split()) or tr("Untitled album")


def visibility_text(album: Album) -> str:
    """Who may look in."""
    if not album.is_public:
        return tr("Private")
    return tr("With a password") if album.has_password else tr("Public")


def line_text(album: Album) -> str:
    """Count and visibility; the count only when the service told it."""
    parts = [] if album.image_count is None else [count_text(album.image_count)]
    return " · ".join([*parts, visibility_text(album)])


def job_text(job: Job) -> str:
    """What a job does, or how it ended."""
    total, done, failed = len(job.items), len(job.done), len(job.failed)
    name = job.target_name or tr("the album")
    is_adding = job.kind is JobKind.ADD_TO_ALBUM
    if job.state is JobState.ACTIVE:
        sentence = (
            tr("Adding to “{album}”: {done} of {total}")
            if is_adding
            else tr("Removing from “{album}”: {done} of {total}")
        )
        return sentence.format(album=name, done=done + failed, total=total)
    if job.state is JobState.CANCELLED:
        sentence = (
            tr("Cancelled: {done} of {total} were added to “{album}”")
            if is_adding
            else tr("Cancelled: {done} of {total} were removed from “{album}”")
        )
        return sentence.format(album=name, done=done, total=total)
    if not failed:
        sentence = tr("Added to “{album}”: {count}") if is_adding else tr("Removed from “{album}”: {count}")
        return sentence.format(album=name, count=count_text(total))
    sentence = (
        tr("{failed} of {total} could not be added to “{album}”")
        if is_adding
        else tr("{failed} of {total} could not be removed from “{album}”")
    )
    return sentence.format(album=name, failed=failed, total=total)


def hold_text(hold: JobsHold) -> str:
    """Why nothing goes on, and when it does."""
    if hold.resume_at is None:
        return hold.reason
    local = hold.resume_at.astimezone()
    clock = QLocale().toString(QTime(local.hour, local.minute), QLocale.FormatType.ShortFormat)
    return tr("{reason} It goes on by itself at {time}.").format(reason=hold.reason, time=clock)


def reasons_text(job: Job) -> str:
    """Why images failed, each reason once with the ids of its images."""
    reasons = Counter(item.reason for item in job.failed)
    lines = []
    for reason, count in reasons.most_common(_MOST_REASONS):
        ids = [item.image_id for item in job.failed if item.reason == reason]
        shown = ", ".join(ids[:5]) + ("…" if len(ids) > 5 else "")
        lines.append(f"{reason} ({count_text(count)}: {shown})")
    if len(reasons) > _MOST_REASONS:
        lines.append(tr("… and {count} other reasons").format(count=len(reasons) - _MOST_REASONS))
    return "\n".join(lines)
