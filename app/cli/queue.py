"""`imglink queue`, `imglink pause` and `imglink resume`: what waits to be sent, and what the person makes of it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from app.cli.desk import StoreDesk
from app.cli.exit_codes import ExitCode
from app.cli.output import print_json
from app.cli.streams import Lines, say
from app.cli.upload import finish
from app.core.errors import InputError
from app.core.uploads import QueueMode, QueueState, UploadId, UploadItem, UploadState


async def queue(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """List what is not done, or do something about some of it."""
    pending = await desk.uploads.pending()
    if arguments.action is None:
        return _show(arguments, desk, pending)
    chosen = [_find(word, pending) for word in arguments.ids]
    if arguments.action == "retry":
        again = [await desk.uploads.retry(item.id) for item in chosen]
        return await finish(arguments, desk, [item.file_name for item in again], again, is_capture=True, is_new=False)
    changed = [await _do(arguments.action, item, desk) for item in chosen]
    if arguments.json:
        print_json([_as_json(item) for item in changed])
    return ExitCode.DONE


async def pause(desk: StoreDesk) -> ExitCode:
    """Send nothing more until `resume`."""
    await desk.uploads.pause()
    say("Uploads are paused. Go on with: imglink resume")
    return ExitCode.DONE


async def resume(desk: StoreDesk) -> ExitCode:
    """Go on."""
    await desk.uploads.resume()
    say("Uploads go on." if desk.stays else "Uploads go on when the tray application next starts.")
    return ExitCode.DONE


async def _do(action: str, item: UploadItem, desk: StoreDesk) -> UploadItem:
    match action:
        case "cancel":
            return await desk.uploads.cancel(item.id)
        case "discard":
            await desk.uploads.discard(item.id)
            return item
        case _:
            if item.state is not UploadState.UNCERTAIN:
                raise InputError(
                    f"“{item.file_name}” is {item.state.value}.",
                    remedy="Only an uncertain upload can be taken for done.",
                )
            return await desk.uploads.mark_done(item.id)


def _find(word: str, pending: Sequence[UploadItem]) -> UploadItem:
    """By its id, or as much of it as is needed."""
    found = [item for item in pending if item.id.startswith(word)]
    exact = [item for item in found if item.id == UploadId(word)]
    if len(exact or found) != 1:
        problem = f"There is no upload {word}." if not found else f"More than one upload begins with {word}."
        raise InputError(problem, remedy="See their ids with: imglink queue")
    return (exact or found)[0]


def _show(arguments: argparse.Namespace, desk: StoreDesk, pending: Sequence[UploadItem]) -> ExitCode:
    state = desk.uploads.state
    if not desk.stays and state.mode is QueueMode.RUNNING:
        state = QueueState(QueueMode.STOPPED)
    if arguments.json:
        resume_at = None if state.resume_at is None else state.resume_at.isoformat()
        print_json(
            {
                "mode": state.mode.value,
                "reason": state.reason or None,
                "resume_at": resume_at,
                "uploads": [_as_json(item) for item in pending],
            }
        )
        return ExitCode.DONE
    lines = Lines()
    for item in pending:
        words = [item.id, f"{_state(item):<10}", f"{item.size / 1000:>8,.0f} kB", item.file_name, item.reason]
        lines.add("  ".join(" ".join(word.splitlines()) for word in words).rstrip())
    if sentence := _sentence(state, pending):
        say(sentence)
    lines.check()
    return ExitCode.DONE


def _state(item: UploadItem) -> str:
    return f"{item.progress:.0%} sent" if item.state is UploadState.SENDING else item.state.value


def _sentence(state: QueueState, pending: Sequence[UploadItem]) -> str:
    match state.mode:
        case QueueMode.PAUSED:
            return f"Uploads are paused. {state.reason or 'Go on with: imglink resume'}"
        case QueueMode.WAITING if state.resume_at is not None:
            return f"The next upload is at {state.resume_at.astimezone():%H:%M}. {state.reason}".rstrip()
        case QueueMode.STOPPED if pending:
            return "The tray application is not running; what is queued is sent when it next starts."
        case _:
            return "" if pending else "Nothing is waiting."


def _as_json(item: UploadItem) -> dict[str, object]:
    return {
        "upload": item.id,
        "file": item.file_name,
        "state": item.state.value,
        "reason": item.reason or None,
        "size": item.size,
        "sent": item.sent_bytes,
        "attempts": item.attempts,
        "created_at": item.created_at.isoformat(),
    }
