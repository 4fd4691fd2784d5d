"""What happens after an upload: copy the link, tell the person, open the page.

Several files that were given together are followed up together: one clipboard text with one link a line, in the order
given, and one notification.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.core.errors import UserFacingError
from app.core.imglink import ImageId
from app.core.links import LinkForm, format_link
from app.core.ports import Clipboard, Notice, Notifier
from app.core.screen import Frame
from app.core.uploads import UploadId, UploadItem, UploadState
from app.core.workflow import UploadTask

COPY_ACTION, OPEN_ACTION, DELETE_ACTION = "copy", "open", "delete"


@dataclass(frozen=True, slots=True)
class LinkPreferences:
    """How links are written, read afresh each time."""

    form: LinkForm
    template: str
    notify: bool


class FinishedUploads(Protocol):
    """The part of the upload queue that is needed here."""

    def wait(self, upload_id: UploadId) -> Awaitable[UploadItem]:
        """The item when nothing more happens by itself."""


class Deleter(Protocol):
    """Deletes an image from the service and remembers that."""

    def delete_on_service(self, image_id: ImageId) -> Awaitable[None]:
        """Delete it. Raises UserFacingError."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is to be done for uploads that belong together."""

    uploads: tuple[UploadId, ...]
    tasks: frozenset[UploadTask]
    link_form: LinkForm | None = None
    """None means as the settings say."""
    thumbnail: Frame | None = None


@dataclass(frozen=True, slots=True)
class FollowedUp:
    """How it went."""

    items: tuple[UploadItem, ...]
    """As they ended, in the order asked."""
    is_copied: bool
    """True when the links were read back from the clipboard."""


class FollowUps:
    """Runs after-upload tasks on the asyncio thread."""

    def __init__(
        self,
        *,
        uploads: FinishedUploads,
        clipboard: Clipboard,
        notifier: Notifier,
        deleter: Deleter,
        open_url: Callable[[str], Awaitable[None]],
        preferences: Callable[[], LinkPreferences],
        run_soon: Callable[[Awaitable[None]], None],
    ) -> None:
        """`run_soon` starts the answer to a click on a notification, which comes after `run` has returned."""
        self._uploads = uploads
        self._clipboard = clipboard
        self._notifier = notifier
        self._deleter = deleter
        self._open_url = open_url
        self._preferences = preferences
        self._run_soon = run_soon

    async def run(self, follow_up: FollowUp) -> FollowedUp:
        """Await the uploads, then do the tasks."""
        items = tuple([await self._uploads.wait(upload_id) for upload_id in follow_up.uploads])
        links = self.links(items, follow_up.link_form)
        copied = False
        if links and UploadTask.COPY_LINK in follow_up.tasks:
            copied = await self._clipboard.copy_text("\n".join(links))
        if UploadTask.NOTIFY in follow_up.tasks and self._preferences().notify:
            await self._notify(follow_up, items, links, copied=copied)
        if UploadTask.OPEN_VIEWER in follow_up.tasks:
            await self._open(items)
        return FollowedUp(items, copied)

    def links(self, items: Sequence[UploadItem], form: LinkForm | None = None) -> list[str]:
        """The links of those that are done, in order, in `form` or as the settings say."""
        preferences = self._preferences()
        return [
            format_link(item.image, form or preferences.form, file_name=item.file_name, template=preferences.template)
            for item in items
            if item.state is UploadState.DONE and item.image is not None
        ]

    async def _open(self, items: Sequence[UploadItem]) -> None:
        for item in items:
            if item.image is not None:
                await self._open_url(item.image.viewer or item.image.url)

    async def _notify(
        self, follow_up: FollowUp, items: Sequence[UploadItem], links: Sequence[str], *, copied: bool
    ) -> None:
        wants_copy = UploadTask.COPY_LINK in follow_up.tasks
        notice = compose_notice(items, links, copied=copied, wanted_copy=wants_copy, thumbnail=follow_up.thumbnail)
        if notice is None:
            return
        try:
            await self._notifier.show(notice, lambda key: self._run_soon(self._on_action(key, items, links)))
        except UserFacingError:
            return  # Nobody waits for a notification; the card and the tray window say the same.

    async def _on_action(self, key: str, items: Sequence[UploadItem], links: Sequence[str]) -> None:
        if key == COPY_ACTION:
            await self._clipboard.copy_text("\n".join(links))
        elif key in (OPEN_ACTION, "default"):
            await self._open(items)
        elif key == DELETE_ACTION:
            await self._delete(items)

    async def _delete(self, items: Sequence[UploadItem]) -> None:
        done = [item.image.id for item in items if item.image is not None]
        try:
            for image_id in done:
                await self._deleter.delete_on_service(image_id)
        except UserFacingError as error:
            notice = Notice("Not deleted", str(error), is_error=True)
        else:
            notice = Notice("Deleted from ImgLink", "The link on the clipboard no longer works.")
        try:
            await self._notifier.show(notice)
        except UserFacingError:
            return


def compose_notice(
    items: Sequence[UploadItem],
    links: Sequence[str],
    *,
    copied: bool,
    wanted_copy: bool,
    thumbnail: Frame | None = None,
) -> Notice | None:
    """Say in one notification how uploads that belong together ended; None when the person cancelled them all."""
    troubled = [item for item in items if item.state not in (UploadState.DONE, UploadState.CANCELLED)]
    if not links and not troubled:
        return None
    body = list(links[:3])
    if len(links) > len(body):
        body.append(f"and {len(links) - len(body)} more")
    body += [f"{item.file_name}: {item.reason}" for item in troubled[:3]]
    if not links:
        return Notice(_trouble_title(troubled), "\n".join(body), is_error=True)
    if wanted_copy and not copied:
        title = "Uploaded, but the clipboard did not take the link"
    else:
        many = f"{len(links)} links" if len(links) > 1 else "Link"
        title = f"{many} copied" if copied else f"{len(links)} images uploaded" if len(links) > 1 else "Uploaded"
    if troubled:
        title += f", {len(troubled)} not uploaded"
    actions = (("default", "Open"), (COPY_ACTION, "Copy link"), (OPEN_ACTION, "Open"), (DELETE_ACTION, "Delete"))
    return Notice(title, "\n".join(body), actions, thumbnail, is_error=bool(troubled))


def _trouble_title(troubled: Sequence[UploadItem]) -> str:
    states = {item.state for item in troubled}
    if states == {UploadState.UNCERTAIN}:
        return "May already be uploaded"
    if states == {UploadState.PAUSED}:
        return "Upload paused"
    return "Not uploaded"
