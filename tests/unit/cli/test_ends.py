"""How a command ends: its exit code, and one sentence instead of a traceback."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from app.core.clock import SystemClock
from app.core.uploads import QueueMode, QueueState, UploadItem, UploadState
from app.demo import Fault, Stage
from app.store import open_store
from tests.unit.cli.harness import PROGRAM, UPLOAD, Cli, Done, finished, interrupt, noise, until


def stored(cli: Cli) -> list[UploadItem]:
    """What the outbox still knows: everything but the done and the cancelled."""

    async def read() -> list[UploadItem]:
        store = await open_store(cli.data, SystemClock())
        try:
            return list(await store.pending())
        finally:
            await store.close()

    return asyncio.run(read())


def shell(cli: Cli, script: str) -> Done:
    """Run a shell script in which {} stands for the program."""
    command = script.format(" ".join(PROGRAM))
    done = subprocess.run(["sh", "-c", command], env=cli.environ({}), cwd=cli.cwd, capture_output=True, check=False)
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def paused(cli: Cli) -> None:
    """As if the person had paused the uploads in the tray's menu."""

    async def pause() -> None:
        store = await open_store(cli.data, SystemClock())
        try:
            await store.save_queue_state(QueueState(QueueMode.PAUSED))
        finally:
            await store.close()

    cli.data.mkdir(parents=True)
    asyncio.run(pause())


# --- failures of the service ----------------------------------------------------------------------------------------


def test_a_refused_key_is_3_and_says_how_to_get_another(cli: Cli, pictures: list[str]) -> None:
    done = cli.run("upload", pictures[0], env={"IMGLINK_API_KEY": "wrong"})
    assert (done.code, done.out) == (3, "")
    assert "API key is not accepted" in done.err
    assert "imglink account key set" in done.err
    assert stored(cli) == []


def test_a_key_that_cannot_be_one_is_3_and_not_repeated(cli: Cli, pictures: list[str]) -> None:
    done = cli.run("upload", pictures[0], env={"IMGLINK_API_KEY": "ß wrong"})
    assert done.code == 3
    assert "wrong" not in done.err


