"""The guards for windows fail a test that breaks their rule, and let a good one pass."""

from __future__ import annotations

from pathlib import Path

from tests.unit.harness.test_guards import outcome


def test_a_window_left_behind_fails(tmp_path: Path) -> None:
    body = """
from PySide6.QtWidgets import QWidget
kept = []
def test_it(qapp):
    kept.append(QWidget())
    kept[0].setWindowTitle("Forgotten")
"""
    assert "windows left behind: QWidget “Forgotten”" in outcome(tmp_path, body)


def test_windows_that_are_given_up_in_any_way_pass(tmp_path: Path) -> None:
    body = """
from PySide6.QtWidgets import QWidget
def test_qtbot(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
def test_delete_later(qapp):
    QWidget().deleteLater()
    test_delete_later.kept = QWidget()
    test_delete_later.kept.deleteLater()
def test_cycle(qapp):
    widget = QWidget()
    widget.me = widget
"""
    assert "3 passed" in outcome(tmp_path, body)


def test_a_warning_of_qt_fails(tmp_path: Path) -> None:
    body = """
from PySide6.QtCore import qWarning
def test_it(qapp):
    qWarning("something is wrong")
"""
    assert "something is wrong" in outcome(tmp_path, body)
    assert "1 failed" in outcome(tmp_path, body)


def test_windows_are_never_on_the_persons_screen(tmp_path: Path) -> None:
    body = """
def test_it(qapp):
    assert qapp.platformName() == "offscreen"
"""
    assert "1 passed" in outcome(tmp_path, body, QT_QPA_PLATFORM="xcb", DISPLAY=":0")
