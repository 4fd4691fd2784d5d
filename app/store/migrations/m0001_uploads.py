"""Uploads, the ledger of attempts, and what the queue remembers. Times are microseconds since 1970, UTC."""

STATEMENTS = (
    """
    CREATE TABLE uploads (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        position INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL DEFAULT '',
        error_kind TEXT,
        owner TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        finished_at INTEGER,
        file TEXT NOT NULL,
        has_file INTEGER NOT NULL DEFAULT 1,
        file_name TEXT NOT NULL,
        upload_name TEXT NOT NULL,
        kind TEXT NOT NULL,
        mime TEXT NOT NULL,
        size INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        width INTEGER,
        height INTEGER,
        visibility TEXT NOT NULL,
        nsfw INTEGER NOT NULL,
        anonymous INTEGER NOT NULL,
        album TEXT,
        embed TEXT,
        image_id TEXT,
        image TEXT,
        remote_state TEXT NOT NULL DEFAULT 'unknown'
    )
    """,
    "CREATE INDEX uploads_pending ON uploads (position) WHERE state NOT IN ('done', 'cancelled')",
    "CREATE INDEX uploads_done ON uploads (finished_at, seq) WHERE state = 'done'",
    "CREATE INDEX uploads_image ON uploads (image_id) WHERE image_id IS NOT NULL",
    "CREATE INDEX uploads_files ON uploads (finished_at, seq) WHERE has_file",
    """
    CREATE TABLE attempts (
        seq INTEGER PRIMARY KEY,
        upload_id TEXT NOT NULL,
        at INTEGER NOT NULL,
        anonymous INTEGER NOT NULL
    )
    """,
    "CREATE INDEX attempts_at ON attempts (at)",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)
