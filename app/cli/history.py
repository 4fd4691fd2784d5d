"""`imglink history`, `imglink open` and `imglink copy`: what was uploaded, without asking the service."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from app.cli.desk import StoreDesk
from app.cli.exit_codes import ExitCode
from app.cli.links import chosen_form, copy_links
from app.cli.output import print_json
from app.cli.streams import Lines, print_text, say
from app.core.errors import InputError
from app.core.history import HistoryEntry, HistoryQuery
from app.core.imglink import AlbumId, ImageId
from app.core.links import format_link
from app.core.uploads import RemoteState
from app.services.history_files import ExportFormat
from app.services.history_files.records import to_record

_PAGE = 500


async def history(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """List what matches, newest first."""
    query = HistoryQuery(
        " ".join(arguments.query),
        since=arguments.since,
        album=None if arguments.album is None else AlbumId(arguments.album),
        favourite=arguments.favourite,
    )
    ids = await desk.history.outline(query, limit=arguments.limit)
    entries: list[HistoryEntry] = []
    for start in range(0, len(ids), _PAGE):
        entries += await desk.history.entries(ids[start : start + _PAGE])
    if arguments.json:
        print_json([_as_json(entry) for entry in entries])
        return ExitCode.DONE
    lines = Lines()
    for entry in entries:
        lines.add(_line(entry))
    if not entries:
        say("Nothing was found." if arguments.query else "There is nothing.")
    elif len(entries) == arguments.limit and (count := await desk.history.count(query)) > len(entries):
        say(f"These are the latest {len(entries):,} of {count:,}; --limit shows more.")
    lines.check()
    return ExitCode.DONE


async def export(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """Write everything to a file or to standard output."""
    suffix = "" if arguments.output is None else arguments.output.suffix.lower()
    form = ExportFormat(arguments.format or ("csv" if suffix == ".csv" else "json"))
    if arguments.output is None:
        await desk.history.export(form, print_text)
        return ExitCode.DONE
    count = await desk.history.export_file(desk.folder / arguments.output, form)
    say(f"{_entries(count)} {'was' if count == 1 else 'were'} written to {arguments.output}.")
    return ExitCode.DONE


async def import_(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """Add what a file holds, and say what that was."""
    report = await desk.history.import_file(desk.folder / arguments.file)
    say(f"{_entries(report.new)} new, {report.completed:,} completed, {report.unchanged:,} known already.")
    for left_out in report.left_out:
        say(left_out.reason)
    return ExitCode.DONE


async def forget(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """Leave images out here; one that is not there does not stop the others."""
    known = await desk.history.find(arguments.ids)
    await desk.history.forget([entry.id for entry in known])
    missing = _missing(arguments.ids, known)
    for image_id in missing:
        say(f"{image_id} is not in the history.")
    if known:
        say("On ImgLink nothing has changed.")
    return ExitCode.FAILED if missing else ExitCode.DONE


async def open_(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """Open an image's page, or the image itself, in the browser."""
    (entry,) = await _found(arguments.ids, desk)
    image = entry.image
    await desk.open_page(image.url if arguments.direct else image.viewer or image.url)
    return ExitCode.DONE


async def copy(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """Copy links, and print them."""
    form = chosen_form(arguments, desk)
    links = [
        format_link(entry.image, form, file_name=entry.file_name, template=desk.link_template)
        for entry in await _found(arguments.ids, desk)
    ]
    lines = Lines()
    for link in links:
        lines.add(" ".join(link.splitlines()))
    code = await copy_links(links, desk)
    lines.check()
    return code


async def _found(image_ids: Sequence[ImageId], desk: StoreDesk) -> tuple[HistoryEntry, ...]:
    """All of them, in their order. Raises InputError when one is missing."""
    entries = await desk.history.find(image_ids)
    if missing := _missing(image_ids, entries):
        raise InputError(f"{missing[0]} is not in the history.", remedy="See what is with: imglink history")
    return entries


def _missing(image_ids: Sequence[ImageId], entries: Sequence[HistoryEntry]) -> list[ImageId]:
    known = {entry.image_id for entry in entries}
    return [image_id for image_id in image_ids if image_id not in known]


def _line(entry: HistoryEntry) -> str:
    image = entry.image
    marks = [
        mark for mark, is_set in (("★", entry.favourite), ("(gone)", entry.remote_state is RemoteState.GONE)) if is_set
    ]
    when = f"{entry.uploaded_at.astimezone():%Y-%m-%d %H:%M}"
    words = [image.id, when, image.viewer or image.url, entry.shown_name, *marks]
    return "  ".join(" ".join(word.split()) for word in words)


def _as_json(entry: HistoryEntry) -> dict[str, object]:
    return {**to_record(entry), "path": None if entry.path is None else str(entry.path)}


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
