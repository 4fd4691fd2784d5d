"""The clipboard for a program that is about to exit.

On X11 a clipboard's content goes away with the program that owns it, so a small process of our own stays behind and
holds it until someone else copies something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from app.core.errors import UserFacingError
from app.system.flags import KEEPER_FLAG
from app.system.relaunch import own_command, own_environment

if TYPE_CHECKING:
    from app.core.screen import Frame

_START_TIMEOUT_S = 15.0


class Reader(Protocol):
    """Reads the clipboard back as another program would. Blocking."""

    def text(self) -> str | None:
        """The clipboard's text."""


class KeeperClipboard:
    """A `Clipboard` for the command line: text only."""

    def __init__(self, environ: Mapping[str, str], reader: Reader | None, command: Sequence[str] = ()) -> None:
        """Without a `reader` the keeper's own word is taken. `command` replaces how this program is started again."""
        self._environ = own_environment(environ)
        self._reader = reader
        self._command = tuple(command) or own_command(KEEPER_FLAG)

    async def copy_text(self, text: str) -> bool:
        """Hand `text` to a keeper; True once it was read back. Raises UserFacingError when no keeper can start."""
        import asyncio

        await asyncio.to_thread(self._start, text)
        if self._reader is None:
            return True
        return await asyncio.to_thread(self._reader.text) == text

    async def copy_image(self, frame: Frame) -> bool:
        """Not offered on the command line: `--save` a file instead."""
        raise UserFacingError("The command line copies links, not pictures.", remedy="Use --save PATH.")

    def _start(self, text: str) -> None:
        import subprocess

        try:
            subprocess.run(
                self._command,
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                timeout=_START_TIMEOUT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise UserFacingError(
                "The link could not be copied: this desktop's clipboard cannot be reached.",
                remedy="Copy it from the output instead.",
                details=type(error).__name__,
            ) from error
