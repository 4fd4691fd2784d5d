"""The tray application: makes the windows, joins them with the services, and ends in the right order.

Everything that takes long to load (HTTP, keyring, database) is built on the asyncio thread after the windows are there,
and what the person asks for meanwhile waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, QRect, QTimer
from PySide6.QtGui import QGuiApplication

from app.core.clock import SystemClock
from app.core.doctor import Part
from app.core.errors import ErrorKind, NotSaved, UserFacingError
from app.core.ports import BindResult, Clipboard, Hotkeys, Notice, RunSoon
from app.core.shortcuts import Shortcut
from app.core.uploads import AfterUpload
from app.core.workflow import BUILT_IN_WORKFLOWS, CaptureMode, Workflow
from app.services.account import AccountStatus, CredentialStatus, StoredIn
from app.services.capture import CaptureRequest, PartlyDone
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.settings.remembered import RememberedWindow
from app.settings.schema import Settings
from app.system.compositor_keys import BindingHelp
from app.ui.activation import activating
from app.ui.albums_controller import AlbumsController
from app.ui.bridge import Bridge
from app.ui.card import CardStack
from app.ui.clipboard import copier, owned_text
from app.ui.decoding import load_readers
from app.ui.embeds_controller import EmbedsController
from app.ui.files_controller import FilesController
from app.ui.gallery_controller import GalleryController
from app.ui.history_controller import HistoryController
from app.ui.key_notices import key_notices
from app.ui.network import NetworkWatch
from app.ui.on_demand import OnDemand
from app.ui.opener import open_system_settings, open_url
from app.ui.overlay import Overlay
from app.ui.overlay.grab import is_wayland
from app.ui.session_watch import SessionWatch
from app.ui.settings_controller import OwnSystem, SettingsController
from app.ui.sign_in_controller import SignInController
from app.ui.texts import moment_text
from app.ui.theme import Look
from app.ui.thumbnail_loader import ThumbnailLoader
from app.ui.tray import Tray
from app.ui.tray_view import Refusal, refusal_notice
from app.ui.unsaved_controller import UnsavedController
from app.ui.uploads_controller import Seen, UploadsController, UploadViews
from app.ui.way_in import WayIn

if TYPE_CHECKING:
    from app.ui.settings_window.recorder import ReadKey
    from app.ui.tray_window import TrayWindow

_NOTICE_THUMBNAIL_PX = 128


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is made of; `app.bootstrap` builds it."""

    bridge: Bridge
    settings_file: SettingsFile
    overlay: Overlay
    build: Callable[[RunSoon], Awaitable[Services]]
    """Builds and starts the services; awaited once, on the asyncio thread. Gets what starts later work."""
    close: Callable[[], Awaitable[None]]
    """Stops and closes what `build` made, in the right order."""
    on_ready: Callable[[Mapping[str, BindResult]], None]
    """Told when uploads can be taken, with what has become of the keys until then."""
    look: Look
    screenshots_folder: str
    """Where captures are saved unless the settings say otherwise, for display."""
    read_key: Callable[[], Awaitable[ReadKey | None]]
    """Loads the keyboard layout, for recording shortcuts."""
    is_first_start: Callable[[], bool]
    """True once in the life of a home folder; blocks for as long as making a file takes."""
    history_window: RememberedWindow
    """How the history window was left."""
    sign_in_page: Callable[[], tuple[Sequence[str], Mapping[str, str]]]
    """The command that shows the site's own sign-in page, with its environment."""
    system: OwnSystem
    """The desktop around the program, for the settings."""
    leave_copied: Callable[[str], Awaitable[None]] = lambda _text: asyncio.sleep(0)
    """Has a text of ours stay on the clipboard when we are gone; awaited at the end, on the asyncio thread."""
    read_clipboard: Callable[..., Mapping[str, bytes]] | None = None
    """Reads it where Qt does not let a program without the focus: as `WlClipboard.content`. Blocks."""
    on_keys: Callable[[Mapping[str, BindResult]], None] = lambda _bound: None
    """Told once when the desktop has answered about the keys, where that was later."""
    notices: Sequence[str] = ()
    """What the person should be told at the start, such as a settings file that was damaged."""
    binding_help: Callable[[Mapping[str, Shortcut]], BindingHelp | None] = lambda _shortcuts: None
    """How keys are bound in the desktop's own settings; asked for where we cannot bind them."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What was made on the asyncio thread before the windows can show anything."""

    services: Services
    status: AccountStatus
    bound: Mapping[str, BindResult]
    seen: Seen
    read_key: ReadKey | None


