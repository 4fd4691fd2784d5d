"""The seeded bugs can still be put into the program: what they change is there, once."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_the_mutants_change_is_in_the_program() -> None:
    mutants = runpy.run_path(str(ROOT / "packaging" / "mutants.py"))["MUTANTS"]
    assert len({mutant.name for mutant in mutants}) == len(mutants) >= 12
    counts = {mutant.name: (ROOT / mutant.file).read_text().count(mutant.old) for mutant in mutants}
    assert {name: count for name, count in counts.items() if count != 1} == {}
    assert all((ROOT / path).exists() for mutant in mutants for path in mutant.tests)
