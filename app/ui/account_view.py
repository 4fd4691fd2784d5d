"""What the windows show of the account."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class AccountState(Enum):
    """What is known of the API key. `UNCHECKED`: there is one, and the service has not been asked or could not be."""

    NO_KEY = "no-key"
    CHECKING = "checking"
    UNCHECKED = "unchecked"
    READY = "ready"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account in words. Holds no secret."""

    state: AccountState = AccountState.NO_KEY
    server: str = "imglink.cc"
    """The host, as it may be shown."""
    store_name: str = ""
    """Where the key is kept, such as “GNOME Keyring”."""
    is_persistent: bool = True
    """False when the key is forgotten at exit."""
    store_notice: str = ""
    """Why it is not persistent, and what to do about it."""
    message: str = ""
    """What the last check said: what the key may do, or why it was refused."""
    problem: str = ""
    """Why what the person last asked for was not done, such as a new key that was refused; all is as it was."""
