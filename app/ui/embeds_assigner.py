"""Giving embed profiles to images: a dialog for each, over the jobs that outlive it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.errors import UserFacingError
from app.core.imglink import EmbedId, ImageId
from app.core.jobs import Job, JobChanged, JobEvent, JobsHeld
from app.services.embeds import EmbedService
from app.services.jobs import Jobs
from app.ui.bridge import Bridge

if TYPE_CHECKING:
    from app.ui.embeds_window.assign import AssignDialog


class EmbedAssigner(QObject):
    """Lives on the Qt thread."""

    manage_requested = Signal()
    """The person wants to make or change profiles first."""

    def __init__(self, bridge: Bridge, show_error: Callable[[UserFacingError], None], parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._show_error = show_error
        self._embeds: EmbedService | None = None
        self._jobs: Jobs | None = None
        self._dialogs: list[AssignDialog] = []

    @property
    def dialogs(self) -> tuple[AssignDialog, ...]:
        """Those that are open."""
        return tuple(self._dialogs)

    def attach(self, embeds: EmbedService, jobs: Jobs) -> None:
        """Begin."""
        self._embeds, self._jobs = embeds, jobs
        show = partial(self._bridge.post_to, self, self._job_event)
        self._bridge.call_soon(jobs.subscribe, show)

    def close(self) -> None:
        """Destroy the dialogs; what they show goes on."""
        for each in self._dialogs:
            each.hide()
            each.deleteLater()
        self._dialogs.clear()

    def choose_and_assign(self, image_ids: Sequence[ImageId], parent: QWidget | None = None) -> None:
        """Let the person choose a profile for these images, and give it to them."""
        embeds = self._embeds
        if embeds is None or not image_ids:
            return
        dialog = self._open_dialog(len(image_ids), parent)
        dialog.chosen.connect(lambda embed_id: self._start(dialog, image_ids, embed_id))
        self._submit(
            embeds.list,
            dialog.set_profiles,
            owner=dialog,
            on_error=lambda error: dialog.show_failure(str(error)),
            on_cancelled=dialog.close,
        )

    def assign(
        self, image_ids: Sequence[ImageId], embed_id: EmbedId | None, parent: QWidget | None = None
    ) -> AssignDialog | None:
        """Give these images a profile, or with None take theirs away; a dialog shows how far it is, and undoes it."""
        if self._embeds is None or not image_ids:
            return None
        dialog = self._open_dialog(len(image_ids), parent)
        dialog.show_beginning()
        self._start(dialog, image_ids, embed_id)
        return dialog

    def _open_dialog(self, count: int, parent: QWidget | None) -> AssignDialog:
        from app.ui.embeds_window.assign import AssignDialog

        dialog = AssignDialog(count, parent)
        self._dialogs.append(dialog)
        dialog.finished.connect(lambda _: self._dialogs.remove(dialog) if dialog in self._dialogs else None)
        dialog.manage_requested.connect(self.manage_requested)
        dialog.manage_requested.connect(dialog.close)
        dialog.cancel_requested.connect(lambda: self._for_each(dialog, lambda jobs, job: jobs.cancel(job.id)))
        dialog.retry_requested.connect(lambda: self._for_each(dialog, lambda jobs, job: jobs.retry_failed(job.id)))
        dialog.undo_requested.connect(lambda: self._undo(dialog))
        dialog.open()
        return dialog

    def _start(self, dialog: AssignDialog, image_ids: Sequence[ImageId], embed_id: EmbedId | None) -> None:
        embeds = self._embeds
        assert embeds is not None, "dialogs open when the services are there"

        async def start() -> Job:
            if embed_id is not None and embeds.known is None:
                await embeds.list()
            return await embeds.assign(image_ids, embed_id)

        self._follow(dialog, start, lambda job: [job], is_undo=False)

    def _undo(self, dialog: AssignDialog) -> None:
        embeds, former = self._embeds, dialog.jobs
        assert embeds is not None, "dialogs open when the services are there"

        async def undo() -> list[Job]:
            return [job for each in former for job in await embeds.undo(each.id)]

        self._follow(dialog, undo, lambda jobs: jobs, is_undo=True)

    def _follow(
        self,
        dialog: AssignDialog,
        begin: Callable[[], Awaitable[Any]],
        jobs_of: Callable[[Any], Sequence[Job]],
        *,
        is_undo: bool,
    ) -> None:
        running = self._jobs
        assert running is not None, "dialogs open when the services are there"

        async def work() -> tuple[Sequence[Job], Any]:
            jobs = jobs_of(await begin())
            # They may have moved on before anybody looked.
            latest = {job.id: job for job in await running.pending()}
            return [latest.get(job.id, job) for job in jobs], running.hold

        def begun(result: tuple[Sequence[Job], Any]) -> None:
            dialog.follow(result[0], is_undo=is_undo)
            dialog.set_hold(result[1])

        self._submit(
            work,
            begun,
            owner=dialog,
            on_error=lambda error: dialog.show_failure(str(error)),
            on_cancelled=dialog.close,
        )

    def _for_each(self, dialog: AssignDialog, do: Callable[[Jobs, Job], Awaitable[None]]) -> None:
        running = self._jobs
        if running is not None:
            for job in dialog.jobs:
                self._submit(partial(do, running, job))

    def _job_event(self, event: JobEvent) -> None:
        for dialog in self._dialogs:
            match event:
                case JobChanged(job):
                    dialog.update_job(job)
                case JobsHeld(hold):
                    dialog.set_hold(hold)

    def _submit(
        self,
        function: Callable[[], Awaitable[Any]],
        on_done: Callable[[Any], None] | None = None,
        *,
        owner: QObject | None = None,
        on_error: Callable[[UserFacingError], None] | None = None,
        on_cancelled: Callable[[], object] | None = None,
    ) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(
            run,
            owner=owner or self,
            on_done=on_done,
            on_error=on_error or self._show_error,
            on_cancelled=on_cancelled,
        )
