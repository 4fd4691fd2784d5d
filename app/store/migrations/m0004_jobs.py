"""Bulk jobs, and what became of each of their images."""

STATEMENTS = (
    """
    CREATE TABLE jobs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        target TEXT,
        target_name TEXT NOT NULL,
        state TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        owner TEXT
    )
    """,
    """
    CREATE TABLE job_items (
        job INTEGER NOT NULL REFERENCES jobs (seq),
        image_id TEXT NOT NULL,
        position INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        former TEXT,
        PRIMARY KEY (job, image_id)
    ) WITHOUT ROWID
    """,
)
