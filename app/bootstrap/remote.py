"""What commands that were handed over get done, in the running application: see `app.system.ipc`.

A command comes as the words that were typed, and the command line's own code carries it out with the application's
services. So it prints and returns what it would have alone, and whatever it learns to do, it can do here.
"""

from __future__ import annotations

import codecs
import errno
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app import __version__
from app.core.errors import Cancelled, UserFacingError
from app.system.ipc.context import context_of, display_of
from app.system.ipc.requests import Caller, CredentialsChanged, Quit, Request, Run, Show
from app.system.ipc.server import Declined, Reply

if TYPE_CHECKING:
    from app.bootstrap.profile import Profile
    from app.cli.desk import StoreDesk
    from app.services.suite import Services


@dataclass(frozen=True, slots=True)
class Remote:
    """Answers requests, on the asyncio thread: it is the server's `Handler`."""

    profile: Profile
    environ: Mapping[str, str]
    """The process's own, as a command's is: what the profile makes of it does not count."""
    services: Callable[[], Awaitable[Services]]
    """Waits for them: requests come while the application still starts."""
    show: Callable[[str], None]
    """Brings the window to the front, with an activation token; may be called on this thread."""
    expect: Callable[[str], None]
    """Told the activation token for the overlay that may come next; may be called on this thread."""
    quit: Callable[[Callable[[str], None]], Awaitable[bool]]
    """Ends the application, soon; False when the person decides against it. It is given what tells them meanwhile."""

    async def __call__(self, request: Request, reply: Reply) -> int:
        """See `app.system.ipc.server.Handler`."""
        match request:
            case Show(caller):
                return self._show(caller, reply)
            case Quit():
                return await self._quit(reply)
            case CredentialsChanged():
                reply.accept()
                await (await self.services()).account.look_again()
                return 0
            case Run():
                return await self._run(request, reply)

    async def _quit(self, reply: Reply) -> int:
        reply.accept()
        if await self.quit(lambda text: reply.write("err", f"{text}\n")):
            return 0
        raise UserFacingError("ImgLink was not quit.", safe="The pictures that are not saved are in its window.")

    def _show(self, caller: Caller, reply: Reply) -> int:
        reply.accept()
        own = display_of(self.environ)
        if caller.display and caller.display != own:
            raise UserFacingError(f"ImgLink is already running on another display ({own}).", remedy="Quit it there.")
        if not self._is_meant(caller, reply):
            raise UserFacingError(
                "ImgLink is already running with other folders, another server or another key.",
                remedy="Quit it with: imglink quit",
            )
        self.show(caller.activation_token)
        return 0

    async def _run(self, request: Run, reply: Reply) -> int:
        if request.version != __version__ or not self._is_meant(request.caller, reply):
            raise Declined
        takes_picture = request.words[0] == "capture"
        if takes_picture and request.caller.display not in ("", display_of(self.environ)):
            raise Declined
        reply.accept()
        services = await self.services()
        if takes_picture and services.captures.is_busy:
            raise UserFacingError("Another capture is under way.", remedy="Finish it, or press Escape.")
        if takes_picture:
            self.expect(request.caller.activation_token)
        return await self._command(request, self._desk(services, request, reply), reply)

    async def _command(self, request: Run, desk: StoreDesk, reply: Reply) -> int:
        from app.cli.exit_codes import ExitCode
        from app.cli.parser import parse
        from app.cli.run import perform, prepare
        from app.cli.streams import printing_to

        with printing_to(_RemoteStream(request, reply, "out"), _RemoteStream(request, reply, "err")):
            try:
                arguments = parse(request.words)
            except SystemExit as stop:  # argparse's, when it has said what is wrong
                return stop.code if isinstance(stop.code, int) else ExitCode.FAILED
            try:
                return await perform(arguments, prepare(arguments), desk)
            except Cancelled:
                return ExitCode.CANCELLED

    def _desk(self, services: Services, request: Run, reply: Reply) -> StoreDesk:
        from functools import partial

        from app.cli.desk import StoreDesk
        from app.system.browser import open_page

        settings = self.profile.settings
        return StoreDesk(
            images=services.images,
            account=services.account,
            clipboard=services.clipboard,
            link_form=settings.links.form,
            link_template=settings.links.template,
            uploads=services.uploads,
            incoming=services.incoming,
            history=services.history,
            options=settings.upload.options(),
            albums=services.albums,
            embeds=services.embeds,
            jobs=services.jobs,
            assignments=services.assignments,
            captures=services.captures,
            open_page=partial(open_page, environ=self.profile.environ),
            stays=True,
            folder=Path(request.folder),
            is_ending=reply.is_ending,
        )

    def _is_meant(self, caller: Caller, reply: Reply) -> bool:
        return caller.context == context_of(self.environ, reply.nonce)


class _RemoteStream:
    """Standard output or standard error of the command: an `app.cli.streams.Stream`."""

    def __init__(self, request: Run, reply: Reply, name: Literal["out", "err"]) -> None:
        self.columns = request.columns
        """How wide its terminal is; 0 when there is none."""
        self.encoding = _known(request.encoding)
        self._is_terminal = request.is_terminal and name == "err"
        self._name: Literal["out", "err"] = name
        self._reply = reply

    def write(self, text: str, /) -> int:
        """Send it on."""
        self._reply.write(self._name, text)
        return len(text)

    def flush(self) -> None:
        """It is on its way already."""

    def isatty(self) -> bool:
        """Whether the command has a terminal that can show progress."""
        return self._is_terminal

    def fileno(self) -> int:
        """Raises OSError."""
        raise OSError(errno.ENOTTY, "the terminal is another process's")


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        return "ascii"
