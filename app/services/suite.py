"""All services of the running program, as the composition root hands them out."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.ports import Clipboard, Hotkeys, ImgLink, Notifier
from app.services.account import AccountService
from app.services.albums import AlbumsService
from app.services.assignments import Assignments
from app.services.capture import CaptureService
from app.services.deletions import Deletions
from app.services.embeds import EmbedService
from app.services.followups import FollowUps
from app.services.history import HistoryService
from app.services.incoming import IncomingFiles
from app.services.jobs import Jobs
from app.services.sign_in import SignInGate
from app.services.thumbnails import ThumbnailService
from app.services.uploads import UploadQueue


@dataclass(frozen=True, slots=True)
class Services:
    """Built, started and used on the asyncio thread only."""

    images: ImgLink
    gated: ImgLink
    """The same for what the person asks for: its calls for albums and embed profiles may ask them to sign in."""
    gate: SignInGate
    uploads: UploadQueue
    history: HistoryService
    deletions: Deletions
    account: AccountService
    captures: CaptureService
    follow_ups: FollowUps
    assignments: Assignments
    jobs: Jobs
    albums: AlbumsService
    embeds: EmbedService
    incoming: IncomingFiles
    thumbnails: ThumbnailService
    clipboard: Clipboard
    notifier: Notifier
    hotkeys: Hotkeys
