"""The doctor's page: what was found, what to do about it, and how failures lead there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.services.doctor import Finding, Mark, Report
from app.services.suite import Services
from app.settings.file import SettingsFile
from app.system.autostart import XdgAutostart
from app.ui.settings_controller import OwnSystem, SettingsController
from app.ui.settings_window import PageId, SettingsWindow
from app.ui.settings_window.advanced_page import AdvancedPage
from app.ui.settings_window.doctor_page import DoctorPage
from app.ui.theme import Look
from app.ui.tray_view import Refusal
from app.ui.tray_window.refusals import RefusalList
from tests.ui.windows.controllers import Joined, Noting, joined
from tests.ui.windows.test_settings_controller import NO_KEY

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
URL = "x-apple.systempreferences:com.example"
REPORT = Report(
    (
        Finding(Part.SESSION, Probe("X11", available=True)),
        Finding(Part.CAPTURE, Probe("none", False, "<b>No</b> portal.", "Install one.", URL)),
        Finding(Part.TRAY, Probe("none", False, "No tray.", "Start a panel.")),
    ),
    frozenset({Part.TRAY}),
    "the report\n",
)


def button(page: QWidget, text: str) -> QAbstractButton:
    return next(each for each in page.findChildren(QAbstractButton) if each.text() == text)


@pytest.fixture
def window(qtbot: QtBot, look: Look) -> SettingsWindow:
    made = SettingsWindow()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def page(window: SettingsWindow) -> DoctorPage:
    window.present(PageId.DOCTOR)
    made = window.page(PageId.DOCTOR)
    assert isinstance(made, DoctorPage)
    return made


def test_it_looks_when_it_is_first_seen_and_not_before(window: SettingsWindow) -> None:
    asked: list[bool] = []
    window.examination_requested.connect(lambda: asked.append(True))
    window.page(PageId.DOCTOR)
    window.present(PageId.ACCOUNT)
    assert asked == []
    window.open_page(PageId.DOCTOR)
    window.show_report(REPORT)
    window.open_page(PageId.ACCOUNT)
    window.open_page(PageId.DOCTOR)
    assert asked == [True]


def test_each_part_says_how_it_stands_and_what_to_do(page: DoctorPage) -> None:
    page.show_report(REPORT)
    assert [row.mark for row in page.finding_rows] == [Mark.OK, Mark.MISSING, Mark.NOTE]
    words = [label.text() for label in page.finding_rows[1].findChildren(QLabel)]
    assert "<b>No</b> portal." in words
    assert "Install one." in words
    assert page.finding_rows[1].accessibleName().startswith("Screen capture does not work")
    assert "One part does not work here." in "".join(label.text() for label in page.findChildren(QLabel))
    # A second look replaces the first.
    page.show_report(Report(REPORT.findings[:1], frozenset(), ""))
    assert [row.finding.part for row in page.finding_rows] == [Part.SESSION]


def test_the_report_is_copied_as_text(page: DoctorPage) -> None:
    assert not button(page, "Copy report").isEnabled()
    page.show_report(REPORT)
    asked: list[tuple[str, Callable[[bool], None]]] = []
    page.copy_requested.connect(lambda text, tell: asked.append((text, tell)))
    button(page, "Copy report").click()
    [(text, tell)] = asked
    assert text == "the report\n"
    # Nothing is claimed before another program has read it.
    assert "Copied" not in [each.text() for each in page.findChildren(QLabel)]
    tell(True)
    assert "Copied" in [each.text() for each in page.findChildren(QLabel)]
    tell(False)
    assert "Could not be copied" in [each.text() for each in page.findChildren(QLabel)]


def test_a_failure_leads_to_its_line_also_before_there_is_one(window: SettingsWindow, qtbot: QtBot) -> None:
    window.resize(640, 420)
    window.present_doctor(Part.TRAY)
    window.show_report(Report(REPORT.findings[:2] * 6 + REPORT.findings[2:], frozenset(), ""))
    page = window.page(PageId.DOCTOR)
    assert isinstance(page, DoctorPage)
    row = page.finding_rows[-1]
    assert row.finding.part is Part.TRAY
    qtbot.waitUntil(lambda: not row.visibleRegion().isEmpty(), timeout=5000)


def test_keys_that_cannot_be_bound_lead_to_their_line(window: SettingsWindow) -> None:
    window.set_hotkeys_unavailable("Programs cannot take keys here.")
    window.present(PageId.HOTKEYS)
    keys = window.page(PageId.HOTKEYS)
    next(each for each in keys.findChildren(QAbstractButton) if each.text() == "What the doctor says").click()
    window.show_report(Report((Finding(Part.SHORTCUTS, Probe("null", False, "No keys.")),), frozenset(), ""))
    page = window.page(PageId.DOCTOR)
    assert isinstance(page, DoctorPage)
    assert (page.isVisible(), page.finding_rows[0].property("look")) == (True, "wanted")


def test_the_search_finds_what_the_doctor_says(page: DoctorPage) -> None:
    page.show_report(REPORT)
    assert page.search("portal")
    assert [row.finding.part for row in page.finding_rows if row.isVisible()] == [Part.CAPTURE]


def test_a_refusal_leads_to_the_doctor_only_where_it_knows_more(qtbot: QtBot, look: Look) -> None:
    refusals = RefusalList()
    qtbot.addWidget(refusals)
    wanted: list[Part] = []
    refusals.doctor_requested.connect(wanted.append)
    refusals.add([Refusal("a.txt", "This is text."), Refusal("The screen cannot be captured.", "", Part.CAPTURE)])
    buttons = [each for each in refusals.findChildren(QAbstractButton) if each.text() == "What the doctor says"]
    assert len(buttons) == 1
    buttons[0].click()
    assert wanted == [Part.CAPTURE]


def test_a_refusal_that_the_systems_settings_would_end_opens_them(qtbot: QtBot, look: Look) -> None:
    refusals = RefusalList()
    qtbot.addWidget(refusals)
    wanted: list[str] = []
    refusals.system_settings_requested.connect(wanted.append)
    refusals.add([Refusal("The screen may not be recorded.", "", Part.CAPTURE, "x-apple.systempreferences:a?b")])
    texts = [each.text() for each in refusals.findChildren(QAbstractButton) if each.text()]
    assert set(texts) == {"Open the system's settings", "What the doctor says", "Dismiss all"}
    button(refusals, "Open the system's settings").click()
    assert wanted == ["x-apple.systempreferences:a?b"]


# --- joined -----------------------------------------------------------------------------------------------------------


class Broken(XdgAutostart):
    def turn_on(self) -> None:
        raise UserFacingError("The folder cannot be written.")


@pytest.fixture
def it(qtbot: QtBot, look: Look) -> Iterator[Joined]:
    with joined(qtbot) as made:
        yield made


def controller_with(it: Joined, folder: Path, autostart: XdgAutostart) -> SettingsController:
    async def examine() -> Report:
        return REPORT

    file = SettingsFile(folder / "settings.json", {})
    made = SettingsController(it.bridge, file, "", it.errors.append, it.owner, system=OwnSystem(examine, autostart))
    services = SimpleNamespace(account=Noting(), hotkeys=Noting())
    services.hotkeys.probe = lambda: SimpleNamespace(available=True)
    made.attach(cast(Services, services), NO_KEY, {}, None)
    return made


def test_the_page_is_filled_and_opens_the_systems_settings(
    it: Joined, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    controller = controller_with(it, tmp_path, XdgAutostart(tmp_path / "entry", ["imglink"]))
    controller.present_doctor(Part.CAPTURE)
    assert controller.window is not None
    page = controller.window.page(PageId.DOCTOR)
    assert isinstance(page, DoctorPage)
    qtbot.waitUntil(lambda: len(page.finding_rows) == 3, timeout=5000)
    button(page, "Open the system's settings").click()
    controller.window.system_settings_requested.emit("https://example.org/")
    assert opened == [URL]
    controller.close()


def test_the_switch_makes_and_removes_the_entry_and_follows_what_is_there(
    it: Joined, qtbot: QtBot, tmp_path: Path
) -> None:
    autostart = XdgAutostart(tmp_path / "entry", ["imglink"])
    autostart.turn_on()
    controller = controller_with(it, tmp_path, autostart)
    controller.present(PageId.ADVANCED)
    assert controller.window is not None
    page = controller.window.page(PageId.ADVANCED)
    assert isinstance(page, AdvancedPage)
    switch = page.autostart
    qtbot.waitUntil(switch.isChecked, timeout=5000)
    switch.click()
    qtbot.waitUntil(lambda: not autostart.is_on(), timeout=5000)
    switch.click()
    qtbot.waitUntil(autostart.is_on, timeout=5000)
    controller.close()


def test_a_switch_that_cannot_be_turned_says_why_and_goes_back(it: Joined, qtbot: QtBot, tmp_path: Path) -> None:
    controller = controller_with(it, tmp_path, Broken(tmp_path / "entry", ["imglink"]))
    controller.present(PageId.ADVANCED)
    assert controller.window is not None
    page = controller.window.page(PageId.ADVANCED)
    assert isinstance(page, AdvancedPage)
    switch = page.autostart
    switch.click()
    qtbot.waitUntil(lambda: bool(it.errors) and not switch.isChecked(), timeout=5000)
    assert str(it.errors[0]) == "The folder cannot be written."
    controller.close()
