"""The set-up: scripts, pinned packages, the table of system packages, benchmarks."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    lines = [line for line in (PACKAGING / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    matches = [re.fullmatch(r"([\w.-]+)==([\w.]+)(; [a-z_]+ [<=]+ \"[\w.]+\")?", line) for line in lines]
    assert None not in matches, "only name==version, with an environment marker"
    return {normal(match[1]): match[2] for match in matches if match}


def test_every_package_the_project_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for extra, group in project["project"]["optional-dependencies"].items():
        # A browser engine of hundreds of megabytes, tied to Qt's own version: whoever wants it asks for it.
        if extra != "browser-sign-in":
            asked += group
    names = {normal(re.split(r"[<>=;\[ ]", requirement)[0]) for requirement in asked}
    assert names <= pinned().keys()


def test_pinned_packages_stand_once_and_in_order() -> None:
    names = list(pinned())
    lines = [line for line in (PACKAGING / "constraints.txt").read_text().splitlines() if line and line[0] != "#"]
    assert len(names) == len(lines)
    assert names == sorted(names)


def test_every_row_of_the_system_packages_is_complete() -> None:
    rows = (PACKAGING / "system-packages.txt").read_text().splitlines()
    rows = [row for row in rows if row and not row.startswith("#")]
    for row in rows:
        group, check, *packages = row.split()
        assert group in ("run", "virtual", "test")
        assert re.fullmatch(r"cmd:[\w.-]+|path:[\w./-]+|lib:lib[\w.-]+\.so\.\d+|font", check)
        assert len(packages) == 3


@pytest.mark.parametrize("script", ["packaging/dev.sh", ".ci/run"])
def test_scripts_are_clean(script: str) -> None:
    done = subprocess.run(["shellcheck", ROOT / script], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == ""
    assert done.returncode == 0


def test_ci_runs_the_command_of_the_readme_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".ci/run").read_text().splitlines() if line and not line.startswith("#")]
    assert lines == ["set -eu", 'cd "$(dirname "$0")/.."', "exec sh packaging/dev.sh test"]
    assert "sh packaging/dev.sh test" in (ROOT / "README.md").read_text()


def test_the_developers_script_names_its_commands() -> None:
    command = ["sh", str(PACKAGING / "dev.sh")]
    helped = subprocess.run([*command, "help"], capture_output=True, text=True, check=True, timeout=60)
    unknown = subprocess.run([*command, "frobnicate"], capture_output=True, text=True, check=False, timeout=60)
    assert unknown.returncode == 2
    assert unknown.stderr == helped.stdout
    for word in ("run", "test", "check", "bench", "shots"):
        assert f"\n  {word} " in helped.stdout


def test_every_benchmark_can_be_found() -> None:
    command = [sys.executable, str(PACKAGING / "bench.py"), "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    modules = [path for path in (PACKAGING / "benches").glob("*.py") if "@benchmark" in path.read_text()]
    assert len(done.stdout.splitlines()) >= len(modules) - 1


RACE = """
from benches.frame import Race, benchmark, run

order = []

@benchmark("a race", gate=1, rounds=3)
def race():
    order.append("set up")
    figures = iter([100.0, 3.0, 1.0, 2.0])
    def ours():
        order.append("ours")
        return next(figures)
    def peer():
        order.append("peer")
        return 4.0
    yield Race(ours, {"peer": peer, "absent": None}, is_timed=False, unit="MiB")
    order.append("tidied up")

result = run(race)
assert (result.ours, result.peers, result.unit) == (2.0, {"peer": 4.0, "absent": None}, "MiB"), result
assert order == ["set up", *["ours", "peer"] * 4, "tidied up"], order
"""


def test_a_race_is_interleaved_and_its_figures_are_medians_without_the_warm_up() -> None:
    subprocess.run([sys.executable, "-c", RACE], check=True, cwd=PACKAGING, timeout=60)
