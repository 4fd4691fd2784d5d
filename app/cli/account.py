"""`imglink account`: the API key and the session. Secrets are asked for or read from standard input."""

from __future__ import annotations

import argparse
from datetime import datetime

from app.cli.desk import Desk
from app.cli.exit_codes import ExitCode
from app.cli.output import print_json
from app.cli.sign_in import sign_in
from app.cli.streams import print_line, say
from app.core.imglink import CredentialKind
from app.services.account import AccountStatus, CredentialStatus, StoredIn, Validity

_PLACES = {
    StoredIn.KEYRING: "in the keyring",
    StoredIn.MEMORY: "in memory",
    StoredIn.ENVIRONMENT: "from the environment",
}


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


async def login(user: str, password: str, desk: Desk) -> ExitCode:
    """Trade user name and password for a session token, and keep that."""
    return _say_signed_in(await sign_in(desk.account, user, password))


async def set_token(secret: str, desk: Desk) -> ExitCode:
    """Check and store a session token that was copied elsewhere."""
    return _say_signed_in(await desk.account.set_token(secret))


async def logout(desk: Desk) -> ExitCode:
    """Forget the token."""
    was_signed_in = (await desk.account.status()).token.is_present
    status = await desk.account.remove(CredentialKind.TOKEN)
    if was_signed_in:
        print_line(f"Signed out of {status.origin}: the token is forgotten.")
    else:
        print_line(f"Nobody was signed in to {status.origin}.")
    return ExitCode.DONE


def _say_signed_in(status: AccountStatus) -> ExitCode:
    is_overridden = status.token.stored_in is StoredIn.ENVIRONMENT
    if not status.is_persistent:
        say(
            "The session was not stored, because there is no keyring here. "
            "Set IMGLINK_TOKEN to a token instead, or start a keyring (“imglink doctor” tells more)."
        )
        return ExitCode.CREDENTIAL
    said = "" if is_overridden else _session(status.token)
    doubt = "" if is_overridden or status.token.validity is Validity.GOOD else f" {status.token.message}"
    print_line(f"Signed in to {status.origin}{said}. The token is kept in {status.store_name}.{doubt}")
    if is_overridden:
        say("As long as IMGLINK_TOKEN is set, that token is used instead.")
    return ExitCode.DONE


def _session(token: CredentialStatus) -> str:
    """Whose it is and until when, as far as the token says; begins with a blank."""
    holder = f" as {token.holder}" if token.holder else ""
    until = f" until {_local(token.expires_at)}" if token.expires_at is not None and not token.has_lapsed else ""
    return holder + until


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


async def show_status(arguments: argparse.Namespace, desk: Desk) -> ExitCode:
    """Say which credentials there are and where they are kept; the service is not asked."""
    status = await desk.account.status()
    if arguments.json:
        print_json(_as_json(status))
        return ExitCode.DONE
    print_line(f"Server   {status.origin}")
    for name, credential in (("API key", status.key), ("Token", status.token)):
        place = _PLACES[credential.stored_in] if credential.stored_in is not None else "none"
        session = _session(credential)
        said = " ".join(filter(None, (f"Signed in{session}." if session else "", credential.message)))
        print_line(f"{name:<9}{place}{f': {said}' if said else ''}")
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
            "holder": credential.holder or None,
        }

    return {
        "server": status.origin,
        "api_key": one(status.key),
        "token": one(status.token),
        "store": status.store_name,
        "persistent": status.is_persistent,
    }
