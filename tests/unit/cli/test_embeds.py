"""`imglink embeds`, `imglink gallery` and `--embed` as processes of their own."""

from __future__ import annotations

import json

import pytest

from app.demo import DEMO_USER, Fault
from tests.unit.cli.harness import Cli
from tests.unit.demo.plain_http import PlainHttp

FLAGS = {
    "title": "--title",
    "description": "--description",
    "color": "--color",
    "author_name": "--author",
    "author_url": "--author-url",
    "site_name": "--site-name",
}
FIELDS = {
    "title": "Look",
    "description": "At this",
    "color": "#ff5733",
    "author_name": "Ada",
    "author_url": "https://example.com/",
    "site_name": "Pictures",
}


@pytest.fixture
def signed_in(cli: Cli) -> Cli:
    """With a session of the demo's user."""
    cli.env["IMGLINK_TOKEN"] = cli.server.add_token(cli.server.user(DEMO_USER))
    return cli


@pytest.fixture
def uploaded(signed_in: Cli, pictures: list[str]) -> list[str]:
    """Ids of three images on the server."""
    return [each["id"] for each in signed_in.run("upload", "--json", *pictures).json]


def create(cli: Cli, name: str, **fields: str) -> str:
    words = [word for field, value in fields.items() for word in (FLAGS[field], value)]
    done = cli.run("embeds", "create", name, *words, "--json")
    assert done.code == 0, done.err
    embed_id = done.json["id"]
    assert isinstance(embed_id, str)
    return embed_id


def listed(cli: Cli) -> list[dict[str, object]]:
    done = cli.run("embeds", "list", "--json")
    assert done.code == 0, done.err
    profiles: list[dict[str, object]] = done.json
    return profiles


def give_to_new_uploads(cli: Cli, embed_id: str) -> None:
    """As the window of the profiles does."""
    path = cli.home / ".config/imglink/settings.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(json.dumps({"upload": {"embed": embed_id}}), encoding="utf-8")


def given(cli: Cli) -> dict[str, int | None]:
    return {image.id: image.embed_id for image in cli.server.images()}


def test_a_profile_is_made_listed_changed_and_deleted(signed_in: Cli) -> None:
    embed_id = create(signed_in, "My brand", **FIELDS)
    expected = {"id": embed_id, "name": "My brand", **FIELDS}
    assert listed(signed_in) == [expected | {"default": False}]
    shown = signed_in.run("embeds", "list")
    assert shown.lines == [f"{embed_id:<6}My brand"]
    assert shown.sentence == "1 of 25 profiles"
    # What is not given stays as it is; an empty text clears.
    changed = signed_in.run("embeds", "edit", "My brand", "--name", "Ours", "--title", "", "--json").json
    assert changed == expected | {"name": "Ours", "title": ""}
    deleted = signed_in.run("embeds", "delete", embed_id)
    assert (deleted.code, deleted.lines) == (0, [f"Deleted {embed_id}  Ours"])
    assert listed(signed_in) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["create", "A", "--color", "red"], "color"),
        (["create", "A", "--author-url", "example.com"], "author_url"),
        (["create", " "], "name"),
        (["edit", "absent", "--title", "A"], "no embed profile"),
        (["assign", "absent", "xxxxxxxxxx"], "no embed profile"),
    ],
)
def test_what_cannot_be_done_is_1_with_a_sentence(signed_in: Cli, words: list[str], says: str) -> None:
    done = signed_in.run("embeds", *words)
    assert (done.code, done.out) == (1, "")
    assert says in done.sentence


def test_one_that_cannot_be_deleted_does_not_stop_the_others(signed_in: Cli) -> None:
    embed_id = create(signed_in, "One")
    done = signed_in.run("embeds", "delete", "absent", "One", "--json")
    absent, one = done.json
    assert done.code == 1
    assert (absent["state"], absent["id"]) == ("failed", None)
    assert (one["state"], one["id"]) == ("deleted", embed_id)


def test_images_get_a_profile_and_lose_it(signed_in: Cli, uploaded: list[str]) -> None:
    embed_id = create(signed_in, "Brand")
    done = signed_in.run("embeds", "assign", "Brand", *uploaded[:2])
    assert (done.code, done.lines, done.err) == (0, uploaded[:2], "")
    assert given(signed_in) == dict(zip(uploaded, [int(embed_id), int(embed_id), None], strict=True))
    assert signed_in.run("embeds", "clear", uploaded[0], "--json").json == [
        {"id": uploaded[0], "state": "done", "embed": None, "error": None}
    ]
    assert given(signed_in)[uploaded[0]] is None
    # The history knows which image has it still.
    assert "1 known image had" in signed_in.run("embeds", "delete", "Brand").out


def test_a_refused_image_is_named_and_the_others_go(signed_in: Cli, uploaded: list[str]) -> None:
    embed_id = create(signed_in, "Brand")
    done = signed_in.run("embeds", "assign", embed_id, uploaded[0], "-xxxxxxxxx")
    assert (done.code, done.lines) == (1, [uploaded[0]])
    assert done.sentence.startswith("-xxxxxxxxx: ")
    assert given(signed_in)[uploaded[0]] == int(embed_id)


