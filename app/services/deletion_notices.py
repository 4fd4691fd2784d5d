"""Deleting from a notification: said at once, with the time to undo it that a card gives as well, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol

from app.core.errors import UserFacingError
from app.core.imglink import ImageId
from app.core.ports import Notice, Notifier, RunSoon
from app.services.deletions import UNDO_S, Deletion, DeletionEvent, DeletionFinished, DeletionUndone

UNDO_ACTION = "undo"


class Deletions(Protocol):
    """The part of `app.services.deletions` that is needed here."""

    @property
    def waiting(self) -> tuple[ImageId, ...]:
        """Those whose deletion can still be undone."""

    def subscribe(self, callback: Callable[[DeletionEvent], None]) -> Callable[[], None]:
        """Call `callback` with every event."""

    async def refuse(self, image_ids: Sequence[ImageId]) -> tuple[Deletion, ...]:
        """Those that cannot be deleted, and why."""

    async def schedule(self, image_ids: Iterable[ImageId]) -> tuple[Deletion, ...]:
        """Delete these soon; returns those that cannot be deleted, and why."""

    def undo(self, image_ids: Iterable[ImageId]) -> tuple[ImageId, ...]:
        """Let images stay; returns those for which it was not too late."""


class DeletionNotices:
    """Runs on the asyncio thread, from its making to the end."""

    def __init__(self, deletions: Deletions, notifier: Notifier, run_soon: RunSoon) -> None:
        """`run_soon` gets the answer to a click on a notification."""
        self._deletions = deletions
        self._notifier = notifier
        self._run_soon = run_soon
        self._asked: set[ImageId] = set()
        """Those whose deletion was asked for on a notification; others are told of where they were asked."""
        deletions.subscribe(self._on_event)

    async def may_delete(self, image_ids: Sequence[ImageId]) -> bool:
        """False when none of these can be deleted from here. Raises UserFacingError."""
        return len(await self._deletions.refuse(image_ids)) < len(image_ids)

    async def delete(self, image_ids: Sequence[ImageId]) -> None:
        """Delete in `UNDO_S`, and offer to undo it until then. Raises UserFacingError."""
        refused = await self._deletions.schedule(image_ids)
        coming = [each for each in image_ids if each in self._deletions.waiting]
        self._asked.update(coming)
        if refused:
            await self._show(_not_deleted(refused))
        if coming:
            what = "The link stops working" if len(coming) == 1 else f"{len(coming)} links stop working"
            notice = Notice("Deleting from ImgLink…", f"{what} in {UNDO_S:g} seconds.", ((UNDO_ACTION, "Undo"),))
            await self._show(notice, lambda key: self._run_soon(lambda: self._undo(key, coming)))

    async def _undo(self, key: str, image_ids: Sequence[ImageId]) -> None:
        # When it was too late, how the deletion ends is said in any case.
        if key == UNDO_ACTION and (kept := self._deletions.undo(image_ids)):
            await self._show(
                Notice("Not deleted", "The link still works." if len(kept) == 1 else "The links still work.")
            )

    def _on_event(self, event: DeletionEvent) -> None:
        match event:
            case DeletionUndone(image_ids):
                self._asked.difference_update(image_ids)
            case DeletionFinished(results):
                ours = [result for result in results if result.image_id in self._asked]
                self._asked.difference_update(result.image_id for result in ours)
                if ours:
                    self._run_soon(lambda: self._tell(ours))

    async def _tell(self, results: Sequence[Deletion]) -> None:
        failed = [result for result in results if result.error is not None]
        if failed:
            await self._show(_not_deleted(failed))
        if gone := len(results) - len(failed):
            works = "The link no longer works." if gone == 1 else f"{gone} links no longer work."
            await self._show(Notice("Deleted from ImgLink", works))

    async def _show(self, notice: Notice, on_action: Callable[[str], None] | None = None) -> None:
        # Where the button was pressed there was a notification service a moment ago; windows tell of the rest.
        with suppress(UserFacingError):
            await self._notifier.show(notice, on_action)


def _not_deleted(failed: Sequence[Deletion]) -> Notice:
    reasons = dict.fromkeys(str(result.error) for result in failed)
    return Notice("Not deleted", "\n".join(reasons), is_error=True)
