"""Pictures that no disk would take: kept in memory, and shown until the person has decided about each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QRect, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox
from shiboken6 import isValid

from app.core.errors import NotSaved, UserFacingError
from app.core.ports import NewUpload, Notice
from app.services.capture import write_whole
from app.services.suite import Services
from app.ui.asking import ask
from app.ui.bridge import Bridge
from app.ui.clipboard import decoded_frame
from app.ui.on_demand import OnDemand
from app.ui.texts import bytes_text, kind_text
from app.ui.tray_view import UnsavedView
from app.ui.uploads_controller import Tell

if TYPE_CHECKING:
    from app.ui.tray_window import TrayWindow

_DEFAULT_NAME = "screenshot.png"


@dataclass(slots=True)
class _Kept:
    data: bytes
    new: NewUpload | None
    """How it was to be queued; None when it was only to be saved."""
    view: UnsavedView


class UnsavedController(QObject):
    """Lives on the Qt thread."""

    count_changed = Signal(int)

    def __init__(
        self,
        bridge: Bridge,
        window: OnDemand[TrayWindow],
        show_error: Callable[[UserFacingError], None],
        notify: Tell,
        parent: QObject,
    ) -> None:
        """`notify` shows a notification, and calls back on the Qt thread with the key of what was clicked."""
        super().__init__(parent)
        self._bridge = bridge
        self._window = window
        self._show_error = show_error
        self._notify = notify
        self._services: Services | None = None
        self._kept: dict[int, _Kept] = {}
        self._next_number = 1
        self._quit_box: QMessageBox | None = None
        window.when_made(self._fill)

    @property
    def count(self) -> int:
        """How many pictures would be lost now."""
        return len(self._kept)

    def attach(self, services: Services) -> None:
        """The services are there."""
        self._services = services

    def keep(self, problem: NotSaved) -> None:
        """Keep the picture that came with this failure, and say plainly that it is not saved."""
        assert problem.data is not None
        number, self._next_number = self._next_number, self._next_number + 1
        view = UnsavedView(number, _name(problem.data, problem.new), problem.reason, can_retry=problem.new is not None)
        self._kept[number] = _Kept(problem.data, problem.new, view)
        self._show()
        actions = (("default", self.tr("Show")), ("show", self.tr("Show")), ("copy", self.tr("Copy image")))
        title = self.tr("NOT saved: {name}").format(name=view.name)
        body = self.tr("It is in memory only. Save it elsewhere or try again in the window of ImgLink.")
        why = f"{problem.message} {body}"

        def clicked(key: str) -> None:
            if key == "copy":
                self._copy(number)
            else:
                self._window.get().open_near(QRect())

        self._notify(Notice(title, why, actions, is_error=True), clicked)

    async def try_once_more(self) -> None:
        """On the asyncio thread, at the very end: queue what can be queued now."""
        for kept in tuple(self._kept.values()):
            if kept.new is not None and self._services is not None:
                with suppress(UserFacingError):
                    await self._services.uploads.enqueue_bytes(kept.data, kept.new)

    def ask_to_quit(self, on_quit: Callable[[], object], on_kept: Callable[[], object] = lambda: None) -> None:
        """Ask before all of them are lost. Asked once more, the former question is taken for answered with no."""

        def lose() -> None:
            self._kept.clear()
            on_quit()

        if self._quit_box is not None and isValid(self._quit_box):
            self._quit_box.close()
        self._window.get().open_near(QRect())
        text = (
            self.tr("1 picture is not saved. When ImgLink quits, it is lost.")
            if self.count == 1
            else self.tr("{count} pictures are not saved. When ImgLink quits, they are lost.").format(count=self.count)
        )
        self._quit_box = ask(
            self._window.get(),
            self.tr("Quit ImgLink?"),
            text,
            self.tr("Quit and lose it") if self.count == 1 else self.tr("Quit and lose them"),
            lose,
            on_kept,
        )

    def _fill(self, window: TrayWindow) -> None:
        window.unsaved_copy_requested.connect(self._copy)
        window.unsaved_save_requested.connect(self._choose_place)
        window.unsaved_retry_requested.connect(self._retry)
        window.unsaved_discard_requested.connect(self._ask_to_discard)
        window.set_unsaved(self._views())

    # --- what the person decides --------------------------------------------------------------------------------------

    def _copy(self, number: int) -> None:
        kept, services = self._kept.get(number), self._services
        if kept is None or services is None:
            return

        async def copy() -> bool:
            frame = await asyncio.to_thread(decoded_frame, kept.data)
            return frame is not None and await services.clipboard.copy_image(frame)

        def copied(is_there: bool) -> None:
            if is_there:
                self._window.get().show_unsaved_copied(number)
            else:
                self._show_error(
                    UserFacingError("The clipboard did not take the picture.", remedy="Save it elsewhere.")
                )

        self._submit(copy, copied)

    def _choose_place(self, number: int) -> None:
        kept = self._kept.get(number)
        if kept is None:
            return
        name = _DEFAULT_NAME if kept.new is None else kept.new.file_name
        dialog = QFileDialog(self._window.get(), self.tr("Save picture"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(name)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.save(number, Path(path)))
        dialog.open()

    def save(self, number: int, path: Path) -> None:
        """Write a picture to a file of the person's choice; it is let go when that is on the disk."""
        kept = self._kept[number]
        self._submit(lambda: asyncio.to_thread(write_whole, path, kept.data), lambda _: self._let_go(number))

    def _retry(self, number: int) -> None:
        kept, services = self._kept.get(number), self._services
        if kept is None or kept.new is None or services is None:
            return
        data, new = kept.data, kept.new

        def refused(error: UserFacingError) -> None:
            reason = error.reason if isinstance(error, NotSaved) else str(error)
            kept.view = replace(kept.view, reason=self.tr("still not: {reason}").format(reason=reason))
            self._show()

        self._submit(lambda: services.uploads.enqueue_bytes(data, new), lambda _: self._let_go(number), refused)

    def _ask_to_discard(self, number: int) -> None:
        if number in self._kept:
            name = self._kept[number].view.name
            text = self.tr("{name} is kept nowhere else.").format(name=name)
            ask(self._window.get(), self.tr("Discard"), text, self.tr("Discard"), partial(self._let_go, number))

    def _let_go(self, number: int) -> None:
        self._kept.pop(number, None)
        self._show()

    def _show(self) -> None:
        if (window := self._window.made) is not None:
            window.set_unsaved(self._views())
        self.count_changed.emit(self.count)

    def _views(self) -> list[UnsavedView]:
        return [kept.view for kept in self._kept.values()]

    def _submit(
        self,
        function: Callable[[], Awaitable[Any]],
        on_done: Callable[[Any], None],
        on_error: Callable[[UserFacingError], None] | None = None,
    ) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(run, owner=self, on_done=on_done, on_error=on_error or self._show_error)


def _name(data: bytes, new: NewUpload | None) -> str:
    parts = [kind_text(new.kind, new.file_name)] if new is not None else []
    if new is not None and new.width and new.height:
        parts.append(f"{new.width} × {new.height}")
    return ", ".join([*parts, bytes_text(len(data))])
