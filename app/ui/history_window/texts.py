"""What is said of entries: names, lines, states. Plain text, whatever files and servers are called."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from app.core.history import HistoryEntry, HistorySort
from app.core.imglink import Visibility
from app.core.links import LinkForm
from app.core.uploads import RemoteState
from app.core.workflow import SourceKind
from app.ui.texts import bytes_text, kind_text


def tr(text: str, *, n: int = -1) -> str:
    """A translated text of the history."""
    return QCoreApplication.translate("History", text, None, n)


def counted(count: int, one: str, several: str) -> str:
    """`one`, or `several` with its `{count}` filled in as this locale writes numbers."""
    return one if count == 1 else several.format(count=number_text(count))


def number_text(count: int) -> str:
    """Such as `12,431`."""
    return QLocale().toString(count)


def one_line(text: str) -> str:
    """The same without line breaks and control characters, for places where there is one line only."""
    return "".join(char if char.isprintable() else " " for char in text)


def name_text(entry: HistoryEntry) -> str:
    """What an entry is called; captures that have no title by what was taken."""
    return one_line(entry.title or kind_text(entry.kind, entry.file_name) or entry.image_id)


def dimensions_text(entry: HistoryEntry) -> str:
    """Such as `1280 × 800`; nothing when it is not known."""
    return f"{entry.width} × {entry.height}" if entry.width and entry.height else ""


def size_text(entry: HistoryEntry) -> str:
    """Such as `1.4 MB`; nothing when it is not known."""
    return "" if entry.size is None else bytes_text(entry.size)


def moment_text(moment: datetime, form: QLocale.FormatType = QLocale.FormatType.ShortFormat) -> str:
    """Date and time, here."""
    return QLocale().toString(QDateTime.fromMSecsSinceEpoch(round(moment.timestamp() * 1000)), form)


def clock_text(moment: datetime) -> str:
    """The time of day, here."""
    shown = QDateTime.fromMSecsSinceEpoch(round(moment.timestamp() * 1000)).time()
    return QLocale().toString(shown, QLocale.FormatType.ShortFormat)


def second_line(entry: HistoryEntry) -> str:
    """The small line below a name."""
    return " · ".join(
        part for part in (clock_text(entry.uploaded_at), dimensions_text(entry), size_text(entry)) if part
    )


def spoken_text(entry: HistoryEntry) -> str:
    """What a screen reader says of an entry."""
    parts = [name_text(entry), moment_text(entry.uploaded_at), dimensions_text(entry), size_text(entry)]
    if entry.favourite:
        parts.append(tr("favourite"))
    if entry.visibility is Visibility.PRIVATE:
        parts.append(tr("private"))
    if entry.anonymous:
        parts.append(tr("uploaded without an account"))
    if entry.remote_state is not RemoteState.THERE:
        parts.append(state_text(entry.remote_state))
    return ", ".join(part for part in parts if part)


def state_text(state: RemoteState) -> str:
    """What is known of an image on the service."""
    return {
        RemoteState.THERE: tr("On ImgLink"),
        RemoteState.GONE: tr("Gone from ImgLink"),
        RemoteState.UNKNOWN: tr("Not known"),
    }[state]


def visibility_text(visibility: Visibility) -> str:
    """Who finds it."""
    return {Visibility.PUBLIC: tr("Public"), Visibility.PRIVATE: tr("Private")}[visibility]


def source_name(kind: SourceKind) -> str:
    """Where an upload came from."""
    return {
        SourceKind.REGION: tr("Region"),
        SourceKind.SCREEN: tr("Whole screen"),
        SourceKind.MONITOR: tr("Monitor"),
        SourceKind.WINDOW: tr("Window"),
        SourceKind.CLIPBOARD: tr("Clipboard"),
        SourceKind.DROP: tr("Dropped file"),
        SourceKind.FILE: tr("File"),
        SourceKind.CLI: tr("Command line"),
        SourceKind.IMPORT: tr("Imported"),
    }.get(kind, kind.value)


def sort_text(sort: HistorySort) -> str:
    """An order."""
    return {
        HistorySort.NEWEST: tr("Newest first"),
        HistorySort.OLDEST: tr("Oldest first"),
        HistorySort.NAME: tr("By name"),
        HistorySort.LARGEST: tr("Largest first"),
        HistorySort.VIEWS: tr("Most views first"),
    }[sort]


def link_text(form: LinkForm) -> str:
    """A form of a link."""
    return {
        LinkForm.VIEWER: tr("Viewer link"),
        LinkForm.DIRECT: tr("Direct link"),
        LinkForm.THUMBNAIL: tr("Thumbnail link"),
        LinkForm.MARKDOWN: tr("Markdown"),
        LinkForm.HTML: tr("HTML"),
        LinkForm.BBCODE: tr("BBCode"),
        LinkForm.CUSTOM: tr("Your template"),
    }[form]
