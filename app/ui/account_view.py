"""What the windows show of the account."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class AccountState(Enum):
    """What is known of the API key. `UNCHECKED`: there is one, and the service has not been asked or could not be."""

    NO_KEY = "no-key"
    CHECKING = "checking"
    UNCHECKED = "unchecked"
    READY = "ready"
    REJECTED = "rejected"


class SessionState(Enum):
    """What is known of the session. `UNCHECKED`: there is a token, and the service has not been asked."""

    SIGNED_OUT = "signed-out"
    UNCHECKED = "unchecked"
    SIGNED_IN = "signed-in"
    LAPSED = "lapsed"
    REFUSED = "refused"

    @property
    def is_over(self) -> bool:
        """True when there is a token that does nothing any more."""
        return self in (SessionState.LAPSED, SessionState.REFUSED)


@dataclass(frozen=True, slots=True)
class SessionView:
    """The session in words. Holds no secret."""

    state: SessionState = SessionState.SIGNED_OUT
    holder: str = ""
    """Whose it is, when that is known."""
    expires_at: datetime | None = None
    """Aware."""
    message: str = ""
    """What else there is to say, such as where the token comes from or why the store cannot be read."""
    is_fixed: bool = False
    """True when the environment decides, so that it can be neither replaced nor removed here."""


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
    session: SessionView = field(default_factory=SessionView)
    """The other credential."""

    @property
    def is_anonymous(self) -> bool:
        """True when uploads go out without an account."""
        return self.state is AccountState.NO_KEY and self.session.state is SessionState.SIGNED_OUT
