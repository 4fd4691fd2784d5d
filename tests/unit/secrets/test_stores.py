from __future__ import annotations

import subprocess
import sys

import pytest

from app.core.errors import ErrorKind, InputError, UserFacingError
from app.core.imglink import CredentialKind
from app.secrets.choose import choose_secret_store
from app.secrets.keyring_store import SECRET_SERVICE, Backend, KeyringStore, allowed_backends, explain
from app.secrets.memory import NOT_KEPT, MemoryStore

ORIGIN = "https://imglink.example"
KEY, TOKEN = CredentialKind.API_KEY, CredentialKind.TOKEN


def test_memory_keeps_each_origin_and_kind_apart() -> None:
    store = MemoryStore()
    store.set(ORIGIN, KEY, "a")
    store.set(ORIGIN, TOKEN, "b")
    store.set("http://127.0.0.1:8000", KEY, "c")
    store.set(ORIGIN, KEY, "d")
    assert store.get(ORIGIN, KEY) == "d"
    assert store.get(ORIGIN, TOKEN) == "b"
    store.delete(ORIGIN, KEY)
    store.delete(ORIGIN, KEY)
    assert store.get(ORIGIN, KEY) is None
    assert store.get("http://127.0.0.1:8000", KEY) == "c"


def test_memory_tells_that_it_forgets_and_why() -> None:
    store = MemoryStore("There is no keyring.", "Start one.")
    assert not store.is_persistent
    assert store.probe().reason == f"There is no keyring. {NOT_KEPT}"
    assert store.probe().remedy == "Start one."


def test_no_store_shows_a_secret_in_its_repr() -> None:
    store = MemoryStore()
    store.set(ORIGIN, KEY, "canary")
    assert "canary" not in repr(store) + str(store)


def test_only_stores_that_encrypt_are_allowed() -> None:
    assert {f"{backend.module}.{backend.class_name}" for backend in allowed_backends()} <= {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.macOS.Keyring",
    }


def test_the_environment_forces_memory() -> None:
    store = choose_secret_store({"IMGLINK_SECRETS": "memory"})
    assert isinstance(store, MemoryStore)
    assert "IMGLINK_SECRETS" in store.probe().reason


def test_an_unknown_name_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="IMGLINK_SECRETS is “plaintext”"):
        choose_secret_store({"IMGLINK_SECRETS": "plaintext"})


def test_a_back_end_that_cannot_work_is_refused_with_its_reason() -> None:
    null = Backend("windows", "the Windows vault", "keyring.backends.Windows", "WinVaultKeyring")
    probe = KeyringStore(null).probe()
    assert not probe.available
    assert probe.reason == "There is no Windows vault to keep your key in."
    with pytest.raises(UserFacingError, match="no Windows vault") as caught:
        KeyringStore(null).get(ORIGIN, KEY)
    assert caught.value.kind is ErrorKind.CREDENTIAL


def test_a_secret_that_cannot_be_written_is_refused_without_repeating_it() -> None:
    with pytest.raises(UserFacingError, match="characters") as caught:
        KeyringStore(SECRET_SERVICE).set(ORIGIN, KEY, "canary\udc80")
    assert caught.value.__cause__ is None
    assert "canary" not in str(caught.value) + caught.value.details


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("KeyringLocked", "is locked"),
        ("InitError", "no keyring answers"),
        ("NoKeyringError", "no keyring answers"),
        ("PasswordSetError", "refused"),
    ],
)
def test_each_refusal_has_its_words(name: str, words: str) -> None:
    from keyring import errors

    error = explain(getattr(errors, name)("the cause"), "stored")
    assert words in error.message
    assert error.kind is ErrorKind.CREDENTIAL
    assert error.details == f"{name}: the cause"


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    program = """
import sys
import app.secrets.guard, app.secrets.choose
print([name for name in sys.modules if name.split(".")[0] in ("keyring", "secretstorage", "jeepney", "cryptography")])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
