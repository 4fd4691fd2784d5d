"""What every screen capture must do, whatever it takes its pixels from."""

from __future__ import annotations

from app.core.ports import ScreenCapture
from app.core.screen import Frame


class CaptureContract:
    """Inherit and give a `capture` fixture for a screen that does not change during the test."""

    def test_it_says_that_it_works_here(self, capture: ScreenCapture) -> None:
        probe = capture.probe()
        assert (probe.name, probe.available, probe.reason) == (capture.name, True, "")

    def test_there_is_one_frame_for_each_monitor_in_the_same_order(self, capture: ScreenCapture) -> None:
        desktop = capture.grab()
        assert desktop.monitors
        assert [frame.rect_px for frame in desktop.frames] == [monitor.rect_px for monitor in desktop.monitors]

    def test_monitors_are_numbered_from_one_left_to_right_then_top_to_bottom(self, capture: ScreenCapture) -> None:
        monitors = capture.grab().monitors
        assert [monitor.number for monitor in monitors] == list(range(1, len(monitors) + 1))
        places = [(monitor.rect_px.x, monitor.rect_px.y) for monitor in monitors]
        assert places == sorted(places)
        assert len({monitor.name for monitor in monitors}) == len(monitors)
        assert all(monitor.name for monitor in monitors)
        assert sum(monitor.is_primary for monitor in monitors) <= 1
        assert all(monitor.scale > 0 for monitor in monitors)

    def test_frames_hold_whole_rows_that_cannot_be_written(self, capture: ScreenCapture) -> None:
        for frame in capture.grab().frames:
            width, height = frame.rect_px.width, frame.rect_px.height
            assert frame.stride >= width * 4
            assert len(frame.pixels) >= (height - 1) * frame.stride + width * 4
            assert frame.pixels.readonly
            assert frame.pixels.contiguous
            assert frame.pixels.itemsize == 1
            assert len(frame.packed()) == width * height * 4

    def test_a_frozen_frame_stays_as_it_was_when_more_are_taken(self, capture: ScreenCapture) -> None:
        first = capture.grab()
        before = [frame.packed() for frame in first.frames]
        second = capture.grab(cursor=True)
        capture.grab()
        assert [frame.packed() for frame in first.frames] == before
        assert all(a.pixels.obj is not b.pixels.obj for a, b in zip(first.frames, second.frames, strict=True))

    def test_a_still_screen_gives_the_same_pixels_again(self, capture: ScreenCapture) -> None:
        first, second = capture.grab(), capture.grab()
        assert first.monitors == second.monitors
        assert first.windows == second.windows
        assert [frame.packed() for frame in first.frames] == [frame.packed() for frame in second.frames]

    def test_the_cursor_changes_some_pixels_and_nothing_else(self, capture: ScreenCapture) -> None:
        without, with_cursor = capture.grab(), capture.grab(cursor=True)
        assert with_cursor.monitors == without.monitors
        changed = sum(map(changed_pixels, without.frames, with_cursor.frames))
        assert 0 < changed < 96 * 96

    def test_windows_lie_on_the_desktop_with_their_inside_within(self, capture: ScreenCapture) -> None:
        desktop = capture.grab()
        assert len({window.id for window in desktop.windows}) == len(desktop.windows)
        for window in desktop.windows:
            assert not window.rect_px.is_empty
            assert desktop.rect_px.encloses(window.rect_px)
            assert window.client_rect_px.is_empty or window.rect_px.encloses(window.client_rect_px)

    def test_it_can_be_closed_twice_and_used_again(self, capture: ScreenCapture) -> None:
        before = capture.grab()
        capture.close()
        capture.close()
        assert capture.grab().monitors == before.monitors


def rgb_of(frame: Frame) -> bytes:
    """Red, green and blue, row by row; the fourth byte means nothing."""
    packed = frame.packed()
    rgb = bytearray(len(packed) // 4 * 3)
    rgb[0::3], rgb[1::3], rgb[2::3] = packed[2::4], packed[1::4], packed[0::4]
    return bytes(rgb)


def changed_pixels(a: Frame, b: Frame) -> int:
    """How many pixels differ between two frames of the same place."""
    before, after, row = rgb_of(a), rgb_of(b), a.rect_px.width * 3
    changed_rows = [
        (before[at : at + row], after[at : at + row])
        for at in range(0, len(before), row)
        if before[at : at + row] != after[at : at + row]
    ]
    return sum(x[at : at + 3] != y[at : at + 3] for x, y in changed_rows for at in range(0, row, 3))
