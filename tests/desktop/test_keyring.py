"""Secrets in a real Secret Service, and what happens where there is none, or one that does not answer."""

from __future__ import annotations

import asyncio
import base64
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
import secretstorage

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import CredentialKind
from app.secrets.choose import choose_secret_store
from app.secrets.guard import TIMEOUT_S, GuardedSecrets
from app.secrets.keyring_store import SECRET_SERVICE, SERVICE_NAME, KeyringStore
from app.secrets.memory import MemoryStore
from tests.desktop.processes import Process
from tests.desktop.session import DesktopSession, desktop_session

ORIGIN = "https://imglink.example"
OTHER_ORIGIN = "http://127.0.0.1:8000"
KEY, TOKEN = CredentialKind.API_KEY, CredentialKind.TOKEN
CANARY = "canary-7d1f0a2b9c"

KEEP_CANARY = """
import asyncio, os, sys
from app.core.imglink import CredentialKind
from app.secrets.guard import GuardedSecrets

async def main():
    secrets = await GuardedSecrets.open(os.environ)
    canary = sys.stdin.read()
    await secrets.set("https://imglink.example", CredentialKind.API_KEY, canary)
    assert await secrets.get("https://imglink.example", CredentialKind.API_KEY) == canary
    print(secrets.name)

asyncio.run(main())
"""

KEEP_CANARY_CARELESSLY = """
import sys, keyring
keyring.set_password("service", "user", sys.stdin.read())
"""

ASK_ONCE = """
import asyncio, os
from app.core.errors import UserFacingError
from app.core.imglink import CredentialKind
from app.secrets.guard import GuardedSecrets
from app.secrets.keyring_store import SECRET_SERVICE, KeyringStore

async def main():
    try:
        await GuardedSecrets(KeyringStore(SECRET_SERVICE)).get("https://a.example", CredentialKind.API_KEY, 0.5)
    except UserFacingError as problem:
        print(problem.message, flush=True)

asyncio.run(main())
"""


