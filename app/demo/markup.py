"""HTML in which everything is escaped unless it was made here."""

from __future__ import annotations

from html import escape


class Markup(str):
    """HTML that is safe to put into a page as it is. Made by `element` only."""

    __slots__ = ()


_VOID = frozenset({"meta", "link", "img", "input", "br"})


def element(tag: str, *children: str | None, **attributes: str | int | None) -> Markup:
    """An element. Text is escaped, Markup kept, None left out; `class_` means `class`, `http_equiv` `http-equiv`."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{join(*children)}</{tag}>")


def join(*children: str | None) -> Markup:
    """Several, one after the other."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children if child))


def document(head: Markup, body: Markup) -> str:
    """A whole page."""
    return f'<!doctype html>\n<html lang="en">{element("head", head)}{element("body", body)}</html>\n'
