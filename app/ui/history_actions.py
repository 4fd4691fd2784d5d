"""What the history window asks for: links, stars, notes, forgetting and deleting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, SignalInstance

from app.core.errors import UserFacingError
from app.core.history import EntryId, HistoryEntry
from app.core.imglink import ImageId
from app.core.links import LinkForm, format_link
from app.services.deletions import UNDO_S, Deletion, DeletionEvent, DeletionFinished, DeletionProgress
from app.services.history import HistoryService
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.ui.bridge import Bridge
from app.ui.history_file_actions import HistoryFileActions
from app.ui.history_undo import Step, UndoSteps
from app.ui.history_window import HistoryWindow, texts
from app.ui.history_window.local_copies import LocalCopies
from app.ui.opener import open_url

TITLE, NOTE = "title", "note"
FORGET_UNDO_S = 10.0
_CHUNK = 500
_MOST_OPENED = 10


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
        self._steps = UndoSteps(window.action)
        self._unwritten: dict[tuple[EntryId, str], str] = {}
        window.set_links(settings_file.settings.links.form, self.links_of)
        HistoryFileActions(services, window, copies, edit_folder, self._submit, self._load, self._fail)
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

    def _write(self, entry_id: EntryId, name: str, text: str) -> None:
        """Store it, and remember it until that is done: the program may end before."""
        key = (entry_id, name)
        self._unwritten[key] = text

        def done(_: object) -> None:
            # What was typed since then is on its way, too.
            if self._unwritten.get(key) == text:
                del self._unwritten[key]

        self._submit(lambda: write_text(self._services.history, entry_id, name, text), done)

    @property
    def unwritten(self) -> Mapping[tuple[EntryId, str], str]:
        """What was typed and may not be stored yet: entry and field, with the text."""
        return dict(self._unwritten)

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
        step = self._steps.begin()
        one, several = (
            self.tr("1 image forgotten here; it stays on ImgLink"),
            self.tr("{count} images forgotten here; they stay on ImgLink"),
        )

        def done(_: None) -> None:
            text = texts.counted(len(ids), one, several)
            self._steps.offer(step, text, FORGET_UNDO_S, lambda: self._bring_back(ids))

        self._submit(lambda: self._services.history.forget(ids), done, lambda error: self._fail(error, step))

    def _bring_back(self, ids: Sequence[EntryId]) -> None:
        def restored(entries: Sequence[HistoryEntry]) -> None:
            text = texts.counted(len(entries), self.tr("1 image is back"), self.tr("{count} images are back"))
            self._window.action.show_done(text)

        self._submit(lambda: self._services.history.unforget(ids), restored)

    def _delete(self, ids: Sequence[EntryId]) -> None:
        step = self._steps.begin()

        async def schedule() -> tuple[tuple[ImageId, ...], tuple[Deletion, ...]]:
            image_ids = [entry.image_id for entry in await self._load(ids)]
            refused = await self._services.deletions.schedule(image_ids)
            left_out = {each.image_id for each in refused}
            return tuple(each for each in image_ids if each not in left_out), refused

        def done(found: tuple[tuple[ImageId, ...], tuple[Deletion, ...]]) -> None:
            image_ids, refused = found
            if image_ids:
                one, several = self.tr("Deleting 1 image on ImgLink"), self.tr("Deleting {count} images on ImgLink")
                text = texts.counted(len(image_ids), one, several)
                self._steps.offer(step, text, UNDO_S, lambda: self._keep(image_ids), image_ids)
            else:
                self._steps.drop(step)
            self._show_failed(refused)

        self._submit(schedule, done, lambda error: self._fail(error, step))

    def take(self, event: DeletionEvent) -> None:
        """Deletions go on, those that were asked for elsewhere among them."""
        match event:
            case DeletionProgress(done, total, image_ids):
                self._steps.drop_images(image_ids)
                text = self.tr("Deleting on ImgLink: {done} of {total}").format(done=done, total=total)
                if not self._steps.is_offering:
                    self._window.action.show_progress(text, done, total)
            case DeletionFinished(results):
                self._steps.drop_images(result.image_id for result in results)
                if not self._steps.is_offering:
                    self._show_deleted(sum(result.error is None for result in results))
                self._show_failed(results)
            case _:
                # What is scheduled is offered where it was asked for.
                pass

    def undo(self) -> None:
        """Take back what was done last, while there is time."""
        self._steps.undo()

    def _show_deleted(self, count: int) -> None:
        if count:
            one, several = self.tr("1 image deleted on ImgLink"), self.tr("{count} images deleted on ImgLink")
            self._window.action.show_done(texts.counted(count, one, several))
        else:
            self._window.action.stop()

    def _keep(self, image_ids: Sequence[ImageId]) -> None:
        async def keep() -> int:
            return len(self._services.deletions.undo(image_ids))

        def kept(count: int) -> None:
            text = texts.counted(count, self.tr("1 image kept"), self.tr("{count} images kept"))
            self._window.action.show_done(text if count else self.tr("It was too late to undo that."))

        self._submit(keep, kept)

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

    def _fail(self, error: UserFacingError, step: Step | None = None) -> None:
        if step is not None:
            self._steps.drop(step)
        if not self._steps.is_offering:
            self._window.action.stop()
        self._window.results.show_results(str(error), [])

    def _connect(self) -> None:
        window = self._window
        window.copy_requested.connect(self._copy)
        window.delete_link_requested.connect(self._copy_delete_link)
        window.open_requested.connect(self._open)
        window.favourite_requested.connect(self._favour)
        window.title_edited.connect(lambda each, text: self._write(each, TITLE, text))
        window.note_edited.connect(lambda each, text: self._write(each, NOTE, text))
        window.refresh_requested.connect(self._refresh)
        window.albums_requested.connect(lambda ids: self._tell_images(ids, self.images_for_album))
        window.embed_requested.connect(lambda ids: self._tell_images(ids, self.images_for_embed))
        window.forget_requested.connect(self._forget)
        window.delete_requested.connect(self._delete)
        window.undo_requested.connect(self.undo)


async def write_text(history: HistoryService, entry_id: EntryId, name: str, text: str) -> None:
    """Store what was typed as TITLE or NOTE of an entry."""
    await history.annotate([entry_id], title=text if name == TITLE else None, note=text if name == NOTE else None)