def enter(session: DesktopSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the keyring library, which knows only the process's own environment, see the session's."""
    for name, value in session.env.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[DesktopSession]:
    with desktop_session(window_manager=False, keyring=True) as session:
        enter(session, monkeypatch)
        yield session


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> Iterator[DesktopSession]:
    with desktop_session(window_manager=False) as session:
        enter(session, monkeypatch)
        yield session


@pytest.fixture
def frozen_keyring(no_keyring: DesktopSession) -> Iterator[Process]:
    daemon = no_keyring.start_keyring()
    no_keyring.wait_for(lambda: no_keyring.bus_has("org.freedesktop.secrets"))
    no_keyring.wait_for(lambda: KeyringStore(SECRET_SERVICE).probe().available)
    daemon.send_signal(signal.SIGSTOP)
    yield daemon
    daemon.send_signal(signal.SIGCONT)


def environ(session: DesktopSession, **more: str) -> Mapping[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[2]), **session.env, **more}


def test_where_nothing_was_ever_kept_looking_and_forgetting_make_no_keyring(no_keyring: DesktopSession) -> None:
    no_keyring.start_keyring_without_collection()
    no_keyring.wait_for(lambda: no_keyring.bus_has("org.freedesktop.secrets"))
    store = KeyringStore(SECRET_SERVICE)
    no_keyring.wait_for(lambda: store.probe().available)
    assert "no keyring yet" in store.probe().reason
    # What makes one asks for a password, and nobody is here to answer.
    assert store.get(ORIGIN, KEY) is None
    store.delete(ORIGIN, KEY)
    assert "no keyring yet" in store.probe().reason
    with closing(secretstorage.dbus_init()) as connection:
        assert [each.get_label() for each in secretstorage.get_all_collections(connection)] in ([], ["session"], [""])


@pytest.mark.usefixtures("keyring")
def test_the_desktop_keyring_is_chosen_and_persistent() -> None:
    store = choose_secret_store({})
    assert isinstance(store, KeyringStore)
    assert store.is_persistent
    assert store.name == "the desktop's keyring"
    probe = store.probe()
    assert (probe.available, probe.reason) == (True, "")


@pytest.mark.usefixtures("keyring")
def test_what_is_stored_is_there_for_the_next_process() -> None:
    KeyringStore(SECRET_SERVICE).set(ORIGIN, KEY, "first")
    assert KeyringStore(SECRET_SERVICE).get(ORIGIN, KEY) == "first"


@pytest.mark.usefixtures("keyring")
@pytest.mark.parametrize("secret", ["plain", "schlüssel-ключ-鍵-🔑", "a" * 4096])
def test_a_secret_comes_back_as_it_was(secret: str) -> None:
    store = KeyringStore(SECRET_SERVICE)
    store.set(ORIGIN, KEY, secret)
    assert store.get(ORIGIN, KEY) == secret


@pytest.mark.usefixtures("keyring")
def test_each_origin_and_kind_is_kept_apart_and_replaced_on_its_own() -> None:
    store = KeyringStore(SECRET_SERVICE)
    assert store.get(ORIGIN, KEY) is None
    store.set(ORIGIN, KEY, "a")
    store.set(ORIGIN, TOKEN, "b")
    store.set(OTHER_ORIGIN, KEY, "c")
    store.set(ORIGIN, KEY, "d")
    assert [store.get(ORIGIN, KEY), store.get(ORIGIN, TOKEN), store.get(OTHER_ORIGIN, KEY)] == ["d", "b", "c"]
    store.delete(ORIGIN, KEY)
    assert [store.get(ORIGIN, KEY), store.get(ORIGIN, TOKEN), store.get(OTHER_ORIGIN, KEY)] == [None, "b", "c"]


@pytest.mark.usefixtures("keyring")
def test_deleting_what_is_not_there_does_nothing() -> None:
    KeyringStore(SECRET_SERVICE).delete(ORIGIN, KEY)


def test_the_person_finds_the_entry_under_the_programs_name(keyring: DesktopSession) -> None:
    KeyringStore(SECRET_SERVICE).set(ORIGIN, KEY, "a")
    command = ["secret-tool", "lookup", "service", SERVICE_NAME, "username", f"api-key@{ORIGIN}"]
    assert keyring.run(command) == b"a"


def lock() -> None:
    with closing(secretstorage.dbus_init()) as connection:
        secretstorage.Collection(connection).lock()


@pytest.mark.usefixtures("keyring")
def test_a_locked_keyring_that_stays_locked_says_so() -> None:
    store = KeyringStore(SECRET_SERVICE)
    store.set(ORIGIN, KEY, "a")
    lock()
    assert isinstance(choose_secret_store({}), KeyringStore)
    probe = store.probe()
    assert probe.available
    assert "locked" in probe.reason
    calls: list[Callable[[], object]] = [
        lambda: store.get(ORIGIN, KEY),
        lambda: store.set(ORIGIN, KEY, "b"),
        lambda: store.delete(ORIGIN, KEY),
    ]
    for call in calls:
        with pytest.raises(UserFacingError, match="the keyring is locked") as caught:
            call()
        assert caught.value.kind is ErrorKind.CREDENTIAL
        assert caught.value.remedy


def check_memory_because(reason: str) -> None:
    store = choose_secret_store({})
    assert isinstance(store, MemoryStore)
    assert reason in store.probe().reason
    assert "GNOME Keyring" in store.probe().remedy
    keyring_store = KeyringStore(SECRET_SERVICE)
    assert not keyring_store.probe().available
    calls: list[Callable[[], object]] = [
        lambda: keyring_store.get(ORIGIN, KEY),
        lambda: keyring_store.set(ORIGIN, KEY, CANARY),
    ]
    for call in calls:
        with pytest.raises(UserFacingError, match=reason) as caught:
            call()
        assert caught.value.kind is ErrorKind.CREDENTIAL


def test_without_a_message_bus_there_is_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    check_memory_because("There is no desktop's keyring to keep your key in.")


def test_with_a_message_bus_that_is_gone_there_is_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
    check_memory_because("There is no desktop's keyring to keep your key in.")


@pytest.mark.usefixtures("no_keyring")
def test_without_a_keyring_on_the_bus_there_is_memory() -> None:
    check_memory_because("There is no desktop's keyring to keep your key in.")


@pytest.mark.usefixtures("keyring")
def test_a_keyring_that_goes_away_is_reported(keyring: DesktopSession) -> None:
    store = KeyringStore(SECRET_SERVICE)
    store.set(ORIGIN, KEY, "a")
    for service in keyring._services:
        if "gnome-keyring-daemon" in service.command:
            service.stop()
    keyring.wait_for(lambda: not keyring.bus_has("org.freedesktop.secrets"))
    with pytest.raises(UserFacingError, match="no keyring answers"):
        store.get(ORIGIN, KEY)


def test_a_frozen_keyring_costs_its_time_out_and_no_more(frozen_keyring: Process) -> None:
    async def run() -> None:
        begin = time.monotonic()
        # The choice asks the bus only, which answers for the frozen daemon.
        secrets = await GuardedSecrets.open({})
        assert time.monotonic() - begin < TIMEOUT_S / 2
        for _ in range(2):
            with pytest.raises(UserFacingError, match=r"did not answer within 0\.3 seconds"):
                await secrets.get(ORIGIN, KEY, timeout_s=0.3)
        assert not (await secrets.probe(timeout_s=0.3)).available
        assert 0.9 <= time.monotonic() - begin < TIMEOUT_S
        frozen_keyring.send_signal(signal.SIGCONT)
        assert await secrets.get(ORIGIN, KEY) is None

    asyncio.run(run())


def test_the_process_ends_although_the_keyring_is_frozen(no_keyring: DesktopSession, frozen_keyring: Process) -> None:
    begin = time.monotonic()
    program = no_keyring.spawn([sys.executable, "-c", ASK_ONCE], env=environ(no_keyring))
    assert program.wait(10) == 0
    assert program.stdout == "Your key could not be read: the keyring did not answer within 0.5 seconds.\n"
    assert program.stderr == ""
    assert time.monotonic() - begin < 5
    assert frozen_keyring.is_running


def plaintext_everywhere(session: DesktopSession) -> Mapping[str, str]:
    """Set whatever makes the keyring library write plaintext files."""
    config = session.home / ".config/python_keyring/keyringrc.cfg"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[backend]\ndefault-keyring=keyrings.alt.file.PlaintextKeyring\n")
    return environ(session, PYTHON_KEYRING_BACKEND="keyrings.alt.file.PlaintextKeyring")


def files_with_canary(folder: Path) -> list[Path]:
    spellings = (CANARY.encode(), base64.b64encode(CANARY.encode()), CANARY.encode().hex().encode())
    # Its own input, which the harness keeps, is no find.
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".stdin"]
    return [path for path in files if any(spelling in path.read_bytes() for spelling in spellings)]


@pytest.mark.parametrize("has_keyring", [True, False])
def test_nothing_makes_it_write_plaintext(*, has_keyring: bool) -> None:
    with desktop_session(window_manager=False, keyring=has_keyring) as session:
        env = plaintext_everywhere(session)
        program = session.spawn([sys.executable, "-c", KEEP_CANARY], env=env, stdin=CANARY.encode())
        assert program.wait() == 0, program.describe()
        expected = "the desktop's keyring" if has_keyring else "memory, for this session only"
        assert program.stdout == f"{expected}\n"
        assert files_with_canary(session.folder) == []


def test_the_search_would_find_what_the_library_writes_by_itself() -> None:
    with desktop_session(window_manager=False, keyring=True) as session:
        env = plaintext_everywhere(session)
        program = session.spawn([sys.executable, "-c", KEEP_CANARY_CARELESSLY], env=env, stdin=CANARY.encode())
        assert program.wait() == 0, program.describe()
        assert [path.name for path in files_with_canary(session.folder)] == ["keyring_pass.cfg"]
