"""The wheel, built from this tree and installed by pip where the checkout cannot be seen."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "resources"
ENTRY = "app/_resources/linux/cc.imglink.Desktop.desktop"
FOR_PEOPLE = "screenshots"
"""The README's pictures, which nobody needs installed."""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (path,) = folder.glob("imglink_desktop-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """The `bin` of an environment with the wheel in it; other packages are seen where they are, the checkout is not."""
    folder = wheel.parent / "environment"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, wheel, cwd=folder)
    # Links files of a linked folder are not read, so the editable install of this checkout stays out of sight.
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + os.linesep)
    where = run(python, "-c", "import app; print(app.__file__)", cwd=folder)
    assert Path(where.strip()).is_relative_to(folder)
    return folder / "bin"


def test_holds_the_program_and_its_resources_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"app"}
    assert "app/py.typed" in names
    files = {path.relative_to(RESOURCES) for path in RESOURCES.rglob("*") if path.is_file()}
    expected = {f"app/_resources/{path.as_posix()}" for path in files if path.parts[0] != FOR_PEOPLE}
    assert {name for name in names if name.startswith("app/_resources/")} == expected | {ENTRY}
    assert expected


def test_says_its_licence_and_its_story(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(metadata).decode()
        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in archive.namelist())
    assert "License-Expression: MIT" in text
    assert "Description-Content-Type: text/markdown" in text


def test_the_command_and_the_module_run(installed: Path, tmp_path: Path) -> None:
    by_command = run(installed / "imglink", "--help", cwd=tmp_path)
    by_module = run(installed / "python", "-m", "app", "--help", cwd=tmp_path)
    assert by_command.startswith("usage: imglink")
    assert by_module == by_command
    version = run(installed / "imglink", "--version", cwd=tmp_path).split()[-1]
    assert f"-{version}-" in next(installed.parent.parent.glob("*.whl")).name


def test_finds_every_resource_from_the_installed_package(installed: Path, tmp_path: Path) -> None:
    files = [path for path in RESOURCES.rglob("*") if path.is_file() and path.parent.name != FOR_PEOPLE]
    names = [path.relative_to(RESOURCES).as_posix() for path in files]
    code = f"from app.system.resources import resource_path\nfor name in {names!r}: print(resource_path(name))"
    found = run(installed / "python", "-c", code, cwd=tmp_path).splitlines()
    assert len(found) == len(names)
    assert all(Path(path).is_relative_to(installed.parent) for path in found)
