"""What the history window asks for about files: dragging out, editing, uploading again, export and import."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEntry
from app.core.uploads import AfterUpload
from app.core.workflow import SourceKind, UploadTask
from app.services.history_files import ExportFormat, ImportReport
from app.services.incoming import Refused
from app.services.suite import Services
from app.ui.history_window import HistoryWindow, texts
from app.ui.history_window.local_copies import LocalCopies, copy_into
from app.ui.opener import open_file, open_folder

_AGAIN_TASKS = frozenset({UploadTask.COPY_LINK, UploadTask.NOTIFY})


class Submit(Protocol):
    """Runs something on the asyncio thread for the window; without `on_error`, the window says what failed."""

    def __call__(
        self,
        function: Callable[[], Awaitable[Any]],
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[UserFacingError], None] | None = None,
    ) -> None:
        """Run `function()`; the call-backs come on the Qt thread."""


class HistoryFileActions(QObject):
    """Lives on the Qt thread, as long as its window."""

    def __init__(
        self,
        services: Services,
        window: HistoryWindow,
        copies: LocalCopies,
        edit_folder: Callable[[], Path],
        submit: Submit,
        load: Callable[[Sequence[EntryId]], Awaitable[tuple[HistoryEntry, ...]]],
        fail: Callable[[UserFacingError], None],
    ) -> None:
        """`edit_folder` is where copies go that are opened in other programs."""
        super().__init__(window)
        self._services = services
        self._window = window
        self._copies = copies
        self._edit_folder = edit_folder
        self._submit = submit
        self._load = load
        self._fail = fail
        window.files_wanted.connect(self._prepare_drag)
        window.dragged_out.connect(copies.keep)
        window.edit_requested.connect(self._edit)
        window.folder_requested.connect(self._show_in_folder)
        window.upload_again_requested.connect(self._upload_again)
        window.export_requested.connect(self._export)
        window.import_requested.connect(self._import)

    def _prepare_drag(self, entries: Sequence[HistoryEntry]) -> None:
        def failed(error: UserFacingError) -> None:
            # Whoever drags meanwhile gets links.
            self._window.set_drag_files({})
            self._fail(error)

        self._submit(lambda: asyncio.to_thread(self._copies.make, entries), self._window.set_drag_files, failed)

    def _edit(self, ids: Sequence[EntryId]) -> None:
        folder = self._edit_folder()

        async def copy() -> list[Path]:
            return [
                await asyncio.to_thread(copy_into, folder, _with_file(entry)) for entry in await self._load(ids[:1])
            ]

        def opened(paths: Sequence[Path]) -> None:
            for path in paths:
                open_file(path)
                self._window.action.show_done(self.tr("Opened a copy: {path}").format(path=path))

        self._submit(copy, opened)

    def _show_in_folder(self, ids: Sequence[EntryId]) -> None:
        def found(entries: Sequence[HistoryEntry]) -> None:
            for entry in entries:
                if entry.path is not None:
                    open_folder(entry.path.parent)

        self._submit(lambda: self._load(ids), found)

    def _upload_again(self, ids: Sequence[EntryId]) -> None:
        async def upload() -> list[tuple[str, str]]:
            refused: list[tuple[str, str]] = []
            with self._services.follow_ups.gathering() as gathering:
                after = AfterUpload(_AGAIN_TASKS, group=gathering.group)
                for entry in await self._load(ids):
                    refused += await self._take_again(entry, after)
            return refused

        def done(refused: Sequence[tuple[str, str]]) -> None:
            if refused:
                text = texts.counted(
                    len(refused), self.tr("1 image was not taken."), self.tr("{count} images were not taken.")
                )
                self._window.results.show_results(text, [f"{name}: {reason}" for name, reason in refused])

        self._submit(upload, done)

    async def _take_again(self, entry: HistoryEntry, after: AfterUpload) -> list[tuple[str, str]]:
        """On the asyncio thread: queue our copy of one image; returns its name and the reason if it was refused."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="imglink-"))
        try:
            copy = await asyncio.to_thread(copy_into, folder, _with_file(entry))
            taken = await self._services.incoming.take_files([copy], SourceKind.FILE, after=after)
        except UserFacingError as error:
            return [(texts.name_text(entry), str(error))]
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return [(each.name, str(each.error)) for each in taken if isinstance(each, Refused)]

    def _export(self, ids: Sequence[EntryId]) -> None:
        dialog = QFileDialog(self._window, self.tr("Export the history"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("JSON (*.json)"), self.tr("CSV (*.csv)")])
        dialog.setDefaultSuffix("json")
        dialog.filterSelected.connect(lambda name: _follow_filter(dialog, "csv" if "*.csv" in name else "json"))
        dialog.selectFile("imglink-history.json")
        dialog.fileSelected.connect(lambda name: self._export_to(Path(name), ids))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _export_to(self, path: Path, ids: Sequence[EntryId]) -> None:
        form = ExportFormat.CSV if path.suffix.lower() == ".csv" else ExportFormat.JSON
        query = self._window.filters.query

        def done(count: int) -> None:
            one, several = self.tr("1 image exported"), self.tr("{count} images exported")
            self._window.action.show_done(texts.counted(count, one, several))

        self._submit(lambda: self._services.history.export_file(path, form, query, only=ids), done)

    def _import(self) -> None:
        dialog = QFileDialog(self._window, self.tr("Import a history"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Histories (*.json *.csv *.db)"), self.tr("All files (*)")])
        dialog.fileSelected.connect(lambda name: self._import_from(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _import_from(self, path: Path) -> None:
        def done(report: ImportReport) -> None:
            text = self.tr("{new} new, {completed} completed, {unchanged} known already").format(
                new=report.new, completed=report.completed, unchanged=report.unchanged
            )
            self._window.action.show_done(text, seconds=10.0)
            if report.left_out:
                left_out = [each.reason for each in report.left_out]
                self._window.results.show_results(self.tr("Not everything was imported."), left_out)

        self._window.action.show_progress(self.tr("Importing {name}…").format(name=path.name), 0, 1)
        self._submit(lambda: self._services.history.import_file(path), done)


def _with_file(entry: HistoryEntry) -> HistoryEntry:
    if entry.path is None:
        raise UserFacingError(f"No copy of “{texts.name_text(entry)}” is kept on this computer any more.")
    return entry


def _follow_filter(dialog: QFileDialog, suffix: str) -> None:
    """Let the name that is proposed end as the kind of file that was chosen."""
    dialog.setDefaultSuffix(suffix)
    for name in dialog.selectedFiles()[:1]:
        if Path(name).suffix.lower() in (".json", ".csv"):
            dialog.selectFile(Path(name).with_suffix(f".{suffix}").name)
