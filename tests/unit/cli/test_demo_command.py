"""`imglink demo`: a server of one's own, until it is told to stop."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.demo import DEMO_API_KEY
from tests.unit.cli.harness import Cli, Done, finished, interrupt


@contextmanager
def running(cli: Cli, *words: str | Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The demo server and its address."""
    # Unbuffered, so that reading the first line takes nothing of the next ones.
    with cli.start("demo", *words, bufsize=0) as process:
        try:
            assert process.stdout is not None
            found = re.fullmatch(r"Demo server +(http://127\.0\.0\.1:\d+)\n", process.stdout.readline().decode())
            assert found is not None
            yield process, found[1]
        finally:
            process.kill()


def upload(cli: Cli, url: str, *words: str) -> Done:
    return cli.run("upload", *words, env={"IMGLINK_BASE_URL": url, "IMGLINK_API_KEY": DEMO_API_KEY})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(cli: Cli, pictures: list[str], number: signal.Signals) -> None:
    with running(cli, "--port", "0") as (process, url):
        assert upload(cli, url, pictures[0]).out.startswith(f"{url}/i/")
        done = interrupt(process, number)
    assert (done.code, done.err) == (0, "")
    assert DEMO_API_KEY in done.out
    assert f"IMGLINK_BASE_URL={url}" in done.out


def test_a_folder_keeps_images_across_restarts(cli: Cli, pictures: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with running(cli, "--port", "0", "--dir", folder) as (process, url):
        [link] = upload(cli, url, pictures[0]).lines
        assert interrupt(process).code == 0
    image_id = link.rpartition("/")[2]
    with running(cli, "--port", "0", "--dir", folder) as (process, url):
        assert cli.run("info", image_id, env={"IMGLINK_BASE_URL": url}).code == 0
        assert interrupt(process).code == 0


def test_a_port_that_is_taken_is_explained(cli: Cli) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = cli.run("demo", "--port", str(port))
    assert (done.code, done.out) == (1, "")
    assert str(port) in done.sentence
    assert "another port" in done.err


def test_a_folder_that_cannot_be_used_is_explained(cli: Cli) -> None:
    (cli.cwd / "file").touch()
    done = cli.run("demo", "--port", "0", "--dir", "file/below")
    assert done.code == 1
    assert "file/below" in done.sentence


@pytest.mark.parametrize("library", ["starlette", "uvicorn", "python_multipart"])
def test_without_its_libraries_it_says_how_to_get_them(cli: Cli, tmp_path: Path, library: str) -> None:
    hiding = tmp_path / "hiding"
    hiding.mkdir()
    # What the import of a package that is not installed does.
    (hiding / f"{library}.py").write_text(f"raise ModuleNotFoundError('no', name='{library}')\n", encoding="utf-8")
    path = f"{hiding}:{cli.env['PYTHONPATH']}"
    done = cli.run("demo", "--port", "0", env={"PYTHONPATH": path, "PYTHONWARNINGS": None})
    assert (done.code, done.out) == (1, "")
    assert "pip install 'imglink-desktop[demo]'" in done.sentence


def test_nobody_has_to_listen_to_what_it_prints(cli: Cli) -> None:
    with cli.start("demo", "--port", "0") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        process.send_signal(signal.SIGTERM)
        done = finished(process)
    assert done.code == 0
    assert "Traceback" not in done.err
