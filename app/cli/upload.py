"""`imglink upload`: send, wait, print one link a line in the order given. `imglink capture` ends the same way."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from app.cli.desk import StoreDesk
from app.cli.exit_codes import ExitCode, exit_code
from app.cli.links import chosen_form, copy_links
from app.cli.output import Result, print_json, reason_of, say_failure
from app.cli.progress import ProgressBar
from app.cli.streams import Lines, say, standard_error
from app.core.errors import ErrorKind
from app.core.history import HistoryEntry
from app.core.imglink import UploadOptions, Visibility
from app.core.links import format_link
from app.core.uploads import NETWORK_TASKS, UploadItem, UploadState
from app.core.workflow import SourceKind, UploadTask
from app.services.incoming import Existing, Refused

PATIENCE_S = 5.0
"""How long a command waits for a queue that holds everything back, in seconds; then it says so and ends."""

_UNTIL_SIGNED_IN = (
    "Nobody is signed in: the album and embed profile that the settings give to new uploads wait for that, in the "
    "window of ImgLink. Sign in with: imglink account login"
)

_HELD_BACK = (UploadState.QUEUED, UploadState.PAUSED)


@dataclass(slots=True)
class Sent:
    """What has become of the files so far."""

    results: list[Result] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


async def upload(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """Send the files that can be sent, each on its own; say of the others why not."""
    taken: list[UploadItem] = []

    async def on_duplicate(name: str, entry: HistoryEntry) -> bool:
        link = " ".join((entry.image.viewer or entry.image.url).split())
        if not arguments.skip_duplicates:
            say(f"“{name}” was uploaded before, as {link} (--skip-duplicates takes that).")
        return bool(arguments.skip_duplicates)

    options = await with_targets(arguments, desk, chosen_options(arguments, desk.options))
    try:
        queued = await desk.incoming.take_files(
            [desk.folder / path for path in arguments.paths],
            SourceKind.CLI,
            options,
            on_taken=taken.append,
            on_duplicate=on_duplicate,
        )
    except asyncio.CancelledError:
        await _withdraw(desk, taken)
        raise
    return await finish(arguments, desk, [os.fspath(path) for path in arguments.paths], queued, is_capture=False)


def chosen_options(arguments: argparse.Namespace, settings: UploadOptions) -> UploadOptions:
    """The settings' options, and what the flags add."""
    return replace(
        settings,
        visibility=Visibility.PRIVATE if arguments.private else settings.visibility,
        nsfw=arguments.nsfw or settings.nsfw,
        anonymous=arguments.anonymous or settings.anonymous,
        album=None if arguments.anonymous else settings.album,
        embed=None if arguments.anonymous else settings.embed,
    )


async def with_targets(arguments: argparse.Namespace, desk: StoreDesk, options: UploadOptions) -> UploadOptions:
    """The options with what `--album` and `--embed` name. Raises InputError when there is no such."""
    if arguments.album:
        options = replace(options, album=(await desk.albums.find(arguments.album)).id)
    if arguments.embed:
        options = replace(options, embed=(await desk.embeds.find(arguments.embed)).id)
    return options


async def finish(
    arguments: argparse.Namespace,
    desk: StoreDesk,
    files: Sequence[str | None],
    queued: Sequence[UploadItem | Refused | Existing],
    *,
    is_capture: bool,
    is_new: bool = True,
) -> ExitCode:
    """Wait for what was queued, and print what becomes of it.

    A capture that has to wait stays in the queue: nobody else has it. A file that has to wait does not: the person has
    it and the exit code, and a script that tries again must not find it sent twice. What was in the queue before
    (`is_new` False) stays there even when the person gives up waiting.
    """
    if not arguments.wait:
        return _leave(arguments, desk, files, queued)
    sent, lines = Sent(), Lines()
    items = [entry for entry in queued if isinstance(entry, UploadItem)]
    bar = ProgressBar(items, standard_error())
    unsubscribe = desk.uploads.subscribe(bar.update)

    def tell(file: str | None, entry: UploadItem | Refused | Existing) -> None:
        bar.clear()
        _tell(arguments, desk, lines, sent, file, entry)

    try:
        for file, entry in zip(files, queued, strict=True):
            settled = (
                entry if isinstance(entry, Refused | Existing) else await _settle(desk, entry, is_capture=is_capture)
            )
            tell(file, settled)
    except asyncio.CancelledError:
        if is_new and not (is_capture and desk.is_ending()):
            await _withdraw(desk, items)
        # What had arrived by then is there, and its links must not be lost with the rest.
        for file, entry in list(zip(files, queued, strict=True))[len(sent.results) :]:
            tell(file, entry if isinstance(entry, Refused | Existing) else _left(await desk.uploads.get(entry.id)))
        _print_results(arguments, sent)
        raise
    finally:
        unsubscribe()
        bar.clear()
    _print_results(arguments, sent)
    lines.check()
    code = exit_code(result.error_kind for result in sent.results)
    code = await _see_given(arguments, desk, items) or code
    if arguments.copy and sent.links:
        code = await copy_links(sent.links, desk) or code
    return code


