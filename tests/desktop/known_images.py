"""Images that a demo server holds, and the program's history with them, without a hundred uploads by hand."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import httpx
from PIL import Image

from app.demo import DEMO_API_KEY, DemoServer
from tests.desktop.cli import run
from tests.desktop.session import DesktopSession

_AT_ONCE = 15


def fill_history(desktop: DesktopSession, server: DemoServer, count: int) -> list[str]:
    """Upload so many images for the demo user and import them into the history; returns their ids, newest first."""
    found: list[dict[str, object]] = []
    with httpx.Client(base_url=server.base_url, headers={"X-API-Key": DEMO_API_KEY}) as client:
        for start in range(0, count, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, count))
            files = [("file", (f"{number}.png", _picture(number), "image/png")) for number in numbers]
            found += client.post("/api/v1/upload", files=files).raise_for_status().json()["images"]
    first = datetime.now(UTC) - timedelta(hours=1)
    entries = [
        {**image, "uploaded_at": (first + timedelta(seconds=number)).isoformat(), "file_name": f"image {number}.png"}
        for number, image in enumerate(found)
    ]
    path = desktop.home / "history.json"
    path.write_text(json.dumps({"format": "imglink-history", "version": 1, "entries": entries}), encoding="utf-8")
    assert f"{count} entries new" in run(desktop, server, "history", "import", str(path)).stderr
    return [str(image["id"]) for image in reversed(found)]


def _picture(number: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), (number % 256, 90, 160)).save(target, "png")
    return target.getvalue()
