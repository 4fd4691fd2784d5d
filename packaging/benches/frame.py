"""How to write a benchmark: a context manager that sets up, yields a Race, and tidies up.

    @benchmark("PNG of a 4K desktop", gate=0.15)
    def encode_png() -> Iterator[Race]:
        frame = sample()
        yield Race(ours=lambda: encode(frame), peers={"Pillow level 6": lambda: pillow(frame)})

Ours and every peer run in turn within one process and one run, so that a ratio means something on a busy machine.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field

Setup = Callable[[], Iterator["Race"]]


@dataclass(frozen=True, slots=True)
class Race:
    """Ours and the peers, a call for each round. A peer that is None is not installed; the gate is about the first."""

    ours: Callable[[], object]
    peers: Mapping[str, Callable[[], object] | None]
    is_timed: bool = True
    """True: a call is timed from outside, in ms. False: it returns its own figure, in `unit` (memory, bytes)."""
    unit: str = "ms"
    note: str = ""
    """What a reader should know, such as why a gate cannot be met."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A named race with its gate: ours may take at most `gate` times what the first peer takes; None only tells."""

    name: str
    gate: float | None
    setup: Setup
    rounds: int = 7
    warmups: int = 1
    """Rounds that are run first and not counted."""


@dataclass(frozen=True, slots=True)
class Result:
    """Medians, in `unit`."""

    unit: str
    ours: float
    peers: Mapping[str, float | None] = field(default_factory=dict)
    note: str = ""


def benchmark(name: str, *, gate: float | None, rounds: int = 7, warmups: int = 1) -> Callable[[Setup], Benchmark]:
    """Make a benchmark of a generator function that yields one Race."""

    def register(setup: Setup) -> Benchmark:
        return Benchmark(name, gate, setup, rounds, warmups)

    return register


def run(subject: Benchmark, rounds: int | None = None) -> Result:
    """Run the race, interleaved, and return the medians."""
    with contextlib.contextmanager(_generator(subject.setup))() as race:
        runners = {"": race.ours, **{name: peer for name, peer in race.peers.items() if peer is not None}}
        figures: dict[str, list[float]] = {name: [] for name in runners}
        for number in range(subject.warmups + (rounds or subject.rounds)):
            for name, runner in runners.items():
                figure = _timed_ms(runner) if race.is_timed else _own_figure(runner)
                if number >= subject.warmups:
                    figures[name].append(figure)
        medians = {name: statistics.median(values) for name, values in figures.items()}
        return Result(race.unit, medians[""], {name: medians.get(name) for name in race.peers}, race.note)


def installed(program: str, runner: Callable[[], object]) -> Callable[[], object] | None:
    """The runner, or None where its program is missing."""
    return runner if shutil.which(program) else None


def _generator(setup: Setup) -> Callable[[], Generator[Race, None, None]]:
    def generate() -> Generator[Race, None, None]:
        yield from setup()

    return generate


def _timed_ms(runner: Callable[[], object]) -> float:
    begin = time.perf_counter()
    runner()
    return (time.perf_counter() - begin) * 1000


def _own_figure(runner: Callable[[], object]) -> float:
    figure = runner()
    if not isinstance(figure, int | float):
        raise TypeError(f"a race that is not timed needs a figure, not {figure!r}")
    return float(figure)
