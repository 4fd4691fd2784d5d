from __future__ import annotations

import asyncio

import pytest

from app.core.ports import Probe
from app.services import doctor


def test_findings_come_in_the_order_given() -> None:
    async def good() -> Probe:
        return Probe("X11", available=True)

    async def bad() -> Probe:
        return Probe("none", available=False, reason="No tray.", remedy="Install one.")

    findings = asyncio.run(doctor.examine({"Screen": good, "Tray": bad}))
    assert [(finding.part, finding.probe.available) for finding in findings] == [("Screen", True), ("Tray", False)]


def test_a_part_that_hangs_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROBE_TIMEOUT_S", 0.01)

    async def hangs() -> Probe:
        await asyncio.Event().wait()
        raise AssertionError

    [finding] = asyncio.run(doctor.examine({"Keyring": hangs}))
    assert not finding.probe.available
    assert "did not answer" in finding.probe.reason
