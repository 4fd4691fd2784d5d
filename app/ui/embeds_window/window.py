"""The embed profiles: a list, a form, and beside it the card as Discord would show it.

The window keeps what is being written and asks before it is lost; it stores nothing and asks no service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.core.imglink import EmbedFields, EmbedId, EmbedProfile
from app.ui import icons, theme
from app.ui.asking import ask
from app.ui.embeds_window.form import EmbedForm
from app.ui.embeds_window.pages import IntroPage
from app.ui.embeds_window.preview import PreviewPanel
from app.ui.embeds_window.profile_list import ProfileList
from app.ui.embeds_window.workflow_button import WorkflowButton
from app.ui.mac import bring_to_front
from app.ui.message_page import MessagePage
from app.ui.settings_window.fields import Switch
from app.ui.widgets import NoticeBar, button, heading, label, set_tone

_NEW = EmbedFields("")
_NO_WORKFLOWS: Mapping[str, str] = MappingProxyType({})


class EmbedsWindow(QWidget):
    """Shows profiles and says what should happen to them."""

    refresh_requested = Signal()
    sign_in_requested = Signal()
    save_requested = Signal(object, object)
    """An EmbedId, or None for a new one, and the EmbedFields; answered by `show_saved` or `show_refused`."""
    delete_requested = Signal(object)
    """An EmbedProfile; answered by `confirm_delete`."""
    delete_confirmed = Signal(object)
    """An EmbedId."""
    default_chosen = Signal(object)
    """The EmbedId that new uploads get, or None."""
    workflow_toggled = Signal(str, object, bool)
    """A workflow's id, the EmbedId, and whether its captures are to have that."""
    picture_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("Embed profiles"))
        self.setWindowIcon(icons.app_icon())
        self.setMinimumSize(880, 520)
        self.list = ProfileList()
        self.form = EmbedForm()
        self.preview = PreviewPanel()
        self._profiles: tuple[EmbedProfile, ...] = ()
        self._default: EmbedId | None = None
        self._by_workflow: Mapping[str, str] = {}
        self._current: EmbedProfile | None = None
        """The one in the form as it is stored; None for a new one, or none at all."""
        self._start: EmbedFields | None = None
        """What the form began with; None when there is nothing in it."""
        self._is_busy = False
        self._after_saving: Callable[[], object] | None = None
        self._question: QMessageBox | None = None
        self._notice = NoticeBar()
        self._stack = QStackedWidget()
        self._build()
        self.show_loading()

    def sizeHint(self) -> QSize:
        """Room for the widest card."""
        return QSize(1080, 700)

    # --- what the service says ----------------------------------------------------------------------------------------

    def show_loading(self) -> None:
        """The profiles are on their way."""
        if not self._profiles:
            self._stack.setCurrentWidget(self._loading)

    def show_signed_out(self, note: str = "") -> None:
        """Nobody is signed in: show what there would be."""
        self._signed_out.set_note(note)
        self._stack.setCurrentWidget(self._signed_out)

    def show_failure(self, text: str) -> None:
        """The profiles could not be read; what is there stays."""
        self._is_busy = False
        if self._start is not None or self._profiles:
            self.show_notice(text)
            self._update()
        else:
            self._failed.say(self.tr("The profiles could not be read"), text)
            self._stack.setCurrentWidget(self._failed)

    def set_profiles(self, profiles: Sequence[EmbedProfile]) -> None:
        """Show these, and keep what is being written."""
        self._profiles = tuple(profiles)
        self._is_busy = False
        known = {profile.id: profile for profile in profiles}
        if self._current is not None and self._current.id not in known and not self.is_changed:
            self._current, self._start = None, None
        elif self._current is not None and self._current.id in known and not self.is_changed:
            self._open(known[self._current.id])
        if self._start is None and profiles:
            self._open(profiles[0])
        self._update()
        self._stack.setCurrentWidget(self._main if self._start is not None else self._empty)

    def set_default(self, embed_id: EmbedId | None, by_workflow: Mapping[str, str] = _NO_WORKFLOWS) -> None:
        """Show which profile new uploads get, and which captures of single workflows (id → profile's id)."""
        self._default, self._by_workflow = embed_id, by_workflow
        self._update()

    def show_saved(self, profile: EmbedProfile) -> None:
        """It is stored; `set_profiles` may come before or after."""
        self._is_busy = False
        self._open(profile)
        self._update()
        then, self._after_saving = self._after_saving, None
        if then is not None:
            then()

    def show_refused(self, text: str) -> None:
        """It was not stored; what was written stays."""
        self._is_busy, self._after_saving = False, None
        self.form.show_refusal(text)
        self._update()

    def confirm_delete(self, profile: EmbedProfile, known_uses: int) -> None:
        """Ask whether to delete it; `known_uses` images of the history have it."""
        if self._question is not None:
            return
        name = profile.fields.name
        uses = (
            self.tr("{count} images in your history have it. They go back to what ImgLink shows by itself, ")
            if known_uses != 1
            else self.tr("One image in your history has it. It goes back to what ImgLink shows by itself, ")
        ) + self.tr("as does every other image that has it.")
        none = self.tr("No image in your history has it. Others that have it go back to what ImgLink shows by itself.")
        text = uses.format(count=known_uses) if known_uses else none
        title = self.tr("Delete “{name}”?").format(name=name)
        box = ask(
            self, self.tr("Delete profile"), f"{title}\n\n{text}", self.tr("Delete"), lambda: self._delete(profile)
        )
        self._keep(box)

    def show_notice(self, text: str) -> None:
        """Say something above everything; nothing to take it away."""
        self._notice.set_text(text)
        self._notice.setVisible(bool(text))

    def set_picture(self, image: QImage) -> None:
        """Show this picture in the card; the sample for a null one."""
        self.preview.set_picture(image)

    def set_pictures(self, pictures: Sequence[tuple[str, str]]) -> None:
        """Offer these (key, name) for the card."""
        self.preview.set_pictures(pictures)

    # --- what the person does -----------------------------------------------------------------------------------------

    @property
    def is_changed(self) -> bool:
        """True while something is written that is not stored."""
        return self._start is not None and (self.form.fields != self._start or (self._current is None))

    @property
    def question(self) -> QMessageBox | None:
        """What the person is being asked."""
        return self._question

    def present(self) -> None:
        """Come to the front."""
        self.show()
        bring_to_front(self)

    def start_new(self, fields: EmbedFields = _NEW) -> None:
        """Begin a profile that is not stored yet."""
        if not self.list.is_full:
            self._leave(lambda: self._begin(fields))

    def save(self) -> None:
        """Store what is written, if it can be."""
        if self._is_busy or not self.is_changed:
            return
        if self.form.problems:
            self.form.focus_first()
            self._after_saving = None
            return
        self._is_busy = True
        self.form.show_refusal("")
        self._update()
        self.save_requested.emit(self._current.id if self._current is not None else None, self.form.fields)

    def revert(self) -> None:
        """Forget what is written."""
        if self._current is not None:
            self._open(self._current)
        else:
            self._start = None
            if self._profiles:
                self._open(self._profiles[0])
        self._update()
        self._stack.setCurrentWidget(self._main if self._start is not None else self._empty)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about what is not stored."""
        if self.is_changed and not self._is_untouched_draft():
            event.ignore()
            self._leave(self.close)
        else:
            self._after_saving = None
            super().closeEvent(event)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _is_untouched_draft(self) -> bool:
        return self._current is None and self._start is not None and self.form.fields == self._start == _NEW

    def _leave(self, then: Callable[[], object]) -> None:
        """Do something that loses what is written: at once if there is nothing, else after asking."""
        if not self.is_changed or self._is_untouched_draft():
            if self._current is None:
                self._start = None
            then()
            return
        if self._question is not None:
            return
        kind = QMessageBox.StandardButton
        box = QMessageBox(
            QMessageBox.Icon.Question,
            self.tr("Unsaved changes"),
            self.tr("Save the changes to “{name}”?").format(name=self.form.fields.name or self.tr("New profile")),
            kind.Save | kind.Discard | kind.Cancel,
            self,
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setDefaultButton(kind.Save)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def answered(answer: int) -> None:
            if answer == kind.Save:
                self._after_saving = then
                self.save()
            elif answer == kind.Discard:
                self.revert()
                self._current = self._current if self._start is not None else None
                then()

        box.finished.connect(answered)
        box.open()
        self._keep(box)

    def _keep(self, box: QMessageBox) -> None:
        self._question = box

        def gone() -> None:
            self._question = None

        box.finished.connect(gone)

    def _begin(self, fields: EmbedFields) -> None:
        self._current, self._start = None, fields
        self.form.set_fields(fields)
        self._update()
        self._stack.setCurrentWidget(self._main)
        self.form.focus_first()

    def _open(self, profile: EmbedProfile) -> None:
        self._current, self._start = profile, profile.fields
        self.form.set_fields(profile.fields)

    def _go_to(self, row: int) -> None:
        if row < len(self._profiles):
            wanted = self._profiles[row].id
            self._leave(lambda: self._go(wanted))

    def _go(self, embed_id: EmbedId) -> None:
        # Saving may have changed the list meanwhile.
        for profile in self._profiles:
            if profile.id == embed_id:
                self._open(profile)
        self._update()

    def _duplicate(self) -> None:
        fields = self.form.fields
        copy = replace(fields, name=self.tr("{name} (copy)").format(name=fields.name))
        self._leave(lambda: self._begin(copy))

    def _ask_to_delete(self) -> None:
        if self._current is None:
            self.revert()
        elif not self._is_busy:
            self.delete_requested.emit(self._current)

    def _delete(self, profile: EmbedProfile) -> None:
        self._is_busy = True
        self._start = profile.fields
        self.form.set_fields(profile.fields)
        self._update()
        self.delete_confirmed.emit(profile.id)

    def _choose_default(self, is_on: bool) -> None:
        if self._current is not None:
            self.default_chosen.emit(self._current.id if is_on else None)

    def _toggle_workflow(self, workflow_id: str, is_on: bool) -> None:
        if self._current is not None:
            self.workflow_toggled.emit(workflow_id, self._current.id, is_on)

    def _edited(self) -> None:
        self.preview.set_fields(self.form.fields)
        self._update_actions()

    def _update(self) -> None:
        draft = self._start.name if self._current is None and self._start is not None else None
        self.list.set_profiles(self._profiles, self._default, draft)
        ids = [profile.id for profile in self._profiles]
        if self._current is not None and self._current.id in ids:
            self.list.select(ids.index(self._current.id))
        else:
            self.list.select(len(ids) if draft is not None else -1)
        self._switch.setChecked(self._current is not None and self._current.id == self._default)
        self._switch.setEnabled(self._current is not None)
        self._workflows.show_choice(None if self._current is None else self._current.id, self._by_workflow)
        self._update_actions()

    def _update_actions(self) -> None:
        can_save = self.is_changed and not self._is_busy
        self._save.setEnabled(can_save and not self.form.problems)
        self._revert.setEnabled(can_save)
        self.form.setEnabled(not self._is_busy)
        text = self.tr("Saving…") if self._is_busy else self.tr("Not saved yet") if self.is_changed else ""
        self._status.setText(text)
        set_tone(self._status, "muted")

    def _build(self) -> None:
        self._loading = MessagePage("retry")
        self._loading.say(self.tr("Reading the profiles…"), "")
        self._loading.show_progress()
        self._failed = MessagePage("alert", tone="danger")
        self._failed.offer(self.tr("Try again"), self.refresh_requested.emit)
        what = self.tr(
            "When somebody posts the link of your image on Discord, a card appears below it. An embed profile decides "
            "what that card says: its title, text, author, site name and the colour of its bar. Make up to 25 of them, "
            "and give them to single images, to many, or to everything you upload."
        )
        self._signed_out = IntroPage(
            self.tr("Your images, in your words"), what, self.tr("Sign in…"), self.sign_in_requested.emit
        )
        self._empty = IntroPage(self.tr("No profiles yet"), what, self.tr("Make the first one"), self.start_new)
        self._main = self._main_page()
        for page in (self._loading, self._failed, self._signed_out, self._empty, self._main):
            self._stack.addWidget(page)
        self._notice.hide()
        self._notice.dismissed.connect(self._notice.hide)
        bar = QWidget()
        bar_row = QVBoxLayout(bar)
        bar_row.setContentsMargins(0, 0, 0, 0)
        bar_row.addWidget(self._notice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self._stack, 1)
        self.list.wanted.connect(self._go_to)
        self.list.new_wanted.connect(self.start_new)
        self.list.duplicate_wanted.connect(self._duplicate)
        self.list.delete_wanted.connect(self._ask_to_delete)
        self.form.edited.connect(self._edited)
        self.preview.picture_chosen.connect(self.picture_chosen)
        for keys, action in (
            (QKeySequence.StandardKey.Save, self.save),
            (QKeySequence.StandardKey.New, self.start_new),
            (QKeySequence.StandardKey.Refresh, self.refresh_requested.emit),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(lambda do=action: do())
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.close)

    def _main_page(self) -> QWidget:
        inside = QWidget()
        inside.setObjectName("page")
        fields = QVBoxLayout(inside)
        fields.setContentsMargins(theme.SPACE_XL, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
        fields.setSpacing(theme.SPACE_L)
        fields.addLayout(self._default_row())
        fields.addWidget(self.form)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._save = button(self.tr("Save"), self.save, look="primary")
        self._revert = button(self.tr("Revert"), self.revert)
        self._status = label(tone="muted", small=True)
        actions = QHBoxLayout()
        actions.setContentsMargins(theme.SPACE_XL, theme.SPACE_S, theme.SPACE_L, theme.SPACE_M)
        actions.setSpacing(theme.SPACE_S)
        actions.addWidget(self._save)
        actions.addWidget(self._revert)
        actions.addWidget(self._status)
        actions.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(scroll, 1)
        left.addLayout(actions)
        right = QVBoxLayout()
        right.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_XL, theme.SPACE_L)
        right.addWidget(self.preview)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.list)
        row.addLayout(left, 4)
        row.addLayout(right, 5)
        return page

    def _default_row(self) -> QHBoxLayout:
        self._switch = Switch()
        self._switch.setAccessibleName(self.tr("Use for new uploads"))
        self._switch.clicked.connect(self._choose_default)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(heading(self.tr("Use for new uploads")))
        hint = self.tr("Whatever they come from. For images that are there: select them in the history.")
        texts.addWidget(label(hint, tone="muted", small=True, wrap=True))
        self._workflows = WorkflowButton()
        self._workflows.toggled_for.connect(self._toggle_workflow)
        texts.addSpacing(theme.SPACE_XS)
        texts.addWidget(self._workflows, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_M)
        row.addLayout(texts, 1)
        row.addWidget(self._switch, 0, Qt.AlignmentFlag.AlignTop)
        return row
