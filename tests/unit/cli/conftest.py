from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.demo import DemoLimits, DemoServer
from tests.unit.cli.harness import Cli
from tests.unit.demo.plain_http import picture


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer(limits=DemoLimits(anonymous_interval_s=0)) as running:
        yield running


@pytest.fixture
def cli(server: DemoServer, tmp_path: Path) -> Cli:
    return Cli(server, tmp_path)


@pytest.fixture
def pictures(cli: Cli) -> list[str]:
    """Three pictures in the current folder, told apart by their widths: 31, 32 and 33."""
    names = ["one.png", "two two.jpg", "Übersicht.png"]
    for width, name in enumerate(names, 31):
        kind = "JPEG" if name.endswith("jpg") else "PNG"
        (cli.cwd / name).write_bytes(picture(width, 20, kind))
    return names
