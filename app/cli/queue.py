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

_CANCELLED = {
    UploadState.CANCELLED: "it is not sent.",
    UploadState.UNCERTAIN: "all of it had been sent already; it may be on ImgLink.",
    UploadState.DONE: "it had arrived already.",
}


async def queue(arguments: argparse.Namespace, desk: StoreDesk) -> ExitCode:
    """List what is not done, or do something about some of it."""
    pending = await desk.uploads.pending()
    if arguments.action is None:
        return _show(arguments, desk, pending)
    chosen = list(dict.fromkeys(_find(word, pending) for word in arguments.ids))
    changed: list[dict[str, object]] = []
    if arguments.action == "retry":
        again = [await desk.uploads.retry(item.id) for item in chosen]
        return await finish(arguments, desk, [item.file_name for item in again], again, is_capture=True, is_new=False)
    if arguments.action == "done":
        _check_uncertain(chosen)
    for item in chosen:
        state, said = await _do(arguments.action, item, desk)
        changed.append({**_as_json(item), "state": state})
        if not arguments.json:
            say(f"{item.file_name}: {said}")
    if arguments.json:
        print_json(changed)
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


async def _do(action: str, item: UploadItem, desk: StoreDesk) -> tuple[str, str]:
    """What has become of it: the state in a word, and for the person."""
    match action:
        case "cancel":
            state = (await desk.uploads.cancel(item.id)).state
            return state.value, _CANCELLED.get(state, f"it is {state.value}.")
        case "discard":
            await desk.uploads.discard(item.id)
            return "discarded", "it is forgotten, with its copy in the queue."
        case _:
            state = (await desk.uploads.mark_done(item.id)).state
            return state.value, "it is taken for uploaded."


def _check_uncertain(items: Sequence[UploadItem]) -> None:
    """All of them, before anything is done about the first. Raises InputError."""
    for item in items:
        if item.state is not UploadState.UNCERTAIN:
            raise InputError(
                f"“{item.file_name}” is {item.state.value}.", remedy="Only an uncertain upload can be taken for done."
            )


def _find(word: str, pending: Sequence[UploadItem]) -> UploadItem:
    """By its id, or as much of it as is needed."""
    if not word:
        raise InputError("An empty word is no ID.", remedy="See their ids with: imglink queue")
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
    for hint in _hints(pending, desk.account.origin):
        say(hint)
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
        case QueueMode.STOPPED if any(_goes_on_by_itself(item) for item in pending):
            return (
                "The tray application is not running; what is queued is sent when it next starts, "
                "or now with: imglink queue retry ID"
            )
        case _:
            return "" if pending else "Nothing is waiting."


def _goes_on_by_itself(item: UploadItem) -> bool:
    """As with the next start of the application: what an answer has paused gets a new try."""
    return item.state is UploadState.QUEUED or (item.state is UploadState.PAUSED and item.error_kind is not None)


def _hints(pending: Sequence[UploadItem], origin: str) -> list[str]:
    """What the person can do about those that wait for them."""
    states = {item.state for item in pending if not _goes_on_by_itself(item)}
    hints = []
    if UploadState.UNCERTAIN in states:
        hints.append(
            f"An uncertain one may be on ImgLink already. Look at {origin}, and then:\n"
            "  imglink queue done ID     it is there\n"
            "  imglink queue retry ID    send it again (if it is there, it is there twice then)"
        )
    if states & {UploadState.FAILED, UploadState.PAUSED}:
        hints.append(
            "Send again what failed or is paused, or forget it: imglink queue retry ID, imglink queue discard ID"
        )
    return hints


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
