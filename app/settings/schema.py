"""Every setting, once: its type, default, name, description, and what it accepts.

The file, the settings window and the documentation are all made from this. No secret ever becomes a setting.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, get_args, get_type_hints

from app.core.images import ImageFormat
from app.core.imglink import DEFAULT_BASE_URL, AlbumId, EmbedId, UploadOptions, Visibility
from app.core.links import LinkForm, check_template
from app.core.naming import DEFAULT_SAVE_PATTERN
from app.core.workflow import default_shortcuts
from app.settings import checks


class Theme(Enum):
    """Which colours the windows use."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a value must be besides its type."""

    label: str
    description: str
    check: Callable[[Any], str | None] | None = None
    """Says in words what is wrong with a value; None when it is fine."""
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Enum, ...] = ()
    """The accepted members, where not every one is."""


def _default_shortcuts() -> Mapping[str, str]:
    return MappingProxyType(default_shortcuts(sys.platform))


def _no_workflows() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Account:
    """Which service."""

    base_url: Annotated[
        str,
        Rules(
            "Address of the service",
            "The ImgLink server that everything is sent to, from the next start on. IMGLINK_BASE_URL takes its place.",
            check=checks.check_base_url,
        ),
    ] = DEFAULT_BASE_URL
    sign_in_path: Annotated[
        str,
        Rules(
            "Sign-in path",
            "Where a user name and password are sent to on that server, from the next start on.",
            check=checks.check_sign_in_path,
        ),
    ] = "/api/auth/login"


@dataclass(frozen=True, slots=True)
class Capture:
    """Taking the picture."""

    include_cursor: Annotated[
        bool,
        Rules(
            "Include the pointer",
            "Draw the mouse pointer into the picture. GNOME and KDE decide that themselves on Wayland.",
        ),
    ] = False
    region_done_on_release: Annotated[
        bool, Rules("Done when the mouse is released", "Off: a region stays adjustable until Enter is pressed.")
    ] = True
    window_decorations: Annotated[
        bool, Rules("Windows with title bar", "Off: a captured window has no title bar and no borders.")
    ] = True
    fixed_size: Annotated[
        str,
        Rules("Fixed size", "Width and height in pixels of “Capture fixed size”.", check=checks.check_size),
    ] = "1280x720"
    delay_s: Annotated[int, Rules("Delay", "Seconds to wait before the screen is taken.", minimum=0, maximum=60)] = 0
    image_format: Annotated[
        ImageFormat,
        Rules(
            "File format",
            "PNG and WebP keep every pixel; WebP is smaller and slower; JPEG is smallest and blurs text.",
            choices=(ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.JPEG),
        ),
    ] = ImageFormat.PNG
    jpeg_quality: Annotated[int, Rules("JPEG quality", "From 1 (smallest) to 100 (best).", minimum=1, maximum=100)] = 90


@dataclass(frozen=True, slots=True)
class AfterCapture:
    """What happens to the picture besides the upload."""

    save_to_folder: Annotated[bool, Rules("Save to a folder", "Keep a copy of every capture on this computer.")] = False
    folder: Annotated[
        str,
        Rules("Folder", "Where copies are kept. Empty: Screenshots in the pictures folder.", check=checks.check_folder),
    ] = ""
    name_pattern: Annotated[
        str,
        Rules(
            "File name",
            "Date codes such as %Y-%m-%d, and $width $height $title $random.",
            check=checks.check_save_pattern,
        ),
    ] = DEFAULT_SAVE_PATTERN
    copy_image: Annotated[
        bool, Rules("Copy the image", "Put the picture itself on the clipboard until its link takes its place.")
    ] = False


@dataclass(frozen=True, slots=True)
class Upload:
    """How files are sent."""

    visibility: Annotated[
        Visibility, Rules("Visibility", "Public images may appear in the gallery; private ones need their link.")
    ] = Visibility.PUBLIC
    nsfw: Annotated[bool, Rules("Mark as NSFW", "Tell the service that uploads are not safe for work.")] = False
    anonymous: Annotated[
        bool, Rules("Upload anonymously", "Do not use the account: at most 25 MB a file and one upload in 30 minutes.")
    ] = False
    concurrency: Annotated[
        int, Rules("Uploads at a time", "How many files are sent together.", minimum=1, maximum=4)
    ] = 2
    strip_metadata: Annotated[
        bool, Rules("Remove metadata", "Take place, camera and text entries out of files before they are sent.")
    ] = True
    neutral_names: Annotated[
        bool, Rules("Send neutral file names", "Replace file names by random ones; your own names stay in the history.")
    ] = True
    ask_duplicates: Annotated[
        bool, Rules("Ask about duplicates", "Offer the existing link when a file was uploaded before.")
    ] = True

    embed: Annotated[
        str,
        Rules(
            "Embed profile",
            "The id of the profile that new uploads get; empty for none. Chosen in the window of the profiles.",
            check=checks.check_id,
        ),
    ] = ""

    album: Annotated[
        str,
        Rules(
            "Album",
            "The id of the album that new uploads go to; empty for none. Chosen in the window of the albums.",
            check=checks.check_id,
        ),
    ] = ""

    workflow_embeds: Annotated[
        Mapping[str, str],
        Rules("Embed profiles of workflows", "Workflow and the id of its embed profile, where it has one of its own."),
    ] = field(default_factory=_no_workflows)

    def options(self, workflow_id: str = "") -> UploadOptions:
        """The part that each upload carries, of a capture by this workflow if it is one."""
        # An anonymous image is nobody's: nothing can be given to it.
        chosen = self.workflow_embeds.get(workflow_id, self.embed)
        embed = EmbedId(chosen) if chosen and not self.anonymous else None
        album = AlbumId(self.album) if self.album and not self.anonymous else None
        return UploadOptions(
            visibility=self.visibility, nsfw=self.nsfw, anonymous=self.anonymous, album=album, embed=embed
        )


