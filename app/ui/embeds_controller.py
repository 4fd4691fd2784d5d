"""Joins the embed profiles' window, the tray's choice of one, and giving them to images, with the services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.core.errors import ErrorKind, UserFacingError
from app.core.history import HistoryEntry
from app.core.imglink import EmbedFields, EmbedId, EmbedProfile, ImageId
from app.services.account import AccountService, AccountStatus, when_signed_out
from app.services.embeds import EmbedService
from app.services.jobs import Jobs
from app.settings.file import SettingsFile
from app.settings.schema import Settings
from app.ui.bridge import Bridge
from app.ui.embeds_assigner import EmbedAssigner
from app.ui.thumbnail_loader import ThumbnailLoader

if TYPE_CHECKING:
    from app.ui.embeds_window import EmbedsWindow

_PICTURES = 12
_PICTURE_PX = 400


class EmbedParts(Protocol):
    """The services that are needed here."""

    @property
    def embeds(self) -> EmbedService:
        """The profiles; its calls may ask the person to sign in."""

    @property
    def jobs(self) -> Jobs:
        """What gives them to images."""

    @property
    def account(self) -> AccountService:
        """Whether somebody is signed in."""


class EmbedsController(QObject):
    """Lives on the Qt thread. The window is made when it is first wanted, and kept."""

    profiles_changed = Signal(object, object)
    """All profiles (a tuple), and the EmbedId that new uploads get or None; for menus and filters."""

    def __init__(
        self,
        bridge: Bridge,
        settings_file: SettingsFile,
        thumbnails: ThumbnailLoader,
        show_error: Callable[[UserFacingError], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._writing = asyncio.Lock()
        self._file = settings_file
        self._thumbnails = thumbnails
        self._show_error = show_error
        self._parts: EmbedParts | None = None
        self._window: EmbedsWindow | None = None
        self.assigner = EmbedAssigner(bridge, show_error, self)
        self.assigner.manage_requested.connect(self.present)
        self._profiles: tuple[EmbedProfile, ...] | None = None
        self._is_signed_in = False
        self._pictures: dict[str, HistoryEntry] = {}
        self._shown_picture = ""
        thumbnails.ready.connect(self._picture_ready)

    @property
    def window(self) -> EmbedsWindow | None:
        """The window, once there is one."""
        return self._window

    @property
    def profiles(self) -> tuple[EmbedProfile, ...]:
        """As they were last seen."""
        return self._profiles or ()

    # --- life ---------------------------------------------------------------------------------------------------------

    def attach(self, parts: EmbedParts, status: AccountStatus) -> None:
        """Begin, with the services and how the account stands."""
        self._parts = parts
        self._bridge.call_soon(self._watch, parts, status.token.is_present)
        self.assigner.attach(parts.embeds, parts.jobs)
        self._account_changed(status)

    def _watch(self, parts: EmbedParts, is_signed_in: bool) -> None:
        # On the asyncio thread.
        parts.embeds.subscribe(lambda profiles: self._bridge.post_to(self, self._profiles_changed, profiles))
        when_signed_out(parts.account.subscribe, is_signed_in, parts.embeds.forget)
        parts.account.subscribe(lambda status: self._bridge.post_to(self, self._account_changed, status))

    def close(self) -> None:
        """Destroy the windows, without asking."""
        self.assigner.close()
        if self._window is not None:
            self._window.hide()
            self._window.deleteLater()
            self._window = None

    def present(self) -> None:
        """Bring the window to the front."""
        if self._window is None:
            self._window = self._make_window()
        self._window.present()
        self.refresh()
        self._load_pictures()

    def apply_settings(self, settings: Settings) -> None:
        """Show which profile new uploads get."""
        if self._window is not None:
            self._window.set_default(_default(settings), settings.upload.workflow_embeds)
        self.profiles_changed.emit(self.profiles, _default(settings))

    def _make_window(self) -> EmbedsWindow:
        # Loaded when it is wanted: most days it is not.
        from app.ui.embeds_window import EmbedsWindow

        window = EmbedsWindow()
        window.set_default(_default(self._file.settings), self._file.settings.upload.workflow_embeds)
        if self._profiles is not None:
            window.set_profiles(self._profiles)
        window.refresh_requested.connect(self.refresh)
        window.sign_in_requested.connect(self._sign_in)
        window.save_requested.connect(self._save)
        window.delete_requested.connect(self._ask_about)
        window.delete_confirmed.connect(self._delete)
        window.default_chosen.connect(self.set_default)
        window.workflow_toggled.connect(self._toggle_workflow)
        window.picture_chosen.connect(self._choose_picture)
        return window

    # --- profiles -----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the profiles again; a signed-out person sees what there would be, and is not asked."""
        window, parts = self._window, self._parts
        if window is None:
            return
        if parts is None:
            window.show_loading()
        elif not self._is_signed_in:
            window.show_signed_out()
        else:
            self._read()

    def peek(self) -> None:
        """Learn what profiles there are for a menu that opens; a failure shows when somebody asks for them."""
        parts = self._parts
        if parts is not None and self._is_signed_in and self._profiles is None:
            self._submit(parts.embeds.peek, self._drop_lost_default, on_error=lambda _: None)

    def _sign_in(self) -> None:
        # The gate before the service asks; here it only has to be asked for something.
        self._read()

    def _read(self) -> None:
        parts, window = self._parts, self._window
        if parts is None or window is None:
            return
        window.show_loading()

        def done(profiles: tuple[EmbedProfile, ...]) -> None:
            if self._window is not None:
                self._window.show_notice("")
                self._window.set_profiles(profiles)
            self._drop_lost_default(profiles)

        self._submit(parts.embeds.list, done, on_error=self._not_read, on_cancelled=self._not_signed_in)

    def _not_signed_in(self) -> None:
        if self._window is not None and not self._profiles:
            self._window.show_signed_out()

    def _not_read(self, error: UserFacingError) -> None:
        if self._window is None:
            return
        if error.kind is ErrorKind.CREDENTIAL and not self._profiles:
            self._window.show_signed_out(str(error))
        else:
            self._window.show_failure(str(error))

    def _save(self, embed_id: EmbedId | None, fields: EmbedFields) -> None:
        parts, window = self._parts, self._window
        if parts is None or window is None:
            return

        async def save() -> EmbedProfile:
            if embed_id is None:
                return await parts.embeds.create(fields)
            return await parts.embeds.edit(embed_id, fields)

        cancelled = self.tr("Not saved: that takes an account.")
        self._submit(
            save,
            window.show_saved,
            on_error=lambda error: window.show_refused(str(error)),
            on_cancelled=lambda: window.show_refused(cancelled),
        )

    def _ask_about(self, profile: EmbedProfile) -> None:
        parts, window = self._parts, self._window
        if parts is not None and window is not None:
            self._submit(
                lambda: parts.embeds.known_uses(profile.id), lambda count: window.confirm_delete(profile, count)
            )

    def _delete(self, embed_id: EmbedId) -> None:
        parts, window = self._parts, self._window
        if parts is None or window is None:
            return

        def done(_: object) -> None:
            if _default(self._file.settings) == embed_id:
                self.set_default(None)
            self._keep_workflows({profile.id for profile in self.profiles} - {embed_id})

        self._submit(
            lambda: parts.embeds.delete(embed_id),
            done,
            on_error=lambda error: window.show_failure(str(error)),
            on_cancelled=lambda: window.set_profiles(self.profiles),
        )

    def set_default(self, embed_id: EmbedId | None) -> None:
        """Let new uploads have this profile, or none."""
        # The file is synced to disk: not on this thread.
        self._submit(lambda: asyncio.to_thread(self._file.update, "upload", embed=embed_id or ""))

    def _toggle_workflow(self, workflow_id: str, embed_id: EmbedId, is_on: bool) -> None:
        def toggled(chosen: Mapping[str, str]) -> dict[str, str]:
            others = {workflow: embed for workflow, embed in chosen.items() if workflow != workflow_id}
            return {**others, workflow_id: embed_id} if is_on else others

        self._change_workflows(toggled)

    def _keep_workflows(self, profiles: Set[EmbedId]) -> None:
        """Let only these be the profiles of single workflows."""
        if not set(self._file.settings.upload.workflow_embeds.values()) <= profiles:
            self._change_workflows(
                lambda chosen: {workflow: embed for workflow, embed in chosen.items() if embed in profiles}
            )

    def _change_workflows(self, change: Callable[[Mapping[str, str]], dict[str, str]]) -> None:
        async def run() -> None:
            # One after the other: each begins with what the one before has written.
            async with self._writing:
                chosen = change(self._file.settings.upload.workflow_embeds)
                await asyncio.to_thread(self._file.update, "upload", workflow_embeds=chosen)

        self._submit(run)

    def _drop_lost_default(self, profiles: tuple[EmbedProfile, ...]) -> None:
        """The profile of new uploads was deleted elsewhere: every one of them would be refused it."""
        there = {profile.id for profile in profiles}
        self._keep_workflows(there)
        lost = _default(self._file.settings)
        if lost is None or lost in there:
            return
        self.set_default(None)
        text = self.tr("The embed profile of new uploads is not there any more. New uploads get none now.")
        if self._window is not None and self._window.isVisible():
            self._window.show_notice(text)
        else:
            self._show_error(UserFacingError(text))

    def _profiles_changed(self, profiles: tuple[EmbedProfile, ...]) -> None:
        self._profiles = profiles
        if self._window is not None and self._is_signed_in:
            self._window.set_profiles(profiles)
        self.profiles_changed.emit(profiles, _default(self._file.settings))

    def _account_changed(self, status: AccountStatus) -> None:
        was, self._is_signed_in = self._is_signed_in, status.token.is_present
        if not self._is_signed_in:
            self._profiles = None
        if was != self._is_signed_in:
            self.refresh()

    # --- the picture in the card --------------------------------------------------------------------------------------

    def _load_pictures(self) -> None:
        parts = self._parts
        if parts is not None:
            self._submit(lambda: parts.embeds.pictures(_PICTURES), self._pictures_loaded)

    def _pictures_loaded(self, entries: Sequence[HistoryEntry]) -> None:
        self._pictures = {str(entry.id): entry for entry in entries}
        if self._window is not None:
            self._window.set_pictures([(key, entry.shown_name) for key, entry in self._pictures.items()])

    def _choose_picture(self, key: str) -> None:
        self._shown_picture = key
        self._show_picture()

    def _picture_ready(self, key: object) -> None:
        entry = self._pictures.get(self._shown_picture)
        if entry is not None and self._thumbnails.key_of(entry) == key:
            self._show_picture()

    def _show_picture(self) -> None:
        window, entry = self._window, self._pictures.get(self._shown_picture)
        if window is None:
            return
        pixmap = None
        if entry is not None:
            pixmap = self._thumbnails.pixmap(entry, _PICTURE_PX, window.devicePixelRatioF())
            window.preview.card.set_link(entry.image.viewer or entry.image.url)
        window.set_picture(QImage() if pixmap is None else pixmap.toImage())

    # --- giving them to images ----------------------------------------------------------------------------------------

    def choose_and_assign(self, image_ids: Sequence[ImageId], parent: QWidget | None = None) -> None:
        """Let the person choose a profile for these images, and give it to them."""
        self.assigner.choose_and_assign(image_ids, parent)

    def assign(self, image_ids: Sequence[ImageId], embed_id: EmbedId | None, parent: QWidget | None = None) -> None:
        """Give these images a profile, or with None take theirs away; a dialog shows how far it is, and undoes it."""
        self.assigner.assign(image_ids, embed_id, parent)

    def _submit(
        self,
        function: Callable[[], Awaitable[Any]],
        on_done: Callable[[Any], None] | None = None,
        *,
        on_error: Callable[[UserFacingError], None] | None = None,
        on_cancelled: Callable[[], object] | None = None,
    ) -> None:
        async def run() -> Any:
            return await function()

        self._bridge.submit(
            run,
            owner=self._window or self,
            on_done=on_done,
            on_error=on_error or self._show_error,
            on_cancelled=on_cancelled,
        )


def _default(settings: Settings) -> EmbedId | None:
    embed = settings.upload.embed
    return EmbedId(embed) if embed else None
