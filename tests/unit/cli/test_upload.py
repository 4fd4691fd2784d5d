"""`imglink upload` as a process of its own: what it prints, what the server sees, what it refuses."""

from __future__ import annotations

import json
import os

import pytest

from app.demo import DEMO_USER, Fault
from app.demo.image_store import StoredImage
from tests.unit.cli.harness import NAMES, UPLOAD, Cli, noise, sparse
from tests.unit.demo.plain_http import picture

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
MIB = 2**20


def by_width(cli: Cli) -> dict[int, StoredImage]:
    return {image.width or 0: image for image in cli.server.images()}


def test_one_link_a_line_in_the_order_given(cli: Cli, pictures: list[str]) -> None:
    # The first one is answered last.
    cli.server.faults.add(Fault.slow(0.5).on("POST", UPLOAD))
    done = cli.run("upload", *pictures)
    images = by_width(cli)
    assert done.lines == [f"{cli.server.base_url}/i/{images[width].id}" for width in (31, 32, 33)]
    assert (done.code, done.err) == (0, "")
    assert not any("two" in image.file_name or "bersicht" in image.file_name for image in images.values())


def test_json_is_an_array_with_every_name(cli: Cli, pictures: list[str]) -> None:
    done = cli.run("upload", "--json", pictures[0], "missing.png", pictures[2])
    first, missing, last = done.json
    assert set(first) == set(missing) == set(last) >= NAMES
    image = by_width(cli)[31]
    assert (
        first.items()
        >= {
            "id": image.id,
            "url": f"{cli.server.base_url}/cdn/{image.id}.png",
            "viewer": f"{cli.server.base_url}/i/{image.id}",
            "thumbnail": f"{cli.server.base_url}/cdn/medium/{image.id}.webp",
            "width": 31,
            "height": 20,
            "size": image.size,
            "mime": "image/png",
            "file": "one.png",
            "state": "done",
            "error": None,
        }.items()
    )
    assert (missing["file"], missing["state"], missing["id"]) == ("missing.png", "failed", None)
    assert "does not exist" in missing["error"]
    assert (last["file"], last["state"]) == ("Übersicht.png", "done")
    assert done.code == 1


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("viewer", "{base}/i/{id}"),
        ("direct", "{base}/cdn/{id}.png"),
        ("thumbnail", "{base}/cdn/medium/{id}.webp"),
        ("markdown", "[![one.png]({base}/cdn/{id}.png)]({base}/i/{id})"),
        ("html", '<a href="{base}/i/{id}"><img src="{base}/cdn/{id}.png" alt="one.png"></a>'),
        ("bbcode", "[url={base}/i/{id}][img]{base}/cdn/{id}.png[/img][/url]"),
    ],
)
def test_each_form_of_the_link(cli: Cli, pictures: list[str], form: str, expected: str) -> None:
    done = cli.run("upload", pictures[0], "--link", form)
    assert done.out == expected.format(base=cli.server.base_url, id=cli.server.images()[0].id) + "\n"


def test_private_and_nsfw_reach_the_server(cli: Cli, pictures: list[str]) -> None:
    assert cli.run("upload", "--private", "--nsfw", pictures[0]).code == 0
    [image] = cli.server.images()
    assert (image.is_private, image.is_nsfw) == (True, True)
    assert image.user_id == cli.server.user(DEMO_USER).id


def test_anonymous_uses_no_account(cli: Cli, pictures: list[str]) -> None:
    assert cli.run("upload", "--anonymous", "--private", pictures[0]).code == 0
    [image] = cli.server.images()
    assert (image.user_id, image.is_private) == (None, True)
    [request] = cli.server.requests
    assert request.path == "/api/upload"
    assert request.header("x-api-key") is None
    assert request.header("authorization") is None


