"""The dialog for a new album, and for changing one."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.core.imglink import Album, AlbumChanges
from app.ui import theme
from app.ui.widgets import IconButton, NoticeBar, button, label, set_tone

_MOST_PASSWORD = 256


class EditDialog(QDialog):
    """Asks for title, description, who may look, and a password. It stays open until what was entered is stored."""

    entered = Signal(object)
    """AlbumChanges; every field is set for a new album, and only what is different for an existing one."""

    def __init__(self, parent: QWidget | None, album: Album | None = None) -> None:
        super().__init__(parent)
        self._album = album
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("New album") if album is None else self.tr("Edit album"))
        self._title = QLineEdit("" if album is None else album.title)
        self._title.setAccessibleName(self.tr("Title"))
        self._description = QPlainTextEdit("" if album is None else album.description)
        self._description.setAccessibleName(self.tr("Description"))
        self._description.setTabChangesFocus(True)
        self._description.setFixedHeight(84)
        self._public = QRadioButton(self.tr("Public: whoever has the link"))
        self._private = QRadioButton(self.tr("Private: only you"))
        self._visibility = QButtonGroup(self)
        for each in (self._public, self._private):
            self._visibility.addButton(each)
        (self._public if album is None or album.is_public else self._private).setChecked(True)
        self._password = QLineEdit()
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        self._password.setMaxLength(_MOST_PASSWORD)
        self._password.setAccessibleName(self.tr("Password"))
        self._show = IconButton("eye", self.tr("Show the password"))
        self._show.setCheckable(True)
        self._show.toggled.connect(self._show_password)
        self._remove = button(self.tr("Remove the password"), self._toggle_removal, look="small")
        self._remove.setCheckable(True)
        self._hint = label(tone="muted", small=True, wrap=True)
        self._problem = NoticeBar("error", dismissible=False)
        self._problem.hide()
        self._save = button(self.tr("Create") if album is None else self.tr("Save"), self._enter, look="primary")
        self._cancel = button(self.tr("Cancel"), self.reject)
        self._build()
        self._title.textChanged.connect(self._update)
        self._password.textChanged.connect(self._update)
        self._visibility.buttonToggled.connect(lambda *_: self._update())
        QShortcut(QKeySequence("Ctrl+Return"), self).activated.connect(self._enter)
        self._title.returnPressed.connect(self._enter)
        self._password.returnPressed.connect(self._enter)
        self._update()
        self._title.setFocus()

    def sizeHint(self) -> QSize:
        """Wide enough for a sentence in the title."""
        return QSize(460, super().sizeHint().height())

    @property
    def album(self) -> Album | None:
        """The one that is edited; None for a new one."""
        return self._album

    def show_problem(self, text: str) -> None:
        """It was not stored; what was entered stays."""
        self.set_busy(False)
        self._problem.set_text(text)
        self._problem.setVisible(bool(text))
        self.adjustSize()

    def set_busy(self, is_busy: bool) -> None:
        """While it is being stored, nothing can be changed."""
        for widget in (self._title, self._description, self._public, self._private, self._password, self._remove):
            widget.setEnabled(not is_busy)
        self._save.setEnabled(not is_busy and bool(self._title.text().strip()))
        self._save.setText(self.tr("Saving…") if is_busy else self._save_text())

    def changes(self) -> AlbumChanges:
        """What was entered."""
        title, description = self._title.text().strip(), self._description.toPlainText().strip()
        is_public, password = self._public.isChecked(), self._password.text() if self._password.isEnabled() else ""
        album = self._album
        if album is None:
            return AlbumChanges(title, description, is_public, password or None)
        return AlbumChanges(
            None if title == album.title else title,
            None if description == album.description else description,
            None if is_public == album.is_public else is_public,
            "" if self._remove.isChecked() else password or None,
        )

    def _save_text(self) -> str:
        return self.tr("Create") if self._album is None else self.tr("Save")

    def _enter(self) -> None:
        if not self._save.isEnabled():
            return
        changes = self.changes()
        if self._album is not None and changes == AlbumChanges():
            self.reject()
            return
        self._problem.hide()
        self.set_busy(True)
        self.entered.emit(changes)

    def _toggle_removal(self) -> None:
        if self._remove.isChecked():
            self._password.clear()
        self._update()

    def _show_password(self, is_shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if is_shown else QLineEdit.EchoMode.Password
        self._password.setEchoMode(mode)
        self._show.set_name(self.tr("Hide the password") if is_shown else self.tr("Show the password"))
        self._show.set_symbol("eye", "accent_text" if is_shown else "muted")

    def _update(self) -> None:
        self._save.setEnabled(bool(self._title.text().strip()))
        album, is_public = self._album, self._public.isChecked()
        may_have = album is not None and album.has_password is not False
        is_removed = self._remove.isChecked()
        self._remove.setVisible(may_have)
        self._password.setEnabled(is_public and not is_removed)
        self._show.setEnabled(self._password.isEnabled())
        if is_removed:
            text = self.tr("The password is removed when you save.")
        elif not is_public:
            text = self.tr("A private album needs none.")
        elif album is None or album.has_password is False:
            text = self.tr("Optional. Whoever opens the link is asked for it.")
        elif album.has_password:
            text = self.tr("There is one. Leave this empty to keep it.")
        else:
            text = self.tr("Leave this empty to keep what there is.")
        self._hint.setText(text)
        set_tone(self._hint, "muted")

    def _build(self) -> None:
        password = QHBoxLayout()
        password.setSpacing(theme.SPACE_XS)
        password.addWidget(self._password, 1)
        password.addWidget(self._show)
        below = QVBoxLayout()
        below.setSpacing(theme.SPACE_XS)
        below.addLayout(password)
        line = QHBoxLayout()
        line.addWidget(self._hint, 1)
        line.addWidget(self._remove, 0, Qt.AlignmentFlag.AlignTop)
        below.addLayout(line)
        who = QVBoxLayout()
        who.setSpacing(theme.SPACE_XS)
        who.addWidget(self._public)
        who.addWidget(self._private)
        form = QFormLayout()
        form.setHorizontalSpacing(theme.SPACE_L)
        form.setVerticalSpacing(theme.SPACE_M)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self.tr("Title"), self._title)
        form.addRow(self.tr("Description"), self._description)
        form.addRow(self.tr("Who sees it"), who)
        form.addRow(self.tr("Password"), below)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_XL, theme.SPACE_L)
        column.setSpacing(theme.SPACE_L)
        column.addLayout(form)
        column.addWidget(self._problem)
        column.addStretch(1)
        column.addLayout(buttons)
