"""`imglink albums`, and uploads into one: the real program against the demo server."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest

from app.api import Client
from app.core.base_url import parse_base_url
from app.core.clock import SystemClock
from app.core.imglink import AlbumId, CredentialKind
from app.core.jobs import Job
from app.demo import DEMO_API_KEY, DEMO_USER, DemoLimits, DemoServer
from app.demo.faults import Fault
from app.services.jobs import Jobs
from app.store import open_store
from tests.unit.cli.harness import Cli, finished, until
from tests.unit.demo.plain_http import PlainHttp, multipart, picture


@pytest.fixture
def server() -> Iterator[DemoServer]:
    limits = DemoLimits(anonymous_interval_s=0, uploads_per_hour=1000, requests_per_minute=5000)
    with DemoServer(limits=limits) as running:
        yield running


@pytest.fixture
def signed_in(cli: Cli, server: DemoServer) -> Cli:
    cli.env["IMGLINK_TOKEN"] = server.add_token(server.user(DEMO_USER))
    return cli


def upload(server: DemoServer, count: int) -> list[str]:
    """So many images of the demo's user; their ids."""
    ask, data, ids = PlainHttp(server.base_url), picture(8, 8), list[str]()
    while len(ids) < count:
        files = [(f"{number}.png", data) for number in range(min(15, count - len(ids)))]
        body, content_type = multipart(files)
        headers = {"X-API-Key": DEMO_API_KEY, "Content-Type": content_type}
        answer = ask("POST", "/api/v1/upload", headers, body=body).json()
        ids += [image["id"] for image in answer.get("images", [answer])]
    return ids


def create(cli: Cli, title: str, *words: str) -> str:
    done = cli.run("albums", "create", title, "--json", *words)
    assert done.code == 0, done.err
    return str(done.json["id"])


def members(cli: Cli, album: str) -> list[str]:
    return [image["id"] for image in cli.run("albums", "show", album, "--json").json["images"]]


def test_an_album_is_made_shown_changed_and_deleted(signed_in: Cli) -> None:
    made = signed_in.run("albums", "create", "Holiday", "--description", "By the sea", "--private", "--json").json
    assert (made["title"], made["description"], made["public"], made["count"]) == ("Holiday", "By the sea", False, 0)
    listed = signed_in.run("albums", "list")
    assert listed.lines[0].split() == [made["id"], "0", "private", "Holiday"]
    assert listed.err == "1 album\n"
    edited = signed_in.run("albums", "edit", "Holiday", "--title", "Norway", "--public", "--json").json
    assert (edited["id"], edited["title"], edited["description"], edited["public"]) == (
        made["id"], "Norway", "By the sea", True,
    )  # fmt: skip
    assert signed_in.run("albums", "edit", made["id"], "--description", "").code == 0
    assert signed_in.run("albums", "list", "--json").json[0]["description"] == ""
    deleted = signed_in.run("albums", "delete", "Norway", "Nothing")
    assert deleted.code == 1
    assert deleted.lines == [f"Deleted {made['id']}  Norway; its images stay"]
    assert "There is no album “Nothing”" in deleted.err
    assert signed_in.run("albums", "list", "--json").json == []


def test_a_password_comes_from_standard_input_and_opens_the_album(signed_in: Cli, server: DemoServer) -> None:
    done = signed_in.run("albums", "create", "Family", "--password", "--json", stdin=b"open sesame\n")
    made = done.json
    assert (made["password"], made["public"]) == (True, True)
    ask = PlainHttp(server.base_url)
    assert ask("GET", f"/api/albums/{made['id']}").status == 401
    assert ask("GET", f"/api/albums/{made['id']}", {"X-Album-Password": "open sesame"}).status == 200
    assert signed_in.run("albums", "edit", "Family", "--no-password", "--json").json["password"] is False
    assert ask("GET", f"/api/albums/{made['id']}").status == 200
    assert signed_in.run("albums", "create", "X", "--password", stdin=b"\n").code == 1
    assert "open sesame" not in done.out + done.err


def test_images_go_in_and_come_out_and_a_refusal_is_said_with_its_reason(signed_in: Cli, server: DemoServer) -> None:
    ids, album = upload(server, 3), create(signed_in, "Holiday")
    added = signed_in.run("albums", "add", "Holiday", *ids, "-nobodys_1")
    assert added.code == 1
    assert added.lines == ids
    assert added.err.startswith("-nobodys_1: ")
    assert members(signed_in, album) == ids
    removed = signed_in.run("albums", "remove", album, ids[1], "--json")
    assert removed.code == 0
    assert removed.json == [{"id": ids[1], "state": "done", "album": album, "error": None}]
    assert members(signed_in, album) == [ids[0], ids[2]]
    shown = signed_in.run("albums", "show", "Holiday")
    assert len(shown.lines) == 2
    assert ids[0] in shown.lines[0]


