"""The Wayland clipboard without a window of our own, by the programs of wl-clipboard.

A Wayland program may only set the clipboard while the person is using it. `wl-copy` has the way around that which the
compositor offers, and stays in the background to hold what was copied; `wl-paste` reads it back as any program would.
What is copied goes through pipes, never over a command line.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from app.core.errors import UserFacingError
from app.core.ports import Probe
from app.core.screen import Frame

PROGRAMS = ("wl-copy", "wl-paste")
TIMEOUT_S = 10.0
_SEEN_WITHIN_S = 2.0
_POLL_S = 0.02
_TEXT = "text/plain;charset=utf-8"
_PNG = "image/png"


class WlClipboard:
    """A `Clipboard` (see `app.core.ports`), and what reads the clipboard back, for a Wayland session."""

    def __init__(self, environ: Mapping[str, str], encode_png: Callable[[Frame], bytes]) -> None:
        self._environ = dict(environ)
        self._encode_png = encode_png

    def probe(self) -> Probe:
        """See whether the programs are there."""
        missing = [name for name in PROGRAMS if shutil.which(name, path=self._environ.get("PATH")) is None]
        if missing:
            reason = f"{missing[0]} is not installed, without which nothing can be copied in the background."
            return Probe("wl-clipboard", available=False, reason=reason, remedy="Install wl-clipboard.")
        return Probe("wl-clipboard", available=True)

    async def copy_text(self, text: str) -> bool:
        """Copy text; True once it was read back. Raises UserFacingError when that cannot be done here."""
        return await asyncio.to_thread(self._copy, text.encode(), _TEXT)

    async def copy_image(self, frame: Frame) -> bool:
        """Copy a picture, as PNG; True once it was read back. Raises UserFacingError."""
        return await asyncio.to_thread(lambda: self._copy(self._encode_png(frame), _PNG))

    def text(self) -> str | None:
        """The clipboard's text; None when it holds none. Blocks; raises UserFacingError."""
        data = self._paste(_TEXT)
        return None if data is None else data.decode("utf-8", "replace")

    def formats(self) -> frozenset[str]:
        """The names of the formats on offer; empty when there are none. Blocks; raises UserFacingError."""
        listed = self._run(["wl-paste", "--list-types"])
        return (
            frozenset(listed.stdout.decode("utf-8", "replace").split("\n")) - {""}
            if listed.returncode == 0
            else (frozenset())
        )

    def content(self, *groups: Sequence[str]) -> dict[str, bytes]:
        """What is on offer, by the names of the formats; empty when there is nothing. Blocks; raises UserFacingError.

        Only the first of each group that is on offer is read: of the others, only the names are there.
        """
        found = dict.fromkeys(self.formats(), b"")
        for group in groups:
            name = next((each for each in group if each in found), None)
            if name is not None:
                found[name] = self._paste(name) or b""
        return found

    def _copy(self, data: bytes, kind: str) -> bool:
        copied = self._run(["wl-copy", "--type", kind], data)
        if copied.returncode != 0:
            raise UserFacingError(
                "The clipboard cannot be set: wl-copy failed.",
                remedy="Copy it from the window instead.",
                details=f"exit status {copied.returncode}",
            )
        deadline = time.monotonic() + _SEEN_WITHIN_S
        while self._paste(kind) != data:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _paste(self, kind: str) -> bytes | None:
        pasted = self._run(["wl-paste", "--no-newline", "--type", kind])
        return pasted.stdout if pasted.returncode == 0 else None

    def _run(self, command: Sequence[str], data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        probe = self.probe()
        if not probe.available:
            raise UserFacingError(probe.reason, remedy=probe.remedy)
        try:
            return subprocess.run(
                command,
                input=data,
                # What wl-copy leaves in the background would keep a pipe open.
                stdout=subprocess.PIPE if command[0] == "wl-paste" else subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                timeout=TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise UserFacingError(
                f"The clipboard does not answer: {command[0]} failed.", remedy="Try again.", details=repr(problem)
            ) from problem
