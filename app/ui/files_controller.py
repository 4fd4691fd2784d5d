"""Files and pictures that are dropped, pasted or chosen: to the queue, with what is refused or there already told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.core.errors import UserFacingError
from app.core.history import HistoryEntry
from app.core.links import format_link
from app.core.ports import Notice
from app.core.uploads import AfterUpload, UploadItem
from app.core.workflow import SourceKind, UploadTask
from app.services.incoming import Existing, Refused
from app.services.suite import Services
from app.settings.schema import Settings
from app.ui.asking import ask
from app.ui.bridge import Bridge
from app.ui.on_demand import OnDemand
from app.ui.tray_view import Refusal

if TYPE_CHECKING:
    from app.ui.tray_window import TrayWindow

_TASKS = frozenset({UploadTask.COPY_LINK, UploadTask.NOTIFY})


class FilesController(QObject):
    """Lives on the Qt thread."""

    refused = Signal(list)
    """Refusals: files that were not taken, with their reasons."""
    notice_wanted = Signal(object)
    """A Notice."""

    def __init__(
        self,
        bridge: Bridge,
        ready: Callable[[], Awaitable[Services]],
        settings: Callable[[], Settings],
        window: OnDemand[TrayWindow],
        present: Callable[[], None],
        show_error: Callable[[UserFacingError], None],
        parent: QObject,
    ) -> None:
        """`ready` waits for the services, on the asyncio thread; `present` brings the tray window to the front."""
        super().__init__(parent)
        self._bridge = bridge
        self._ready = ready
        self._settings = settings
        self._window = window
        self._present = present
        self._show_error = show_error

    def upload_files(self, paths: Sequence[Path]) -> None:
        """Queue files, each by itself; those that are refused are listed with their reasons."""

        def done(refusals: list[Refusal]) -> None:
            if refusals:
                self.refused.emit(refusals)

        self._submit(lambda: self._upload_files(paths), done)

    def upload_picture(self, data: bytes) -> None:
        """Queue a picture that is no file, such as one from the clipboard."""
        self._submit(lambda: self._upload_picture(data))

    async def _upload_files(self, paths: Sequence[Path]) -> list[Refusal]:
        services = await self._ready()
        answers: list[bool] = []

        async def on_duplicate(name: str, entry: HistoryEntry) -> bool:
            # Whoever drops ten known files is asked once.
            if not answers:
                answers.append(await self._ask(name, entry))
            return answers[0]

        asks = self._settings().upload.ask_duplicates
        with services.follow_ups.gathering() as gathering:
            after = AfterUpload(_TASKS, group=gathering.group)
            taken = await services.incoming.take_files(
                paths, SourceKind.DROP, after=after, on_duplicate=on_duplicate if asks else None
            )
        existing = [each.entry for each in taken if isinstance(each, Existing)]
        if existing:
            await self._copy_links(services, existing, alone=not any(isinstance(each, UploadItem) for each in taken))
        return [Refusal(each.name, str(each.error)) for each in taken if isinstance(each, Refused)]

    async def _ask(self, name: str, entry: HistoryEntry) -> bool:
        when = entry.uploaded_at.astimezone()

        def question(answer: Callable[[bool], None]) -> None:
            self._present()
            text = self.tr("“{name}” was uploaded on {day} already. Its link can be copied instead of a second upload.")
            ask(
                self._window.get(),
                self.tr("Uploaded already"),
                text.format(name=name, day=f"{when:%Y-%m-%d}"),
                self.tr("Upload again"),
                on_yes=lambda: answer(False),
                on_no=lambda: answer(True),
                no=self.tr("Copy its link"),
            )

        return await self._bridge.ask(question)

    async def _copy_links(self, services: Services, entries: Sequence[HistoryEntry], *, alone: bool) -> None:
        links = self._settings().links
        written = "\n".join(
            format_link(entry.image, links.form, file_name=entry.file_name, template=links.template)
            for entry in entries
        )
        # Beside new uploads, whose links take the clipboard soon, these are only told.
        copied = alone and await services.clipboard.copy_text(written)
        many = len(entries) > 1
        title = (self.tr("Links copied") if many else self.tr("Link copied")) if copied else self.tr("Uploaded before")
        self._bridge.post(self.notice_wanted.emit, Notice(title, written))

    async def _upload_picture(self, data: bytes) -> None:
        services = await self._ready()
        await services.incoming.take_picture(data, SourceKind.CLIPBOARD, after=AfterUpload(_TASKS))

    def _submit(self, function: Callable[[], Awaitable[Any]], on_done: Callable[[Any], None] | None = None) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(run, owner=self, on_done=on_done, on_error=self._show_error)