def test_an_ambiguous_title_is_refused_with_the_ids(signed_in: Cli) -> None:
    ids = [create(signed_in, "Twice"), create(signed_in, "Twice")]
    done = signed_in.run("albums", "edit", "Twice", "--title", "Once")
    assert done.code == 1
    assert "There are 2 albums called “Twice”" in done.sentence
    assert all(each in done.sentence for each in ids)
    assert signed_in.run("albums", "edit", ids[0], "--title", "Once").code == 0
    assert signed_in.run("albums", "show", "Twice").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("edit", "A"),
        ("edit", "A", "--password", "--no-password"),
        ("edit", "A", "--public", "--private"),
        ("add", "A"),
        ("add", "A", "not an id"),
        ("create",),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli.run("albums", *words).code == 2
    assert cli.server.requests == ()


def test_without_a_session_it_says_how_to_get_one(cli: Cli, server: DemoServer) -> None:
    done = cli.run("albums", "list", env={"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"})
    assert done.code == 3
    assert "sign" in done.err.lower()
    lapsed = server.add_token(server.user(DEMO_USER), lifetime_s=-1)
    assert cli.run("albums", "list", env={"IMGLINK_TOKEN": lapsed}).code == 3


def test_an_upload_goes_into_the_album_that_is_named(signed_in: Cli, pictures: list[str]) -> None:
    album = create(signed_in, "Holiday")
    done = signed_in.run("upload", "--album", "Holiday", "--json", *pictures[:2])
    assert done.code == 0, done.err
    assert sorted(members(signed_in, album)) == sorted(image["id"] for image in done.json)


def test_an_upload_into_an_album_that_is_not_there_sends_nothing(signed_in: Cli, pictures: list[str]) -> None:
    done = signed_in.run("upload", "--album", "Nowhere", pictures[0])
    assert done.code == 1
    assert "There is no album “Nowhere”" in done.err
    assert signed_in.uploads() == 0
    assert signed_in.run("upload", "--album", "A", "--anonymous", pictures[0]).code == 2


def test_new_uploads_go_into_the_album_of_the_settings(signed_in: Cli, pictures: list[str]) -> None:
    album = create(signed_in, "Default")
    settings = signed_in.home / ".config/imglink/settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f'{{"upload": {{"album": "{album}"}}}}')
    assert signed_in.run("upload", pictures[0]).code == 0
    assert len(members(signed_in, album)) == 1
    assert signed_in.run("albums", "list", "--json").json[0]["default"] is True
    assert signed_in.run("upload", "--anonymous", pictures[1]).code == 0
    assert len(members(signed_in, album)) == 1


def test_a_session_that_ends_in_the_middle_leaves_the_rest_to_the_application(
    signed_in: Cli, server: DemoServer
) -> None:
    ids, album = upload(server, 4), create(signed_in, "Holiday")
    server.faults.add(Fault.slow(0).on("POST", "*/images", times=2), Fault.error(401).on("POST", "*/images", times=9))
    done = signed_in.run("albums", "add", album, *ids)
    assert done.code == 3
    assert "2 of 4 are done; the rest follows" in done.err
    server.faults.clear()
    resumed = asyncio.run(resume(signed_in, server))
    assert [len(job.done) for job in resumed] == [4]
    assert members(signed_in, album) == ids


def test_200_images_are_added_over_a_killed_process_and_none_twice(signed_in: Cli, server: DemoServer) -> None:
    ids, album = upload(server, 200), create(signed_in, "Holiday")
    server.clear_requests()
    path = f"/api/albums/{album}/images"

    def added() -> int:
        return sum(request.path == path for request in server.requests)

    with signed_in.start("albums", "add", album, *ids) as process:
        until(lambda: added() >= 40, "nothing is added")
        process.send_signal(signal.SIGKILL)
        assert finished(process).code == -signal.SIGKILL
    assert added() < 200
    [job] = asyncio.run(resume(signed_in, server))
    assert len(job.done) == 200
    # Only what was in flight when the process was killed was sent again.
    assert added() <= 201
    assert members(signed_in, album) == ids


async def resume(cli: Cli, server: DemoServer) -> list[Job]:
    """What the application does at its next start; returns the jobs as they ended."""
    token = server.add_token(server.user(DEMO_USER))

    async def credential(kind: CredentialKind) -> str | None:
        return token if kind is CredentialKind.TOKEN else None

    store = await open_store(cli.data, SystemClock())
    client = Client(parse_base_url(server.base_url), credential)
    jobs = Jobs(client, store.jobs, store.history, SystemClock())
    try:
        await jobs.begin()
        pending = await jobs.pending()
        async with asyncio.timeout(60):
            ended = [await jobs.finished(job.id) for job in pending]
        assert all(job.target is not None and AlbumId(job.target) for job in ended)
        return ended
    finally:
        await jobs.stop()
        await client.close()
        await store.close()
