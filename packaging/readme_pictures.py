"""README's pictures: the overlay and the card on a virtual display, and some windows as `shots.py` renders them."""

from __future__ import annotations

import shutil
from pathlib import Path

import sample_desktop
from PIL import Image
from virtual_run import PROGRAM, REGION, overlay_is_shown

from app.core.geometry import Rect
from tests.desktop.running import READY, skip_welcome
from tests.desktop.session import DesktopSession, desktop_session

ROOT = Path(__file__).resolve().parents[1]
WINDOWS = ("tray-window-recent", "settings-hotkeys", "history-details", "embeds-window")
CARD_TITLE = "ImgLink upload"


def take(shots: Path, target: Path) -> None:
    """Write the pictures into `target`; `shots` holds what `shots.py` has rendered."""
    target.mkdir(parents=True, exist_ok=True)
    for name in WINDOWS:
        for look in ("light", "dark"):
            shutil.copyfile(shots / f"{name}-{look}-2x.png", target / f"{name}-{look}.png")
    with desktop_session(tray=True, notifications=True) as session:
        sample_desktop.show(session)
        skip_welcome(session)
        program = session.spawn(PROGRAM, env={"PYTHONPATH": str(ROOT)})
        program.wait_for_output(READY, 30)
        _save(_overlay(session), target / "overlay.png")
        session.xdotool("mouseup", 1)
        session.window(CARD_TITLE, 20)
        session.wait_for(lambda: session.clipboard_text().startswith("http"), 20, what="no link came")
        _save(session.screenshot(), target / "link-copied.png")
        program.stop(10)
    print(f"README's pictures are in {target}")


def _overlay(session: DesktopSession) -> Image.Image:
    """The screen in the middle of a drag, when the overlay has painted the last move."""
    before = session.screenshot()
    session.xdotool("key", "ctrl+shift+4")
    session.wait_for(lambda: overlay_is_shown(session), what="the overlay did not come")
    end = (REGION.right - 1, REGION.bottom - 1)
    session.xdotool("mousemove", REGION.x, REGION.y, "mousedown", 1, "mousemove", end[0] - 9, end[1] - 9)
    session.xdotool("mousemove", *end)
    # Inside the region it is as bright as before, also where the last move has brought it; outside it is dimmed.
    inside, outside = Rect(REGION.right - 6, REGION.bottom - 6, 4, 4), Rect(REGION.x - 30, REGION.y - 20, 4, 4)

    def is_followed() -> bool:
        now = session.screenshot()
        return _part(now, inside) == _part(before, inside) and _part(now, outside) != _part(before, outside)

    session.wait_for(is_followed, what="the overlay did not follow the mouse")
    return session.screenshot()


def _part(picture: Image.Image, rect: Rect) -> bytes:
    return picture.crop((rect.x, rect.y, rect.right, rect.bottom)).tobytes()


def _save(picture: Image.Image, path: Path) -> None:
    picture.save(path, optimize=True)
