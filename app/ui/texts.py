"""Numbers and times as people of this locale read them."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime
from PySide6.QtGui import QKeySequence

from app.core.imglink import CredentialKind
from app.core.shortcuts import Modifier, Shortcut
from app.core.uploads import QueueMode, QueueState, UploadItem, UploadState
from app.core.workflow import BUILT_IN_WORKFLOWS, SourceKind, UploadTask


def bytes_text(count: int) -> str:
    """Such as `1.4 MB`."""
    formats = QLocale.DataSizeFormat.DataSizeSIFormat
    return QLocale().formattedDataSize(count, 0 if count < 1_000_000 else 1, formats)


def when_text(moment: datetime, now: datetime) -> str:
    """The time for today and yesterday, else the date; both moments aware."""
    local, today = moment.astimezone(), now.astimezone().date()
    locale, short = QLocale(), QLocale.FormatType.ShortFormat
    clock = locale.toString(QTime(local.hour, local.minute), short)
    if local.date() == today:
        return clock
    if local.date() == today - timedelta(days=1):
        return _tr("yesterday, {time}").format(time=clock)
    return locale.toString(QDate(local.year, local.month, local.day), short)


def moment_text(moment: datetime) -> str:
    """Day and time in words, for a moment that is aware."""
    local, locale = moment.astimezone(), QLocale()
    day = locale.toString(QDate(local.year, local.month, local.day), QLocale.FormatType.LongFormat)
    return _tr("{day}, {time}").format(
        day=day, time=locale.toString(QTime(local.hour, local.minute), QLocale.FormatType.ShortFormat)
    )


def time_left_text(seconds: float) -> str:
    """Such as `12 s left`; rough, because it is a guess."""
    if seconds < 60:
        return _tr("{count} s left").format(count=max(1, round(seconds)))
    minutes = round(seconds / 60)
    return _tr("{count} min left").format(count=minutes) if minutes < 100 else _tr("hours left")


def resume_text(state: QueueState) -> str:
    """When the queue goes on by itself, such as `Next upload at 14:32`; nothing when that is not known."""
    if state.mode is not QueueMode.WAITING or state.resume_at is None:
        return ""
    local = state.resume_at.astimezone()
    clock = QLocale().toString(QTime(local.hour, local.minute), QLocale.FormatType.ShortFormat)
    is_today = local.date() == datetime.now().astimezone().date()
    return (_tr("Next upload at {time}") if is_today else _tr("Next upload tomorrow at {time}")).format(time=clock)


def queue_title(state: QueueState) -> str:
    """Why nothing is sent, in a few words; nothing while uploads go on."""
    if state.mode is QueueMode.WAITING:
        return resume_text(state) or _tr("Uploads wait.")
    if state.mode is not QueueMode.PAUSED:
        return ""
    if state.needs_credential:
        match state.credential:
            case CredentialKind.API_KEY:
                return _tr("The API key is no longer accepted.")
            case CredentialKind.TOKEN:
                return _tr("The session is over: sign in again.")
            case _:
                return _tr("The server takes uploads with an account only.")
    return _tr("Uploads are paused.")


def problem_text(item: UploadItem) -> str:
    """What was left undone after an upload, and why."""
    sentences = {
        UploadTask.ADD_TO_ALBUM: _tr("Uploaded, but not added to the album: {reason}"),
        UploadTask.ASSIGN_EMBED: _tr("Uploaded, but without its embed profile: {reason}"),
    }
    return " ".join(sentences[task].format(reason=reason) for task, reason in item.after.problems)


def shortcut_text(text: str) -> str:
    """A shortcut in its usual spelling; nothing when there is none or it cannot be read."""
    try:
        return str(Shortcut.parse(text)) if text else ""
    except ValueError:
        return ""


def key_sequence(text: str) -> QKeySequence:
    """A shortcut as Qt knows it, for menus to show; empty when there is none or it cannot be read."""
    try:
        shortcut = Shortcut.parse(text)
    except ValueError:
        return QKeySequence()
    # On a Mac, Qt calls Command "Ctrl" and Control "Meta".
    ctrl, super_ = ("Meta", "Ctrl") if sys.platform == "darwin" else ("Ctrl", "Meta")
    names = {Modifier.CTRL: ctrl, Modifier.ALT: "Alt", Modifier.SHIFT: "Shift", Modifier.SUPER: super_}
    held = [name for flag, name in names.items() if flag in shortcut.modifiers]
    return QKeySequence("+".join([*held, shortcut.key]))


def workflow_name(workflow_id: str) -> str:
    """A built-in workflow's name, translated; another's id as it is."""
    for workflow in BUILT_IN_WORKFLOWS:
        if workflow.id == workflow_id:
            return QCoreApplication.translate("Workflow", workflow.name)
    return workflow_id


def source_text(item: UploadItem) -> str:
    """What an upload is called: captures by what was taken, files by their name."""
    return kind_text(item.kind, item.file_name)


def kind_text(kind: SourceKind, file_name: str) -> str:
    """The same for something that is no upload yet."""
    match kind:
        case SourceKind.REGION:
            return _tr("Region")
        case SourceKind.SCREEN:
            return _tr("Whole screen")
        case SourceKind.MONITOR:
            return _tr("Monitor")
        case SourceKind.WINDOW:
            return _tr("Window")
        case SourceKind.CLIPBOARD:
            return _tr("From the clipboard")
        case _:
            return file_name


def detail_text(item: UploadItem, now: datetime) -> str:
    """When, how large: the second line of a finished upload."""
    parts = [when_text(item.updated_at or item.created_at, now)]
    # Of what was no capture, the service tells it.
    for measured in (item, item.image):
        if measured is not None and measured.width and measured.height:
            parts.append(f"{measured.width} × {measured.height}")
            break
    parts.append(bytes_text(item.size))
    return " · ".join(parts)


def state_text(item: UploadItem, bytes_per_s: float | None) -> str:
    """Where an upload stands: the second line of a running one."""
    if item.after.problems and item.state is UploadState.DONE:
        return problem_text(item)
    if item.state is UploadState.SENDING:
        share = _tr("{done} of {total}").format(done=bytes_text(item.sent_bytes), total=bytes_text(item.size))
        if bytes_per_s:
            left = time_left_text((item.size - item.sent_bytes) / bytes_per_s)
            return " · ".join((share, _tr("{speed}/s").format(speed=bytes_text(round(bytes_per_s))), left))
        return share
    return (
        item.reason
        or {
            UploadState.QUEUED: _tr("Waiting for its turn"),
            UploadState.COMMITTING: _tr("Finishing…"),
            UploadState.UNCERTAIN: _tr("It may already be uploaded: the connection broke before the answer came."),
            UploadState.PAUSED: _tr("Paused"),
            UploadState.FAILED: _tr("It could not be uploaded."),
            UploadState.CANCELLED: _tr("Cancelled"),
            UploadState.DONE: _tr("Uploaded"),
        }[item.state]
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Texts", text)