@pytest.mark.parametrize("name", ["Brand", "by id"])
def test_an_upload_has_its_profile_when_the_command_ends(signed_in: Cli, pictures: list[str], name: str) -> None:
    embed_id = create(signed_in, "Brand")
    done = signed_in.run("upload", "--embed", embed_id if name == "by id" else name, pictures[0])
    assert (done.code, done.err) == (0, "")
    assert list(given(signed_in).values()) == [int(embed_id)]


def test_a_profile_that_is_not_there_costs_no_upload(signed_in: Cli, pictures: list[str]) -> None:
    done = signed_in.run("upload", "--embed", "absent", pictures[0])
    assert done.code == 1
    assert "absent" in done.sentence
    assert signed_in.server.images() == []


def test_a_profile_that_is_refused_after_the_upload_is_said_and_the_link_stays(
    signed_in: Cli, pictures: list[str]
) -> None:
    embed_id = create(signed_in, "Brand")
    signed_in.server.faults.add(Fault.error(403, "Not today").on("PATCH", times=9))
    done = signed_in.run("upload", "--embed", embed_id, pictures[0])
    assert (done.code, len(done.lines)) == (1, 1)
    assert "Not today" in done.sentence


def test_a_profile_of_the_settings_waits_for_a_session_and_the_upload_is_done(cli: Cli, pictures: list[str]) -> None:
    give_to_new_uploads(cli, "1")
    done = cli.run("upload", *pictures)
    assert (done.code, len(done.lines), cli.uploads()) == (0, len(pictures), len(pictures))
    assert "imglink account login" in done.sentence
    assert done.err.count("signed in") == 1


def test_a_profile_of_the_settings_that_is_refused_is_a_failure(signed_in: Cli, pictures: list[str]) -> None:
    give_to_new_uploads(signed_in, "77")
    done = signed_in.run("upload", pictures[0])
    assert (done.code, len(done.lines)) == (1, 1)


def test_anonymous_and_a_profile_do_not_go_together(signed_in: Cli, pictures: list[str]) -> None:
    done = signed_in.run("upload", "--anonymous", "--embed", "Brand", pictures[0])
    assert (done.code, signed_in.server.requests) == (2, ())


def test_the_token_goes_to_the_profiles_and_the_key_to_the_upload(signed_in: Cli, pictures: list[str]) -> None:
    create(signed_in, "Brand")
    signed_in.run("upload", "--embed", "Brand", pictures[0])
    for request in signed_in.server.requests:
        is_v1 = request.path.startswith("/api/v1/")
        assert (request.header("x-api-key") is not None) == is_v1
        assert (request.header("authorization") is not None) == (not is_v1)


def test_without_a_session_it_is_3(cli: Cli) -> None:
    done = cli.run("embeds", "list")
    assert (done.code, done.out) == (3, "")
    assert cli.server.requests == ()


def test_rate_limited_is_4(signed_in: Cli) -> None:
    signed_in.server.faults.add(Fault.error(429))
    assert signed_in.run("embeds", "list").code == 4


# --- the gallery ------------------------------------------------------------------------------------------------------


def test_a_page_of_the_gallery_as_links_and_as_json(signed_in: Cli, uploaded: list[str]) -> None:
    signed_in.server.clear_requests()
    # Two are sent at a time, so the service may have had them in another order than they were named.
    newest_first = [image.id for image in reversed(signed_in.server.images())]
    assert sorted(newest_first) == sorted(uploaded)
    done = signed_in.run("gallery")
    assert done.lines == [f"{signed_in.server.base_url}/i/{image_id}" for image_id in newest_first]
    assert done.sentence == "Page 1 of 1, 3 images in all"
    page = signed_in.run("gallery", "--page", "2", "--limit", "2", "--json").json
    assert (page["page"], page["total_pages"], page["total"]) == (2, 2, 3)
    assert [image["id"] for image in page["images"]] == newest_first[2:]
    assert page["images"][0]["nsfw"] is False
    direct = signed_in.run("gallery", "--limit", "1", "--link", "direct")
    assert direct.out.startswith(f"{signed_in.server.base_url}/cdn/")
    for request in signed_in.server.requests:
        assert request.header("x-api-key") is None
        assert request.header("authorization") is None


@pytest.mark.parametrize("words", [["--page", "0"], ["--page", "x"], ["--limit", "41"], ["--limit", "-1"]])
def test_pages_that_cannot_be_are_wrong_usage(cli: Cli, words: list[str]) -> None:
    assert (cli.run("gallery", *words).code, cli.server.requests) == (2, ())


def test_an_empty_gallery_is_no_failure(cli: Cli) -> None:
    done = cli.run("gallery")
    assert (done.code, done.out) == (0, "")


def test_trouble_with_the_gallery_has_its_exit_code(cli: Cli) -> None:
    cli.server.faults.add(Fault.error(500), Fault.error(429))
    assert cli.run("gallery").code == 1
    assert cli.run("gallery").code == 4


def test_the_profile_reaches_the_viewer_page(signed_in: Cli, pictures: list[str]) -> None:
    create(signed_in, "Brand", **FIELDS)
    [image] = signed_in.run("upload", "--embed", "Brand", "--json", pictures[0]).json
    page = PlainHttp(signed_in.server.base_url)("GET", f"/i/{image['id']}").body.decode()
    assert 'property="og:title" content="Look"' in page
    assert 'content="#ff5733"' in page
