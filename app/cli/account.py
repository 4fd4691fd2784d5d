"""`imglink account`: the API key, which is asked for or read from standard input and never an argument."""

from __future__ import annotations

import argparse
import getpass
import sys

from app.cli.desk import Desk
from app.cli.exit_codes import ExitCode
from app.cli.output import print_json
from app.cli.streams import print_line, say
from app.core.errors import Cancelled
from app.core.imglink import CredentialKind
from app.services.account import AccountStatus, CredentialStatus, StoredIn, Validity

_MAX_SECRET_BYTES = 16_384
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
    if sys.stdin is None:
        return ""
    # Bytes, because what is no text in this locale must be refused in words.
    return sys.stdin.buffer.readline(_MAX_SECRET_BYTES).decode("utf-8", "replace")


async def set_key(secret: str, desk: Desk) -> ExitCode:
    """Check and store a key."""
    status = await desk.account.set_key(secret)
    is_overridden = status.key.stored_in is StoredIn.ENVIRONMENT
    said = "" if is_overridden else status.key.message
    if not status.is_persistent:
        say(
            f"The key was not stored, because there is no keyring here. {said} "
            "Set IMGLINK_API_KEY instead, or start a keyring (“imglink doctor” tells more)."
        )
        return ExitCode.CREDENTIAL
    print_line(f"The API key for {status.origin} is kept in {status.store_name}. {said}".strip())
    if is_overridden:
        say("As long as IMGLINK_API_KEY is set, that key is used instead.")
    return ExitCode.DONE


async def check_key(desk: Desk) -> ExitCode:
    """Ask the service about the key, without side effects."""
    status = await desk.account.check_key()
    if status.key.validity is Validity.BAD:
        say(status.key.message)
        return ExitCode.CREDENTIAL
    print_line(status.key.message)
    return ExitCode.DONE


async def remove_key(desk: Desk) -> ExitCode:
    """Forget the key."""
    status = await desk.account.remove(CredentialKind.API_KEY)
    print_line(f"The API key for {status.origin} is forgotten. On ImgLink it stays valid until it is revoked there.")
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
