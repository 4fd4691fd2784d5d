"""Everything about the one entry that is chosen, with its title, note and star to be changed in place."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.core.history import EntryId, HistoryEntry
from app.core.links import LinkForm
from app.core.uploads import RemoteState
from app.ui import theme
from app.ui.history_window import texts
from app.ui.history_window.preview import Preview
from app.ui.widgets import ElidedLabel, IconButton, button, heading, label

_NOTE_PX = 72
_TITLE_CHARS = 200
_NOTE_CHARS = 10_000


class LinkRow(QWidget):
    """A link, shortened, and the button that copies it."""

    copy_requested = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._link = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._link.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy = IconButton("copy", texts.tr("Copy: {name}").format(name=name), size=16)
        self._copy.clicked.connect(self.copy_requested)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(name, tone="muted", small=True))
        words.addWidget(self._link)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(words, 1)
        row.addWidget(self._copy)

    def show_link(self, text: str) -> None:
        """Show it; hidden when there is none."""
        self._link.set_text(text)
        self.setVisible(bool(text))
        self.show_copied(False)

    def show_copied(self, is_copied: bool) -> None:
        """Say that it is on the clipboard."""
        self._copy.set_symbol("check" if is_copied else "copy", "success" if is_copied else "muted")
        name = texts.tr("Copied: {name}") if is_copied else texts.tr("Copy: {name}")
        self._copy.set_name(name.format(name=self._name))


class TitleField(QLineEdit):
    """One line that is saved when it is left, or by Enter; Escape takes back what was not saved."""

    saved = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._before = ""
        self.setMaxLength(_TITLE_CHARS)
        self.editingFinished.connect(self.save)

    def show_text(self, text: str) -> None:
        """Show what is stored; what is being typed stays."""
        if self.text() == self._before and text != self._before:
            self.setText(text)
        self._before = text

    def begin(self, text: str) -> None:
        """Show another entry's."""
        self._before = text
        self.setText(text)

    def save(self) -> None:
        """Tell what was typed, if it is something else."""
        if self.text() != self._before:
            self._before = self.text()
            self.saved.emit(self._before.strip())

    def revert(self) -> None:
        """Take back what was not saved."""
        self.setText(self._before)


class NoteField(QPlainTextEdit):
    """Several lines; saved when it is left, or by Ctrl+Enter. Tab leads on."""

    saved = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._before = ""
        self.setTabChangesFocus(True)
        self.setFixedHeight(_NOTE_PX)

    def show_text(self, text: str) -> None:
        """Show what is stored; what is being typed stays."""
        if self.toPlainText() == self._before and text != self._before:
            self.setPlainText(text)
        self._before = text

    def begin(self, text: str) -> None:
        """Show another entry's."""
        self._before = text
        self.setPlainText(text)

    def save(self) -> None:
        """Tell what was typed, if it is something else."""
        text = self.toPlainText()[:_NOTE_CHARS]
        if text != self._before:
            self._before = text
            self.saved.emit(text.strip())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Save."""
        super().focusOutEvent(event)
        self.save()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter saves."""
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.save()
        else:
            super().keyPressEvent(event)

    def revert(self) -> None:
        """Take back what was not saved."""
        self.setPlainText(self._before)


