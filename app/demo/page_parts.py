"""Pieces of the pages, made from data without a request in sight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from app.demo.accounts import DEMO_API_KEY, DEMO_PASSWORD, DEMO_USER
from app.demo.collection_store import StoredEmbed
from app.demo.image_store import StoredImage
from app.demo.markup import Markup, document, element, join

SITE_NAME = "ImgLink demo"


@dataclass(frozen=True, slots=True)
class Preview:
    """What other programs are told of an image: its embed profile, or the defaults."""

    title: str
    description: str
    color: str
    author_name: str
    author_url: str
    site_name: str


def preview_of(image: StoredImage, embed: StoredEmbed | None) -> Preview:
    """The default says nothing of the file's name, which may be private."""
    fields: Mapping[str, str] = embed.fields if embed else {}
    return Preview(
        title=fields.get("title") or f"Image {image.id}",
        description=fields.get("description") or describe(image),
        color=fields.get("color", ""),
        author_name=fields.get("author_name", ""),
        author_url=fields.get("author_url", ""),
        site_name=fields.get("site_name") or SITE_NAME,
    )


def describe(image: StoredImage) -> str:
    """Such as `1920 × 1080 · PNG · 512 kB`."""
    parts = [f"{image.width} × {image.height}"] if image.width else []
    return " · ".join([*parts, image.format.name, size_text(image.size)])


def size_text(size: int) -> str:
    """Bytes as people read them."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def page(title: str, *content: Markup, head: Markup | None = None) -> str:
    """A page with the site's head and foot."""
    return document(
        join(
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("title", title),
            element("link", rel="stylesheet", href="/style.css"),
            element("link", rel="icon", href="/icon.svg", type="image/svg+xml"),
            head,
        ),
        join(
            element("header", element("a", SITE_NAME, href="/"), element("span", "Local server: nothing leaves here")),
            element("main", *content),
        ),
    )


def preview_tags(image: StoredImage, preview: Preview, links: Mapping[str, str], base_url: str) -> Markup:
    """OpenGraph and Twitter tags, the theme colour, and where oEmbed is."""
    size = {"og:image:width": image.width, "og:image:height": image.height} if image.width else {}
    graph: dict[str, str | int | None] = {
        "og:type": "website",
        "og:title": preview.title,
        "og:description": preview.description,
        "og:site_name": preview.site_name,
        "og:url": links["viewer"],
        "og:image": links["url"],
        "og:image:type": image.format.mime,
        **size,
    }
    named = {
        "twitter:card": "summary_large_image",
        "twitter:title": preview.title,
        "twitter:description": preview.description,
        "twitter:image": links["url"],
        "description": preview.description,
        "author": preview.author_name,
        "theme-color": preview.color,
    }
    oembed = f"{base_url}/oembed?url={quote(links['viewer'], safe='')}&format=json"
    return join(
        *(element("meta", property=name, content=value) for name, value in graph.items()),
        *(element("meta", name=name, content=value) for name, value in named.items() if value),
        element("link", rel="alternate", type="application/json+oembed", href=oembed, title=preview.title),
    )


def embed_card(preview: Preview) -> Markup:
    """The preview as a chat program may draw it; the bar's colour is an SVG attribute, as the policy forbids styles."""
    author: Markup | None = None
    if preview.author_name:
        target = {"href": preview.author_url, "rel": "nofollow noopener"} if preview.author_url else {}
        author = element("p", element("a" if target else "span", preview.author_name, **target))
    bar = element("rect", width="6", height="4000", fill=preview.color or "gray")
    return element(
        "section",
        element("svg", bar, aria_hidden="true"),
        element(
            "div",
            element("p", preview.site_name, class_="quiet"),
            author,
            element("p", element("strong", preview.title)),
            element("p", preview.description),
        ),
        class_="card embed",
        aria_label="Preview on other sites",
    )


def facts(image: StoredImage, links: Mapping[str, str]) -> Markup:
    """The links and what is known of the image."""
    rows = {
        "Viewer": element("code", links["viewer"]),
        "Direct": element("code", links["url"]),
        "Thumbnail": element("code", links["thumbnail"]) if "thumbnail" in links else None,
        "Image": describe(image),
        "Views": str(image.views),
        "Uploaded": f"{image.uploaded_at:%Y-%m-%d %H:%M:%S} UTC",
        "Listed": "no, private" if image.is_private else "in the gallery",
    }
    pairs = [join(element("dt", name), element("dd", value)) for name, value in rows.items() if value]
    return element("section", element("dl", *pairs), class_="card")


def tiles(images: Sequence[StoredImage]) -> Markup:
    """A grid of images that lead to their viewers."""
    if not images:
        return element("p", "No images here yet.", class_="quiet")
    return element("ul", *(element("li", _tile(image)) for image in images), class_="grid")


def _tile(image: StoredImage) -> Markup:
    medium, whole = f"/cdn/medium/{image.id}.webp", f"/cdn/{image.id}{image.format.extension}"
    source = medium if image.has_thumbnail else whole
    return element(
        "a",
        element("img", src=source, alt=f"Image {image.id}", loading="lazy"),
        element("span", describe(image)),
        href=f"/i/{image.id}",
        class_="nsfw" if image.is_nsfw else None,
    )


def pager(number: int, last: int) -> Markup | None:
    """Links to the pages before and after."""
    if last <= 1:
        return None
    before = element("a", "Newer", href=f"/?page={number - 1}", rel="prev") if number > 1 else None
    after = element("a", "Older", href=f"/?page={number + 1}", rel="next") if number < last else None
    return element("nav", before, element("span", f"Page {number} of {last}"), after, aria_label="Pages")


def sign_in_help() -> Markup:
    """The demo account's public credentials."""
    rows = {"API key": DEMO_API_KEY, "User name": DEMO_USER, "Password": DEMO_PASSWORD}
    pairs = [join(element("dt", name), element("dd", element("code", value))) for name, value in rows.items()]
    return element(
        "details",
        element("summary", "Try it with the demo account"),
        element("p", "These values are public and work on demo servers only.", class_="quiet"),
        element("dl", *pairs),
        element("p", "As on the service, without an account there is one upload in 30 minutes.", class_="quiet"),
        class_="card",
    )


def password_form(message: str) -> Markup:
    """Asks for an album's password."""
    return element(
        "form",
        element("label", "Password", element("input", type="password", name="password", autocomplete="off")),
        element("button", "Open album"),
        element("p", message, class_="warning", role="alert") if message else None,
        method="post",
        class_="card",
    )
