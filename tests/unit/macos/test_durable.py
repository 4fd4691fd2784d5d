"""What a Mac needs to have bytes on the disk, over a fcntl in memory: its own fsync stops at the disk's cache."""

from __future__ import annotations

import errno
import fcntl
import os
from types import SimpleNamespace

import pytest

from app.store import durable

FULL = 51
"""F_FULLFSYNC, from Apple's header sys/fcntl.h."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    made: list[str] = []
    monkeypatch.setattr(durable, "sys", SimpleNamespace(platform="darwin"))
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", FULL, raising=False)
    monkeypatch.setattr(os, "fsync", lambda _fd: made.append("fsync"))
    return made


def test_the_cache_of_the_disk_is_emptied(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "fcntl", lambda fd, command: calls.append(f"{fd} {command}"))
    durable.sync(7)
    assert calls == [f"7 {FULL}"]


def test_a_drive_that_does_not_know_that_gets_the_ordinary_way(
    calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_fd: int, _command: int) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    durable.sync(7)
    assert calls == ["fsync"]