class Details(QScrollArea):
    """Shows one entry; every wish is a signal."""

    title_edited = Signal(object, str)
    """An EntryId and its new title."""
    note_edited = Signal(object, str)
    favourite_toggled = Signal(bool)
    copy_requested = Signal(object)
    """A LinkForm."""
    open_requested = Signal()
    refresh_requested = Signal(object)
    """An EntryId: the service is to be asked about it."""
    embed_requested = Signal()
    albums_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._entry: HistoryEntry | None = None
        self.preview = Preview()
        self.title, self.note = TitleField(), NoteField()
        self._star = IconButton("star", "")
        self._gone = label(tone="danger", wrap=True)
        self._rows: dict[LinkForm, LinkRow] = {form: LinkRow(texts.link_text(form)) for form in LinkForm}
        self._delete_link = LinkRow(self.tr("Delete link (keep it secret)"))
        self._facts: dict[str, QLabel] = {}
        self._fact_names: dict[str, QLabel] = {}
        self._refresh: QPushButton = button(self.tr("Ask ImgLink again"), self._ask, look="small")
        self._problem = label(tone="danger", small=True, wrap=True)
        self._albums = button(self.tr("Add to album…"), self.albums_requested.emit, look="small")
        self._embed = button(self.tr("Embed profile…"), self.embed_requested.emit, look="small")
        self._lay_out()
        self._connect()

    @property
    def entry_id(self) -> EntryId | None:
        """Which entry is shown."""
        return None if self._entry is None else self._entry.id

    def show_entry(self, entry: HistoryEntry, links: Mapping[LinkForm, str], albums: str, embed: str) -> None:
        """Show this; fields that are being edited keep what was typed in them."""
        is_other = entry.id != self.entry_id
        if is_other:
            self.save()
            self._entry = None
            self.title.begin(entry.title)
            self.note.begin(entry.note)
            self._problem.hide()
            self.verticalScrollBar().setValue(0)
        else:
            self.title.show_text(entry.title)
            self.note.show_text(entry.note)
        self._entry = entry
        name = texts.name_text(entry)
        self.title.setPlaceholderText(texts.one_line(entry.file_name) or entry.image_id)
        self.preview.show_name(name)
        self._star.set_symbol("star-filled" if entry.favourite else "star", "warning" if entry.favourite else "muted")
        self._star.set_name(self.tr("Not a favourite any more") if entry.favourite else self.tr("Make it a favourite"))
        for form, row in self._rows.items():
            row.show_link(links.get(form, ""))
        self._delete_link.show_link(entry.image.delete or "")
        self._show_state(entry)
        self._show_facts(entry, albums, embed)

    def show_pixmap(self, pixmap: QPixmap | None) -> None:
        """Show the picture, or that there is none yet."""
        self.preview.show_pixmap(pixmap)

    def show_copied(self, form: LinkForm) -> None:
        """Say that a link is on the clipboard."""
        for each, row in self._rows.items():
            row.show_copied(each is form)

    def show_refreshing(self, is_busy: bool, problem: str = "") -> None:
        """Say that the service is being asked, or why it did not answer."""
        self._refresh.setEnabled(not is_busy)
        self._refresh.setText(self.tr("Asking…") if is_busy else self.tr("Ask ImgLink again"))
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))

    def save(self) -> None:
        """Tell what was typed and not saved yet: another entry is chosen, or the window closes."""
        self.title.save()
        self.note.save()

    def edit_title(self) -> None:
        """Let the person type a title."""
        self.title.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.title.selectAll()

    def sizeHint(self) -> QSize:
        """Wide enough for most links."""
        return QSize(320, 560)

    def _show_state(self, entry: HistoryEntry) -> None:
        is_gone = entry.remote_state is RemoteState.GONE
        when = "" if entry.checked_at is None else texts.moment_text(entry.checked_at)
        gone = self.tr("Gone from ImgLink. Its links no longer work.")
        self._gone.setText(f"{gone} {self.tr('Checked {when}.').format(when=when)}" if when else gone)
        self._gone.setVisible(is_gone)

    def _show_facts(self, entry: HistoryEntry, albums: str, embed: str) -> None:
        views, checked = entry.image.views, entry.checked_at
        account = self.tr("without an account") if entry.anonymous else ""
        values = {
            "uploaded": texts.moment_text(entry.uploaded_at),
            "views": "" if views is None else texts.number_text(views),
            "checked": "" if checked is None else texts.moment_text(checked),
            "dimensions": texts.dimensions_text(entry),
            "size": texts.size_text(entry),
            "mime": texts.one_line(entry.mime or ""),
            "kind": texts.source_name(entry.kind),
            "visibility": ", ".join(
                part
                for part in (texts.visibility_text(entry.visibility), "NSFW" if entry.nsfw else "", account)
                if part
            ),
            "file": texts.one_line(entry.file_name),
            "albums": albums,
            "embed": texts.one_line(embed),
            "id": entry.image_id,
            "sha256": entry.sha256,
        }
        for key, text in values.items():
            # Long words, such as hashes, must be able to break.
            self._facts[key].setText(_breakable(text))
            self._facts[key].setAccessibleName(f"{self._fact_names[key].text()}: {text}")
            for part in (self._facts[key], self._fact_names[key]):
                part.setVisible(bool(text))

    def _ask(self) -> None:
        if self._entry is not None:
            self.refresh_requested.emit(self._entry.id)

    def _toggle_star(self) -> None:
        if self._entry is not None:
            self.favourite_toggled.emit(not self._entry.favourite)

    def _emit_title(self, text: str) -> None:
        if self._entry is not None:
            self.title_edited.emit(self._entry.id, text)

    def _emit_note(self, text: str) -> None:
        if self._entry is not None:
            self.note_edited.emit(self._entry.id, text)

    def _connect(self) -> None:
        self._star.clicked.connect(self._toggle_star)
        self.title.saved.connect(self._emit_title)
        self.note.saved.connect(self._emit_note)
        self.preview.activated.connect(self.open_requested)
        for form, row in self._rows.items():
            row.copy_requested.connect(lambda chosen=form: self.copy_requested.emit(chosen))
        self._delete_link.copy_requested.connect(lambda: self.copy_requested.emit(None))

    # --- how it is built ----------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Details"))
        self.title.setAccessibleName(self.tr("Title"))
        self.note.setAccessibleName(self.tr("Note"))
        self.note.setPlaceholderText(self.tr("A note of your own; the search finds it"))
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(theme.SPACE_L, theme.SPACE_L, theme.SPACE_L, theme.SPACE_L)
        column.setSpacing(theme.SPACE_S)
        column.addWidget(self.preview)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self._star)
        column.addWidget(self._gone)
        column.addWidget(label(self.tr("Title"), tone="muted", small=True))
        column.addLayout(top)
        column.addWidget(label(self.tr("Note"), tone="muted", small=True))
        column.addWidget(self.note)
        column.addSpacing(theme.SPACE_S)
        column.addWidget(heading(self.tr("Links")))
        for row in (*self._rows.values(), self._delete_link):
            column.addWidget(row)
        column.addSpacing(theme.SPACE_S)
        column.addWidget(heading(self.tr("Details")))
        column.addLayout(self._make_facts())
        buttons = QHBoxLayout()
        buttons.addWidget(self._refresh)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addWidget(self._problem)
        more = QHBoxLayout()
        more.addWidget(self._albums)
        more.addWidget(self._embed)
        more.addStretch(1)
        column.addLayout(more)
        column.addStretch(1)
        self.setWidget(page)

    def _make_facts(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(theme.SPACE_M)
        grid.setVerticalSpacing(theme.SPACE_XS)
        names = {
            "uploaded": self.tr("Uploaded"),
            "views": self.tr("Views"),
            "checked": self.tr("Checked"),
            "dimensions": self.tr("Dimensions"),
            "size": self.tr("Size"),
            "mime": self.tr("Type"),
            "kind": self.tr("Taken from"),
            "visibility": self.tr("Visibility"),
            "file": self.tr("File"),
            "albums": self.tr("Albums"),
            "embed": self.tr("Embed profile"),
            "id": self.tr("Id"),
            "sha256": self.tr("SHA-256"),
        }
        for row, (key, name) in enumerate(names.items()):
            self._fact_names[key] = label(name, tone="muted", small=True)
            value = self._facts[key] = label(small=True, wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(self._fact_names[key], row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        return grid


def _breakable(text: str) -> str:
    """The same with places where a line may end, which are not seen, in words that are too long for one."""
    words = text.split(" ")
    return " ".join("\u200b".join(word[i : i + 16] for i in range(0, len(word), 16)) for word in words)
