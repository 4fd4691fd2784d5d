"""What a Mac's desktop does for a program, by the commands that every Mac has. None of it was ever run on one.

pbcopy and pbpaste are the pasteboard as any other program sees it, and outlive us. NSPasteboard is neither: it crashes
where two threads use it, and Qt does on its own. osascript shows a notification for a program that is no signed bundle.
Words go through standard input or as arguments, never into a script.

Source: the manual pages pbcopy(1), pbpaste(1), osascript(1), and Apple's “Displaying Notifications”.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module

from app.core.errors import UserFacingError
from app.core.ports import Notice, Probe
from app.core.screen import Frame
from app.system.notifications import plain

PBCOPY, PBPASTE, OSASCRIPT = "/usr/bin/pbcopy", "/usr/bin/pbpaste", "/usr/bin/osascript"
_ACCESSORY = 1
"""NSApplicationActivationPolicyAccessory."""
_TIMEOUT_S = 10.0
_IMAGE_CLASSES = (b"PNGf", b"TIFF picture")
_NOTIFY = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


def stay_out_of_dock() -> None:
    """Say before Qt starts that this is a program of the menu bar alone, as LSUIElement in a bundle's Info.plist does.

    Both macOS and Qt look there, when they make the application: Qt would else make it one of the Dock. Without pyobjc
    the Dock shows it, which harms nothing.
    """
    # Apple promises a dictionary, and not one that can be written: `hide_from_dock` does what is left then.
    with suppress(ImportError, TypeError):
        import_module("Foundation").NSBundle.mainBundle().infoDictionary()["LSUIElement"] = "1"


def hide_from_dock() -> None:
    """Leave the Dock. Main thread, once Qt has started."""
    with suppress(ImportError):
        application = import_module("AppKit").NSApplication.sharedApplication()
        application.setActivationPolicy_(_ACCESSORY)


class MacClipboard:
    """A `Clipboard` for the command line, and what reads the clipboard back as another program would."""

    def __init__(self, environ: Mapping[str, str], *, pbcopy: str = PBCOPY, pbpaste: str = PBPASTE) -> None:
        # Both take the encoding from the locale, which a program started from the Finder does not have.
        self._environ = {**environ, "LC_CTYPE": "UTF-8"}
        self._pbcopy, self._pbpaste = pbcopy, pbpaste

    def probe(self) -> Probe:
        """Read it, as is done to make sure of what was copied. Blocks; raises UserFacingError."""
        self.text()
        return Probe("pasteboard", available=True)

    async def copy_text(self, text: str) -> bool:
        """Copy; True once it was read back. Raises UserFacingError."""
        await asyncio.to_thread(_run, [self._pbcopy], self._environ, text.encode())
        return await asyncio.to_thread(self.text) == text

    async def copy_image(self, frame: Frame) -> bool:
        """Not offered on the command line: `--save` a file instead."""
        raise UserFacingError("The command line copies links, not pictures.", remedy="Use --save PATH.")

    def text(self) -> str | None:
        """The clipboard's text; empty when it holds none. Blocks; raises UserFacingError."""
        return _run([self._pbpaste, "-Prefer", "txt"], self._environ).decode("utf-8", "replace")

    def formats(self, *, osascript: str = OSASCRIPT) -> frozenset[str]:
        """`image/png` when there is a picture, whatever its own format is. Blocks; raises UserFacingError."""
        classes = _run([osascript, "-e", "clipboard info"], self._environ)
        return frozenset({"image/png"} if any(each in classes for each in _IMAGE_CLASSES) else ())


class MacNotifier:
    """A `Notifier` without buttons: those need a signed bundle. The card in the corner has them."""

    def __init__(self, environ: Mapping[str, str], *, osascript: str = OSASCRIPT) -> None:
        self._environ = dict(environ)
        self._osascript = osascript

    async def probe(self) -> Probe:
        """Always there; whether the person lets them be shown is told to nobody."""
        return Probe("macos", available=True, reason="It shows no buttons.")

    async def show(self, notice: Notice, on_action: Callable[[str], None] | None = None) -> None:
        """Show it. Raises UserFacingError."""
        script = [word for line in _NOTIFY for word in ("-e", line)]
        # A dash would begin an option of osascript's own; behind a blank of no width it is only a dash.
        words = [
            f"\u200b{word}" if word.startswith("-") else word for word in (plain(notice.title), plain(notice.body))
        ]
        await asyncio.to_thread(_run, [self._osascript, *script, *words], self._environ)

    async def close(self) -> None:
        """Nothing to close."""


def _run(command: Sequence[str], environ: Mapping[str, str], data: bytes = b"") -> bytes:
    try:
        done = subprocess.run(command, input=data, capture_output=True, env=environ, timeout=_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        name = command[0].rpartition("/")[2]
        raise UserFacingError(
            f"macOS did not do what it was asked: {name} failed.",
            remedy="Try again.",
            # Not the error itself, which holds the whole command.
            details=type(error).__name__,
        ) from None
    return done.stdout
