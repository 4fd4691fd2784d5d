"""A workflow is data: what to capture, what to do with it, where it goes, and what follows.

Every hotkey, tray entry and command-line call names one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from app.core.imglink import UploadOptions
from app.core.links import LinkForm


class CaptureMode(Enum):
    """What to take."""

    REGION = "region"
    SCREEN = "screen"
    """The whole desktop, every monitor."""
    MONITOR = "monitor"
    WINDOW = "window"
    LAST_REGION = "last"
    FIXED = "fixed"
    """A region of a size chosen beforehand."""
    LAST_WINDOW = "same-window"
    """The window that was taken last, wherever it is now."""
    CLIPBOARD = "clipboard"
    """Not the screen: what the clipboard holds."""


class SourceKind(Enum):
    """Where an upload came from; kept in the history."""

    REGION = "region"
    SCREEN = "screen"
    MONITOR = "monitor"
    WINDOW = "window"
    CLIPBOARD = "clipboard"
    DROP = "drop"
    FILE = "file"
    CLI = "cli"
    IMPORT = "import"
    """From another program's history; how it was made is not known."""


class CaptureTask(Enum):
    """After-capture tasks, in the order they run."""

    SAVE_TO_FOLDER = "save"
    COPY_IMAGE = "copy-image"
    UPLOAD = "upload"


class UploadTask(Enum):
    """After-upload tasks, in the order they run."""

    ADD_TO_ALBUM = "album"
    ASSIGN_EMBED = "embed"
    COPY_LINK = "copy-link"
    NOTIFY = "notify"
    OPEN_VIEWER = "open"


@dataclass(frozen=True, slots=True)
class Workflow:
    """One complete recipe. `link_form` None means the one in the settings."""

    id: str
    name: str
    mode: CaptureMode
    after_capture: frozenset[CaptureTask] = frozenset({CaptureTask.UPLOAD})
    after_upload: frozenset[UploadTask] = frozenset({UploadTask.COPY_LINK, UploadTask.NOTIFY})
    options: UploadOptions | None = None
    """None means the ones in the settings."""
    link_form: LinkForm | None = None


BUILT_IN_WORKFLOWS: tuple[Workflow, ...] = (
    Workflow("region", "Capture region", CaptureMode.REGION),
    Workflow("screen", "Capture whole screen", CaptureMode.SCREEN),
    Workflow("window", "Capture window", CaptureMode.WINDOW),
    Workflow("last", "Capture last region again", CaptureMode.LAST_REGION),
    Workflow("same-window", "Capture same window again", CaptureMode.LAST_WINDOW),
    Workflow("fixed", "Capture fixed size", CaptureMode.FIXED),
    Workflow("clipboard", "Upload from clipboard", CaptureMode.CLIPBOARD),
)

DEFAULT_SHORTCUTS = {
    "region": "Ctrl+Shift+4",
    "screen": "Ctrl+Shift+3",
    "window": "Ctrl+Shift+2",
    "last": "Ctrl+Shift+5",
    "same-window": "",
    "fixed": "",
    "clipboard": "Ctrl+Shift+U",
}
"""Workflow id → default key on Linux."""


def default_shortcuts(platform: str) -> dict[str, str]:
    """Workflow id → default key (`platform` as `sys.platform`).

    A Mac takes its own pictures with Cmd+Shift and these digits, so it gets Cmd+Option.
    """
    if platform != "darwin":
        return dict(DEFAULT_SHORTCUTS)
    return {action: text.replace("Ctrl+Shift", "Cmd+Option") for action, text in DEFAULT_SHORTCUTS.items()}
