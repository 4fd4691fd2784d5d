"""Secrets that are forgotten at exit, for desktops without a keyring."""

from __future__ import annotations

from app.core.imglink import CredentialKind
from app.core.ports import Probe

NOT_KEPT = "Your key is kept in memory only and is forgotten when ImgLink Desktop ends."
"""Said to the person wherever a secret is entered while this store is in use."""


class MemoryStore:
    """Nothing is written anywhere. `reason` and `remedy` say why there is no better place."""

    name = "memory, for this session only"
    is_persistent = False

    def __init__(self, reason: str = "", remedy: str = "") -> None:
        self._reason = reason
        self._remedy = remedy
        self._secrets: dict[tuple[str, CredentialKind], str] = {}

    def probe(self) -> Probe:
        """Works always, with the reason why it has to."""
        reason = f"{self._reason} {NOT_KEPT}".strip()
        return Probe("memory", available=True, reason=reason, remedy=self._remedy)

    def get(self, origin: str, kind: CredentialKind) -> str | None:
        """The secret, or None."""
        return self._secrets.get((origin, kind))

    def set(self, origin: str, kind: CredentialKind, secret: str) -> None:
        """Hold it until the program ends."""
        self._secrets[origin, kind] = secret

    def delete(self, origin: str, kind: CredentialKind) -> None:
        """Forget it."""
        self._secrets.pop((origin, kind), None)
