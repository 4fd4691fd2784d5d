"""Services, shared by the tray application and the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from app.bootstrap.profile import Profile
from app.core.geometry import parse_size
from app.settings.schema import Settings
from app.system.paths import screenshots_folder

if TYPE_CHECKING:
    from app.api.client import Client
    from app.core.base_url import BaseUrl
    from app.core.images import ImageFormat
    from app.core.ports import Clipboard, Countdown, ImgLink, RegionSelector, UploadStore
    from app.core.screen import Frame
    from app.core.workflow import CaptureTask
    from app.secrets.guard import GuardedSecrets
    from app.services.account import AccountService, AccountStatus
    from app.services.albums import AlbumsService
    from app.services.assignments import Assignments
    from app.services.capture import CapturePreferences, CaptureService
    from app.services.credentials import Credentials
    from app.services.deletions import Deletions
    from app.services.embeds import EmbedService
    from app.services.history import HistoryService
    from app.services.history_files import HistoryFiles
    from app.services.incoming import IncomingFiles, IncomingPreferences
    from app.services.jobs import Jobs
    from app.services.sign_in import AskToSignIn, SignInGate
    from app.services.uploads import UploadQueue
    from app.settings.remembered import RememberedRegion
    from app.system.mac_desktop import MacClipboard
    from app.system.wl_clipboard import WlClipboard
    from app.system.x11_clipboard import X11ClipboardReader


@dataclass(frozen=True, slots=True)
class Link:
    """The way to the service."""

    client: Client
    account: AccountService
    gate: SignInGate

    @property
    def gated(self) -> ImgLink:
        """The client for what the person asks for: it may ask them to sign in."""
        from app.services.gated import GatedImgLink

        return GatedImgLink(self.client, self.gate)


@dataclass(frozen=True, slots=True)
class Core:
    """What both sides need; built on the event loop that uses it."""

    images: ImgLink
    gated: ImgLink
    """The same for what the person asks for: its calls for albums and embed profiles may ask them to sign in."""
    gate: SignInGate
    store: UploadStore
    uploads: UploadQueue
    assignments: Assignments
    jobs: Jobs
    albums: AlbumsService
    embeds: EmbedService
    history: HistoryService
    deletions: Deletions
    account: AccountService
    incoming: IncomingFiles


AskOf: TypeAlias = "Callable[[AccountService], AskToSignIn]"
"""Makes what asks the person to sign in to an account."""


async def build_link(
    profile: Profile, stack: AsyncExitStack, *, ask_of: AskOf, use_keyring: bool = True, stays: bool = False
) -> Link:
    """Build client and account; `stack` closes them. Without the keyring, only the environment's credentials count."""
    from app.api.client import Client
    from app.core.base_url import parse_base_url
    from app.core.clock import SystemClock
    from app.services.account import AccountService
    from app.services.sign_in import SignInGate

    base_url = parse_base_url(profile.settings.account.base_url)
    credentials = await _build_credentials(profile, base_url, use_keyring=use_keyring, stays=stays)
    client = Client(base_url, credentials.get, sign_in_path=profile.settings.account.sign_in_path)
    stack.push_async_callback(client.close)
    account = AccountService(credentials, client, SystemClock())
    return Link(client, account, SignInGate(account, ask_of(account)))


async def build_core(
    profile: Profile,
    stack: AsyncExitStack,
    *,
    resume_pending: bool,
    ask_of: AskOf,
    use_keyring: bool = True,
    stays: bool = False,
    sends: bool = True,
) -> Core:
    """Build client, store, queue and account, and start the queue; `stack` closes them in the right order.

    A program that `stays` in memory asks the keyring through a process of its own. One that does not send (`sends`)
    leaves what it queues to the next that does.
    """
    from app.core.clock import SystemClock
    from app.services.albums import AlbumsService
    from app.services.assignments import Assignments
    from app.services.deletions import Deletions
    from app.services.embeds import EmbedService
    from app.services.history import HistoryService
    from app.services.incoming import IncomingFiles
    from app.services.jobs import Jobs
    from app.services.uploads import UploadQueue
    from app.store.store import open_store

    clock = SystemClock()
    store = await open_store(profile.paths.data, clock)
    stack.push_async_callback(store.close)
    link = await build_link(profile, stack, ask_of=ask_of, use_keyring=use_keyring, stays=stays)
    client, account = link.client, link.account
    uploads = UploadQueue(
        client,
        store,
        clock,
        concurrency=lambda: profile.settings.upload.concurrency,
        has_credential=account.has_credential,
    )
    stack.push_async_callback(uploads.stop)
    history = HistoryService(store.history, store, client, _history_files(profile))
    stack.push_async_callback(history.stop)
    history.start(uploads)
    deletions = Deletions(history, clock)
    stack.push_async_callback(deletions.stop)
    assignments = Assignments(client, store, uploads, clock, record=history)
    stack.push_async_callback(assignments.stop)
    await assignments.start(resume_pending=resume_pending)
    if sends:
        await uploads.start(resume_pending=resume_pending)
    jobs = Jobs(link.gated, store.jobs, history, clock, quiet_api=client)
    stack.push_async_callback(jobs.stop)
    await jobs.begin(resume_pending=resume_pending)
    albums = AlbumsService(link.gated, history)
    stack.push_async_callback(albums.stop)
    if stays:
        albums.start(jobs)
    _follow_credentials(account, uploads, assignments, jobs)
    incoming = IncomingFiles(
        uploads,
        cleaner=_LazyCleaner(),
        spool_folder=profile.paths.cache,
        has_credential=account.has_credential,
        preferences=lambda: _incoming_preferences(profile.settings),
        find_duplicate=history.find_duplicate,
    )
    return Core(
        images=client,
        gated=link.gated,
        gate=link.gate,
        store=store,
        uploads=uploads,
        assignments=assignments,
        jobs=jobs,
        albums=albums,
        embeds=EmbedService(link.gated, history, jobs, quiet=client),
        history=history,
        deletions=deletions,
        account=account,
        incoming=incoming,
    )


