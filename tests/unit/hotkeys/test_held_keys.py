from __future__ import annotations

from app.hotkeys.x11 import HeldKeys

FOUR, THREE = 13, 12


def test_a_press_counts_once_however_often_it_repeats() -> None:
    held = HeldKeys()
    assert held.press(FOUR, 100)
    for time_ms in (300, 330, 360):
        held.release(FOUR, time_ms)
        assert not held.press(FOUR, time_ms)
    # With detectable auto-repeat there are no releases in between.
    assert not held.press(FOUR, 390)


def test_pressed_again_counts_again() -> None:
    held = HeldKeys()
    assert held.press(FOUR, 100)
    held.release(FOUR, 150)
    assert held.press(FOUR, 151)


def test_a_second_key_counts_while_the_first_is_held() -> None:
    held = HeldKeys()
    assert held.press(FOUR, 100)
    assert held.press(THREE, 120)
    assert not held.press(THREE, 140)


def test_a_release_that_the_grab_did_not_show_is_not_waited_for() -> None:
    held = HeldKeys()
    assert held.press(FOUR, 100)
    assert held.press(THREE, 120)
    held.release(FOUR, 140)
    # The grab is over now, so nobody tells of THREE's release.
    assert held.press(THREE, 500)
