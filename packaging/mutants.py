"""Put known bugs into a copy of the program, one at a time, and see that a test catches each.

usage: python packaging/mutants.py [--list] [WORD…]                  (only mutants whose name contains a WORD)

A test that cannot fail proves nothing. Each mutant is a change of a line or two, with the tests that must then fail. It
takes minutes, so it is run by hand; the status is 1 when one survives, or when its text is no longer in the program.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEADLINE_S = 900
NO_SHRINKING = """
from hypothesis import Phase, settings

settings.register_profile("no-shrinking", phases=(Phase.explicit, Phase.generate))
settings.load_profile("no-shrinking")
"""
"""For generated cases: that one fails is enough, the shortest is not looked for."""
COPIED = ("app", "tests", "resources", "packaging", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug: in `file`, `old` (which is there once) becomes `new`; `tests` are what pytest is given."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


STORE, QUEUE, TORTURE = "tests/unit/store", "tests/unit/services", "tests/torture"
KILLS = f"{TORTURE}/test_kills.py"
OUTCOMES = f"{TORTURE}/test_outcomes.py"
MACHINE = f"{TORTURE}/test_machine.py"

MUTANTS = (
    Mutant("no fsync of the bytes", "app/store/durable.py", "            sync(fd)\n", "", (f"{STORE}/test_order.py",)),
    Mutant(
        "no fsync of the folder",
        "app/store/outbox.py",
        "            durable.sync(self._folder)\n",
        "",
        (f"{STORE}/test_order.py",),
    ),
    Mutant(
        "written under its own name, without a rename",
        "app/store/durable.py",
        "    os.rename(name + PART_SUFFIX, name, src_dir_fd=folder, dst_dir_fd=folder)\n",
        "    os.link(name + PART_SUFFIX, name, src_dir_fd=folder, dst_dir_fd=folder)\n",
        (STORE,),
    ),
    Mutant(
        "bytes published before their sidecar",
        "app/store/outbox.py",
        "            self._write_sidecar(sidecar)\n            durable.publish(self._folder, file)\n",
        "            durable.publish(self._folder, file)\n            self._write_sidecar(sidecar)\n",
        (f"{STORE}/test_order.py",),
    ),
    Mutant(
        "commits do not wait for the disk",
        "app/store/database.py",
        '        "synchronous = FULL",\n',
        '        "synchronous = OFF",\n',
        (STORE,),
    ),
    Mutant(
        "no marker",
        "app/services/sending.py",
        "            self._on_moved(await self._store.set_state(item.id, UploadState.COMMITTING))\n",
        "",
        (f"{QUEUE}/test_uploads.py", KILLS),
    ),
    Mutant(
        "marker after the boundary",
        "app/api/multipart.py",
        "        if self._before_commit is not None:\n            await self._before_commit()\n"
        "        self.is_complete = True\n        yield self._closing\n",
        "        self.is_complete = True\n        yield self._closing\n"
        "        if self._before_commit is not None:\n            await self._before_commit()\n",
        ("tests/unit/api/test_uploads.py",),
    ),
    Mutant(
        "marker after the boundary, seen by kills alone",
        "app/api/multipart.py",
        "        if self._before_commit is not None:\n            await self._before_commit()\n"
        "        self.is_complete = True\n        yield self._closing\n",
        "        self.is_complete = True\n        yield self._closing\n"
        "        if self._before_commit is not None:\n            await self._before_commit()\n",
        (KILLS,),
    ),
    Mutant(
        "sent again on 500 after the marker",
        "app/services/outcomes.py",
        "    if is_committed:\n        return Verdict.UNCERTAIN\n",
        "    if is_committed and not isinstance(error, ServiceError):\n        return Verdict.UNCERTAIN\n",
        (OUTCOMES, MACHINE),
    ),
    Mutant(
        "redirects followed",
        "app/api/transport.py",
        "                follow_redirects=False,\n",
        "                follow_redirects=True,\n",
        ("tests/unit/api/test_redirects.py", OUTCOMES),
    ),
    Mutant(
        "ledger off by one",
        "app/services/pacing.py",
        "        if len(attempts) < self.count:\n",
        "        if len(attempts) <= self.count:\n",
        (f"{QUEUE}/test_pacing.py",),
    ),
    Mutant(
        "ledger off by one, seen by generated histories alone",
        "app/services/pacing.py",
        "        if len(attempts) < self.count:\n",
        "        if len(attempts) <= self.count:\n",
        (MACHINE,),
    ),
    Mutant(
        "Retry-After ignored",
        "app/services/brake.py",
        "            asked_s = error.retry_after_s if isinstance(error, RateLimited) else None\n",
        "            asked_s = None\n",
        (OUTCOMES,),
    ),
    Mutant(
        "a 429 does not hold the others back",
        "app/services/brake.py",
        "        return self.is_paused or self._is_resting or self._hold_until > self._clock.monotonic()\n",
        "        return self.is_paused or self._is_resting\n",
        (OUTCOMES, f"{QUEUE}/test_uploads_pausing.py"),
    ),
    Mutant(
        "row before file",
        "app/store/store.py",
        "            return self.database.submit(lambda: self._insert(sidecar)).result()\n",
        "            path = self._outbox.path / sidecar.file\n"
        "            path.rename(path.with_suffix('.part'))\n"
        "            item = self.database.submit(lambda: self._insert(sidecar)).result()\n"
        "            path.with_suffix('.part').rename(path)\n"
        "            return item\n",
        (KILLS,),
    ),
    Mutant(
        "claimed without looking whether it is queued",
        "app/store/rows.py",
        "        WHERE id = ? AND state = 'queued'\n",
        "        WHERE id = ?\n",
        (STORE,),
    ),
    Mutant(
        "uncertain ones sent again at the start",
        "app/store/recovery.py",
        "            is_sure = state == UploadState.SENDING.value\n",
        "            is_sure = True\n",
        (f"{STORE}/test_recovery.py",),
    ),
    Mutant(
        "uncertain ones sent again at the start, seen by kills alone",
        "app/store/recovery.py",
        "            is_sure = state == UploadState.SENDING.value\n",
        "            is_sure = True\n",
        (KILLS,),
    ),
    Mutant(
        "what was found after a crash is sent unasked",
        "app/store/recovery.py",
        "            state, reason = UploadState.PAUSED, FOUND\n",
        "            state, reason = UploadState.QUEUED, FOUND\n",
        (f"{STORE}/test_recovery.py",),
    ),
    Mutant(
        "401 does not pause",
        "app/services/outcomes.py",
        "    if error.kind is ErrorKind.CREDENTIAL or isinstance(",
        "    if isinstance(",
        (OUTCOMES,),
    ),
    Mutant(
        "413 retried",
        "app/services/outcomes.py",
        "    if isinstance(error, TooLarge) or (isinstance(error, Rejected)",
        "    if isinstance(error, TooLarge):\n        return Verdict.RETRY\n    if (isinstance(error, Rejected)",
        (OUTCOMES,),
    ),
    Mutant(
        "cancelling forgets the file",
        "app/services/uploads.py",
        "                item = await self._put(upload_id, UploadState.CANCELLED)\n",
        "                item = await self._put(upload_id, UploadState.CANCELLED)\n"
        "                await self._store.remove(upload_id)\n",
        (f"{QUEUE}/test_uploads.py", MACHINE),
    ),
    Mutant(
        "cancelling after the marker says cancelled",
        "app/services/sending.py",
        "        if attempt.is_committed:\n            reason",
        "        if attempt.is_committed and not attempt.is_cancelled_by_person:\n            reason",
        (MACHINE,),
    ),
    Mutant(
        "the person's pause is not heeded",
        "app/services/brake.py",
        "        return self.is_paused or self._is_resting or self._hold_until",
        "        return self._is_resting or self._hold_until",
        (MACHINE,),
    ),
    Mutant(
        "saved is said though the row was refused",
        "app/store/errors.py",
        "    return isinstance(error, OSError) or _primary_code(error) in _ENVIRONMENT\n",
        "    return isinstance(error, OSError)\n",
        (f"{TORTURE}/test_failing_disk.py",),
    ),
    Mutant(
        "a refused capture leaves its file",
        "app/store/store.py",
        "        except Exception as error:\n            self._outbox.discard(sidecar.file)\n",
        "        except Exception as error:\n",
        (f"{TORTURE}/test_failing_disk.py",),
    ),
    Mutant(
        "compressed answers unpacked",
        "app/api/transport.py",
        '        unread = "it is compressed, which was not asked for"\n    else:',
        '        unread = ""\n    if True:',
        (OUTCOMES, "tests/unit/api/test_wire.py"),
    ),
    Mutant(
        "no deadline over all",
        "app/api/transport.py",
        "                async with asyncio.timeout(deadline_s) as deadline:\n",
        "                async with asyncio.timeout(None) as deadline:\n",
        (OUTCOMES,),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Try the mutants, each in a copy of the tree; 1 when one was not caught."""
    parser = argparse.ArgumentParser(prog="mutants", description="Known bugs, and the tests that must catch them.")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only mutants whose name contains it")
    parser.add_argument("--list", action="store_true", help="name the mutants and stop")
    options = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if not options.words or any(word in mutant.name for word in options.words)]
    if options.list:
        print("\n".join(f"{mutant.name}: {mutant.file}" for mutant in chosen))
        return 0
    missed = 0
    for mutant in chosen:
        began_s = time.monotonic()
        result = fate(mutant)
        missed += not result.startswith("caught")
        print(f"{mutant.name:<62} {time.monotonic() - began_s:4.0f} s  {result}", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} caught")
    return 1 if missed else 0


