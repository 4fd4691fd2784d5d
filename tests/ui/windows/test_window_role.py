"""What screen readers are told of windows."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc, sys
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QDialog, QVBoxLayout, QWidget
from app.ui.window_role import tell_window_roles

def role(widget):
    return QAccessible.queryAccessibleInterface(widget).role().name

class Window(QWidget):
    pass

application = QApplication(sys.argv)
tell_window_roles()
for number in range(50):
    window, dialog, part = Window(), QDialog(), QWidget()
    window.setWindowTitle("A window")
    dialog.setWindowTitle("A dialog")
    # Asked about before it is put into its window.
    print(role(part), end=" ")
    QVBoxLayout(window).addWidget(part)
    print(role(window), role(dialog), role(part))
    gc.collect()
    assert role(window) == "Window"
    for each in (window, dialog):
        each.deleteLater()
    del window, dialog, part
    application.sendPostedEvents(None, 52)
    gc.collect()
"""
"""In a process of its own: nobody can take a factory back."""


def test_a_window_is_a_window_and_a_part_of_it_is_none() -> None:
    command = [sys.executable, "-c", PROGRAM, "-platform", "offscreen"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert {tuple(line.split()[:4]) for line in done.stdout.splitlines()} == {("Client", "Window", "Dialog", "Client")}
