"""The keyring behind a process of its own: the same answers, nothing left behind, a frozen keyring killed off."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.doctor import Part
from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import CredentialKind
from app.secrets.child import ChildStore, open_child_store
from app.secrets.keyring_store import SECRET_SERVICE, KeyringStore
from app.secrets.memory import MemoryStore
from app.system.flags import SECRETS_FLAG
from app.system.relaunch import own_command, own_environment
from tests.desktop.processes import Process, processes_with_environment
from tests.desktop.session import DesktopSession, desktop_session

ORIGIN, OTHER_ORIGIN = "https://imglink.example", "http://127.0.0.1:8000"
KEY, TOKEN = CredentialKind.API_KEY, CredentialKind.TOKEN


@pytest.fixture
def session() -> Iterator[DesktopSession]:
    with desktop_session(window_manager=False, keyring=True) as running:
        yield running


def child_store(session: DesktopSession, timeout_s: float = 9.0) -> ChildStore:
    store = open_child_store(own_command(SECRETS_FLAG), own_environment(session.env), ORIGIN, timeout_s)
    assert isinstance(store, ChildStore)
    return store


def children(session: DesktopSession) -> list[int]:
    marker = f"XDG_RUNTIME_DIR={session.runtime_dir}"
    return [
        pid
        for pid in processes_with_environment(marker)
        if SECRETS_FLAG.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def test_secrets_are_kept_apart_replaced_and_forgotten(session: DesktopSession) -> None:
    store = child_store(session)
    assert store.name == "the desktop's keyring"
    store.set(ORIGIN, KEY, "a")
    store.set(ORIGIN, TOKEN, "b ö 🔑")
    store.set(OTHER_ORIGIN, KEY, "c")
    store.set(ORIGIN, KEY, "d")
    assert [store.get(ORIGIN, KEY), store.get(ORIGIN, TOKEN), store.get(OTHER_ORIGIN, KEY)] == ["d", "b ö 🔑", "c"]
    store.delete(ORIGIN, KEY)
    store.delete(ORIGIN, KEY)
    assert store.get(ORIGIN, KEY) is None
    assert store.probe().available


def test_another_process_finds_them(session: DesktopSession, monkeypatch: pytest.MonkeyPatch) -> None:
    child_store(session).set(ORIGIN, KEY, "shared")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", session.env["DBUS_SESSION_BUS_ADDRESS"])
    assert KeyringStore(SECRET_SERVICE).get(ORIGIN, KEY) == "shared"


def test_what_was_read_ahead_is_given_once_and_then_asked_for_again(session: DesktopSession) -> None:
    child_store(session).set(ORIGIN, KEY, "old")
    store = child_store(session)
    child_store(session).set(ORIGIN, KEY, "new")
    assert [store.get(ORIGIN, KEY), store.get(ORIGIN, KEY)] == ["old", "new"]


def test_a_change_is_seen_at_once(session: DesktopSession) -> None:
    child_store(session).set(ORIGIN, KEY, "old")
    store = child_store(session)
    store.set(ORIGIN, KEY, "new")
    assert store.get(ORIGIN, KEY) == "new"


def test_a_frozen_keyring_is_given_up_and_its_process_killed() -> None:
    with desktop_session(window_manager=False) as session:
        daemon = session.start_keyring()
        session.wait_for(lambda: session.bus_has("org.freedesktop.secrets"))
        store = child_store(session, 3.0)
        daemon.send_signal(signal.SIGSTOP)
        _check_frozen(session, store, daemon)


def test_a_keyring_that_is_frozen_from_the_start_is_not_taken_for_an_empty_one() -> None:
    with desktop_session(window_manager=False) as session:
        daemon = session.start_keyring()
        session.wait_for(lambda: session.bus_has("org.freedesktop.secrets"))
        child_store(session).set(ORIGIN, KEY, "kept")
        daemon.send_signal(signal.SIGSTOP)
        store = child_store(session, 3.0)
        with pytest.raises(UserFacingError, match="did not answer") as caught:
            store.get(ORIGIN, KEY)
        assert (caught.value.kind, caught.value.part) == (ErrorKind.CREDENTIAL, Part.KEYRING)
        daemon.send_signal(signal.SIGCONT)
        session.wait_for(session._session_bus.keyring_is_unlocked)
        assert child_store(session).get(ORIGIN, KEY) == "kept"


def _check_frozen(session: DesktopSession, store: ChildStore, daemon: Process) -> None:
    try:
        with pytest.raises(UserFacingError, match="did not answer within 3 seconds") as caught:
            store.set(ORIGIN, KEY, "canary-in-a-frozen-keyring")
    finally:
        daemon.send_signal(signal.SIGCONT)
    assert caught.value.kind is ErrorKind.CREDENTIAL
    assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.details}"
    assert children(session) == []


@pytest.mark.parametrize("environ", [{}, {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere"}])
def test_without_a_keyring_memory_takes_its_place_and_says_why(tmp_path: Path, environ: dict[str, str]) -> None:
    base = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), **environ}
    store = open_child_store(own_command(SECRETS_FLAG), own_environment(base), ORIGIN)
    assert isinstance(store, MemoryStore)
    assert "keyring" in store.probe().reason


def test_a_child_that_cannot_run_is_no_disaster() -> None:
    store = open_child_store([sys.executable, "-c", "raise SystemExit(3)"], os.environ, ORIGIN)
    assert isinstance(store, MemoryStore)
    assert "could not be run" in store.probe().reason


def test_no_secret_of_the_environment_is_handed_on() -> None:
    handed = own_environment({"IMGLINK_API_KEY": "secret", "IMGLINK_TOKEN": "secret", "HOME": "/h"})
    assert "secret" not in handed.values()
    assert handed["HOME"] == "/h"
