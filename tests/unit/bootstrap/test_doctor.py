"""What the doctor says of folders."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from app.bootstrap import doctor
from app.core.doctor import Part
from app.core.ports import Probe


def probe(part: Part, home: Path) -> Probe:
    environ = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
    return asyncio.run(_probe(doctor.doctor_parts(environ)[part]))


async def _probe(ask: Callable[[], Awaitable[Probe]]) -> Probe:
    return await ask()


@pytest.mark.parametrize("part", [Part.FOLDERS, Part.AUTOSTART])
def test_a_disk_without_room_is_found(part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert probe(part, tmp_path).available
    # Larger than any disk is.
    monkeypatch.setattr(doctor, "_LEAST_FREE_BYTES", sys.maxsize)
    found = probe(part, tmp_path)
    assert not found.available
    assert "nearly full" in found.reason
    assert found.remedy
