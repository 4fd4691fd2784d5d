from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.errors import InputError, UserFacingError
from app.core.geometry import Rect
from app.core.ports import Notice
from app.core.screen import Frame
from app.system.dbus import BusUnavailable, SessionBus, session_bus_address
from app.system.notifications import DBusNotifier, NullNotifier, choose_notifier, image_data, plain


def frame(width: int, height: int, padding: int = 0) -> Frame:
    """Each pixel tells its place: blue is x, green is y, red is 7."""
    rows = (
        bytes(part for x in range(width) for part in (x % 256, y % 256, 7, 99)) + b"\xee" * padding
        for y in range(height)
    )
    return Frame(Rect(0, 0, width, height), memoryview(b"".join(rows)), width * 4 + padding)


def test_a_thumbnail_is_sent_as_rgb_without_padding() -> None:
    width, height, stride, has_alpha, bits, channels, data = image_data(frame(3, 2, padding=8))
    assert (width, height, stride, has_alpha, bits, channels) == (3, 2, 9, False, 8, 3)
    assert data == bytes([7, 0, 0, 7, 0, 1, 7, 0, 2, 7, 1, 0, 7, 1, 1, 7, 1, 2])


def test_a_cropped_thumbnail_is_sent_alone() -> None:
    width, height, *_, data = image_data(frame(4, 4).crop(Rect(2, 1, 1, 2)))
    assert (width, height, data) == (1, 2, bytes([7, 1, 2, 7, 2, 2]))


def test_a_large_picture_is_thinned_out_to_fit() -> None:
    width, height, stride, *_, data = image_data(frame(600, 301))
    assert (width, height, stride, len(data)) == (200, 101, 600, 200 * 101 * 3)
    assert data[3:6] == bytes([7, 0, 3])
    assert data[stride : stride + 3] == bytes([7, 3, 0])


def test_text_loses_what_would_break_the_message() -> None:
    assert plain("a\x00b\x07c\nd\udc80e") == "a b c\nd?e"


def test_the_bus_is_where_the_environment_says(tmp_path: Path) -> None:
    assert session_bus_address({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/a"}) == "unix:path=/a"
    assert session_bus_address({"XDG_RUNTIME_DIR": str(tmp_path)}) is None
    (tmp_path / "bus").touch()
    assert session_bus_address({"XDG_RUNTIME_DIR": str(tmp_path)}) == f"unix:path={tmp_path}/bus"
    assert session_bus_address({}) is None


@pytest.mark.parametrize(
    "address", ["unix:path=/nonexistent/bus", "tcp:host=localhost,port=1", "nonsense", "unix:dir=/a"]
)
def test_a_bus_that_is_not_there_is_reported_in_words(address: str) -> None:
    with pytest.raises(BusUnavailable, match="message bus"):
        asyncio.run(SessionBus.connect({"DBUS_SESSION_BUS_ADDRESS": address}))


def test_without_a_bus_nothing_can_be_shown_and_it_says_why() -> None:
    async def run() -> None:
        notifier = DBusNotifier({})
        probe = await notifier.probe()
        assert not probe.available
        assert "message bus" in probe.reason
        with pytest.raises(UserFacingError, match="message bus"):
            await notifier.show(Notice("a", "b"))
        await notifier.close()

    asyncio.run(run())


def test_the_null_notifier_shows_nothing_and_says_why() -> None:
    async def run() -> None:
        notifier = NullNotifier("No.", "Do this.")
        probe = await notifier.probe()
        assert (probe.available, probe.reason, probe.remedy) == (False, "No.", "Do this.")
        with pytest.raises(UserFacingError, match=r"No\. Do this\."):
            await notifier.show(Notice("a", "b"))
        await notifier.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, NullNotifier),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/a"}, DBusNotifier),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/a", "IMGLINK_NOTIFICATIONS": "null"}, NullNotifier),
        ({"IMGLINK_NOTIFICATIONS": "dbus"}, DBusNotifier),
    ],
)
def test_the_choice_follows_the_environment(environ: dict[str, str], expected: type) -> None:
    assert type(choose_notifier(environ)) is expected


def test_an_unknown_choice_is_refused_in_words() -> None:
    with pytest.raises(InputError, match="IMGLINK_NOTIFICATIONS is “growl”"):
        choose_notifier({"IMGLINK_NOTIFICATIONS": "growl"})


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    program = "import sys, app.system.notifications; print('jeepney' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
