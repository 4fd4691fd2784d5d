"""Services, shared by the tray application and the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app.bootstrap.profile import Profile
from app.settings.schema import Settings
from app.system.paths import screenshots_folder

if TYPE_CHECKING:
    from app.api.client import Client
    from app.core.base_url import BaseUrl
    from app.core.images import ImageFormat
    from app.core.ports import Clipboard, ImgLink, RegionSelector
    from app.core.workflow import CaptureTask
    from app.services.account import AccountService
    from app.services.capture import CapturePreferences, CaptureService
    from app.services.credentials import Credentials
    from app.services.history import HistoryService
    from app.services.incoming import IncomingFiles, IncomingPreferences
    from app.services.uploads import UploadQueue
    from app.settings.remembered import RememberedRegion
    from app.system.x11_clipboard import X11ClipboardReader


@dataclass(frozen=True, slots=True)
class Link:
    """The way to the service."""

    client: Client
    account: AccountService


@dataclass(frozen=True, slots=True)
class Core:
    """What both sides need; built on the event loop that uses it."""

    images: ImgLink
    uploads: UploadQueue
    history: HistoryService
    account: AccountService
    incoming: IncomingFiles


async def build_link(profile: Profile, stack: AsyncExitStack, *, use_keyring: bool = True) -> Link:
    """Build client and account; `stack` closes them. Without the keyring, only the environment's credentials count."""
    from app.api.client import Client
    from app.core.base_url import parse_base_url
    from app.core.clock import SystemClock
    from app.services.account import AccountService

    base_url = parse_base_url(profile.settings.account.base_url)
    credentials = await _build_credentials(profile, base_url, use_keyring=use_keyring)
    client = Client(base_url, credentials.get, sign_in_path=profile.settings.account.sign_in_path)
    stack.push_async_callback(client.close)
    return Link(client, AccountService(credentials, client, SystemClock()))


async def build_core(
    profile: Profile, stack: AsyncExitStack, *, resume_pending: bool, use_keyring: bool = True
) -> Core:
    """Build client, store, queue and account, and start the queue; `stack` closes them in the right order."""
    from app.core.clock import SystemClock
    from app.services.history import HistoryService
    from app.services.incoming import IncomingFiles
    from app.services.uploads import UploadQueue
    from app.store.store import open_store

    clock = SystemClock()
    store = await open_store(profile.paths.data, clock)
    stack.push_async_callback(store.close)
    link = await build_link(profile, stack, use_keyring=use_keyring)
    client, account = link.client, link.account
    uploads = UploadQueue(
        client,
        store,
        clock,
        concurrency=lambda: profile.settings.upload.concurrency,
        has_credential=account.has_credential,
    )
    stack.push_async_callback(uploads.stop)
    await uploads.start(resume_pending=resume_pending)
    incoming = IncomingFiles(
        uploads,
        cleaner=_LazyCleaner(),
        spool_folder=profile.paths.cache,
        has_credential=account.has_credential,
        preferences=lambda: _incoming_preferences(profile.settings),
    )
    return Core(client, uploads, HistoryService(store, client), account, incoming)


async def _build_credentials(profile: Profile, base_url: BaseUrl, *, use_keyring: bool) -> Credentials:
    from app.secrets.guard import GuardedSecrets
    from app.secrets.memory import MemoryStore
    from app.services.credentials import Credentials

    if not use_keyring:
        secrets = GuardedSecrets(MemoryStore())
    elif profile.demo_key is None:
        secrets = await GuardedSecrets.open(profile.environ)
    else:
        from app.core.imglink import CredentialKind

        secrets = GuardedSecrets(MemoryStore("The demo's key is public."))
        await secrets.set(base_url.origin, CredentialKind.API_KEY, profile.demo_key)
    return Credentials(secrets, base_url.origin, profile.environ)


def _incoming_preferences(settings: Settings) -> IncomingPreferences:
    from app.services.incoming import IncomingPreferences

    upload = settings.upload
    return IncomingPreferences(upload.options(), upload.neutral_names, upload.strip_metadata)


class _LazyCleaner:
    """Loads what it needs with the first file."""

    def can_clean(self, image_format: ImageFormat) -> bool:
        """See `MetadataCleaner`."""
        from app.encoding.metadata.strip import STRIPPABLE

        return image_format in STRIPPABLE

    def clean(self, source: BinaryIO, target: BinaryIO, image_format: ImageFormat) -> None:
        """See `MetadataCleaner`."""
        from app.encoding.metadata.strip import copy_without_metadata

        copy_without_metadata(source, target, image_format)


def build_captures(
    profile: Profile,
    *,
    uploads: UploadQueue,
    selector: RegionSelector,
    clipboard: Clipboard,
    tasks: Callable[[], frozenset[CaptureTask]],
) -> CaptureService:
    """Join the capture workflow; `tasks` are the after-capture tasks of the settings, asked for each capture."""
    from app.capture.choose import choose_capture
    from app.core.clock import SystemClock
    from app.encoding.encoder import ImageEncoder
    from app.services.capture import CaptureService

    return CaptureService(
        screen=choose_capture(profile.environ),
        encoder=ImageEncoder(),
        selector=selector,
        uploads=uploads,
        clipboard=clipboard,
        last_region=last_region_of(profile),
        preferences=lambda: _capture_preferences(profile, tasks()),
        clock=SystemClock(),
    )


def _capture_preferences(profile: Profile, tasks: frozenset[CaptureTask]) -> CapturePreferences:
    from app.services.capture import CapturePreferences

    settings = profile.settings
    return CapturePreferences(
        include_cursor=settings.capture.include_cursor,
        image_format=settings.capture.image_format,
        jpeg_quality=settings.capture.jpeg_quality,
        save_folder=screenshots_folder(
            settings.after_capture.folder, profile.environ, home=Path.home(), platform=sys.platform
        ),
        name_pattern=settings.after_capture.name_pattern,
        options=settings.upload.options(),
        tasks=tasks,
    )


def tasks_of(settings: Settings) -> frozenset[CaptureTask]:
    """After-capture tasks that the settings add to every workflow."""
    from app.core.workflow import CaptureTask

    chosen = {
        CaptureTask.SAVE_TO_FOLDER: settings.after_capture.save_to_folder,
        CaptureTask.COPY_IMAGE: settings.after_capture.copy_image,
    }
    return frozenset(task for task, is_wanted in chosen.items() if is_wanted)


def last_region_of(profile: Profile) -> RememberedRegion:
    """The last region, remembered across runs."""
    from app.settings.remembered import RememberedRegion

    return RememberedRegion(profile.paths.state / "last_region.json")


def clipboard_reader(environ: Mapping[str, str]) -> X11ClipboardReader | None:
    """What reads the clipboard back as another program would; None where there is no way yet."""
    from app.system.session import SessionType, detect_session
    from app.system.x11_clipboard import X11ClipboardReader

    is_x11 = detect_session(environ, platform=sys.platform).type is SessionType.X11
    return X11ClipboardReader(environ) if is_x11 else None