def _history_files(profile: Profile) -> HistoryFiles:
    from urllib.parse import urlsplit

    from app.core.imglink import DEFAULT_BASE_URL
    from app.services.history_files import HistoryFiles
    from app.store.sharex import read_sharex_database

    addresses = (DEFAULT_BASE_URL, profile.settings.account.base_url)
    hosts = frozenset(urlsplit(address).hostname or "" for address in addresses)
    return HistoryFiles(hosts, read_sharex_database)


def _follow_credentials(account: AccountService, uploads: UploadQueue, assignments: Assignments, jobs: Jobs) -> None:
    """Let what a refused credential has stopped go on with a new one, wherever that was entered."""
    import asyncio

    from app.services.account import Validity

    running: set[asyncio.Task[None]] = set()
    seen = account.key_revision, account.token_revision, Validity.UNKNOWN

    async def go_on() -> None:
        await uploads.credentials_changed()
        await assignments.credentials_changed()
        await jobs.credentials_changed()

    def changed(status: AccountStatus) -> None:
        nonlocal seen
        # A token that was refused or forgotten is news, too, but no reason to try again.
        before, seen = seen, (account.key_revision, account.token_revision, status.key.validity)
        # Without an account they would go out anonymously, which nobody has asked for.
        if seen != before and status.has_credential and status.key.validity is not Validity.BAD:
            task = asyncio.ensure_future(go_on())
            running.add(task)
            task.add_done_callback(running.discard)

    account.subscribe(changed)


async def _build_credentials(profile: Profile, base_url: BaseUrl, *, use_keyring: bool, stays: bool) -> Credentials:
    from app.secrets.guard import GuardedSecrets
    from app.secrets.memory import MemoryStore
    from app.services.credentials import Credentials

    if not use_keyring:
        secrets = GuardedSecrets(MemoryStore())
    elif profile.demo_key is None and stays:
        secrets = await _open_child_secrets(profile, base_url)
    elif profile.demo_key is None:
        secrets = await GuardedSecrets.open(profile.environ)
    else:
        from app.core.imglink import CredentialKind

        secrets = GuardedSecrets(MemoryStore("The demo's key is public."))
        await secrets.set(base_url.origin, CredentialKind.API_KEY, profile.demo_key)
    return Credentials(secrets, base_url.origin, profile.environ)


async def _open_child_secrets(profile: Profile, base_url: BaseUrl) -> GuardedSecrets:
    import asyncio

    from app.secrets.child import open_child_store
    from app.secrets.guard import GuardedSecrets
    from app.system.flags import SECRETS_FLAG
    from app.system.relaunch import own_command, own_environment

    command, environ = own_command(SECRETS_FLAG), own_environment(profile.environ)
    return GuardedSecrets(await asyncio.to_thread(open_child_store, command, environ, base_url.origin))


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
    countdown: Countdown,
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
        countdown=countdown,
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
        window_decorations=settings.capture.window_decorations,
        fixed_size_px=parse_size(settings.capture.fixed_size),
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


def clipboard_reader(environ: Mapping[str, str]) -> X11ClipboardReader | WlClipboard | MacClipboard | None:
    """What reads the clipboard back as another program would; None where there is no way."""
    from app.system.session import SessionType, detect_session

    match detect_session(environ, platform=sys.platform).type:
        case SessionType.X11:
            from app.system.x11_clipboard import X11ClipboardReader

            return X11ClipboardReader(environ)
        case SessionType.WAYLAND:
            wayland = wayland_clipboard(environ)
            return wayland if wayland.probe().available else None
        case SessionType.MACOS:
            from app.system.mac_desktop import MacClipboard

            return MacClipboard(environ)
        case _:
            return None


def wayland_clipboard(environ: Mapping[str, str]) -> WlClipboard:
    """The clipboard of a Wayland session, as a program without a window sets and reads it."""
    from app.system.wl_clipboard import WlClipboard

    def encode_png(frame: Frame) -> bytes:
        from app.core.images import ImageFormat
        from app.encoding.encoder import ImageEncoder

        return ImageEncoder().encode(frame, ImageFormat.PNG, 100)

    return WlClipboard(environ, encode_png)


def command_clipboard(environ: Mapping[str, str], *, copies: bool) -> Clipboard:
    """The clipboard of a command, which ends before anyone pastes. One that does not copy (`copies`) need not read."""
    from app.system.clipboard_keeper import KeeperClipboard
    from app.system.session import SessionType, detect_session

    session = detect_session(environ, platform=sys.platform).type
    if session is SessionType.WAYLAND:
        return wayland_clipboard(environ)
    if session is SessionType.MACOS:
        from app.system.mac_desktop import MacClipboard

        return MacClipboard(environ)
    return KeeperClipboard(environ, clipboard_reader(environ) if copies else None)
