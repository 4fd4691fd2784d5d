"""Bulk jobs in the database: durable, each with one process, whatever ends that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.imglink import ImageId
from app.core.jobs import Job, JobId, JobItem, JobItemState, JobKind, JobState
from app.store import SqliteUploadStore, open_store
from tests.unit.services.clocks import ManualTimer
from tests.unit.services.queue_harness import in_loop

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def job(name: str = "a", target: str | None = "al-1", kind: JobKind = JobKind.ADD_TO_ALBUM) -> Job:
    items = (
        JobItem(ImageId("_second")),
        JobItem(ImageId("-first"), JobItemState.FAILED, "Nicht da: “é”", former="5"),
        JobItem(ImageId("third"), JobItemState.DONE),
    )
    return Job(JobId(name), kind, target, "Ferien ☀", items, NOW)


async def opened(folder: Path) -> SqliteUploadStore:
    return await open_store(folder, ManualTimer())


@pytest.mark.parametrize(
    "stored", [job(), job(target=None, kind=JobKind.ASSIGN_EMBED), job(kind=JobKind.REMOVE_FROM_ALBUM)]
)
@in_loop
async def test_a_job_comes_back_as_it_was(tmp_path: Path, stored: Job) -> None:
    store = await opened(tmp_path)
    await store.jobs.add_job(stored)
    await store.close()
    store = await opened(tmp_path)
    assert await store.jobs.take_jobs() == (stored,)
    await store.close()


@in_loop
async def test_results_and_states_are_there_after_a_restart(tmp_path: Path) -> None:
    store, stored = await opened(tmp_path), job()
    await store.jobs.add_job(stored)
    await store.jobs.add_job(job("b"))
    done = replace(stored.items[0], state=JobItemState.DONE)
    failed = replace(stored.items[2], state=JobItemState.FAILED, reason="No.")
    await store.jobs.record_items(stored.id, [done, failed])
    await store.jobs.set_job_state(stored.id, JobState.CANCELLED)
    await store.close()
    store = await opened(tmp_path)
    expected = replace(stored, items=(done, stored.items[1], failed), state=JobState.CANCELLED)
    assert await store.jobs.take_jobs() == (expected, job("b"))
    await store.close()


@in_loop
async def test_a_removed_job_is_gone_and_what_comes_late_for_it_changes_nothing(tmp_path: Path) -> None:
    store, stored = await opened(tmp_path), job()
    await store.jobs.add_job(stored)
    await store.jobs.remove_job(stored.id)
    await store.jobs.record_items(stored.id, stored.items)
    await store.jobs.set_job_state(stored.id, JobState.FINISHED)
    await store.jobs.remove_job(stored.id)
    assert await store.jobs.take_jobs() == ()
    await store.close()


@in_loop
async def test_the_job_of_another_living_process_is_left_to_it(tmp_path: Path) -> None:
    first = await opened(tmp_path)
    await first.jobs.add_job(job())
    second = await opened(tmp_path)
    assert await second.jobs.take_jobs() == ()
    await first.close()
    await second.close()
    third = await opened(tmp_path)
    assert await third.jobs.take_jobs() == (job(),)
    await third.close()


@in_loop
async def test_many_images_are_stored_in_their_order(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    items = tuple(JobItem(ImageId(f"{number * 7919 % 1000:04}")) for number in range(1000))
    await store.jobs.add_job(replace(job(), items=items))
    [found] = await store.jobs.take_jobs()
    assert found.items == items
    await store.close()
