"""Write down what pyobjc says of the macOS calls that this program makes, for tests that run on any computer.

usage: python packaging/pyobjc_metadata.py    (downloads wheels for macOS, and only reads them)

pyobjc ships the type encodings of every function it wraps. What of them is used here is kept in
`tests/unit/macos/metadata.json`; the tests then hold each call of ours to it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "tests" / "unit" / "macos" / "metadata.json"
PACKAGES = ("pyobjc-framework-Quartz", "pyobjc-framework-Cocoa", "pyobjc-framework-ScreenCaptureKit")
_FUNCTION = re.compile(r'"(?P<name>\w+)": \(\s*b"(?P<encoding>[^"]*)"')
_SELECTOR = re.compile(r'b"(?P<class>\w+)",\s*b"(?P<selector>[\w:]+)"')
_CONSTANT = re.compile(r"\$(?P<name>(?:k|NS)[A-Z]\w+)(?:@(?P<value>-?\d+))?(?=\$)")


def metadata(folder: Path) -> dict[str, dict[str, str]]:
    """All functions, selectors and constants of the wheels in `folder`."""
    found: dict[str, dict[str, str]] = {"functions": {}, "selectors": {}, "constants": {}}
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if name.endswith("_metadata.py"):
                    _read(archive.read(name).decode(), found)
    return found


def _read(text: str, found: dict[str, dict[str, str]]) -> None:
    for match in _FUNCTION.finditer(text):
        found["functions"][match["name"]] = match["encoding"]
    for match in _SELECTOR.finditer(text):
        found["selectors"][match["selector"]] = match["class"]
    for match in _CONSTANT.finditer(text):
        found["constants"][match["name"]] = match["value"] or ""


def main() -> int:
    used = json.loads(TARGET.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        platform = ("--platform", "macosx_11_0_universal2", "--python-version", "311", "--only-binary=:all:")
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            *platform,
            "--dest",
            folder,
            *PACKAGES,
        ]
        subprocess.run(command, check=True)
        known = metadata(Path(folder))
    missing = [name for kind, names in used.items() for name in names if name not in known[kind]]
    for name in missing:
        print(f"pyobjc does not know {name}", file=sys.stderr)
    fresh = {kind: {name: known[kind].get(name) for name in sorted(names)} for kind, names in used.items()}
    TARGET.write_text(json.dumps(fresh, indent=1) + "\n", encoding="utf-8")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
