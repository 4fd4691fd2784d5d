"""The clipboard for a program that is about to exit.

On X11 a clipboard's content goes away with the program that owns it, so a small process of our own stays behind and
holds it until someone else copies something.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app.core.errors import UserFacingError
from app.system.flags import KEEPER_FLAG

if TYPE_CHECKING:
    from app.core.screen import Frame

_START_TIMEOUT_S = 15.0
_SECRETS = ("IMGLINK_API_KEY", "IMGLINK_TOKEN")
"""It stays for hours, and needs none."""


class Reader(Protocol):
    """Reads the clipboard back as another program would. Blocking."""

    def text(self) -> str | None:
        """The clipboard's text."""


class KeeperClipboard:
    """A `Clipboard` for the command line: text only."""

    def __init__(self, environ: Mapping[str, str], reader: Reader | None, command: Sequence[str] = ()) -> None:
        """Without a `reader` the keeper's own word is taken. `command` replaces how this program is started again."""
        self._environ = {name: value for name, value in environ.items() if name not in _SECRETS}
        self._environ["PYTHONPATH"] = os.pathsep.join(filter(None, (_import_root(), environ.get("PYTHONPATH", ""))))
        self._reader = reader
        # -P: whatever is called “app” in the folder where the person stands is none of ours.
        self._command = tuple(command) or (sys.executable, "-P", "-m", "app")

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

        command = (*self._command, KEEPER_FLAG)
        try:
            subprocess.run(
                command,
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


def _import_root() -> str:
    """The folder from which this very program was imported."""
    return str(Path(__file__).absolute().parents[2])
