"""500 senders killed at system calls and at random times: nothing is lost, nothing is sent twice in silence."""

from __future__ import annotations

import os

import pytest

from tests.torture.campaign import CALLS, Campaign

KILLS = 500
# A new one each day of tests finds more in the long run; a failure names its seed.
SEED = 1


@pytest.mark.timeout(900)
def test_five_hundred_kills_lose_nothing_and_duplicate_nothing_in_silence() -> None:
    tally = Campaign(KILLS, seed=SEED, lanes=os.cpu_count() or 1).run()
    assert tally.problems == []
    assert tally.kills >= KILLS
    assert tally.kills_in_recovery >= KILLS * 0.04
    assert len(tally.kills_at.keys() & set(CALLS)) >= 8
    # It must have been close often enough to mean something.
    assert tally.uncertain >= 10
    assert tally.found >= 1
    assert tally.quiet_cases >= KILLS // 50
    print(tally.summary())