class Application(QObject):
    """Lives on the Qt thread from `start` to `stop`."""

    def __init__(self, parts: Parts, tray: Tray) -> None:
        """`tray` is shown already: it is the first thing that the person sees."""
        super().__init__()
        self._parts = parts
        self._bridge = parts.bridge
        self._services: Services | None = None
        self._building: asyncio.Future[Services] | None = None
        self._bound_since: Mapping[str, BindResult] | None = None
        """What became of the keys while the rest was still made ready."""
        self._is_asking = False
        """True while the desktop has not answered about the keys."""
        self._is_stopping = False
        self.tray = tray
        self.window = OnDemand(_make_tray_window)
        self.cards = CardStack(self)
        windows = UploadViews(self.tray, self.window, self.cards)
        self.uploads = UploadsController(self._bridge, windows, self.show_error, self._notify, self)
        self.unsaved = UnsavedController(self._bridge, self.window, self.show_error, self._notify, self)
        self.files = FilesController(
            self._bridge,
            self.ready,
            lambda: self._settings,
            self.window,
            lambda: self.window.get().open_near(self.tray.icon_rect),
            self.show_error,
            self,
        )
        self.thumbnails = ThumbnailLoader(self._bridge, self)
        self.way_in = WayIn(self.tray, self.window, self._notify, self.quit, self)
        self._network = NetworkWatch(self)
        # What the services speak to until the end, whatever the settings say for the next start.
        self._base_url = parts.settings_file.settings.account.base_url
        self.sign_in = SignInController(self._bridge, self.ready, parts.sign_in_page, self)
        self._session = SessionWatch(SystemClock().now, self)
        self.settings = SettingsController(
            self._bridge,
            parts.settings_file,
            parts.screenshots_folder,
            self.show_error,
            self,
            system=parts.system,
            binding_help=parts.binding_help,
        )
        self.albums = AlbumsController(self._bridge, parts.settings_file, self.thumbnails, self.show_error, self)
        self.embeds = EmbedsController(self._bridge, parts.settings_file, self.thumbnails, self.show_error, self)
        self.gallery = GalleryController(
            self._bridge, parts.settings_file, self.thumbnails, open_url, self._base_url, self
        )
        self.history = HistoryController(
            self._bridge,
            parts.settings_file,
            self.thumbnails,
            parts.history_window,
            lambda: Path(self._settings.after_capture.folder or parts.screenshots_folder).expanduser(),
            self.show_error,
            self,
        )
        self._connect()

    # --- life ---------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the asyncio thread and have the services built there."""
        self._apply_settings(self._settings)
        self._bridge.start()
        self._bridge.submit(self._prepare, owner=self, on_done=self._attach, on_error=self._fail_to_start)
        if not Tray.is_available():
            self.window.get().open_near(QRect())

    def quit(self, on_decided: Callable[[bool], object] = lambda _: None) -> None:
        """Stop, unless pictures would be lost with it: then the person is asked first.

        `on_decided` gets their answer.
        """

        def stop() -> None:
            on_decided(True)
            self.stop()

        if self.unsaved.count:
            self.unsaved.ask_to_quit(stop, lambda: on_decided(False))
        else:
            stop()

    async def quit_for_command(self, tell: Callable[[str], None]) -> bool:
        """The same on the asyncio thread: False when the person decides against it. `tell` gets what is waited for."""

        def count_unsaved(answer: Callable[[int], None]) -> None:
            answer(self.unsaved.count)

        if count := await self._bridge.ask(count_unsaved):
            what = "1 picture is" if count == 1 else f"{count} pictures are"
            tell(f"{what} not saved: ImgLink asks in its window whether to quit all the same. Waiting for the answer…")
        return await self._bridge.ask(self.quit)

    def stop(self) -> None:
        """Release the keys, finish or withdraw what runs, close everything, and leave Qt's event loop.

        Nobody is asked: this is what happens when a session ends. Pictures that are not saved get a last chance.
        """
        if self._is_stopping:
            return
        self._is_stopping = True
        self.way_in.stop()
        self._parts.overlay.close()
        self.tray.hide()
        self.cards.clear()
        self.thumbnails.clear()
        self._session.stop()
        self._network.stop()
        self.sign_in.close()
        self.albums.close()
        self.embeds.close()
        self.gallery.close()
        self.history.close()
        self.settings.close()
        if (window := self.window.made) is not None:
            window.close()
        try:
            self._bridge.stop(partial(self._close, owned_text()))
        finally:
            # Whatever did not end in time: without icon and windows, nobody could end the process any more.
            if window is not None:
                window.deleteLater()
            QCoreApplication.quit()

    async def _close(self, copied: str) -> None:
        # Beside the rest, because it takes as long as starting a program.
        leaving = asyncio.ensure_future(self._parts.leave_copied(copied)) if copied else None
        try:
            # A disk that takes no words takes no pictures either, and those are told of.
            with contextlib.suppress(UserFacingError):
                await self.history.write_rest()
            await self.unsaved.try_once_more()
        finally:
            await self._parts.close()
            if leaving is not None:
                await leaving

    async def _prepare(self) -> _Prepared:
        self._building = asyncio.ensure_future(self._parts.build(self._run_soon))
        services = await self._building
        # Before the rest: from here on a key does something.
        try:
            await self._start_hotkeys(services.hotkeys)
        except UserFacingError as problem:
            # Without keys there is everything else.
            problem.part = problem.part or Part.SHORTCUTS
            self._bridge.post(self.show_error, problem)
        status, bound = await self.settings.prepare(services)
        return _Prepared(services, status, bound, await self.uploads.watch(services), await self._parts.read_key())

    async def _start_hotkeys(self, hotkeys: Hotkeys) -> None:
        await hotkeys.start(
            lambda workflow_id, token: self._bridge.post(self.capture, workflow_id, token),
            lambda bound: self._bridge.post(self._keys_changed, bound),
        )

    def _attach(self, prepared: _Prepared) -> None:
        # Before anything is decoded on another thread.
        load_readers()
        services = self._services = prepared.services
        self.uploads.attach(services, prepared.seen)
        self.unsaved.attach(services)
        self.thumbnails.set_service(services.thumbnails)
        self.sign_in.attach(self._base_url, prepared.status)
        self.albums.attach(services, prepared.status)
        self.embeds.attach(services, prepared.status)
        self.gallery.attach(services)
        self.history.attach(services)
        bound = prepared.bound if self._bound_since is None else self._bound_since
        self.settings.attach(services, prepared.status, bound, prepared.read_key)
        self._is_asking = any(result.is_pending for result in bound.values())
        self._parts.on_ready(bound)
        self._tell_unbound(services, bound)
        for text in self._parts.notices:
            self._notify(Notice("ImgLink", text, is_error=True))
        if self._parts.is_first_start() and not (prepared.seen.recent or prepared.seen.pending):
            self.window.get().open_quietly(self.tray.icon_rect)
        QTimer.singleShot(0, self._parts.overlay, self._parts.overlay.warm_up)
        QTimer.singleShot(0, self._network, self._network.start)
        self._submit(services.captures.warm_up)

    def _keys_changed(self, bound: Mapping[str, BindResult]) -> None:
        # Another keyboard layout may lack a key, or have it again; and a desktop that is asked answers when it likes.
        if self._services is None:
            self._bound_since = bound
            return
        if self._is_asking and not any(result.is_pending for result in bound.values()):
            self._is_asking = False
            self._parts.on_keys(bound)
        self.settings.show_bound(bound)
        self._tell_unbound(self._services, bound)

    def _tell_unbound(self, services: Services, bound: Mapping[str, BindResult]) -> None:
        if not services.hotkeys.probe().available:
            # That holds for every key and at every start: the settings say it, with what to do.
            return
        actions = _one_action(self.tr("Open the settings"))
        for notice in key_notices(bound.values(), actions):
            self._notify(notice, lambda _key: self.settings.present_hotkeys())

    def _fail_to_start(self, error: UserFacingError) -> None:
        self.show_error(error)

    async def _clipboard(self) -> Clipboard:
        return (await self.ready()).clipboard

    async def ready(self) -> Services:
        """Wait for the services, on the asyncio thread. Raises UserFacingError when they could not be built."""
        if self._services is not None:
            return self._services
        assert self._building is not None, "nothing can be asked for before the bridge runs"
        return await asyncio.shield(self._building)

    @property
    def _settings(self) -> Settings:
        return self._parts.settings_file.settings

    def present(self, token: str = "") -> None:
        """Bring the window to the front, because the program was started a second time.

        `token` is that of who started it: see `app.ui.activation`.
        """
        with activating(token):
            self._open_window()

    def call(self, function: Callable[[], None]) -> None:
        """Call it soon, on the Qt thread. May be called on any thread."""
        self._bridge.post(function)

    # --- captures -----------------------------------------------------------------------------------------------------

    def capture(self, workflow_id: str, token: str = "", *, delay_s: float | None = None) -> None:
        """Run a workflow by its id, as a key, a menu entry or a button names it; `token` as for `present`.

        Without `delay_s` the settings have one.
        """
        self.expect_overlay(token)
        workflow = next(each for each in BUILT_IN_WORKFLOWS if each.id == workflow_id)
        if workflow.mode is CaptureMode.CLIPBOARD:
            self._upload_clipboard()
            return
        self._submit(lambda: self._capture(workflow, delay_s))

    async def _capture(self, workflow: Workflow, delay_s: float | None) -> None:
        services = await self.ready()
        with services.follow_ups.gathering() as gathering:
            after = AfterUpload(workflow.after_upload, workflow.link_form, gathering.group)
            upload = self._settings.upload
            if workflow.options is None and workflow.id in upload.workflow_embeds:
                workflow = replace(workflow, options=upload.options(workflow.id))
            wait_s = float(self._settings.capture.delay_s) if delay_s is None else delay_s
            request = CaptureRequest(workflow, delay_s=wait_s, after=after)
            try:
                captured = await services.captures.run(request)
            except PartlyDone as problem:
                self._bridge.post(self.show_error, problem)
                captured = problem.captured
            if captured.upload is not None:
                gathering.thumbnail = captured.frame.thumbnail(_NOTICE_THUMBNAIL_PX)

    def expect_overlay(self, token: str) -> None:
        """Let the overlay that comes next use this token; empty for none."""
        self._parts.overlay.activation_token = token

    def _upload_clipboard(self) -> None:
        read, window = self._parts.read_clipboard, self.window.get()
        if read is None or QGuiApplication.focusWindow() is not None:
            if not window.paste():
                window.open_quietly(self.tray.icon_rect)
            return

        def done(content: Mapping[str, bytes]) -> None:
            if refused := window.take(mime_data(content)):
                self._notify(refusal_notice(self.tr("The clipboard holds no picture"), refused))

        from app.ui.tray_window.incoming import mime_data, wanted_formats

        self._submit(lambda: asyncio.to_thread(read, *wanted_formats()), done)

    # --- files --------------------------------------------------------------------------------------------------------

    def _add_refusals(self, refusals: Sequence[Refusal]) -> None:
        window = self.window.get()
        window.add_refusals(refusals)
        # Files come by a key as well: whoever pressed it must see why nothing happens.
        if is_wayland() and not window.isVisible():
            self._notify(refusal_notice(self.tr("Not uploaded"), refusals))
        else:
            window.open_quietly(self.tray.icon_rect)

    # --- settings -----------------------------------------------------------------------------------------------------

    def _apply_settings(self, settings: Settings) -> None:
        self._parts.look.choose(settings.appearance.theme)
        self._parts.overlay.adjustable = not settings.capture.region_done_on_release
        self.tray.set_shortcuts(settings.hotkeys.shortcuts)
        if (window := self.window.made) is not None:
            window.set_shortcuts(settings.hotkeys.shortcuts)
        # On Wayland no window can refuse the keyboard, nor choose its corner: there the notification says it.
        self.uploads.shows_cards = settings.notifications.card and not is_wayland()
        self.uploads.notifies = settings.notifications.desktop
        self.albums.apply_settings(settings)
        self.history.apply_settings(settings)
        self.embeds.apply_settings(settings)

    # --- telling the person -------------------------------------------------------------------------------------------

    def show_error(self, error: UserFacingError) -> None:
        """Say what happened where the person sees it: in the window, and as a notification."""
        if isinstance(error, NotSaved) and error.data is not None:
            self.unsaved.keep(error)
            return
        rest = " ".join(part for part in (error.safe, error.remedy) if part)
        part = error.part or (Part.NETWORK if error.kind is ErrorKind.OFFLINE else None)
        self.window.get().add_refusals([Refusal(error.message, rest, part, error.settings_url, is_sentence=True)])
        if part is None:
            self._notify(Notice(error.message, rest, is_error=True))
        else:
            notice = Notice(error.message, rest, _one_action(self.tr("What the doctor says")), is_error=True)
            self._notify(notice, lambda _key: self.settings.present_doctor(part))

    def _notify(
        self,
        notice: Notice,
        on_action: Callable[[str], None] | None = None,
        otherwise: Callable[[], None] | None = None,
    ) -> None:
        services = self._services
        answer = None if on_action is None else partial(self._bridge.post, on_action)
        otherwise = otherwise or self._open_window
        if services is None:
            otherwise()
            return
        # Where there is no notification service, the window has to do.
        self._bridge.submit(
            lambda: services.notifier.show(notice, answer),
            owner=self,
            on_error=lambda _: otherwise(),
        )

    # --- joining ------------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self._parts.overlay.copy_text = copier(self._bridge, self, self._clipboard)
        self.tray.capture_requested.connect(self.capture)
        self.tray.window_requested.connect(lambda icon_rect: self.window.get().toggle_near(icon_rect))
        self.tray.upload_files_requested.connect(self._choose_files)
        self.files.refused.connect(self._add_refusals)
        self.files.notice_wanted.connect(self._notify)
        self.tray.gallery_requested.connect(self.gallery.present)
        self.tray.albums_requested.connect(self.albums.present)
        self.tray.album_chosen.connect(self.albums.set_default)
        self.tray.menu_opening.connect(self.albums.peek)
        self.albums.albums_changed.connect(self.tray.set_albums)
        self.tray.embeds_requested.connect(self.embeds.present)
        self.tray.embed_chosen.connect(self.embeds.set_default)
        self.tray.menu_opening.connect(self.embeds.peek)
        self.embeds.profiles_changed.connect(self.tray.set_embeds)
        self.tray.history_requested.connect(self.history.present)
        self.history.uploads_view_made.connect(self.uploads.add_view)
        self.uploads.unfinished_changed.connect(self.history.set_uploads)
        self.albums.albums_changed.connect(self.history.show_albums)
        self.embeds.profiles_changed.connect(self.history.show_embeds)
        self.history.images_for_album.connect(lambda ids: self.albums.choose_and_add(ids, self.history.window))
        self.history.images_for_embed.connect(
            lambda ids: self.embeds.assigner.choose_and_assign(ids, self.history.window)
        )
        self.tray.settings_requested.connect(self.settings.present)
        self.cards.details_requested.connect(lambda _: self._open_window())
        self.uploads.account_requested.connect(self.settings.present_account)
        self.unsaved.count_changed.connect(self.uploads.set_unsaved_count)
        self._network.came_online.connect(self._go_on_online)
        self.settings.settings_changed.connect(self._apply_settings)
        self.settings.sign_in_requested.connect(self.sign_in.present)
        self.settings.status_changed.connect(self._follow_session)
        self._session.ends_soon.connect(self._tell_session_ends)
        self._session.lapsed.connect(self.settings.look_again)
        # Most often the first sign that the computer has woken up.
        self._network.came_online.connect(self._session.look)
        self.window.when_made(self._join_window)

    def _join_window(self, window: TrayWindow) -> None:
        window.set_shortcuts(self._settings.hotkeys.shortcuts)
        window.set_account(self.settings.account)
        self.settings.account_changed.connect(window.set_account)
        window.capture_requested.connect(self.capture)
        window.files_dropped.connect(self.files.upload_files)
        window.image_dropped.connect(self.files.upload_picture)
        window.history_requested.connect(self.history.present)
        window.gallery_requested.connect(self.gallery.present)
        window.settings_requested.connect(self.settings.present)
        window.doctor_requested.connect(self.settings.present_doctor)
        window.system_settings_requested.connect(open_system_settings)
        window.quit_requested.connect(self.quit)
        window.account_requested.connect(self.settings.present_account)

    def _open_window(self) -> None:
        self.window.get().open_near(self.tray.icon_rect)

    def _choose_files(self) -> None:
        self._open_window()
        self.window.get().choose_files()

    # --- the session --------------------------------------------------------------------------------------------------

    def _follow_session(self, status: AccountStatus) -> None:
        self.sign_in.show_status(status)
        self._session.follow(status.token, status.session)

    def _tell_session_ends(self, token: CredentialStatus) -> None:
        assert token.expires_at is not None
        title = self.tr("Your ImgLink session ends soon")
        body = self.tr("It lasts until {time}. Albums and embed profiles need a new sign-in then.").format(
            time=moment_text(token.expires_at)
        )
        is_fixed = token.stored_in is StoredIn.ENVIRONMENT
        actions = () if is_fixed else (("default", self.tr("Sign in again…")),)
        self._notify(Notice(title, body, actions), lambda _: self.sign_in.present())

    def sleep_changed(self, is_drowsy: bool) -> None:
        """The computer is about to sleep, or (False) awake again: some hours may have passed."""
        services = self._services
        if services is None or self._is_stopping:
            return
        if is_drowsy:
            self._submit(partial(self._rest, services))
            return
        self._session.look()
        self.history.look_at_the_day()
        self.settings.bind_again()
        self._submit(partial(self._wake_up, services))

    @staticmethod
    async def _rest(services: Services) -> None:
        services.uploads.rest()

    async def _wake_up(self, services: Services) -> None:
        await services.uploads.wake_up()
        await self._try_again(services)

    def _go_on_online(self) -> None:
        services = self._services
        if services is not None:
            self._submit(lambda: self._try_again(services))

    @staticmethod
    async def _try_again(services: Services) -> None:
        services.assignments.network_changed()
        services.jobs.network_changed()
        services.thumbnails.network_changed()
        await services.uploads.network_changed()

    def _run_soon(self, function: Callable[[], Awaitable[None]]) -> None:
        self._bridge.post(self._submit, function)

    def _submit(self, function: Callable[[], Awaitable[Any]], on_done: Callable[[Any], None] | None = None) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(run, owner=self, on_done=on_done, on_error=self.show_error)


def _one_action(label: str) -> tuple[tuple[str, str], ...]:
    """What a click anywhere does, and the button that says so."""
    return (("default", label), ("open", label))


def _make_tray_window() -> TrayWindow:
    # Loaded when it is wanted, as all windows are: a key, a drag and a link need none.
    from app.ui.tray_window import TrayWindow

    return TrayWindow()
