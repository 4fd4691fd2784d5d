"""A command behind the sign-in gate, as those for albums are: lists the albums three times at once."""

from __future__ import annotations

import asyncio
import sys

from app.api import Client
from app.cli.exit_codes import ExitCode, exit_code
from app.cli.sign_in import TerminalSignIn
from app.cli.streams import print_line, say
from app.core.base_url import parse_base_url
from app.core.clock import SystemClock
from app.core.errors import Cancelled, UserFacingError
from app.secrets.guard import GuardedSecrets
from app.secrets.memory import MemoryStore
from app.services.account import AccountService
from app.services.credentials import Credentials
from app.services.gated import GatedImgLink
from app.services.sign_in import SignInGate


async def main(address: str) -> int:
    base_url = parse_base_url(address)
    credentials = Credentials(GuardedSecrets(MemoryStore()), base_url.origin, {})
    client = Client(base_url, credentials.get)
    account = AccountService(credentials, client, SystemClock())
    gated = GatedImgLink(client, SignInGate(account, TerminalSignIn(account)))
    try:
        lists = await asyncio.gather(*(gated.albums() for _ in range(3)))
    except UserFacingError as error:
        say(str(error))
        return exit_code([error.kind])
    except Cancelled:
        return ExitCode.CANCELLED
    finally:
        await client.close()
    print_line(" ".join(["albums", *(str(len(each)) for each in lists)]))
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main(sys.argv[1])))
