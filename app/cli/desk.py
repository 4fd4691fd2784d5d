"""What the commands work with; `app.bootstrap` builds it."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.imglink import UploadOptions
from app.core.links import LinkForm
from app.core.ports import Clipboard, ImgLink
from app.services.account import AccountService
from app.services.capture import CaptureService
from app.services.history import HistoryService
from app.services.incoming import IncomingFiles
from app.services.uploads import UploadQueue


@dataclass(frozen=True, slots=True)
class Desk:
    """Services for the length of one command. All are used on the event loop that built them."""

    images: ImgLink
    uploads: UploadQueue
    incoming: IncomingFiles
    history: HistoryService
    account: AccountService
    captures: CaptureService | None
    """None for commands that take no picture."""
    clipboard: Clipboard
    options: UploadOptions
    """Of the settings; flags add to them."""
    link_form: LinkForm
    link_template: str
