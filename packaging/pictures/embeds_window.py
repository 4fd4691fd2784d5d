"""The embed profiles in every state."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtWidgets import QWidget

from app.core.errors import ErrorKind
from app.core.imglink import EmbedFields, EmbedId, EmbedProfile, ImageId
from app.core.jobs import Job, JobId, JobItem, JobItemState, JobKind, JobsHold, JobState
from app.ui.embeds_window import EmbedsWindow
from app.ui.embeds_window.assign import AssignDialog
from app.ui.embeds_window.pages import SAMPLE
from pictures.frame import picture
from pictures.samples import thumbnails

_PROFILES = (
    EmbedProfile(EmbedId("1"), SAMPLE),
    EmbedProfile(EmbedId("2"), EmbedFields("Work", "Build report", "Nightly run", "#2ecc71", site_name="CI")),
    EmbedProfile(EmbedId("3"), EmbedFields("Only a colour", color="#e67e22")),
)


def embeds_window() -> EmbedsWindow:
    """The window with some profiles."""
    window = EmbedsWindow()
    window.set_default(EmbedId("2"))
    window.set_profiles(_PROFILES)
    return window


@picture("embeds-window")
def full() -> QWidget:
    """A profile as it is stored."""
    return embeds_window()


@picture("embeds-light-card")
def light() -> QWidget:
    """Discord's light look, with one of the person's own pictures."""
    window = embeds_window()
    window.preview.set_dark(False)
    window.set_picture(thumbnails()[0].scaled(960, 640))
    return window


@picture("embeds-window-wrong")
def wrong() -> QWidget:
    """What is written cannot be saved yet."""
    window = embeds_window()
    window.form.rows["color"].set_text("#ff57")
    window.form.rows["author_url"].set_text("example.com")
    window.form.rows["title"].set_text(
        "A title that is so long that Discord does not show the whole of it, but only a part"
    )
    window.form.edited.emit()
    return window


@picture("embeds-window-long")
def long() -> QWidget:
    """As much as fits, and a word without end."""
    window = embeds_window()
    window.start_new(
        EmbedFields(
            "Long", "W" * 80, "Many words of a text that goes on and on. " * 12, "#c0392b", "An author with a name "
            "that takes more than a line of the card", "https://example.com/", "A site with quite a long name as well"
        )
    )  # fmt: skip
    return window


@picture("embeds-window-refused")
def refused() -> QWidget:
    """The service did not take it."""
    window = embeds_window()
    window.form.rows["name"].set_text("Renamed")
    window.form.edited.emit()
    window.show_refused("Could not change the embed profile: the server has trouble (HTTP 500). Nothing was changed.")
    return window


@picture("embeds-window-limit")
def limit() -> QWidget:
    """All 25 of them."""
    window = EmbedsWindow()
    window.set_profiles(
        [EmbedProfile(EmbedId(str(n)), EmbedFields(f"Profile {n}", f"Title {n}")) for n in range(1, 26)]
    )
    return window


@picture("embeds-window-empty")
def empty() -> QWidget:
    """None yet."""
    window = EmbedsWindow()
    window.set_profiles(())
    return window


@picture("embeds-window-signed-out")
def signed_out() -> QWidget:
    """Nobody has signed in."""
    window = EmbedsWindow()
    window.show_signed_out()
    return window


@picture("embeds-window-loading")
def loading() -> QWidget:
    """On their way."""
    return EmbedsWindow()


@picture("embeds-window-failed")
def failed() -> QWidget:
    """The service cannot be reached."""
    window = EmbedsWindow()
    window.show_failure("Could not list the embed profiles: imglink.cc cannot be reached. Check the network.")
    return window


def _job(done: int, failed: int, total: int, state: JobState) -> Job:
    items = [
        JobItem(
            ImageId(f"Image{number:05}"),
            JobItemState.DONE
            if number < done
            else JobItemState.FAILED
            if number < done + failed
            else JobItemState.PENDING,
            "It is not there, or it is not yours." if done <= number < done + failed else "",
        )
        for number in range(total)
    ]
    return Job(JobId("1"), JobKind.ASSIGN_EMBED, "1", "Holiday", tuple(items), datetime(2026, 3, 4, tzinfo=UTC), state)


@picture("embeds-assign")
def choosing() -> QWidget:
    """Which profile."""
    dialog = AssignDialog(130)
    dialog.set_profiles(_PROFILES)
    return dialog


@picture("embeds-assign-running")
def assigning() -> QWidget:
    """Under way, and made to wait."""
    dialog = AssignDialog(130)
    dialog.follow([_job(100, 0, 130, JobState.ACTIVE)])
    dialog.set_hold(JobsHold("The server asks to wait. Try again in 30 seconds.", ErrorKind.RATE_LIMITED))
    return dialog


@picture("embeds-assign-done")
def assigned() -> QWidget:
    """Two were refused."""
    dialog = AssignDialog(130)
    dialog.follow([_job(128, 2, 130, JobState.FINISHED)])
    return dialog
