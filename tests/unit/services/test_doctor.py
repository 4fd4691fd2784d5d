from __future__ import annotations

import asyncio

import pytest

from app.core.doctor import Part
from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.services import doctor


def test_findings_come_in_the_order_given() -> None:
    async def good() -> Probe:
        return Probe("X11", available=True)

    async def bad() -> Probe:
        return Probe("none", available=False, reason="No tray.", remedy="Install one.")

    findings = asyncio.run(doctor.examine({Part.CAPTURE: good, Part.TRAY: bad}))
    assert [(finding.part, finding.probe.available) for finding in findings] == [
        (Part.CAPTURE, True),
        (Part.TRAY, False),
    ]


def test_a_part_that_hangs_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROBE_TIMEOUT_S", 0.01)

    async def hangs() -> Probe:
        await asyncio.Event().wait()
        raise AssertionError

    [finding] = asyncio.run(doctor.examine({Part.KEYRING: hangs}))
    assert not finding.probe.available
    assert "did not answer" in finding.probe.reason


def test_the_report_does_not_name_the_person() -> None:
    finding = doctor.Finding(Part.FOLDERS, Probe("/home/ada/.local/share/imglink", False, "No.", "See /home/ada."))
    lines = doctor.report_lines([finding], (), home="/home/ada")
    assert lines[0] == "MISSING  Folders  ~/.local/share/imglink"
    assert "ada" not in "".join(lines)


def test_a_failure_names_the_innermost_part_that_failed() -> None:
    with pytest.raises(UserFacingError) as caught, doctor.failing(Part.CAPTURE), doctor.failing(Part.PORTAL):
        raise UserFacingError("No portal.")
    assert caught.value.part is Part.PORTAL
