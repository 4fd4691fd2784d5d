"""Where this session keeps its secrets."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.errors import InputError, UserFacingError
from app.core.ports import SecretStore
from app.secrets.keyring_store import KeyringStore, allowed_backends, open_backend
from app.secrets.memory import MemoryStore

FORCE_VARIABLE = "IMGLINK_SECRETS"


def choose_secret_store(environ: Mapping[str, str]) -> SecretStore:
    """The first keyring of the allow-list that is there, else memory with the reason.

    A locked keyring counts as there. `IMGLINK_SECRETS` (`keyring`, `memory`) forces one; `keyring` may then fail when
    it is used. Asks the message bus, so it blocks and may hang. Raises InputError for an unknown name.
    """
    forced = environ.get(FORCE_VARIABLE, "")
    if forced not in ("", "keyring", "memory"):
        raise InputError(
            f"{FORCE_VARIABLE} is “{forced}”, which is no place for secrets.", remedy="Use keyring or memory."
        )
    if forced == "memory":
        return MemoryStore(f"The keyring is turned off by {FORCE_VARIABLE}.")
    missing: list[UserFacingError] = []
    for backend in allowed_backends():
        try:
            open_backend(backend)
        except UserFacingError as problem:
            missing.append(problem)
        else:
            return KeyringStore(backend)
    if forced == "keyring":
        return KeyringStore(allowed_backends()[0])
    return MemoryStore(missing[0].message, missing[0].remedy)
