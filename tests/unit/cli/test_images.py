"""`imglink info` and `imglink delete` as processes of their own."""

from __future__ import annotations

import pytest

from app.demo import DEMO_USER, Fault
from tests.unit.cli.harness import NAMES, Cli


@pytest.fixture
def uploaded(cli: Cli, pictures: list[str]) -> list[str]:
    """Ids of three images on the server."""
    return [each["id"] for each in cli.run("upload", "--json", *pictures).json]


def test_info(cli: Cli, uploaded: list[str]) -> None:
    done = cli.run("info", uploaded[0])
    facts = dict(line.split(maxsplit=1) for line in done.lines if not line.startswith("uploaded"))
    assert facts["id"] == uploaded[0]
    assert facts["viewer"] == f"{cli.server.base_url}/i/{uploaded[0]}"
    assert (facts["width"], facts["height"], facts["mime"]) == ("31", "20", "image/png")
    assert (done.code, done.err) == (0, "")
    # No credential goes where none is needed.
    assert cli.server.requests[-1].header("x-api-key") is None


def test_info_as_json_and_as_a_link(cli: Cli, uploaded: list[str]) -> None:
    [facts] = cli.run("info", "--json", uploaded[1]).json
    assert set(facts) >= NAMES | {"views", "uploaded_at"}
    assert (facts["id"], facts["state"], facts["error"]) == (uploaded[1], "there", None)
    link = cli.run("info", uploaded[1], "--link", "bbcode").out
    assert link == f"[url={facts['viewer']}][img]{facts['url']}[/img][/url]\n"


@pytest.mark.parametrize("image_id", ["-xxxxxxxxx", "--xxxxxxxx", "_xxxxxxxxx", "xxxxxxxxxx"])
def test_a_missing_image_is_1_whatever_its_id_begins_with(cli: Cli, image_id: str) -> None:
    done = cli.run("info", image_id)
    assert (done.code, done.out) == (1, "")
    assert "not there" in done.sentence
    assert [request.path for request in cli.server.requests] == [f"/api/v1/image/{image_id}"]


def test_a_missing_image_as_json(cli: Cli) -> None:
    done = cli.run("info", "--json", "xxxxxxxxxx")
    assert set(done.json[0]) >= NAMES
    assert done.json[0]["state"] == "failed"
    assert done.code == 1


@pytest.mark.parametrize("image_id", ["a/b", "../x", "with space", "ümlaut", ""])
def test_what_is_no_id_is_wrong_usage(cli: Cli, image_id: str) -> None:
    done = cli.run("info", image_id)
    assert done.code == 2
    assert cli.server.requests == ()


def test_delete_several_with_one_missing(cli: Cli, uploaded: list[str]) -> None:
    done = cli.run("delete", uploaded[0], "-xxxxxxxxx", uploaded[2])
    assert done.lines == [uploaded[0], uploaded[2]]
    assert done.code == 1
    assert done.sentence.startswith("-xxxxxxxxx: ")
    assert [image.id for image in cli.server.images()] == [uploaded[1]]


def test_delete_as_json(cli: Cli, uploaded: list[str]) -> None:
    done = cli.run("delete", "--json", uploaded[1], "_xxxxxxxxx")
    gone, missing = done.json
    assert set(gone) == set(missing) >= NAMES
    assert (gone["id"], gone["state"], gone["error"]) == (uploaded[1], "deleted", None)
    assert (missing["id"], missing["state"]) == ("_xxxxxxxxx", "failed")
    assert missing["error"]


def test_deleting_what_is_gone_already_is_done(cli: Cli, uploaded: list[str]) -> None:
    assert cli.run("delete", uploaded[0]).code == 0
    assert cli.run("delete", uploaded[0]).code == 0


def test_a_key_that_may_not_delete_is_3(cli: Cli, uploaded: list[str]) -> None:
    limited = cli.server.add_key(cli.server.user(DEMO_USER), scopes=["upload:create"])
    done = cli.run("delete", uploaded[0], env={"IMGLINK_API_KEY": limited})
    assert (done.code, done.out) == (3, "")
    assert done.sentence


def test_without_a_key_nothing_is_asked(cli: Cli) -> None:
    done = cli.run("delete", "xxxxxxxxxx", env={"IMGLINK_API_KEY": None})
    assert done.code == 3
    assert cli.server.requests == ()


def test_rate_limited_is_4(cli: Cli) -> None:
    cli.server.faults.add(Fault.error(429))
    assert cli.run("info", "xxxxxxxxxx").code == 4
