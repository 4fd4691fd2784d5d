"""The pace: never more than the service allows in any window, and no crowds after trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.services.pacing import Limit, Pace, asked_wait_s, retry_wait_s

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_the_defaults_are_the_documentations() -> None:
    assert Pace().signed_in == Limit(100, HOUR)
    assert Pace().anonymous == Limit(1, timedelta(minutes=30))


@given(st.lists(st.integers(0, 3 * 3600), max_size=60), st.integers(1, 5))
def test_no_window_ever_holds_more_than_the_limit(gaps: list[int], count: int) -> None:
    limit, now, sent = Limit(count, HOUR), NOW, list[datetime]()
    for gap in gaps:
        now += timedelta(seconds=gap)
        now += timedelta(seconds=limit.wait_s([each for each in sent if each > now - HOUR], now))
        sent.append(now)
    for start in sent:
        assert sum(start <= each < start + HOUR for each in sent) <= count


def test_one_below_the_limit_goes_at_once_and_the_limit_waits() -> None:
    limit = Limit(3, HOUR)
    attempts = [NOW - timedelta(minutes=50), NOW - timedelta(minutes=10)]
    assert limit.wait_s(attempts, NOW) == 0
    assert limit.wait_s([*attempts, NOW], NOW) == 600


def test_a_clock_set_back_waits_one_window_at_most() -> None:
    assert Limit(1, HOUR).wait_s([NOW + timedelta(days=3650)], NOW) == 3600


def test_what_the_service_asks_is_kept_within_a_second_and_six_hours() -> None:
    assert asked_wait_s(0.0, 0, lambda: 0.5) == 1
    assert asked_wait_s(90.0, 0, lambda: 0.5) == 90
    assert asked_wait_s(1e9, 0, lambda: 0.5) == 6 * 3600
    assert asked_wait_s(None, 0, lambda: 0.0) == 30
    assert asked_wait_s(None, 99, lambda: 1.0) < 6 * 3600


def test_retries_are_spread_over_the_whole_span_and_the_span_grows() -> None:
    spans = [retry_wait_s(in_a_row, lambda: 1.0) for in_a_row in range(12)]
    assert spans[0] == 2
    assert spans == sorted(spans)
    assert spans[-1] == 300
    assert retry_wait_s(5, lambda: 0.0) == 0
