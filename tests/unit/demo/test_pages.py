"""Gallery, viewer and album pages as a browser and a chat program read them, and oEmbed."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import quote, urlencode

import pytest

from app.demo.markup import Markup, element, join
from tests.unit.demo.conftest import Site
from tests.unit.demo.plain_http import SVG, Answer

HOSTILE = "\"><script>alert('x')</script>&amp;"
PROFILE = {
    "name": "Mine",
    "title": "Look at this",
    "description": "A description",
    "color": "#ff5733",
    "author_name": "Ann",
    "author_url": "https://example.com/ann",
    "site_name": "Ann's site",
}


class Page(HTMLParser):
    """What a page says: its tags, its meta values, and its visible text."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(answer.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def meta(self) -> dict[str, str]:
        return {
            meta.get("property") or meta.get("name", ""): meta["content"]
            for meta in self.all("meta")
            if "content" in meta
        }


def assign(site: Site, image_id: str, **fields: str) -> None:
    body = {"embed_profile_id": site.embed(**fields)}
    assert site.http("PATCH", f"/api/images/{image_id}/embed", site.token, json_body=body).status == 200


def oembed(site: Site, image_id: str, **more: str) -> Answer:
    return site.http("GET", "/oembed?" + urlencode({"url": f"{site.server.base_url}/i/{image_id}", **more}))


def test_every_page_has_a_strict_policy_and_loads_only_from_here(site: Site) -> None:
    image_id = site.upload()
    album_id = site.album()
    for path in ("/", f"/i/{image_id}", f"/a/{album_id}", "/i/absent0000"):
        answer = site.http("GET", path)
        page = Page(answer)

        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"].startswith(
            "default-src 'none'; img-src 'self'; style-src 'self'"
        )
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not page.all("script") + page.all("style")
        assert not [attributes for _, attributes in page.tags if "style" in attributes]
        loaded = [image["src"] for image in page.all("img")]
        loaded += [link["href"] for link in page.all("link") if link["rel"] in ("stylesheet", "icon")]
        assert {site.http("GET", target).status for target in loaded} == {200}
        assert all(target.startswith("/") for target in loaded)


def test_the_stylesheet_knows_light_and_dark(site: Site) -> None:
    answer = site.http("GET", "/style.css")

    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert b"prefers-color-scheme: dark" in answer.body
    assert b"url(" not in answer.body


def test_the_viewer_describes_the_image_by_default(site: Site) -> None:
    image_id = site.upload()
    base = site.server.base_url

    meta = Page(site.http("GET", f"/i/{image_id}")).meta

    assert meta["og:title"] == meta["twitter:title"] == f"Image {image_id}"
    assert meta["og:description"].startswith("30 × 20 · PNG · ")
    assert meta["og:site_name"] == "ImgLink demo"
    assert meta["og:url"] == f"{base}/i/{image_id}"
    assert meta["og:image"] == meta["twitter:image"] == f"{base}/cdn/{image_id}.png"
    assert (meta["og:image:width"], meta["og:image:height"], meta["og:image:type"]) == ("30", "20", "image/png")
    assert meta["twitter:card"] == "summary_large_image"
    assert "theme-color" not in meta


def test_the_viewer_honours_the_embed_profile(site: Site) -> None:
    image_id = site.upload()
    assign(site, image_id, **PROFILE)

    page = Page(site.http("GET", f"/i/{image_id}"))

    assert page.meta["og:title"] == page.meta["twitter:title"] == "Look at this"
    assert page.meta["og:description"] == page.meta["twitter:description"] == "A description"
    assert page.meta["og:site_name"] == "Ann's site"
    assert page.meta["theme-color"] == "#ff5733"
    assert page.meta["author"] == "Ann"
    assert {"href": "https://example.com/ann", "rel": "nofollow noopener"} in page.all("a")


def test_the_viewer_says_where_oembed_is(site: Site) -> None:
    image_id = site.upload()
    assign(site, image_id, **PROFILE)

    links = Page(site.http("GET", f"/i/{image_id}")).all("link")
    href = next(link["href"] for link in links if link.get("type") == "application/json+oembed")
    body = site.http("GET", href).json()

    assert body == {
        "version": "1.0",
        "type": "photo",
        "title": "Look at this",
        "provider_name": "Ann's site",
        "provider_url": site.server.base_url,
        "url": f"{site.server.base_url}/cdn/{image_id}.png",
        "width": 30,
        "height": 20,
        "author_name": "Ann",
        "author_url": "https://example.com/ann",
    }