@dataclass(frozen=True, slots=True)
class Links:
    """What is copied."""

    form: Annotated[LinkForm, Rules("Copy as", "The form in which links go to the clipboard.")] = LinkForm.VIEWER
    template: Annotated[
        str,
        Rules(
            "Template",
            "For the form “custom”: $url $viewer $thumbnail $filename $id $width $height.",
            check=check_template,
        ),
    ] = "$viewer"


@dataclass(frozen=True, slots=True)
class Hotkeys:
    """Keys that work everywhere."""

    shortcuts: Annotated[
        Mapping[str, str],
        Rules("Keys", "Workflow and its shortcut, such as Ctrl+Shift+4; empty for none.", check=checks.check_shortcuts),
    ] = field(default_factory=_default_shortcuts)


@dataclass(frozen=True, slots=True)
class Appearance:
    """How it looks."""

    theme: Annotated[Theme, Rules("Theme", "Light, dark, or as the desktop says.")] = Theme.SYSTEM


@dataclass(frozen=True, slots=True)
class Notifications:
    """How an upload is reported."""

    desktop: Annotated[bool, Rules("Desktop notifications", "Tell the notification centre when a link was copied.")] = (
        True
    )
    card: Annotated[
        bool,
        Rules(
            "Card in the corner",
            "Show a small card with progress, Copy link, Open and Delete. Not on Wayland: it would take the keyboard.",
        ),
    ] = True


@dataclass(frozen=True, slots=True)
class Storage:
    """What is kept on this computer."""

    preview_cache_mb: Annotated[
        int,
        Rules(
            "Space for previews",
            "Megabytes that small pictures may take; the longest unused make room. 0 keeps none.",
            minimum=0,
            maximum=4096,
        ),
    ] = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; a value that never changes. `SettingsFile.update` makes the next one."""

    account: Account = Account()
    capture: Capture = Capture()
    after_capture: AfterCapture = AfterCapture()
    upload: Upload = Upload()
    links: Links = Links()
    hotkeys: Hotkeys = Hotkeys()
    storage: Storage = Storage()
    appearance: Appearance = Appearance()
    notifications: Notifications = Notifications()


@dataclass(frozen=True, slots=True)
class Option:
    """One setting as the window and the documentation see it."""

    section: str
    name: str
    type: Any
    """bool, int, str, an Enum class, or Mapping[str, str]."""
    default: Any
    rules: Rules

    @property
    def key(self) -> str:
        """Such as `capture.delay_s`."""
        return f"{self.section}.{self.name}"

    @property
    def choices(self) -> tuple[Enum, ...]:
        """The accepted members of an Enum; empty for other types."""
        if self.rules.choices:
            return self.rules.choices
        return tuple(self.type) if isinstance(self.type, type) and issubclass(self.type, Enum) else ()

    def problem(self, value: Any) -> str | None:
        """Say in words what is wrong with a value of the right type; None when it is fine."""
        rules = self.rules
        if rules.minimum is not None and value < rules.minimum:
            return f"The least is {rules.minimum}."
        if rules.maximum is not None and value > rules.maximum:
            return f"The most is {rules.maximum}."
        if rules.choices and value not in rules.choices:
            return "This is not one of the choices."
        return rules.check(value) if rules.check is not None else None


@cache
def options() -> tuple[Option, ...]:
    """Every setting, in the order of this file."""
    sections = get_type_hints(Settings)
    return tuple(option for section, its_type in sections.items() for option in _section_options(section, its_type))


@cache
def section_options(section: str) -> tuple[Option, ...]:
    """Every setting of one section."""
    return tuple(option for option in options() if option.section == section)


def _section_options(section: str, section_type: Any) -> Iterator[Option]:
    defaults = section_type()
    for name, annotation in get_type_hints(section_type, include_extras=True).items():
        value_type, rules = get_args(annotation)
        yield Option(section, name, value_type, getattr(defaults, name), rules)
