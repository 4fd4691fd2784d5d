"""Bulk jobs on the command line: wait for one, and say what became of each image."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from app.cli.exit_codes import ExitCode
from app.cli.output import print_json
from app.cli.streams import Lines, say
from app.core.errors import InputError, UserFacingError
from app.core.jobs import Job, JobEvent, JobsHeld, JobsHold

if TYPE_CHECKING:
    from app.cli.desk import StoreDesk

PATIENCE_S = 5.0
"""How long a command waits for a service that asks to wait, or a network that is away, in seconds."""
_LATER = "the rest follows when the tray application next starts."


async def finish_job(arguments: argparse.Namespace, desk: StoreDesk, job: Job, target: str) -> ExitCode:
    """Wait for a job and print its results; `target` is what JSON calls the job's target.

    Raises UserFacingError when it cannot go on for now: it is durable, and the application goes on with it. Ctrl+C
    means no more of it, now or later.
    """
    try:
        ended = await _ended(desk, job)
    except asyncio.CancelledError:
        await desk.jobs.dismiss(job.id)
        raise
    if arguments.json:
        print_json(
            [
                {"id": item.image_id, "state": item.state.value, target: ended.target, "error": item.reason or None}
                for item in ended.items
            ]
        )
    lines = Lines()
    for item in ended.items:
        if item in ended.failed:
            say(f"{item.image_id}: {item.reason}")
        elif not arguments.json:
            lines.add(item.image_id)
    lines.check()
    await desk.jobs.dismiss(job.id)
    return ExitCode.FAILED if ended.failed or not ended.done else ExitCode.DONE


async def _ended(desk: StoreDesk, job: Job) -> Job:
    held: asyncio.Future[JobsHold] = asyncio.get_running_loop().create_future()

    def look(event: JobEvent) -> None:
        if isinstance(event, JobsHeld) and event.hold is not None and _is_long(event.hold) and not held.done():
            held.set_result(event.hold)

    unsubscribe = desk.jobs.subscribe(look)
    if desk.jobs.hold is not None:
        look(JobsHeld(desk.jobs.hold))
    ended = asyncio.ensure_future(desk.jobs.finished(job.id))
    try:
        waits: set[asyncio.Future[Any]] = {ended, held}
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return ended.result()
        raise await _left(desk, job, held.result())
    except KeyError as error:
        raise InputError("It was withdrawn meanwhile.") from error
    finally:
        unsubscribe()
        ended.cancel()
        await asyncio.gather(ended, return_exceptions=True)


async def _left(desk: StoreDesk, job: Job, hold: JobsHold) -> UserFacingError:
    now = next((each for each in await desk.jobs.pending() if each.id == job.id), job)
    safe = f"{len(now.done)} of {len(now.items)} are done; {_LATER}"
    return UserFacingError(hold.reason, safe=safe, kind=hold.error_kind)


def _is_long(hold: JobsHold) -> bool:
    return hold.resume_at is None or (hold.resume_at - datetime.now(UTC)).total_seconds() > PATIENCE_S
