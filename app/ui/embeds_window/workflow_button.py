"""Which ways of capturing have the shown profile, whatever new uploads have otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from app.core.imglink import EmbedId
from app.core.workflow import BUILT_IN_WORKFLOWS, CaptureMode
from app.ui.texts import workflow_name


class WorkflowButton(QPushButton):
    """Opens a menu with a mark beside each workflow that has the profile."""

    toggled_for = Signal(str, bool)
    """A workflow's id, and whether it is to have the profile."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "small")
        self.setAutoDefault(False)
        self._menu = QMenu(self)
        self._actions: dict[str, QAction] = {}
        for workflow in BUILT_IN_WORKFLOWS:
            # What comes from the clipboard is no capture: it has what new uploads have.
            if workflow.mode is not CaptureMode.CLIPBOARD:
                action = self._menu.addAction(workflow_name(workflow.id))
                action.setCheckable(True)
                action.triggered.connect(lambda on, chosen=workflow.id: self.toggled_for.emit(chosen, on))
                self._actions[workflow.id] = action
        self.setMenu(self._menu)
        self.show_choice(None, {})

    def show_choice(self, profile: EmbedId | None, chosen: Mapping[str, str]) -> None:
        """Mark those (workflow id → profile id) that have this profile."""
        marked = [workflow for workflow, embed in chosen.items() if embed == profile and workflow in self._actions]
        for workflow, action in self._actions.items():
            action.setChecked(workflow in marked)
        count = len(marked)
        self.setText(self.tr("Only for some keys") if not count else self.tr("For %n key(s)", "", count))
        self.setAccessibleName(self.tr("Use for some ways of capturing"))
        self.setEnabled(profile is not None)
