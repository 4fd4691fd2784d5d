"""Numbers and times as people of this locale read them."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

from app.core.shortcuts import Shortcut
from app.core.uploads import UploadItem, UploadState
from app.core.workflow import BUILT_IN_WORKFLOWS, SourceKind


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


def shortcut_text(text: str) -> str:
    """A shortcut in its usual spelling; nothing when there is none or it cannot be read."""
    try:
        return str(Shortcut.parse(text)) if text else ""
    except ValueError:
        return ""


def workflow_name(workflow_id: str) -> str:
    """A built-in workflow's name, translated; another's id as it is."""
    for workflow in BUILT_IN_WORKFLOWS:
        if workflow.id == workflow_id:
            return QCoreApplication.translate("Workflow", workflow.name)
    return workflow_id


def source_text(item: UploadItem) -> str:
    """What an upload is called: captures by what was taken, files by their name."""
    match item.kind:
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
            return item.file_name


def detail_text(item: UploadItem, now: datetime) -> str:
    """When, how large: the second line of a finished upload."""
    parts = [when_text(item.updated_at or item.created_at, now)]
    if item.width and item.height:
        parts.append(f"{item.width} × {item.height}")
    parts.append(bytes_text(item.size))
    return " · ".join(parts)


def state_text(item: UploadItem, bytes_per_s: float | None) -> str:
    """Where an upload stands: the second line of a running one."""
    if item.state is UploadState.SENDING:
        share = _tr("{done} of {total}").format(done=bytes_text(item.sent_bytes), total=bytes_text(item.size))
        if bytes_per_s:
            return share + " · " + _tr("{speed}/s").format(speed=bytes_text(round(bytes_per_s)))
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
