"""What the commands work with; `app.bootstrap` builds it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.core.imglink import UploadOptions
    from app.core.links import LinkForm
    from app.core.ports import Clipboard, ImgLink
    from app.services.account import AccountService
    from app.services.albums import AlbumsService
    from app.services.assignments import Assignments
    from app.services.capture import CaptureService
    from app.services.embeds import EmbedService
    from app.services.history import HistoryService
    from app.services.incoming import IncomingFiles
    from app.services.jobs import Jobs
    from app.services.uploads import UploadQueue


@dataclass(slots=True)
class Desk:
    """Services for the length of one command. All are used on the event loop that built them."""

    images: ImgLink
    account: AccountService
    clipboard: Clipboard
    link_form: LinkForm
    """Of the settings, as the template; `--link` wins over it."""
    link_template: str


@dataclass(slots=True)
class StoreDesk(Desk):
    """The same with what needs the outbox and the history."""

    uploads: UploadQueue
    incoming: IncomingFiles
    history: HistoryService
    options: UploadOptions
    """Of the settings; flags add to them."""
    albums: AlbumsService
    embeds: EmbedService
    jobs: Jobs
    assignments: Assignments
    open_page: Callable[[str], Awaitable[None]]
    """Opens a web address in the browser. Raises UserFacingError."""
    captures: CaptureService | None = None
    """For the command that takes pictures."""
    stays: bool = False
    """True in the application, which goes on when the command has ended."""
    folder: Path = Path()
    """What relative paths start from; not the process's own when the command was handed over by another."""
    is_ending: Callable[[], bool] = bool
    """Asked when the command is cancelled: True when the application ends, False when the person gave up."""
