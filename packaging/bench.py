"""Run the benchmarks in `packaging/benches` and print ours beside the peers, with the gates.

usage: python packaging/bench.py [--list] [--rounds N] [WORD…]     (only benchmarks whose name contains a WORD)
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Benchmarks use the program from this checkout, and the tests' private desktop.
sys.path.insert(0, str(ROOT))

import benches  # noqa: E402
from benches.frame import Benchmark, Result, run  # noqa: E402

COLUMNS = "{:<44} {:>12} {:<26} {:>12} {:>7} {:>7}  {}"


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 when a benchmark itself broke, not when a gate is missed."""
    parser = argparse.ArgumentParser(prog="bench", description="Ours beside the peers, with the gates.")
    parser.add_argument("words", nargs="*", metavar="WORD", help="run only benchmarks whose name contains it")
    parser.add_argument("--list", action="store_true", help="name the benchmarks and stop")
    parser.add_argument("--rounds", type=int, help="rounds for each, instead of its own number")
    options = parser.parse_args(arguments)
    subjects = [subject for subject in found() if not options.words or any(w in subject.name for w in options.words)]
    if options.list:
        print("\n".join(subject.name for subject in subjects))
        return 0
    broken = 0
    print(COLUMNS.format("what", "ours", "peer", "peer's", "ratio", "gate", "met"))
    for subject in subjects:
        try:
            report(subject, run(subject, options.rounds))
        except Exception:  # noqa: BLE001 - one broken benchmark must not hide the others
            broken += 1
            print(f"{subject.name:<44} broke:\n{traceback.format_exc()}")
    return 1 if broken else 0


def found() -> Iterator[Benchmark]:
    """Every benchmark in the modules of `benches`, in the order of their names."""
    for info in sorted(pkgutil.iter_modules(benches.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"benches.{info.name}")
        yield from (value for value in vars(module).values() if isinstance(value, Benchmark))


def report(subject: Benchmark, result: Result) -> None:
    """Print one line for each peer; the gate stands on the first."""
    gate = subject.gate
    ours = f"{result.ours:.4g} {result.unit}"
    for name, figure in result.peers.items():
        limit = "" if gate is None else f"≤ {gate:g}"
        if figure is None:
            line = (subject.name, ours, name, "not installed", "", limit, "")
        else:
            ratio = result.ours / figure if figure else float("inf") if result.ours else 0.0
            met = "" if gate is None else "yes" if ratio <= gate else "NO"
            line = (subject.name, ours, name, f"{figure:.4g} {result.unit}", f"{ratio:.2f}", limit, met)
        print(COLUMNS.format(*line).rstrip(), flush=True)
        gate = None
    if result.note:
        print(f"    {result.note}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