def fate(mutant: Mutant) -> str:
    """What becomes of one."""
    with tempfile.TemporaryDirectory(prefix="imglink-mutant-") as folder:
        tree = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
            else:
                shutil.copy(source, tree / name)
        path = tree / mutant.file
        text = path.read_text()
        if (count := text.count(mutant.old)) != 1:
            return f"NOT APPLIED: its text is there {count} times"
        path.write_text(text.replace(mutant.old, mutant.new))
        (tree / "no_shrinking.py").write_text(NO_SHRINKING)
        # As a module, so that what is imported is the copy, whatever is installed.
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no_shrinking"]
        command += mutant.tests
        environ = {name: value for name, value in os.environ.items() if name != "CI"}
        try:
            done = subprocess.run(
                command, cwd=tree, env=environ, capture_output=True, text=True, timeout=DEADLINE_S, check=False
            )
        except subprocess.TimeoutExpired:
            return "HANGS: it may be the machine's fault"
    if done.returncode == 0:
        return "SURVIVED"
    lines = done.stdout.splitlines()
    # A test that fails may leave something behind, which is an error on top.
    failed = next((line for word in ("FAILED", "ERROR") for line in lines if line.startswith(word)), "")
    if done.returncode != 1 or not failed:
        return f"BROKEN: pytest ended with {done.returncode}: {done.stdout[-300:]}"
    return f"caught by {failed.removeprefix('FAILED ').partition(' - ')[0]}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
