"""What is left after a case: the log of promises, the outbox, the database and the server, held against each other."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.core.uploads import UploadState
from app.demo import DemoServer
from app.store.recovery import MISSING
from tests.torture.sender import SIZES, Job, capture_bytes

S = UploadState


@dataclass(frozen=True, slots=True)
class Row:
    """An upload, as the database has it."""

    id: str
    state: UploadState
    sha256: str
    file: str
    has_file: bool
    image_id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is known of a case once its last sender has ended by itself."""

    name: str
    is_resolved: bool
    """The person has sent again what was uncertain or found."""
    acknowledged: dict[str, str]
    """Id and SHA-256 of what was said to be saved."""
    shown_uncertain: frozenset[tuple[str, str]]
    """Id and attempt of what was shown as uncertain."""
    rows: dict[str, Row]
    commits: Counter[str]
    """How often the server has which bytes, of those that this case may have sent."""
    server_images: dict[str, str]
    """Id and SHA-256 at the server."""
    integrity: str
    file_hashes: dict[str, str]
    """SHA-256 of the files in the outbox."""
    leftovers: list[str]
    refusals: int
    """How often it was said that a capture was not saved."""

    @classmethod
    def gather(cls, job: Job, server: DemoServer, *, is_resolved: bool) -> Evidence:
        """Read all of it."""
        lines = [line.split() for line in Path(job.log).read_text().splitlines()]
        ours = {hashlib.sha256(capture_bytes(job.seed, number)).hexdigest() for number in range(len(SIZES))}
        images = {image.id: image.sha256 for image in server.images() if image.sha256 in ours}
        store = Path(job.folder) / "store"
        with closing(sqlite3.connect(store / "uploads.db")) as connection:
            integrity = str(connection.execute("PRAGMA integrity_check").fetchone()[0])
            rows = [
                Row(row[0], UploadState(row[1]), row[2], row[3], bool(row[4]), row[5], row[6])
                for row in connection.execute("SELECT id, state, sha256, file, has_file, image_id, reason FROM uploads")
            ]
        files = [path for path in (store / "outbox").iterdir() if path.suffix == ".png"]
        return cls(
            name=f"case {job.seed}",
            is_resolved=is_resolved,
            acknowledged={line[1]: line[2] for line in lines if line[0] == "saved"},
            shown_uncertain=frozenset((line[1], line[2]) for line in lines if line[0] == "uncertain"),
            rows={row.id: row for row in rows},
            commits=Counter(images.values()),
            server_images=images,
            integrity=integrity,
            file_hashes={path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
            refusals=sum(line[0] == "refused" for line in lines),
            leftovers=_leftovers(store, {row.file for row in rows}),
        )

    @property
    def duplicates(self) -> int:
        """Images that are at the server more than once, not counting the first of each."""
        return sum(commits - 1 for commits in self.commits.values())

    @property
    def found(self) -> int:
        """Uploads that nobody had been told of."""
        return len(self.rows.keys() - self.acknowledged.keys())

    def problems(self) -> list[str]:
        """Every promise that was broken; empty when all were kept."""
        broken = [f"the database is damaged: {self.integrity}"] if self.integrity != "ok" else []
        broken += [f"left behind: {name}" for name in self.leftovers]
        for upload_id, sha256 in self.acknowledged.items():
            if upload_id not in self.rows:
                broken.append(f"LOST {upload_id}: acknowledged, and no row tells of it")
            elif self.rows[upload_id].sha256 != sha256:
                broken.append(f"LOST {upload_id}: the row tells of other bytes")
        ghosts = [row for row in self.rows.values() if self._is_ghost(row)]
        for row in self.rows.values():
            broken += [] if row in ghosts else self._problems_of(row)
        if len(ghosts) > self.refusals:
            broken.append(f"{len(ghosts)} uploads lack their file, and only {self.refusals} were refused")
        known = {row.sha256 for row in self.rows.values()}
        broken += [f"sent, and no row tells of it: {sha256}" for sha256 in self.commits if sha256 not in known]
        return [f"{self.name}: {problem}" for problem in broken]

    def _is_ghost(self, row: Row) -> bool:
        """True for a refused capture of which the disk has kept the row after all, though it had said it had not.

        It was refused in words, it is shown as failed, and never sent.
        """
        is_failed = (row.state, row.reason, row.has_file) == (S.FAILED, MISSING, False)
        return is_failed and row.id not in self.acknowledged and not self.commits[row.sha256]

    def _problems_of(self, row: Row) -> list[str]:
        broken = []
        commits, name = self.commits[row.sha256], f"{row.id} ({row.state.value}, {row.reason or 'no reason'})"
        shown = sum(upload_id == row.id for upload_id, _attempt in self.shown_uncertain)
        if row.state is S.DONE:
            if self.server_images.get(row.image_id or "") != row.sha256:
                broken.append(f"{name}: done, but the server has no such image: {row.image_id}")
        elif self.file_hashes.get(row.file) != row.sha256:
            broken.append(f"LOST {name}: neither done nor on the disk with its bytes")
        if row.state is not S.DONE and (self.is_resolved or row.state not in (S.UNCERTAIN, S.PAUSED)):
            broken.append(f"{name}: has not come to its end")
        if row.state is S.PAUSED and row.id in self.acknowledged:
            broken.append(f"{name}: was acknowledged, and is not sent by itself")
        if row.state is not S.DONE and not row.reason:
            broken.append(f"{name}: waits for the person without saying why")
        if row.state is S.UNCERTAIN and not shown:
            broken.append(f"{name}: was never shown as uncertain")
        if commits - 1 > shown:
            broken.append(f"DUPLICATE {name}: {commits} times at the server, {shown} times shown as uncertain")
        if commits and row.state not in (S.DONE, S.UNCERTAIN):
            broken.append(f"DUPLICATE {name}: at the server, and would be sent again without a word")
        return broken


def _leftovers(store: Path, known: set[str]) -> list[str]:
    """What a clean start should have taken away: parts, files without a row, marks of the dead, other databases."""
    expected = known | {f"{name}.json" for name in known}
    left = [path.name for path in (store / "outbox").iterdir() if path.name not in expected]
    left += [f"owners/{path.name}" for path in (store / "owners").iterdir()]
    return left + [path.name for path in store.iterdir() if ".damaged-" in path.name]
