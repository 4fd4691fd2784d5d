"""Numbered migrations of the database. One that has been released is frozen: mistakes are mended by the next.

`MIGRATIONS[n - 1]` brings a database from `user_version` n - 1 to n. All statements of one run in one transaction.
"""

from __future__ import annotations

from app.store.migrations import m0001_uploads, m0002_follow_up, m0003_history, m0004_jobs

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    m0001_uploads.STATEMENTS,
    m0002_follow_up.STATEMENTS,
    m0003_history.STATEMENTS,
    m0004_jobs.STATEMENTS,
)
