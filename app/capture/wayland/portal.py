"""Pictures of the screen by the desktop portal: the way that every Wayland desktop offers.

First without a dialog; the desktop asks once for permission, and remembers the answer. Where it does not give the
picture so, its own dialog is opened instead, in which the person chooses the part: then that is the capture.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import time
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from app.capture.refusing import NotAllowed
from app.capture.wayland.outputs import read_outputs
from app.capture.wayland.picture import UnusablePicture, chosen_desktop, desktop_of, load_picture
from app.core.errors import Cancelled, UserFacingError
from app.core.ports import Probe
from app.core.screen import Desktop
from app.system.autostart import named_command
from app.system.portal import RESPONSE_TIMEOUT_S, Answer, Portal, PortalFailed, Response
from app.system.wayland import WaylandConnection

T = TypeVar("T")

SCREENSHOT = "org.freedesktop.portal.Screenshot"
_TAKER = "the desktop portal"
_NOT_TAKEN = "The desktop portal could not take a picture of the screen."
_CLOCK_SLACK_S = 2.0
"""File systems keep coarser times than the clock."""
_DIALOG_TIMEOUT_S = 900.0
"""Somebody looks for the right window, or is at lunch. GNOME cannot close its dialog before."""
_SEEN_S = 0.5
"""What was open for longer has been seen."""


class PortalCapture:
    """The ScreenCapture port by the portal. Its connection to the bus is kept for the next picture."""

    name = "portal"

    def __init__(self, environ: Mapping[str, str], timeout_s: float = RESPONSE_TIMEOUT_S) -> None:
        self._environ = environ
        self._timeout_s = timeout_s
        self._is_kde = "kde" in environ.get("XDG_CURRENT_DESKTOP", "").lower().split(":")
        self._runner: asyncio.Runner | None = None
        self._portal: Portal | None = None

    def probe(self) -> Probe:
        """Ask the portal for its Screenshot part; nothing is captured and nobody is asked.

        Where a stored answer forbids it, that is the reason, and there is a remedy; it is available all the same,
        because what the person does not allow is not to be tried in another way.
        """
        try:
            version, is_denied = self._run(self._looked_at())
        except UserFacingError as problem:
            self.close()
            return Probe(self.name, available=False, reason=problem.message, remedy=problem.remedy)
        name = f"{self.name} (version {version})" if version else self.name
        if not is_denied:
            return Probe(name, available=True)
        denial = self._denial(is_stored=True)
        return Probe(name, available=True, reason=denial.message, remedy=denial.remedy)

    def grab(self, *, cursor: bool = False) -> Desktop:
        """Have all monitors taken; whether with the pointer is the desktop's choice, because the portal asks nobody.

        Raises UserFacingError, and Cancelled when the person closes the desktop's dialog.
        """
        began = time.time() - _CLOCK_SLACK_S
        response = self._run(self._screenshot(interactive=False))
        if response.answer is Answer.DONE:
            image = self._collect(response, began)
            with WaylandConnection(self._environ) as connection:
                return desktop_of(image, read_outputs(connection), taker=_TAKER)
        if response.answer is Answer.CANCELLED and self._is_kde:
            # So it calls a failure of its own; it asks nobody.
            raise PortalFailed(_NOT_TAKEN, remedy="Try again.")
        # The portal calls a refusal of the person a failure; some desktops that ask by themselves say what it is.
        is_stored = self._run(self._is_denied())
        if is_stored or response.answer is Answer.CANCELLED:
            raise self._denial(is_stored=is_stored)
        return self.choose()

    def choose(self) -> Desktop:
        """Open the desktop's own dialog, in which the person takes a screen, a window or a region: that is the picture.

        Raises UserFacingError, and Cancelled when they close it.
        """
        began, shown_at = time.time() - _CLOCK_SLACK_S, time.monotonic()
        response = self._run(self._screenshot(interactive=True))
        was_seen = time.monotonic() - shown_at > _SEEN_S
        # GNOME says that it failed when the person closes its dialog.
        if response.answer is Answer.CANCELLED or (response.answer is Answer.FAILED and was_seen):
            raise Cancelled
        if response.answer is Answer.FAILED:
            raise PortalFailed(
                _NOT_TAKEN,
                remedy="Check that its back end runs (that of wlroots needs PipeWire), then try again.",
            )
        return chosen_desktop(self._collect(response, began))

    def warm_up(self) -> None:
        """Connect. A grab would flash on some desktops, and ask for permission on all."""
        self._run(self._connected())

    def close(self) -> None:
        """Disconnect. The next use connects again."""
        runner, self._runner = self._runner, None
        portal, self._portal = self._portal, None
        if runner is not None:
            if portal is not None:
                runner.run(portal.close())
            runner.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it on a loop of this back end's own: its methods block, on one thread."""
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(work)

    async def _connected(self) -> Portal:
        if self._portal is None or not self._portal.is_open:
            if self._portal is not None:
                await self._portal.close()
            self._portal = await Portal.connect(self._environ)
        return self._portal

    async def _looked_at(self) -> tuple[int, bool]:
        portal = await self._connected()
        return await portal.version(SCREENSHOT), bool(await portal.denials())

    async def _is_denied(self) -> bool:
        return bool(await (await self._connected()).denials())

    def _denial(self, *, is_stored: bool) -> NotAllowed:
        return NotAllowed((*named_command(self._environ), "doctor", "--ask-again") if is_stored else ())

    async def _screenshot(self, *, interactive: bool) -> Response:
        portal = await self._connected()
        options = {"interactive": ("b", interactive), "modal": ("b", False)}
        timeout_s = max(self._timeout_s, _DIALOG_TIMEOUT_S) if interactive else self._timeout_s
        return await portal.request(SCREENSHOT, "Screenshot", "sa{sv}", ("",), options, timeout_s=timeout_s)

    @staticmethod
    def _collect(response: Response, began: float) -> Any:
        """Read the file that the portal left for us, and remove it when it was made for this request."""
        uri = urlsplit(response.text("uri"))
        if uri.scheme != "file" or uri.netloc not in ("", "localhost") or not uri.path.startswith("/"):
            raise UnusablePicture(_TAKER, f"it is no file: {response.text('uri')}")
        path = Path(unquote(uri.path))
        try:
            return load_picture(path, taker=_TAKER)
        finally:
            _remove(path, began)


def _remove(path: Path, began: float) -> None:
    """Remove a picture that was made after `began`: it was made for us. An older file is the person's own."""
    with contextlib.suppress(OSError):
        about = path.lstat()
        if stat.S_ISREG(about.st_mode) and about.st_uid == os.getuid() and about.st_mtime >= began:
            path.unlink()
