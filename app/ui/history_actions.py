"""What the history window asks for: links, stars, notes, files, forgetting and deleting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtWidgets import QFileDialog

from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import ImageId
from app.core.links import LinkForm, format_link
from app.core.uploads import AfterUpload
from app.core.workflow import SourceKind, UploadTask
from app.services.deletions import (
    UNDO_S,
    Deletion,
    DeletionEvent,
    DeletionFinished,
    DeletionProgress,
    DeletionScheduled,
    DeletionUndone,
)
from app.services.history_files import ExportFormat, ImportReport
from app.services.incoming import Refused
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.ui.bridge import Bridge
from app.ui.history_window import HistoryWindow, texts
from app.ui.history_window.local_copies import LocalCopies, copy_into
from app.ui.opener import open_file, open_folder, open_url

FORGET_UNDO_S = 10.0
_CHUNK = 500
_MOST_OPENED = 10
_AGAIN_TASKS = frozenset({UploadTask.COPY_LINK, UploadTask.NOTIFY})


class HistoryActions(QObject):
    """Lives on the Qt thread, as long as its window."""

    images_for_album = Signal(object)
    """A tuple of ImageIds that are to be added to an album."""
    images_for_embed = Signal(object)
    """A tuple of ImageIds that are to get an embed profile."""

    def __init__(
        self,
        bridge: Bridge,
        services: Services,
        window: HistoryWindow,
        settings_file: SettingsFile,
        copies: LocalCopies,
        edit_folder: Callable[[], Path],
    ) -> None:
        """`edit_folder` is where copies go that are opened in other programs."""
        super().__init__(window)
        self._bridge = bridge
        self._services = services
        self._window = window
        self._settings = settings_file
        self._copies = copies
        self._edit_folder = edit_folder
        self._undo: Callable[[], None] | None = None
        window.set_links(settings_file.settings.links.form, self.links_of)
        self._connect()

    # --- links --------------------------------------------------------------------------------------------------------

    def links_of(self, entry: HistoryEntry) -> Mapping[LinkForm, str]:
        """Its link in every form; the person's template only where it is more than a link."""
        forms = [form for form in LinkForm if form is not LinkForm.CUSTOM or self._has_template]
        return {form: self._link(entry, form) for form in forms}

    @property
    def _has_template(self) -> bool:
        links = self._settings.settings.links
        return links.form is LinkForm.CUSTOM or links.template != "$viewer"

    def _link(self, entry: HistoryEntry, form: LinkForm) -> str:
        template = self._settings.settings.links.template
        return format_link(entry.image, form, file_name=entry.file_name, template=template)

    def _copy(self, ids: Sequence[EntryId], form: LinkForm | None) -> None:
        chosen = form or self._settings.settings.links.form

        def done(copied: int) -> None:
            text = texts.counted(copied, self.tr("Link copied"), self.tr("{count} links copied"))
            self._window.action.show_done(text)
            self._window.details.show_copied(chosen)

        async def copy() -> int:
            entries = await self._load(ids)
            await self._put("\n".join(self._link(entry, chosen) for entry in entries))
            return len(entries)

        self._submit(copy, done)

    def _copy_delete_link(self, ids: Sequence[EntryId]) -> None:
        async def copy() -> None:
            await self._put("\n".join(entry.image.delete or "" for entry in await self._load(ids)))

        self._submit(copy, lambda _: self._window.action.show_done(self.tr("Delete link copied")))

    async def _put(self, text: str) -> None:
        if not await self._services.clipboard.copy_text(text):
            raise UserFacingError("The clipboard did not take it.", remedy="Try once more.")

    def _open(self, ids: Sequence[EntryId], direct: bool) -> None:
        def opened(entries: Sequence[HistoryEntry]) -> None:
            for entry in entries:
                open_url(entry.image.url if direct else entry.image.viewer or entry.image.url)
            if len(ids) > _MOST_OPENED:
                text = self.tr("Opened the first {count}.").format(count=_MOST_OPENED)
                self._window.action.show_done(text)

        self._submit(lambda: self._load(ids[:_MOST_OPENED]), opened)

    # --- the person's own ---------------------------------------------------------------------------------------------

    def _favour(self, ids: Sequence[EntryId], favourite: bool) -> None:
        self._submit(lambda: self._services.history.annotate(ids, favourite=favourite))

    def _refresh(self, entry_id: EntryId) -> None:
        details = self._window.details

        async def ask() -> None:
            for entry in await self._load([entry_id]):
                await self._services.history.refresh(entry.image_id)

        def failed(error: UserFacingError) -> None:
            details.show_refreshing(False, str(error))

        details.show_refreshing(True)
        self._submit(ask, lambda _: details.show_refreshing(False), failed)

    def _tell_images(self, ids: Sequence[EntryId], signal: SignalInstance) -> None:
        def found(entries: Sequence[HistoryEntry]) -> None:
            signal.emit(tuple(entry.image_id for entry in entries))

        self._submit(lambda: self._load(ids), found)

    # --- forgetting and deleting --------------------------------------------------------------------------------------

    def _forget(self, ids: Sequence[EntryId]) -> None:
        one, several = (
            self.tr("1 image forgotten here; it stays on ImgLink"),
            self.tr("{count} images forgotten here; they stay on ImgLink"),
        )

        def done(_: None) -> None:
            self._undo = lambda: self._submit(lambda: self._services.history.unforget(ids), restored)
            self._window.action.offer_undo(texts.counted(len(ids), one, several), FORGET_UNDO_S)

        def restored(entries: Sequence[HistoryEntry]) -> None:
            text = texts.counted(len(entries), self.tr("1 image is back"), self.tr("{count} images are back"))
            self._window.action.show_done(text)

        self._submit(lambda: self._services.history.forget(ids), done)

    def _delete(self, ids: Sequence[EntryId]) -> None:
        async def schedule() -> tuple[Deletion, ...]:
            entries = await self._load(ids)
            return await self._services.deletions.schedule(entry.image_id for entry in entries)

        self._submit(schedule, self._show_failed)

    def take(self, event: DeletionEvent) -> None:
        """Deletions go on."""
        bar = self._window.action
        match event:
            case DeletionScheduled(image_ids):
                one, several = self.tr("Deleting 1 image on ImgLink"), self.tr("Deleting {count} images on ImgLink")
                text = texts.counted(len(image_ids), one, several)
                self._undo = lambda: self._keep(image_ids)
                bar.offer_undo(text, UNDO_S)
            case DeletionUndone(image_ids):
                bar.show_done(texts.counted(len(image_ids), self.tr("1 image kept"), self.tr("{count} images kept")))
            case DeletionProgress(done, total):
                self._undo = None
                text = self.tr("Deleting on ImgLink: {done} of {total}").format(done=done, total=total)
                bar.show_progress(text, done, total)
            case DeletionFinished(results):
                gone = sum(result.error is None for result in results)
                if gone:
                    one, several = self.tr("1 image deleted on ImgLink"), self.tr("{count} images deleted on ImgLink")
                    bar.show_done(texts.counted(gone, one, several))
                else:
                    bar.stop()
                self._show_failed(results)

    def undo(self) -> None:
        """Take back what was done last, while there is time."""
        undo, self._undo = self._undo, None
        if undo is not None:
            self._window.action.stop()
            undo()

    def _keep(self, image_ids: Sequence[ImageId]) -> None:
        async def keep() -> None:
            self._services.deletions.undo(image_ids)

        self._submit(keep)

    def _show_failed(self, results: Sequence[Deletion]) -> None:
        failed = {result.image_id: result.error for result in results if result.error is not None}
        if not failed:
            return

        def named(entries: Sequence[HistoryEntry]) -> None:
            names = {entry.image_id: texts.name_text(entry) for entry in entries}
            # The same reason for all is said once, with what can be done.
            reasons = {str(error) for error in failed.values()}
            one, several = self.tr("1 image was not deleted."), self.tr("{count} images were not deleted.")
            text = texts.counted(len(failed), one, several)
            if len(reasons) == 1:
                text = f"{text} {reasons.pop()}"
            lines = [f"{names.get(each, each)}: {error}" for each, error in failed.items()]
            self._window.results.show_results(text, lines if len(lines) > 1 else [])

        self._submit(lambda: self._services.history.find(list(failed)), named)

    # --- files --------------------------------------------------------------------------------------------------------

    def _prepare_drag(self, entries: Sequence[HistoryEntry]) -> None:
        self._submit(lambda: asyncio.to_thread(self._copies.make, entries), self._window.set_drag_files)

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
            services, entries = self._services, await self._load(ids)
            with services.follow_ups.gathering() as gathering:
                after = AfterUpload(_AGAIN_TASKS, group=gathering.group)
                named = await asyncio.to_thread(self._copies.make, [_with_file(entry) for entry in entries])
                taken = await services.incoming.take_files(named.values(), SourceKind.FILE, after=after)
            return [(each.name, str(each.error)) for each in taken if isinstance(each, Refused)]

        def done(refused: Sequence[tuple[str, str]]) -> None:
            if refused:
                text = texts.counted(
                    len(refused), self.tr("1 image was not taken."), self.tr("{count} images were not taken.")
                )
                self._window.results.show_results(text, [f"{name}: {reason}" for name, reason in refused])

        self._submit(upload, done)

    def _export(self, ids: Sequence[EntryId]) -> None:
        dialog = QFileDialog(self._window, self.tr("Export the history"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([self.tr("JSON (*.json)"), self.tr("CSV (*.csv)")])
        dialog.setDefaultSuffix("json")
        dialog.filterSelected.connect(lambda name: dialog.setDefaultSuffix("csv" if "*.csv" in name else "json"))
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

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _load(self, ids: Sequence[EntryId]) -> tuple[HistoryEntry, ...]:
        """On the asyncio thread: the values of however many."""
        loaded: list[HistoryEntry] = []
        for begin in range(0, len(ids), _CHUNK):
            loaded += await self._services.history.entries(ids[begin : begin + _CHUNK])
        return tuple(loaded)

    def _submit(
        self,
        function: Callable[[], Awaitable[Any]],
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[UserFacingError], None] | None = None,
    ) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(run, owner=self, on_done=on_done, on_error=on_error or self._fail)

    def _fail(self, error: UserFacingError) -> None:
        self._window.action.stop()
        self._window.results.show_results(str(error), [])

    def _connect(self) -> None:
        window, history = self._window, self._services.history
        window.copy_requested.connect(self._copy)
        window.delete_link_requested.connect(self._copy_delete_link)
        window.open_requested.connect(self._open)
        window.favourite_requested.connect(self._favour)
        window.title_edited.connect(lambda each, text: self._submit(lambda: history.annotate([each], title=text)))
        window.note_edited.connect(lambda each, text: self._submit(lambda: history.annotate([each], note=text)))
        window.refresh_requested.connect(self._refresh)
        window.albums_requested.connect(lambda ids: self._tell_images(ids, self.images_for_album))
        window.embed_requested.connect(lambda ids: self._tell_images(ids, self.images_for_embed))
        window.forget_requested.connect(self._forget)
        window.delete_requested.connect(self._delete)
        window.undo_requested.connect(self.undo)
        window.files_wanted.connect(self._prepare_drag)
        window.edit_requested.connect(self._edit)
        window.folder_requested.connect(self._show_in_folder)
        window.upload_again_requested.connect(self._upload_again)
        window.export_requested.connect(self._export)
        window.import_requested.connect(self._import)
        # Afterwards it is too late.
        window.action.expired.connect(lambda: setattr(self, "_undo", None))


def _with_file(entry: HistoryEntry) -> HistoryEntry:
    if entry.path is None:
        raise UserFacingError(f"No copy of “{texts.name_text(entry)}” is kept on this computer any more.")
    return entry
