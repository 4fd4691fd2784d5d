"""Faults on purpose: each does what it says, at its stage, for the requests it matches."""

from __future__ import annotations

import http.client
import threading
import time

import pytest

from app.demo import DEMO_API_KEY, DemoServer, Fault, Stage
from tests.unit.demo.conftest import Site
from tests.unit.demo.plain_http import Answer, PlainHttp, multipart, picture

IMAGE = [("a.png", picture())]
LOST = (http.client.RemoteDisconnected, ConnectionError)


def test_a_fault_strikes_as_often_as_it_says(site: Site) -> None:
    site.server.faults.add(Fault.error(503).on("POST", "/api/*", times=2), Fault.error(500).on(path="/api/gallery"))

    statuses = [site.http.upload(IMAGE, site.key).status for _ in range(3)]

    assert statuses == [503, 503, 200]
    assert len(site.server.faults.waiting) == 1
    assert [site.http("GET", "/api/gallery").status for _ in range(2)] == [500, 200]
    assert not site.server.faults.waiting


def test_faults_can_be_disarmed(site: Site) -> None:
    site.server.faults.add(Fault.error(503))
    site.server.faults.clear()

    assert site.http("GET", "/api/gallery").status == 200


@pytest.mark.parametrize("value", ["120", "Wed, 21 Oct 2026 07:28:00 GMT", "soon"])
def test_retry_after_is_sent_as_it_is(site: Site, value: str) -> None:
    site.server.faults.add(Fault.error(429, "Slow down", retry_after=value))

    answer = site.http.upload(IMAGE, site.key)

    assert (answer.status, answer.error, answer.headers["retry-after"]) == (429, "Slow down", value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect(site: Site, status: int) -> None:
    site.server.faults.add(Fault.redirect("https://elsewhere.example/x", status))

    answer = site.http.upload(IMAGE, site.key)

    assert (answer.status, answer.headers["location"]) == (status, "https://elsewhere.example/x")


def test_html_garbage_and_nothing(site: Site) -> None:
    site.server.faults.add(Fault.html(502), Fault.garbage(), Fault.garbage(b""))

    html, garbage, nothing = (site.http("GET", "/api/gallery") for _ in range(3))

    assert (html.status, html.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert (garbage.status, garbage.body) == (200, b'{"id": "abc')
    assert (nothing.status, nothing.body) == (200, b"")


@pytest.mark.parametrize(
    ("stage", "commits", "whole_body"),
    [(Stage.BEFORE_BODY, 0, False), (Stage.BEFORE_COMMIT, 0, True), (Stage.AFTER_COMMIT, 1, True)],
)
@pytest.mark.parametrize("fault", [Fault.lost(), Fault.html(504)], ids=["lost", "504"])
def test_a_fault_strikes_at_its_stage(site: Site, fault: Fault, stage: Stage, commits: int, whole_body: bool) -> None:
    body, content_type = multipart(IMAGE)
    site.server.faults.add(fault.on("POST", "/api/v1/upload", stage=stage))
    headers = {**site.key, "Content-Type": content_type}

    if fault.drop:
        with pytest.raises(LOST):
            site.http("POST", "/api/v1/upload", headers, body=body)
    else:
        assert site.http("POST", "/api/v1/upload", headers, body=body).status == 504

    assert site.server.commits == commits
    assert site.server.requests[0].body_bytes == (len(body) if whole_body else 0)
    assert site.http("GET", "/api/gallery").status == 200


def test_a_late_answer_comes_after_the_commit(site: Site) -> None:
    answers: list[Answer] = []
    site.server.faults.add(Fault.slow(0.3, Stage.AFTER_COMMIT))
    thread = threading.Thread(target=lambda: answers.append(site.http.upload(IMAGE, site.key)))
    thread.start()

    while site.server.commits == 0:
        time.sleep(0.005)
    waiting = not answers
    thread.join()

    assert waiting
    assert answers[0].status == 200


@pytest.mark.parametrize("stage", [Stage.BEFORE_BODY, Stage.BEFORE_COMMIT])
def test_a_late_commit(site: Site, stage: Stage) -> None:
    site.server.faults.add(Fault.slow(0.2, stage))
    started = time.monotonic()

    assert site.http.upload(IMAGE, site.key).status == 200
    assert time.monotonic() - started >= 0.2


def test_a_dripping_answer_is_whole_in_the_end(site: Site) -> None:
    site.server.faults.add(Fault.drip(20, 0.01))
    started = time.monotonic()

    answer = site.http.upload(IMAGE, site.key)

    assert answer.json()["success"] is True
    assert time.monotonic() - started >= 0.01 * (len(answer.body) // 20)


def test_a_download_can_drip(site: Site) -> None:
    image_id = site.upload()
    site.server.faults.add(Fault.drip(30, 0.001).on("GET", "/cdn/*"))

    assert site.http("GET", f"/cdn/{image_id}.png").body == site.server.file_bytes(image_id)


def test_an_answer_can_break_off(site: Site) -> None:
    site.server.faults.add(Fault.cut(10))

    with pytest.raises(http.client.IncompleteRead) as caught:
        site.http.upload(IMAGE, site.key)

    assert caught.value.partial == b'{"success"'
    assert site.server.commits == 1


def test_stopping_does_not_wait_for_a_delay() -> None:
    server = DemoServer()
    server.start()
    client = PlainHttp(server.base_url)
    server.faults.add(Fault.slow(600))
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            client("GET", "/api/gallery")
        except LOST as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not server.requests:
        time.sleep(0.005)
    started = time.monotonic()
    server.stop()
    thread.join()

    assert time.monotonic() - started < 5
    assert len(failures) == 1


def test_requests_are_logged_with_their_headers(site: Site) -> None:
    body, content_type = multipart(IMAGE)
    site.http("POST", "/api/v1/upload?x=1", {**site.key, "Content-Type": content_type}, body=body)
    site.http("GET", "/api/v1/image/absent0000")

    upload, info = site.server.requests
    assert (upload.method, upload.path, upload.query, upload.status) == ("POST", "/api/v1/upload", "x=1", 200)
    assert (upload.body_bytes, upload.header("X-API-Key")) == (len(body), DEMO_API_KEY)
    assert (info.method, info.body_bytes, info.header("x-api-key"), info.status) == ("GET", 0, None, 404)
    site.server.clear_requests()
    assert site.server.requests == ()