def test_offline_is_4_and_nothing_is_sent_later(cli: Cli, pictures: list[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        done = cli.run("upload", pictures[0], env={"IMGLINK_BASE_URL": url})
    assert (done.code, done.out) == (4, "")
    assert "cannot be reached" in done.sentence
    assert stored(cli) == []


def test_rate_limited_is_4_and_the_wait_is_kept(cli: Cli, pictures: list[str]) -> None:
    cli.server.faults.add(Fault.error(429, "Slow down", retry_after="120").on("POST", UPLOAD))
    first = cli.run("upload", pictures[0])
    second = cli.run("upload", pictures[1])
    assert (first.code, second.code) == (4, 4)
    assert "Slow down" in first.sentence
    # The second call did not ask again.
    assert cli.uploads() == 1
    assert stored(cli) == []


def test_a_failure_of_the_server_is_1(cli: Cli, pictures: list[str]) -> None:
    cli.server.faults.add(Fault.error(400, "No such luck").on("POST", UPLOAD))
    done = cli.run("upload", pictures[0])
    assert done.code == 1
    assert "No such luck" in done.sentence


def test_some_of_several_failed_is_1_and_the_others_go(cli: Cli, pictures: list[str]) -> None:
    cli.server.faults.add(Fault.error(400).on("POST", UPLOAD))
    done = cli.run("upload", *pictures)
    assert done.code == 1
    assert len(done.lines) == cli.server.commits == 2


def test_an_answer_that_was_lost_is_uncertain_and_never_invites_to_try_again(cli: Cli, pictures: list[str]) -> None:
    cli.server.faults.add(Fault.lost(Stage.AFTER_COMMIT).on("POST", UPLOAD))
    done = cli.run("upload", pictures[0], "--json")
    assert done.code == 1
    assert done.json[0]["state"] == "uncertain"
    assert "may already be uploaded" in done.json[0]["error"]
    assert cli.server.commits == 1
    assert [item.state for item in stored(cli)] == [UploadState.UNCERTAIN]


def test_a_connection_that_breaks_early_is_tried_again(cli: Cli) -> None:
    # Larger than what the system's buffers take unread.
    cli.server.faults.add(Fault.lost(Stage.BEFORE_BODY).on("POST", UPLOAD))
    done = cli.run("upload", noise(cli.cwd / "large.png", 2600))
    assert (done.code, len(done.lines), cli.server.commits) == (0, 1, 1)


def test_paused_uploads_are_explained(cli: Cli, pictures: list[str]) -> None:
    paused(cli)
    done = cli.run("upload", pictures[0])
    assert done.code == 1
    assert "Uploads are paused" in done.sentence
    assert stored(cli) == []


# --- cancelled ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_cancelled_is_130_and_what_was_not_sent_never_is(cli: Cli, pictures: list[str], number: signal.Signals) -> None:
    large = noise(cli.cwd / "large.png", 2000)
    cli.server.faults.add(Fault.slow(30).on("POST", UPLOAD, times=2))
    with cli.start("upload", large, large, pictures[0]) as process:
        until(lambda: cli.uploads() == 2, "nothing was sent")
        done = interrupt(process, number)
    assert done.code == 130
    assert "Traceback" not in done.err
    assert stored(cli) == []
    # The next command sends its own file, and nothing else.
    assert cli.run("upload", pictures[1]).code == 0
    assert [image.width for image in cli.server.images()] == [32]


def test_cancelled_keeps_the_links_that_there_are(cli: Cli, pictures: list[str]) -> None:
    large = noise(cli.cwd / "large.png", 2000)
    # The first and the third wait; the second is through.
    cli.server.faults.add(Fault.slow(30).on("POST", UPLOAD))
    with cli.start("upload", "--json", large, pictures[0]) as process:
        until(lambda: cli.server.commits == 1, "the small one was not sent")
        until(lambda: [item.file_name for item in stored(cli)] == ["large.png"], "its end was not recorded")
        done = interrupt(process)
    assert done.code == 130
    cancelled, sent = done.json
    assert (cancelled["state"], cancelled["id"]) == ("cancelled", None)
    assert (sent["state"], sent["id"]) == ("done", cli.server.images()[0].id)


def test_cancelled_after_all_was_sent_is_uncertain(cli: Cli, pictures: list[str]) -> None:
    cli.server.faults.add(Fault.slow(30, Stage.BEFORE_COMMIT).on("POST", UPLOAD))
    with cli.start("upload", pictures[0]) as process:
        until(lambda: bool(cli.server.requests) and cli.server.requests[0].body_bytes > 0, "nothing was sent")
        until(lambda: UploadState.COMMITTING in [item.state for item in stored(cli)], "it did not get that far")
        done = interrupt(process)
    assert done.code == 130
    assert "may already be uploaded" in done.err


def test_interrupted_while_the_key_is_awaited(cli: Cli) -> None:
    with cli.start("account", "key", "set", stdin=subprocess.PIPE) as process:
        # It reads its input before it touches anything: so wait for the read itself.
        until(lambda: _waits_for_input(process.pid), "it did not ask")
        done = interrupt(process)
    assert (done.code, done.err) == (130, "")


def _waits_for_input(pid: int) -> bool:
    wchan = Path(f"/proc/{pid}/wchan").read_text(encoding="ascii")
    syscall = Path(f"/proc/{pid}/syscall")
    return "pipe" in wchan or (syscall.exists() and syscall.read_text(encoding="ascii").startswith("0 0x0 "))


# --- a desktop, or a shell, that is not as it should be ---------------------------------------------------------------


def test_a_reader_that_goes_away_stops_no_upload(cli: Cli, pictures: list[str]) -> None:
    cli.server.faults.add(Fault.slow(0.3).on("POST", UPLOAD))
    head, tail = os.pipe()
    with cli.start("upload", *pictures, stdout=tail) as process:
        os.close(tail)
        os.close(head)
        done = finished(process)
    assert done.code == 1
    assert "standard output is closed" in done.sentence
    assert cli.server.commits == 3


def test_head_takes_one_link_and_leaves(cli: Cli, pictures: list[str]) -> None:
    done = shell(cli, "{} upload one.png Übersicht.png | head -1")
    assert done.out.count("/i/") == 1
    assert "Traceback" not in done.err
    assert cli.server.commits == 2


@pytest.mark.parametrize("words", [["--help"], ["upload", "--help"], ["--version"]])
def test_help_to_a_full_disk(cli: Cli, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = cli.run(*words, stdout=full)
    assert done.code == 1
    assert "closed or full" in done.sentence


@pytest.mark.parametrize(
    ("redirection", "links"), [("<&-", 1), (">&-", 0), ("2>&-", 1), ("<&- >&- 2>&-", 0), (">/dev/full", 0)]
)
def test_closed_streams(cli: Cli, pictures: list[str], redirection: str, links: int) -> None:
    done = shell(cli, "exec {} upload one.png missing.png " + redirection)
    assert done.code == 1
    assert "Traceback" not in done.err
    # Never the sentence about the other file in the place of a link.
    assert [line for line in done.lines if "/i/" in line] == done.lines
    assert len(done.lines) == links
    assert cli.server.commits == 1


def test_a_closed_input_is_an_empty_key(cli: Cli) -> None:
    done = shell(cli, "exec {} account key set <&-")
    assert (done.code, done.err) == (1, "The API key is empty.\n")


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://imglink.cc", "http://imglink.example", "https://me:secret@imglink.cc", "https://", "\n"]
)
@pytest.mark.parametrize("words", [["upload", "one.png"], ["account", "status"]])
def test_an_address_that_cannot_be_used(cli: Cli, pictures: list[str], url: str, words: list[str]) -> None:
    done = cli.run(*words, env={"IMGLINK_BASE_URL": url})
    assert (done.code, done.out) == (1, "")
    assert done.sentence.startswith("IMGLINK_BASE_URL is not usable.")
    assert "secret" not in done.err


def test_a_home_that_cannot_be_written(cli: Cli, pictures: list[str]) -> None:
    cli.home.chmod(0o500)
    done = cli.run("upload", pictures[0], privileged=False)
    assert done.code == 1
    assert "cannot be made: Permission denied" in done.sentence_with_doctor


def test_a_disk_that_takes_no_more(cli: Cli) -> None:
    noise(cli.cwd / "large.png", 400)
    done = shell(cli, "ulimit -f 300; exec {} upload large.png --json")
    assert_explained(done)
    assert cli.uploads() == 0


def test_a_data_folder_that_is_a_file(cli: Cli, pictures: list[str]) -> None:
    cli.data.parent.mkdir(parents=True)
    cli.data.touch()
    done = cli.run("upload", pictures[0])
    assert done.code == 1
    assert str(cli.data) in done.sentence_with_doctor


def test_a_broken_settings_file_is_said_and_set_aside(cli: Cli, pictures: list[str]) -> None:
    settings = cli.home / ".config" / "imglink" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text("{", encoding="utf-8")
    done = cli.run("upload", pictures[0])
    assert (done.code, len(done.lines)) == (0, 1)
    assert "was damaged" in done.sentence


def assert_explained(done: Done) -> None:
    assert done.code == 1
    assert "Traceback" not in done.err
    # Of its folders the doctor knows more.
    assert done.err.splitlines()[1:] in ([], ["See: imglink doctor"])
    assert done.json[0]["error"]


@pytest.mark.parametrize(
    "words", [[], ["region"], ["window"], ["screen"], ["monitor", "1"], ["--geometry", "0,0,9,9"], ["last"]]
)
def test_a_capture_without_a_display_is_explained(cli: Cli, words: list[str]) -> None:
    done = cli.run("capture", *words)
    assert (done.code, done.out) == (1, "")
    assert "display" in done.sentence_with_doctor


@pytest.mark.parametrize(
    "environ", [{"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":4711"}, {"XDG_SESSION_TYPE": "wayland"}]
)
def test_a_capture_on_wayland_is_explained(cli: Cli, environ: dict[str, str]) -> None:
    done = cli.run("capture", "--json", env=environ)
    assert done.code == 1
    assert "Wayland" in done.err
    assert "Wayland" in done.json[0]["error"]


def test_a_display_that_is_gone_is_explained(cli: Cli) -> None:
    done = cli.run("capture", env={"DISPLAY": ":4711"})
    assert done.code == 1
    assert "Traceback" not in done.err
    assert ":4711" in done.sentence_with_doctor


def test_a_link_that_cannot_be_copied_is_printed_all_the_same(cli: Cli, pictures: list[str]) -> None:
    done = cli.run("upload", pictures[0], "--copy", "--json")
    assert done.code == 1
    assert done.json[0]["state"] == "done"
    assert "could not be copied" in done.sentence
