"""Make databases of this folder anew: python -m tests.unit.store.old.make VERSION…

Each has the uploads that its version could hold. They are kept as files, because they must stay what they were.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

from app.store.history_text import fold, grams
from app.store.migrations import MIGRATIONS

FOLDER = Path(__file__).parent
AT = 1_772_366_400_000_000
"""Microseconds since 1970 of the first upload; each row is a second later, but for those that share a moment."""


def image(image_id: str, **more: object) -> str:
    """As the store writes it."""
    return json.dumps({"id": image_id, "url": f"https://i.imglink.cc/{image_id}.png", **more}, ensure_ascii=False)


def upload(seq: int, **fields: object) -> dict[str, object]:
    """A row of `uploads`, done and without an image unless told otherwise."""
    row: dict[str, object] = {
        "seq": seq,
        "id": f"upload{seq}",
        "position": seq,
        "state": "done",
        "created_at": AT + seq * 1_000_000 - 500_000,
        "updated_at": AT + seq * 1_000_000,
        "finished_at": AT + seq * 1_000_000,
        "file": f"upload{seq}.png",
        "has_file": 0,
        "file_name": f"file {seq}.png",
        "upload_name": "x.png",
        "kind": "file",
        "mime": "image/png",
        "size": 100 + seq,
        "sha256": f"{seq:064}",
        "visibility": "public",
        "nsfw": 0,
        "anonymous": 0,
        **fields,
    }
    if "image_id" in row:
        row = {"image": image(str(row["image_id"])), "remote_state": "there", **row}
    return row


UPLOADS = (
    upload(1, image_id="first", file_name="Grüße.png", kind="region", width=40, height=30, visibility="private"),
    upload(2, image_id="gone", remote_state="gone", nsfw=1, anonymous=1),
    upload(3, image_id="first", file_name="again.png"),
    upload(4, finished_at=AT + 5_000_000, image_id="together-1", album="al-1", embed="5"),
    upload(5, image_id="together-2", image=image("together-2", width=7, height=8, views=9)),
    upload(6),
    upload(7, state="failed", reason="It failed.", finished_at=None, has_file=0),
    upload(8, image_id="last", album="al-1", embed="5"),
)


def insert(connection: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    """One row."""
    names = ", ".join(row)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


def make(version: int) -> None:
    """Write `v{version}.db`."""
    path = FOLDER / f"v{version}.db"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA page_size = 512")
    for statements in MIGRATIONS[:version]:
        for statement in statements:
            connection.execute(statement)
    for row in UPLOADS:
        insert(connection, "uploads", row)
    insert(connection, "attempts", {"upload_id": "upload5", "at": AT, "anonymous": 1})
    if version >= 2:
        waiting = json.dumps({"tasks": ["album", "embed"], "link_form": None, "group": None, "problems": {}})
        connection.execute("UPDATE uploads SET follow_up = ? WHERE id = 'upload8'", (waiting,))
    if version >= 3:
        add_history(connection)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.execute("VACUUM")
    connection.close()


def add_history(connection: sqlite3.Connection) -> None:
    """What version 3 adds."""
    words = fold("Urlaub.png\nfrom-3\nMy title\nA note\nHolidays")
    fields = {
        "id": AT + 20_000_000,
        "image_id": "from-3",
        "image": image("from-3"),
        "file_name": "Urlaub.png",
        "kind": "import",
        "sha256": "",
        "visibility": "public",
        "nsfw": 0,
        "anonymous": 0,
        "title": "My title",
        "note": "A note",
        "favourite": 1,
        "remote_state": "unknown",
        "sort_name": "my title",
        "words": words,
    }
    insert(connection, "history", fields)
    insert(connection, "history_albums", {"album": "al-9", "entry": fields["id"]})
    insert(connection, "album_titles", {"album": "al-9", "title": "Holidays"})
    insert(connection, "history_grams", {"rowid": fields["id"], "grams": grams(words)})
    forgotten = {**fields, "id": AT, "image_id": "forgotten", "image": image("forgotten"), "words": ""}
    insert(connection, "forgotten", forgotten)


if __name__ == "__main__":
    for wanted in map(int, sys.argv[1:]):
        make(wanted)