def test_what_cannot_be_sent_is_refused_with_its_reason_and_the_rest_goes(cli: Cli, pictures: list[str]) -> None:
    folder = cli.cwd
    (folder / "text.png").write_text("no picture", encoding="utf-8")
    (folder / "empty.png").touch()
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    (folder / "secret.png").write_bytes(picture())
    (folder / "secret.png").chmod(0)
    (folder / "notes.txt").write_text("notes", encoding="utf-8")
    (folder / "lost.png").symlink_to("nowhere")
    sparse(folder / "large.png", PNG_HEAD, 50 * MIB + 1)
    reasons = {
        "text.png": "holds text",
        "empty.png": "is empty",
        "missing.png": "does not exist",
        "folder.png": "is a folder",
        "pipe.png": "is a pipe",
        "/dev/zero": "is a device",
        "secret.png": "permission denied",
        "large.png": "is too large: 50.1 MB, and ImgLink takes 50 MB",
        "notes.txt": "is not an image that ImgLink takes",
        "lost.png": "leads nowhere",
    }
    done = cli.run("upload", pictures[0], *reasons, pictures[1], privileged=False)
    assert done.code == 1
    assert len(done.lines) == 2
    assert done.lines == [f"{cli.server.base_url}/i/{by_width(cli)[width].id}" for width in (31, 32)]
    told = done.err.splitlines()
    assert len(told) == len(reasons)
    for (name, reason), line in zip(reasons.items(), told, strict=True):
        assert line.startswith(f"“{name}” ")
        assert reason in line
    # Not a byte of the others went out.
    assert cli.uploads() == 2


def test_the_limit_without_an_account_is_lower(cli: Cli) -> None:
    sparse(cli.cwd / "large.png", PNG_HEAD, 25 * MIB + 1)
    done = cli.run("upload", "large.png", "--anonymous")
    assert done.code == 1
    assert "25 MB without an account" in done.sentence
    assert cli.server.requests == ()


def test_nothing_is_queued_for_later_when_all_is_refused(cli: Cli) -> None:
    assert cli.run("upload", "missing.png").code == 1
    assert list((cli.data / "outbox").iterdir()) == []


@pytest.mark.parametrize(
    "environ",
    [
        {"LANG": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONIOENCODING": "latin-1", "TERM": "dumb"},
    ],
)
def test_no_locale_breaks_names_or_output(cli: Cli, environ: dict[str, str]) -> None:
    strange = b"\xff\xfe \xc3\x9c \x1b[31m.png"
    with open(os.fsencode(cli.cwd) + b"/" + strange, "wb") as file:  # noqa: PTH123 - the name is bytes
        file.write(picture())
    done = cli.run("upload", strange, "Ä\n.png".encode(), "--link", "markdown", env=environ)
    assert done.code == 1
    assert len(done.lines) == 1
    assert f"/i/{cli.server.images()[0].id})" in done.out
    assert "does not exist" in done.err
    assert "\x1b" not in done.out + done.err
    assert "Traceback" not in done.err


def test_json_gives_a_name_that_is_no_text_back_as_it_was(cli: Cli) -> None:
    strange = b"\xff.png"
    done = cli.run("upload", strange, "--json", env={"PYTHONIOENCODING": "ascii"})
    assert os.fsencode(json.loads(done.out)[0]["file"]) == strange


def test_a_name_that_begins_with_a_dash_goes_after_two(cli: Cli) -> None:
    (cli.cwd / "-x.png").write_bytes(picture())
    assert cli.run("upload", "--", "-x.png").code == 0


def test_a_large_file_arrives_whole(cli: Cli) -> None:
    path = noise(cli.cwd / "large.png", 1700)
    assert cli.run("upload", "large.png").code == 0
    assert cli.server.file_bytes(cli.server.images()[0].id) == path.read_bytes()


def test_a_file_named_twice_is_sent_twice(cli: Cli, pictures: list[str]) -> None:
    done = cli.run("upload", pictures[0], pictures[0])
    assert len(set(done.lines)) == 2


def test_nothing_waits_afterwards(cli: Cli, pictures: list[str]) -> None:
    assert cli.run("upload", *pictures).code == 0
    assert cli.run("upload", pictures[0]).code == 0
    assert cli.server.commits == 4
    assert not list((cli.home / ".cache" / "imglink").iterdir())
