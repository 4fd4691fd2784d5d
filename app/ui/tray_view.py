"""What the tray window shows besides uploads, for those who tell it while there is no window yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.core.doctor import Part
from app.core.ports import Notice

_MOST_LINES = 3


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that was not taken: what it is called, and why not."""

    name: str
    reason: str
    part: Part | None = None
    """The part of the desktop that the doctor knows more about."""
    settings_url: str = ""
    """Opens the page of the system's settings where the remedy is."""
    is_sentence: bool = False
    """True when `name` is no name, but says what happened: then all of it is shown."""


def refusal_notice(title: str, refusals: Sequence[Refusal]) -> Notice:
    """The same as a notification, for when the window must not come."""
    lines = [f"{each.name}: {each.reason}" for each in refusals[:_MOST_LINES]]
    if len(refusals) > len(lines):
        lines.append(f"+ {len(refusals) - len(lines)}")
    return Notice(title, "\n".join(lines), is_error=True)


@dataclass(frozen=True, slots=True)
class UnsavedView:
    """A picture that is in memory alone, as it is shown."""

    number: int
    name: str
    """What it is, and how large."""
    reason: str
    can_retry: bool
    """False when it was not to be uploaded."""
