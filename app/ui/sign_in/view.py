"""What the sign-in dialog shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.services.sign_in import SignInReason


class Way(Enum):
    """How to sign in."""

    PASSWORD = "password"  # noqa: S105 - the name of a way, not a secret
    TOKEN = "token"  # noqa: S105
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class SignInView:
    """The dialog in words. Holds no secret."""

    server: str = "imglink.cc"
    """The host, as it may be shown."""
    reason: SignInReason | None = None
    """Why the person is asked; None when they asked for it themselves."""
    busy: Way | None = None
    """What is under way."""
    problem: str = ""
    """Why the last try came to nothing."""
    takes_password: bool = True
    """False once the server has said that it offers no sign-in with a password."""
    has_browser: bool = False
    """True when the site's own sign-in can be opened in a window of ours."""
    no_browser: str = ""
    """Why not, and how to get it."""
