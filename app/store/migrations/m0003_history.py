"""The history: images that were uploaded or imported, what the search knows of them, and those that are forgotten.

An entry's id is the time of its upload in microseconds since 1970, UTC, made unique by adding some, so that the newest
are the last of the table. `words` and `sort_name` are NULL until the program has read the row, see
`app.store.history_rows`.
"""

_COLUMNS = """
    id INTEGER PRIMARY KEY,
    image_id TEXT NOT NULL UNIQUE,
    image TEXT NOT NULL,
    upload_id TEXT,
    file_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    width INTEGER,
    height INTEGER,
    size INTEGER,
    mime TEXT,
    sha256 TEXT NOT NULL,
    visibility TEXT NOT NULL,
    nsfw INTEGER NOT NULL,
    anonymous INTEGER NOT NULL,
    embed TEXT,
    title TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    favourite INTEGER NOT NULL DEFAULT 0,
    remote_state TEXT NOT NULL,
    checked_at INTEGER,
    views INTEGER NOT NULL DEFAULT 0,
    sort_name TEXT,
    words TEXT
"""

STATEMENTS = (
    f"CREATE TABLE history ({_COLUMNS})",
    f"CREATE TABLE forgotten ({_COLUMNS})",
    "CREATE TABLE history_albums (album TEXT, entry INTEGER, PRIMARY KEY (album, entry)) WITHOUT ROWID",
    "CREATE INDEX history_albums_entry ON history_albums (entry)",
    "CREATE TABLE album_titles (album TEXT PRIMARY KEY, title TEXT NOT NULL) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE history_grams USING fts5 (grams, content = '', detail = none, columnsize = 0)",
    # Each upload that became an image, the latest for each image. The ids are greedy: never before the upload's time,
    # and each at least one more than the one before.
    """
    INSERT INTO history (id, image_id, image, upload_id, file_name, kind, width, height, size, mime, sha256, visibility,
        nsfw, anonymous, embed, remote_state)
    SELECT place + max(at - place) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING), image_id, image, id, file_name, kind,
        width, height, size, mime, sha256, visibility, nsfw, anonymous, embed, remote_state
    FROM (
        SELECT uploads.id, image_id, image, file_name, kind, width, height, size, mime, sha256, visibility, nsfw,
            max(anonymous, coalesce((SELECT a.anonymous FROM attempts a WHERE a.upload_id = uploads.id
                ORDER BY a.seq DESC LIMIT 1), 0)) AS anonymous,
            CASE WHEN follow_up LIKE '%"embed"%' THEN NULL ELSE embed END AS embed,
            remote_state, coalesce(finished_at, created_at) AS at,
            row_number() OVER (ORDER BY coalesce(finished_at, created_at), seq) AS place
        FROM uploads
        WHERE state = 'done' AND image IS NOT NULL AND image_id IS NOT NULL AND seq = (
            SELECT max(other.seq) FROM uploads other
            WHERE other.image_id = uploads.image_id AND other.state = 'done' AND other.image IS NOT NULL
        )
    )
    """,
    """
    INSERT INTO history_albums (album, entry)
    SELECT uploads.album, history.id FROM history JOIN uploads ON uploads.id = history.upload_id
    WHERE uploads.album IS NOT NULL AND (follow_up IS NULL OR follow_up NOT LIKE '%"album"%')
    """,
    "CREATE INDEX history_unread ON history (id) WHERE words IS NULL",
    "CREATE INDEX history_name ON history (sort_name, id DESC)",
    "CREATE INDEX history_size ON history (coalesce(size, -1), id)",
    "CREATE INDEX history_views ON history (views, id)",
    "CREATE INDEX history_sums ON history (remote_state, anonymous, size)",
    "CREATE INDEX history_sha256 ON history (sha256, id) WHERE sha256 != ''",
    "CREATE INDEX history_kind ON history (kind, id)",
    "CREATE INDEX history_favourite ON history (id) WHERE favourite",
    "CREATE INDEX history_nsfw ON history (id) WHERE nsfw",
    "CREATE INDEX history_private ON history (id) WHERE visibility = 'private'",
    "CREATE INDEX history_anonymous ON history (id) WHERE anonymous",
    "CREATE INDEX history_elsewhere ON history (remote_state, id) WHERE remote_state != 'there'",
    "CREATE INDEX history_embed ON history (embed, id) WHERE embed IS NOT NULL",
)
