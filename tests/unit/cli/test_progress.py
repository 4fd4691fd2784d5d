from __future__ import annotations

import asyncio
import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.cli.progress import ProgressBar, TerminalCountdown
from app.core.imglink import UploadOptions
from app.core.uploads import UploadChanged, UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind
from app.demo import Fault
from tests.unit.cli.harness import UPLOAD, Cli, exit_code, finished, noise, on_terminal, terminal


class Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class OldScreen(Screen):
    encoding = "iso8859-1"


def item(number: int, state: UploadState, sent_bytes: int = 0) -> UploadItem:
    name = f"{number}.png"
    return UploadItem(
        UploadId(str(number)), Path(name), name, name, SourceKind.CLI, "image/png", 100, UploadOptions(), state,
        datetime.now(UTC), sent_bytes=sent_bytes,
    )  # fmt: skip


def test_one_bar_over_all_files() -> None:
    screen = Screen()
    bar = ProgressBar([item(1, UploadState.QUEUED), item(2, UploadState.QUEUED)], screen, environ={})
    bar.update(UploadChanged(item(1, UploadState.DONE)))
    assert "  50%  1/2  1.png" in screen.getvalue()
    bar.update(UploadChanged(item(2, UploadState.COMMITTING)))
    assert "finishing  1/2  2.png" in screen.getvalue()
    bar.clear()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_a_bar_never_takes_two_lines() -> None:
    screen = Screen()
    long = item(1, UploadState.SENDING, 50)
    bar = ProgressBar([long], screen, environ={})
    bar.update(UploadChanged(long))
    assert len(screen.getvalue().removeprefix("\r\x1b[K")) < 80


@pytest.mark.parametrize(
    ("stream", "environ"),
    [(io.StringIO(), {}), (Screen(), {"TERM": "dumb"}), (None, {})],
    ids=["file", "dumb", "closed"],
)
def test_silent_where_there_is_no_terminal(stream: io.StringIO | None, environ: dict[str, str]) -> None:
    bar = ProgressBar([item(1, UploadState.QUEUED)], stream, environ=environ)
    bar.update(UploadChanged(item(1, UploadState.SENDING, 50)))
    bar.clear()
    assert stream is None or stream.getvalue() == ""


def test_plain_characters_where_the_encoding_has_no_blocks() -> None:
    screen = OldScreen()
    ProgressBar([item(1, UploadState.QUEUED)], screen, environ={}).update(
        UploadChanged(item(1, UploadState.SENDING, 50))
    )
    assert "############------------" in screen.getvalue()


def test_a_real_terminal_sees_the_bar_and_a_pipe_only_the_link(cli: Cli) -> None:
    large = noise(cli.cwd / "large.png", 1200)
    cli.server.faults.add(Fault.slow(0.4).on("POST", UPLOAD))
    with terminal() as (screen, theirs):
        process = cli.start("upload", large, stderr=theirs)
        os.close(theirs)
        shown = screen.read_to_end()
        done = finished(process)
    assert done.out == f"{cli.server.base_url}/i/{cli.server.images()[0].id}\n"
    assert "%  large.png" in shown
    assert shown.endswith("\r\x1b[K")


def test_on_one_terminal_the_link_stands_alone_on_its_line(cli: Cli) -> None:
    large = noise(cli.cwd / "large.png", 1200)
    with on_terminal(cli, "upload", str(large)) as (child, screen):
        shown = screen.read_to_end()
        assert exit_code(child) == 0
    assert shown.endswith(f"\r\x1b[K{cli.server.base_url}/i/{cli.server.images()[0].id}\r\n")


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}])
def test_a_dumb_terminal_sees_no_control_codes(cli: Cli, pictures: list[str], environ: dict[str, str]) -> None:
    with on_terminal(cli, "upload", pictures[0], env=environ) as (child, screen):
        shown = screen.read_to_end()
        assert exit_code(child) == 0
    assert "\x1b" not in shown


def test_a_countdown_counts_on_a_terminal_only() -> None:
    for stream, said in ((Screen(), True), (io.StringIO(), False)):
        assert asyncio.run(TerminalCountdown(stream, environ={"TERM": "xterm"}).wait(0.05))
        assert ("Capture in 1 s" in stream.getvalue()) is said
        assert stream.getvalue().endswith("\r\x1b[K") is said
