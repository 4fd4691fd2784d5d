"""Every scale factor on every arrangement of monitors: what is chosen and what is shown are exact to the pixel.

The origin of an X screen is never negative; `tests/ui/overlay/test_scale_matrix.py` has those arrangements.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.core.geometry import Point, Rect
from tests.desktop.running import pixels
from tests.desktop.session import DesktopSession, desktop_session
from tests.desktop.test_overlay import Person

LAYOUTS = {
    "left-right": (Rect(0, 0, 800, 600), Rect(800, 0, 800, 600)),
    "above-below": (Rect(0, 0, 800, 600), Rect(0, 600, 800, 600)),
    "gap": (Rect(0, 0, 800, 600), Rect(1000, 100, 700, 500)),
}
SCALES = ("1;1", "1.25;1.25", "1.5;1.5", "1.75;1.75", "2;2", "1;1.75", "2;1.25")


@pytest.fixture(scope="module", params=LAYOUTS)
def session(request: pytest.FixtureRequest) -> Iterator[DesktopSession]:
    with desktop_session(layout=LAYOUTS[request.param]) as made:
        yield made


@pytest.mark.parametrize("scales", SCALES)
def test_selection_and_picture_are_exact(session: DesktopSession, scales: str) -> None:
    picture = session.paint_pattern()
    person = Person(session, "--adjustable", env={"QT_SCREEN_SCALE_FACTORS": scales})
    assert ";".join(f"{scale:g}" for scale in person.scales) == scales
    for monitor in session.monitors:
        # Odd and even first and last pixels, so that none falls on a whole logical unit by chance.
        for inset in (100, 101):
            chosen = Rect(monitor.x + inset, monitor.y + inset + 2, 301, 260 - inset)
            person.open()
            session.drag(chosen.top_left, Point(chosen.right - 1, chosen.bottom - 1))
            middle = Rect(chosen.x + 20, chosen.y + 20, chosen.width - 40, chosen.height - 40)
            wanted = pixels(picture, middle)
            wait_for_pixels(session, middle, wanted)
            assert person.key_until("Return", "answer")["rect"] == str(chosen)
    # Across both, from the first pixel to the last.
    begin, end = Point(3, 5), Point(session.monitors[1].right - 4, session.monitors[1].bottom - 2)
    person.open()
    session.drag(begin, end)
    assert person.key_until("Return", "answer")["rect"] == str(Rect.spanning(begin, end))
    assert person.program.stop(5) == 0


def wait_for_pixels(session: DesktopSession, rect_px: Rect, wanted: bytes) -> None:
    session.wait_for(lambda: session.screenshot(rect_px).tobytes() == wanted, what="it is not shown pixel by pixel")
