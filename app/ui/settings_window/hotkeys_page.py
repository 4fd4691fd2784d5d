"""Keys that work everywhere: press to record, and beside each what became of it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core.ports import BindResult
from app.core.shortcuts import Shortcut
from app.core.workflow import BUILT_IN_WORKFLOWS
from app.settings import Settings
from app.settings.checks import check_shortcut
from app.settings.schema import Hotkeys
from app.ui import theme
from app.ui.settings_window.binding_help import BindingHelpPanel
from app.ui.settings_window.page import Group, Page, Row
from app.ui.settings_window.recorder import ReadKey, ShortcutRecorder
from app.ui.texts import shortcut_text, workflow_name
from app.ui.widgets import IconButton, NoticeBar, button, label


class HotkeysPage(Page):
    """One row for each workflow."""

    doctor_requested = Signal()
    recording_changed = Signal(bool)
    """While True, the application lets go of its global keys, so that they can be pressed here."""

    def __init__(self, read_key: ReadKey | None) -> None:
        super().__init__(self.tr("Hotkeys"))
        self._results: Mapping[str, BindResult] = {}
        self._shortcuts: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        """Workflow → why the keys that were pressed for it last were not taken."""
        self._recorders: dict[str, ShortcutRecorder] = {}
        self._clears: dict[str, IconButton] = {}
        self._workflow_rows: dict[str, Row] = {}
        self._is_available = True
        self._unavailable = NoticeBar(dismissible=False)
        self._unavailable.hide()
        self._unavailable.buttons.addWidget(
            button(self.tr("What the doctor says"), self.doctor_requested.emit, look="small")
        )
        self._unavailable.buttons.addStretch(1)
        self.add(self._unavailable)
        self.binding_help = BindingHelpPanel()
        self.add(self.binding_help)
        how = self.tr("Click a key and press another. Esc leaves it as it is, Backspace removes it.")
        self.add(label(how, tone="muted", wrap=True))
        self.add(Group([self._row(workflow.id, read_key) for workflow in BUILT_IN_WORKFLOWS]))
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(button(self.tr("Reset all"), self._reset))
        self.add(foot)

    def set_settings(self, settings: Settings, overrides: Mapping[str, str]) -> None:
        """Show these keys."""
        super().set_settings(settings, overrides)
        self._shortcuts = dict(settings.hotkeys.shortcuts)
        for workflow_id, recorder in self._recorders.items():
            text = self._shortcuts.get(workflow_id, "")
            recorder.set_shortcut(text)
            self._clears[workflow_id].setEnabled(bool(text))
        self.set_results(self._results)

    def set_results(self, results: Mapping[str, BindResult]) -> None:
        """Say beside each key why it could not be bound."""
        self._results = results
        for workflow_id, row in self._workflow_rows.items():
            result = results.get(workflow_id)
            fine = result is None or result.bound or str(result.shortcut) != self._shown_key(workflow_id)
            # What holds for all of them is said once, at the top.
            reason = "" if result is None or fine or not self._is_available else result.reason
            row.show_problem(self._refused.get(workflow_id) or reason)
            trigger = "" if result is None else result.trigger
            row.show_note(self.tr("In this desktop's settings: {keys}").format(keys=trigger) if trigger else "")

    def set_unavailable(self, reason: str) -> None:
        """Say that this desktop has no global keys, and what to do; nothing when it has."""
        self._unavailable.set_text(reason)
        self._unavailable.setVisible(bool(reason))
        self._is_available = not reason
        self.set_results(self._results)

    def problem_of(self, workflow_id: str) -> str:
        """What is said beside a key."""
        return self._workflow_rows[workflow_id].problem

    def note_of(self, workflow_id: str) -> str:
        """What is said besides of a key."""
        return self._workflow_rows[workflow_id].note

    def _row(self, workflow_id: str, read_key: ReadKey | None) -> Row:
        name = workflow_name(workflow_id)
        recorder = self._recorders[workflow_id] = ShortcutRecorder(name, read_key)
        recorder.recorded.connect(lambda text: self._recorded(workflow_id, text))
        recorder.recording_changed.connect(self.recording_changed)
        clear = self._clears[workflow_id] = IconButton(
            "close", self.tr("Remove the key of “{name}”").format(name=name), size=14
        )
        clear.clicked.connect(lambda: self._recorded(workflow_id, ""))
        control = QWidget()
        row = QHBoxLayout(control)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_XS)
        row.addWidget(recorder)
        row.addWidget(clear)
        made = self._workflow_rows[workflow_id] = Row(name, "", control)
        return made

    def _shown_key(self, workflow_id: str) -> str:
        return shortcut_text(self._shortcuts.get(workflow_id, ""))

    def _recorded(self, workflow_id: str, text: str) -> None:
        problem = check_shortcut(text) or self._conflict(workflow_id, text)
        # The old keys are bound again after each recording: what comes of that must not hide this.
        self._refused = {} if problem is None else {workflow_id: problem}
        self.set_results(self._results)
        if problem is None:
            self.change_requested.emit("hotkeys", {"shortcuts": {**self._shortcuts, workflow_id: text}})

    def _conflict(self, workflow_id: str, text: str) -> str | None:
        if not text:
            return None
        wanted = Shortcut.parse(text)
        for other, other_text in self._shortcuts.items():
            if other != workflow_id and other_text and Shortcut.parse(other_text) == wanted:
                return self.tr("{keys} is the key of “{name}” already.").format(keys=wanted, name=workflow_name(other))
        return None

    def _reset(self) -> None:
        self._refused = {}
        self.set_results(self._results)
        self.change_requested.emit("hotkeys", {"shortcuts": dict(Hotkeys().shortcuts)})
