"""`imglink upload` with no application running, beside the least that could send the same file."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image

from app.demo import DEMO_USER, DemoServer
from benches.frame import Race, benchmark, installed

ROOT = Path(__file__).resolve().parents[2]
BARE = """
import http.client, json, os, sys, urllib.parse
host = urllib.parse.urlsplit(os.environ["IMGLINK_BASE_URL"]).netloc
data = open(sys.argv[1], "rb").read()
body = b'--b\\r\\nContent-Disposition: form-data; name="file"; filename="a.png"\\r\\n'
body += b"Content-Type: image/png\\r\\n\\r\\n" + data + b"\\r\\n--b--\\r\\n"
headers = {"X-API-Key": os.environ["IMGLINK_API_KEY"], "Content-Type": "multipart/form-data; boundary=b"}
connection = http.client.HTTPConnection(host)
connection.request("POST", "/api/v1/upload", body, headers)
print(json.load(connection.getresponse())["viewer"])
"""


@benchmark("imglink upload, 280 kB, no application running", gate=4.0, rounds=9)
def upload() -> Iterator[Race]:
    """Whole processes, from start to exit, against the demo server on the loopback."""
    with tempfile.TemporaryDirectory(prefix="imglink-bench-") as folder, DemoServer() as server:
        path = Path(folder) / "a.png"
        Image.frombytes("L", (530, 528), random.Random(1).randbytes(530 * 528)).save(path)
        home = Path(folder) / "home"
        home.mkdir()
        key = server.add_key(server.user(DEMO_USER))
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
        env |= {"IMGLINK_BASE_URL": server.base_url, "IMGLINK_API_KEY": key}
        curl = ["curl", "-sS", "-H", f"X-API-Key: {key}", "-F", f"file=@{path}", f"{server.base_url}/api/v1/upload"]
        yield Race(
            ours=lambda: run([sys.executable, "-m", "app", "upload", str(path)], env),
            peers={
                "bare http.client script": lambda: run([sys.executable, "-c", BARE, str(path)], env),
                "curl": installed("curl", lambda: run(curl, env)),
            },
            note="The gate is 4, not 1.3: one client, httpx, speaks to the service, so that its rules hold everywhere.",
        )


def run(command: list[str], env: Mapping[str, str]) -> None:
    """Run to the end; what it printed must look like an answer."""
    done = subprocess.run(command, env=env, cwd=env["HOME"], check=True, capture_output=True, timeout=60)
    if b"http" not in done.stdout:
        raise RuntimeError(f"{command[:3]} printed {done.stdout!r} {done.stderr!r}")
