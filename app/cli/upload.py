"""`imglink upload` and `imglink capture`: send, wait, print one link a line in the order given."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.cli.desk import Desk
from app.cli.exit_codes import ExitCode, exit_code
from app.cli.output import ProgressBar, Result, print_json, print_line, say, say_failure
from app.core.imglink import UploadOptions, Visibility
from app.core.links import LinkForm, format_link
from app.core.uploads import UploadChanged, UploadEvent, UploadItem, UploadState
from app.core.workflow import CaptureMode, CaptureTask, SourceKind, Workflow
from app.services.capture import CaptureRequest
from app.services.incoming import Refused

PATIENCE_S = 5.0
"""How long a command waits for a queue that holds everything back, in seconds; then it says so and ends."""


async def upload(arguments: argparse.Namespace, desk: Desk) -> ExitCode:
    """Send the files that can be sent, each on its own; say of the others why not."""
    options = chosen_options(arguments, desk.options)
    queued = await desk.incoming.take_files(arguments.paths, SourceKind.CLI, options)
    return await _finish(arguments, desk, [str(path) for path in arguments.paths], queued, keep_waiting_ones=False)


async def capture(arguments: argparse.Namespace, desk: Desk) -> ExitCode:
    """Take the picture; save, upload and copy as asked."""
    request = capture_request(arguments, chosen_options(arguments, desk.options))
    assert desk.captures is not None
    captured = await desk.captures.run(request)
    if captured.saved_path is not None and captured.upload is None and not arguments.json:
        print_line(str(captured.saved_path))
    if captured.upload is None:
        if arguments.json:
            print_json([Result(_text(captured.saved_path), "saved").as_json()])
        return ExitCode.DONE
    return await _finish(arguments, desk, [_text(captured.saved_path)], [captured.upload], keep_waiting_ones=True)


def capture_request(arguments: argparse.Namespace, options: UploadOptions) -> CaptureRequest:
    """What the arguments ask for."""
    tasks = frozenset() if arguments.no_upload else frozenset({CaptureTask.UPLOAD})
    return CaptureRequest(
        Workflow("cli", "Command line", CaptureMode(arguments.mode), after_capture=tasks, options=options),
        monitor_number=arguments.number,
        geometry_px=arguments.geometry,
        include_cursor=arguments.cursor,
        delay_s=arguments.delay,
        save_to=arguments.save,
    )


def chosen_options(arguments: argparse.Namespace, settings: UploadOptions) -> UploadOptions:
    """The settings' options, and what the flags add."""
    return replace(
        settings,
        visibility=Visibility.PRIVATE if arguments.private else settings.visibility,
        nsfw=arguments.nsfw or settings.nsfw,
        anonymous=arguments.anonymous or settings.anonymous,
    )


async def _finish(
    arguments: argparse.Namespace,
    desk: Desk,
    files: Sequence[str | None],
    queued: Sequence[UploadItem | Refused],
    *,
    keep_waiting_ones: bool,
) -> ExitCode:
    form = LinkForm(arguments.link) if arguments.link else desk.link_form
    bar = ProgressBar()
    unsubscribe = desk.uploads.subscribe(lambda event: _draw(bar, event))
    results, links = [], []
    try:
        for file, entry in zip(files, queued, strict=True):
            result, link = await _one(desk, form, file, entry, keep_waiting_ones=keep_waiting_ones)
            bar.clear()
            results.append(result)
            if link:
                links.append(link)
            if link and not arguments.json:
                print_line(link)
            if result.error:
                say_failure(result)
    except asyncio.CancelledError:
        if not keep_waiting_ones:
            await _withdraw(desk, queued)
        raise
    finally:
        unsubscribe()
        bar.clear()
    if arguments.json:
        print_json([result.as_json() for result in results])
    code = exit_code(result.error_kind for result in results)
    if arguments.copy and links and not await desk.clipboard.copy_text("\n".join(links)):
        say("The clipboard did not take the link.")
        return ExitCode.FAILED
    return code


async def _one(
    desk: Desk, form: LinkForm, file: str | None, entry: UploadItem | Refused, *, keep_waiting_ones: bool
) -> tuple[Result, str]:
    if isinstance(entry, Refused):
        return Result.of_error(file, entry.error), ""
    item = await desk.uploads.wait(entry.id, patience_s=PATIENCE_S)
    result = Result.of_item(file, item)
    if item.state is UploadState.DONE and item.image is not None:
        return result, format_link(item.image, form, file_name=item.file_name, template=desk.link_template)
    if item.state in (UploadState.QUEUED, UploadState.PAUSED, UploadState.FAILED) and not keep_waiting_ones:
        # The person has the file and the exit code; a script that tries again must not find it sent twice.
        await desk.uploads.cancel(item.id)
    elif item.state in (UploadState.QUEUED, UploadState.PAUSED):
        result = replace(result, error=f"{result.error} The capture is kept, and goes out with the next start.".strip())
    return result, ""


async def _withdraw(desk: Desk, queued: Sequence[UploadItem | Refused]) -> None:
    """The person pressed Ctrl+C: what was not sent yet must not be sent later, unasked."""
    for entry in queued:
        if isinstance(entry, UploadItem):
            await desk.uploads.cancel(entry.id)


def _draw(bar: ProgressBar, event: UploadEvent) -> None:
    if isinstance(event, UploadChanged) and event.item.state in (UploadState.SENDING, UploadState.COMMITTING):
        bar.show(event.item.file_name, event.item.sent_bytes, event.item.size)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
