"""What is chosen on a Mac, and how its kernel is asked who is at the other end of a socket."""

from __future__ import annotations

import os
import socket
import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.bootstrap import services
from app.capture.choose import choose_capture
from app.hotkeys.choose import probe_hotkeys
from app.secrets import keyring_store
from app.system import notifications
from app.system.ipc import peer
from app.system.mac_desktop import MacClipboard, MacNotifier

ENVIRON = {"HOME": "/Users/ada", "TMPDIR": "/var/folders/x"}
XUCRED_VERSION = 0


@pytest.fixture(autouse=True)
def on_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (services, keyring_store, notifications, peer):
        monkeypatch.setattr(module, "sys", SimpleNamespace(platform="darwin", byteorder=sys.byteorder))


def test_each_part_is_the_macs_own() -> None:
    assert keyring_store.allowed_backends() == (keyring_store.MACOS,)
    assert isinstance(notifications.choose_notifier(ENVIRON), MacNotifier)
    assert isinstance(services.clipboard_reader(ENVIRON), MacClipboard)
    assert isinstance(services.command_clipboard(ENVIRON, copies=True), MacClipboard)
    assert [probe.name for probe in probe_hotkeys(ENVIRON, platform="darwin")] == ["carbon"]
    assert [each.name for each in choose_capture(ENVIRON, platform="darwin").candidates] == ["macos"]


class Connected:
    """A Unix socket of macOS: struct xucred of who is at the other end, from Apple's header sys/ucred.h."""

    def __init__(self, uid: int) -> None:
        self._uid = uid

    def getsockopt(self, level: int, option: int, room: int) -> bytes:
        # SOL_LOCAL and LOCAL_PEERCRED, from sys/un.h; version, user, number of groups and 16 of them.
        assert (level, option, room) == (0, 1, 76)
        words = (XUCRED_VERSION, self._uid)
        return b"".join(word.to_bytes(4, sys.byteorder) for word in words) + bytes(68)


def test_the_person_at_the_other_end_is_told_by_the_kernel() -> None:
    assert peer.is_own(cast(socket.socket, Connected(os.geteuid())))
    assert not peer.is_own(cast(socket.socket, Connected(os.geteuid() + 1)))


def test_a_kernel_that_does_not_say_is_not_trusted() -> None:
    def refuse(*_: Any) -> bytes:
        raise OSError

    assert not peer.is_own(cast(socket.socket, SimpleNamespace(getsockopt=refuse)))
