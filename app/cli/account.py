"""`imglink account`: the API key, which is asked for or read from standard input and never an argument."""

from __future__ import annotations

import argparse
import getpass
import sys

from app.cli.desk import Desk
from app.cli.exit_codes import ExitCode
from app.cli.output import print_json, print_line, say
from app.core.errors import Cancelled
from app.core.imglink import CredentialKind
from app.services.account import AccountStatus, CredentialStatus, StoredIn, Validity

_MAX_SECRET_CHARS = 16_384
_PLACES = {
    StoredIn.KEYRING: "in the keyring",
    StoredIn.MEMORY: "in memory",
    StoredIn.ENVIRONMENT: "from the environment",
}


def read_secret(prompt: str) -> str:
    """A secret typed without echo on a terminal, else the first line of standard input. Blocks.

    Call it before the event loop runs. Raises Cancelled at the end of the input.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        try:
            return getpass.getpass(prompt)
        except EOFError:
            raise Cancelled from None
    return sys.stdin.readline(_MAX_SECRET_CHARS) if sys.stdin is not None else ""


async def set_key(secret: str, desk: Desk) -> ExitCode:
    """Check and store a key."""
    status = await desk.account.set_key(secret)
    if not status.is_persistent:
        say(f"{status.notice} Set IMGLINK_API_KEY instead, or start a keyring.".strip())
        return ExitCode.CREDENTIAL
    say(f"The API key for {status.origin} is kept in {status.store_name}. {status.key.message}".strip())
    return ExitCode.DONE


async def check_key(desk: Desk) -> ExitCode:
    """Ask the service about the key, without side effects."""
    status = await desk.account.check_key()
    say(status.key.message)
    return ExitCode.CREDENTIAL if status.key.validity is Validity.BAD else ExitCode.DONE


async def remove_key(desk: Desk) -> ExitCode:
    """Forget the key."""
    status = await desk.account.remove(CredentialKind.API_KEY)
    say(f"The API key for {status.origin} is forgotten.")
    return ExitCode.DONE


async def show_status(arguments: argparse.Namespace, desk: Desk) -> ExitCode:
    """Say which credentials there are and where they are kept; the service is not asked."""
    status = await desk.account.status()
    if arguments.json:
        print_json(_as_json(status))
        return ExitCode.DONE
    print_line(f"Server   {status.origin}")
    for name, credential in (("API key", status.key), ("Token", status.token)):
        place = _PLACES[credential.stored_in] if credential.stored_in is not None else "none"
        print_line(f"{name:<9}{place}{f': {credential.message}' if credential.message else ''}")
    if not status.has_credential:
        print_line("Uploads are anonymous: at most 25 MB a file, one upload in 30 minutes.")
    if status.notice:
        print_line(status.notice)
    return ExitCode.DONE


def _as_json(status: AccountStatus) -> dict[str, object]:
    def one(credential: CredentialStatus) -> dict[str, object]:
        return {
            "present": credential.is_present,
            "stored_in": credential.stored_in.value if credential.stored_in is not None else None,
            "validity": credential.validity.value,
            "message": credential.message,
            "expires_at": credential.expires_at.isoformat() if credential.expires_at is not None else None,
        }

    return {
        "server": status.origin,
        "api_key": one(status.key),
        "token": one(status.token),
        "store": status.store_name,
        "persistent": status.is_persistent,
    }