async def _see_given(arguments: argparse.Namespace, desk: StoreDesk, items: Sequence[UploadItem]) -> ExitCode:
    """Wait until what arrived has its album and profile, too; what the service refuses of that is said.

    What only the settings add waits for a session where there is none: the upload that was asked for is done. What was
    named here is asked for, and so has failed.
    """
    moved = asyncio.Event()
    unsubscribe = desk.assignments.subscribe(lambda _: moved.set())
    code, has_told = ExitCode.DONE, False
    try:
        for item in items:
            now = await _see_one_given(desk, item, moved)
            if is_being_given(now):
                say(f"{item.file_name}: its album and profile follow when the tray application next starts.")
                code = ExitCode.WAIT
                continue
            for task, reason in now.after.problems:
                if desk.assignments.wants_session(item.id) and not _is_named(arguments, task):
                    if not has_told:
                        say(_UNTIL_SIGNED_IN)
                    has_told = True
                else:
                    say(f"{item.file_name}: {reason}")
                    code = ExitCode.FAILED
    finally:
        unsubscribe()
    return code


async def _see_one_given(desk: StoreDesk, item: UploadItem, moved: asyncio.Event) -> UploadItem:
    """How it stands when it has been given everything, or after so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while is_being_given(await desk.uploads.get(item.id)):
                await moved.wait()
                moved.clear()
    return await desk.uploads.get(item.id)


def _is_named(arguments: argparse.Namespace, task: UploadTask) -> bool:
    return bool(arguments.album if task is UploadTask.ADD_TO_ALBUM else arguments.embed)


def is_being_given(item: UploadItem) -> bool:
    """True while an upload that arrived still gets its album or profile."""
    return item.state is UploadState.DONE and bool(item.after.due & NETWORK_TASKS)


def _leave(
    arguments: argparse.Namespace,
    desk: StoreDesk,
    files: Sequence[str | None],
    queued: Sequence[UploadItem | Refused | Existing],
) -> ExitCode:
    """Not wait: what was queued is safe on the disk."""
    results = []
    for file, entry in zip(files, queued, strict=True):
        if isinstance(entry, Refused):
            results.append(Result.of_error(file, entry.error))
            say(_with_path(entry, file))
        elif isinstance(entry, Existing):
            results.append(_existing(file, entry))
        else:
            results.append(Result.of_waiting(file, entry))
    if arguments.json:
        print_json([result.as_json() for result in results])
    if not desk.stays and any(result.upload for result in results):
        say("It is sent when the tray application next starts.")
    return exit_code(result.error_kind for result in results)


async def _settle(desk: StoreDesk, entry: UploadItem, *, is_capture: bool) -> UploadItem:
    item = await desk.uploads.wait(entry.id, patience_s=PATIENCE_S)
    if is_capture and item.state in _HELD_BACK:
        when = "later" if desk.stays else "when the tray application next starts"
        kept = f"It is kept, and is sent {when}."
        return replace(item, reason=f"{reason_of(item)} {kept}")
    if item.state in (*_HELD_BACK, UploadState.FAILED) and not is_capture:
        withdrawn = await desk.uploads.cancel(item.id)
        if withdrawn.state is not UploadState.CANCELLED:
            return withdrawn  # It was on its way again by then.
        return item if item.reason else replace(item, reason=f"{reason_of(item)} This one was not queued.")
    return item


def _tell(
    arguments: argparse.Namespace,
    desk: StoreDesk,
    lines: Lines,
    sent: Sent,
    file: str | None,
    entry: UploadItem | Refused | Existing,
) -> None:
    if isinstance(entry, Refused):
        sent.results.append(Result.of_error(file, entry.error))
        say(_with_path(entry, file))
        return
    result = _existing(file, entry) if isinstance(entry, Existing) else Result.of_item(file, entry)
    file_name = entry.entry.file_name if isinstance(entry, Existing) else entry.file_name
    sent.results.append(result)
    if result.image is not None and not result.error:
        link = format_link(result.image, chosen_form(arguments, desk), file_name=file_name, template=desk.link_template)
        sent.links.append(link)
        if not arguments.json:
            lines.add(" ".join(link.splitlines()))
    if result.error:
        say_failure(result)


def _existing(file: str | None, existing: Existing) -> Result:
    return Result(file, "existing", existing.entry.image)


def _with_path(refused: Refused, file: str | None) -> str:
    """The reason, with the path as the person wrote it in place of the name alone."""
    quoted, reason = f"“{refused.name}”", str(refused.error)
    if not file or quoted not in reason:
        return f"{file}: {reason}" if file else reason
    return reason.replace(quoted, f"“{file}”", 1)


def _print_results(arguments: argparse.Namespace, sent: Sent) -> None:
    if arguments.json:
        print_json([result.as_json() for result in sent.results])
    if not arguments.json and any(result.error_kind is ErrorKind.CREDENTIAL for result in sent.results):
        say("To store another key: imglink account key set (IMGLINK_API_KEY, when set, wins over it)")
    if not arguments.json and any(result.state == UploadState.UNCERTAIN.value for result in sent.results):
        say("What can be done about it is told by: imglink queue")


def _left(item: UploadItem) -> UploadItem:
    """An upload that nobody waits for any more."""
    return replace(item, reason=item.reason or "It waits to be sent.") if item.state in _HELD_BACK else item


async def _withdraw(desk: StoreDesk, items: Sequence[UploadItem]) -> None:
    """The person pressed Ctrl+C: what was not sent yet must not be sent later, unasked."""
    # The last first: those in front are on their way, and each that ends lets one more begin.
    for item in reversed(items):
        await desk.uploads.cancel(item.id)
