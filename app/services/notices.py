"""The words of notifications about uploads."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.ports import Notice
from app.core.screen import Frame
from app.core.uploads import UploadItem, UploadState

COPY_ACTION, OPEN_ACTION, DELETE_ACTION = "copy", "open", "delete"
_MOST_LINES = 3


def compose_notice(
    items: Sequence[UploadItem],
    links: Sequence[str],
    *,
    copied: bool,
    wanted_copy: bool,
    is_late: bool = False,
    trouble: str = "",
    can_delete: bool = True,
    thumbnail: Frame | None = None,
) -> Notice | None:
    """Say in one notification how uploads that belong together ended; None when there is nothing to say.

    `is_late` means that the links were left off the clipboard on purpose; `trouble` says why it did not take them, or
    what helps. Without `can_delete`, none of the images can be deleted from here.
    """
    troubled = [item for item in items if item.state in (UploadState.FAILED, UploadState.UNCERTAIN)]
    if not links and not troubled:
        return None
    body = list(links[:_MOST_LINES])
    if len(links) > len(body):
        body.append(f"and {len(links) - len(body)} more")
    body += [f"{item.file_name}: {item.reason}" for item in troubled[:_MOST_LINES]]
    if not links:
        is_unsure = {item.state for item in troubled} == {UploadState.UNCERTAIN}
        title = "May already be uploaded" if is_unsure else "Not uploaded"
        return Notice(title, "\n".join(body), is_error=True)
    if trouble:
        body.append(trouble)
    title = _title(len(links), copied=copied, wanted_copy=wanted_copy, is_late=is_late)
    if troubled:
        title += f", {len(troubled)} not uploaded"
    copy_label = "Copy link" if len(links) == 1 else "Copy links"
    actions = [("default", "Open"), (COPY_ACTION, copy_label), (OPEN_ACTION, "Open")]
    if can_delete:
        actions.append((DELETE_ACTION, "Delete"))
    return Notice(title, "\n".join(body), tuple(actions), thumbnail, is_error=bool(troubled))


def _title(count: int, *, copied: bool, wanted_copy: bool, is_late: bool) -> str:
    many = f"{count} links" if count > 1 else "Link"
    if copied:
        return f"{many} copied"
    if wanted_copy and is_late:
        return f"{many} ready"
    if wanted_copy:
        return "Uploaded, but the clipboard did not take the link"
    return f"{count} images uploaded" if count > 1 else "Uploaded"
