"""Kill the sender N times at system calls and at random times, and check after each that no promise was broken.

usage: python packaging/torture.py [--seed N] [--lanes N] [KILLS]        (500 kills when nothing else is said)

Prints how far it is, and the counts at the end; the status is 1 when a promise was broken. Linux only: it takes strace.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# The harness is the tests' own, from this checkout.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.torture.campaign import Campaign, Tally

KILLS_PER_LINE = 100


def main(arguments: Sequence[str]) -> int:
    """Run a campaign; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="torture", description="Kill the sender, and look at what is left.")
    parser.add_argument("kills", nargs="?", type=int, default=500, help="how many kills (default: 500)")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()) * 1000, help="to repeat a run; a new one by default"
    )
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1, help="how many senders at once")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}, {options.lanes} at once", flush=True)
    campaign = Campaign(options.kills, seed=options.seed, lanes=options.lanes, on_progress=Progress(options.kills))
    try:
        tally = campaign.run()
    except KeyboardInterrupt:
        tally = campaign.tally
    print("\n".join(tally.problems))
    print(", ".join(f"{place} {kills}" for place, kills in tally.kills_at.most_common()))
    print(tally.summary())
    return 1 if tally.problems else 0


class Progress:
    """A line from time to time."""

    def __init__(self, kills: int) -> None:
        self._kills = kills
        self._began_s = time.monotonic()
        self._next = KILLS_PER_LINE

    def __call__(self, tally: Tally) -> None:
        """Called after each case, by any lane."""
        with tally.lock:
            if tally.kills < self._next:
                return
            self._next += KILLS_PER_LINE
            rate = tally.kills / (time.monotonic() - self._began_s)
            left_min = max(0.0, self._kills - tally.kills) / rate / 60
            print(f"{tally.kills} of {self._kills} kills, {rate:.1f} a second, {left_min:.0f} min left", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
