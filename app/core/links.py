"""Forms in which a link is copied: plain addresses, markup, or a template of one's own."""

from __future__ import annotations

from enum import Enum
from string import Template

from app.core.imglink import Image


class LinkForm(Enum):
    """How a link is written; the value is its name on the command line and in the settings file."""

    VIEWER = "viewer"
    DIRECT = "direct"
    THUMBNAIL = "thumbnail"
    MARKDOWN = "markdown"
    HTML = "html"
    BBCODE = "bbcode"
    CUSTOM = "custom"


TEMPLATE_FIELDS = ("url", "viewer", "thumbnail", "filename", "id", "width", "height")


def format_link(image: Image, form: LinkForm, *, file_name: str = "", template: str = "$viewer") -> str:
    """Write the link of `image` in the chosen form.

    A link that the server did not give falls back to the direct one, which is always there. `template` is used for
    `LinkForm.CUSTOM`, with `$name` or `${name}` for the names of `TEMPLATE_FIELDS`; `$$` is a dollar sign.
    """
    viewer = image.viewer or image.url
    thumbnail = image.thumbnail or image.url
    label = file_name or image.id
    match form:
        case LinkForm.VIEWER:
            return viewer
        case LinkForm.DIRECT:
            return image.url
        case LinkForm.THUMBNAIL:
            return thumbnail
        case LinkForm.MARKDOWN:
            return f"[![{_markdown_text(label)}]({_markdown_url(image.url)})]({_markdown_url(viewer)})"
        case LinkForm.HTML:
            import html

            address, source, alt = (html.escape(text) for text in (viewer, image.url, label))
            return f'<a href="{address}"><img src="{source}" alt="{alt}"></a>'
        case LinkForm.BBCODE:
            return f"[url={viewer}][img]{image.url}[/img][/url]"
        case LinkForm.CUSTOM:
            return Template(template).safe_substitute(
                url=image.url,
                viewer=viewer,
                thumbnail=thumbnail,
                filename=file_name,
                id=image.id,
                width="" if image.width is None else str(image.width),
                height="" if image.height is None else str(image.height),
            )


def check_template(template: str) -> str | None:
    """Say in words what is wrong with a custom link template; None when it is fine."""
    parsed = Template(template)
    if not parsed.is_valid():
        return "A dollar sign must begin a name, such as $url; write $$ for a dollar sign."
    unknown = [name for name in parsed.get_identifiers() if name not in TEMPLATE_FIELDS]
    if unknown:
        return f"${unknown[0]} is not known. Use {', '.join('$' + name for name in TEMPLATE_FIELDS)}."
    return None


def _markdown_text(text: str) -> str:
    return "".join("\\" + char if char in r"\[]`*_<>!" else char for char in text)


def _markdown_url(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