def test_oembed_of_an_svg_is_a_link(site: Site) -> None:
    image_id = site.http.upload([("a.svg", SVG)], site.key).json()["id"]

    body = oembed(site, image_id).json()

    assert (body["type"], body["title"]) == ("link", f"Image {image_id}")
    assert "url" not in body


def test_oembed_of_what_is_not_here(site: Site) -> None:
    image_id = site.upload()

    assert site.http("GET", "/oembed").status == 404
    assert site.http("GET", f"/oembed?url={quote('https://elsewhere.example/i/' + image_id)}").status == 404
    assert oembed(site, "absent0000").status == 404
    assert oembed(site, image_id, format="json").status == 200
    assert oembed(site, image_id, format="xml").status == 501


def test_nothing_that_was_typed_becomes_markup(site: Site) -> None:
    texts = dict.fromkeys(("name", "title", "description", "author_name", "site_name"), HOSTILE)
    image_id = site.upload()
    assign(site, image_id, **texts, author_url=f"https://example.com/{HOSTILE}")
    album_id = site.album(title=HOSTILE, description=HOSTILE)

    viewer = Page(site.http("GET", f"/i/{image_id}"))
    album = Page(site.http("GET", f"/a/{album_id}"))

    for page in (viewer, album):
        assert not page.all("script")
        assert HOSTILE in page.text
    assert viewer.meta["og:title"] == HOSTILE
    assert viewer.all("a")[-1]["href"] == f"https://example.com/{HOSTILE}"


def test_markup_escapes_what_it_did_not_make() -> None:
    assert element("p", "a<b", element("br"), None, title='"&') == '<p title="&quot;&amp;">a&lt;b<br></p>'
    assert element("div", class_="x", aria_hidden="true", hidden=None) == '<div class="x" aria-hidden="true"></div>'
    assert isinstance(join("<", Markup("<br>")), Markup)


def test_a_private_image_is_not_on_the_gallery_page(site: Site) -> None:
    public, private = site.upload(nsfw="true"), site.upload(visibility="private")

    page = Page(site.http("GET", "/"))

    targets = {link["href"]: link.get("class") for link in page.all("a")}
    assert targets[f"/i/{public}"] == "nsfw"
    assert f"/i/{private}" not in targets
    assert "1 public image," in page.text


def test_the_gallery_page_leads_on(site: Site) -> None:
    for _ in range(25):
        site.upload()

    first, second = Page(site.http("GET", "/")), Page(site.http("GET", "/?page=2"))

    assert {"href": "/?page=2", "rel": "next"} in first.all("a")
    assert {"href": "/?page=1", "rel": "prev"} in second.all("a")
    assert (len(first.all("img")), len(second.all("img"))) == (24, 1)
    assert site.http("GET", "/?page=x").status == 400


def test_an_album_page_shows_its_images(site: Site) -> None:
    album_id = site.album(title="Trip", description="To the sea")
    image_id = site.upload(album=album_id)

    page = Page(site.http("GET", f"/a/{album_id}"))

    assert "Trip" in page.text
    assert "To the sea" in page.text
    assert f"/i/{image_id}" in [link["href"] for link in page.all("a")]


def test_a_private_album_has_no_page(site: Site) -> None:
    assert site.http("GET", f"/a/{site.album(isPublic=False)}").status == 404


@pytest.mark.parametrize(("password", "status"), [("", 401), ("wrong", 403), ("right ü", 200)])
def test_an_album_page_asks_for_the_password(site: Site, password: str, status: int) -> None:
    album_id = site.album(title="Hidden title")
    path = f"/a/{album_id}"
    site.http("PUT", f"/api/albums/{album_id}", site.token, json_body={"password": "right ü"})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": site.server.base_url}

    answer = site.http("POST", path, headers, body=urlencode({"password": password}).encode())

    assert answer.status == status
    assert (b"Hidden title" in answer.body) == (status == 200)
    assert len(Page(answer).all("form")) == (0 if status == 200 else 1)
    assert site.http("GET", path).status == 401
    assert site.http("GET", f"{path}?{urlencode({'password': password})}").status == status


def test_the_front_page_tells_the_demo_account(site: Site) -> None:
    text = Page(site.http("GET", "/")).text

    assert site.key["X-API-Key"] in text
    assert "demo-password" in text


def test_the_sign_in_page_runs_its_own_script_and_no_other(site: Site) -> None:
    assert {"href": "/sign-in"} in Page(site.http("GET", "/")).all("a")
    answer = site.http("GET", "/sign-in")
    page = Page(answer)
    assert [script["src"] for script in page.all("script")] == ["/sign-in.js"]
    assert {each.get("name") for each in page.all("input")} == {"login", "password"}
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    script = site.http("GET", "/sign-in.js")
    assert script.status == 200
    assert b"Bearer" in script.body
