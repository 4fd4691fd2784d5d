"""The network comes back, in a network of the test's own."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.desktop.session import DesktopSession

ROOT = Path(__file__).parents[2]
# Away from every network; then, when the file is there, a way out of the computer.
SCRIPT = """
"$0" -m tests.desktop.network_app &
while [ ! -e "$1" ]; do sleep 0.05; done
ip link set lo up && ip address add 192.0.2.1/24 dev lo && ip route add default dev lo && echo connected
wait
"""


def test_coming_online_is_noticed_without_asking(desktop: DesktopSession, tmp_path: Path) -> None:
    go = tmp_path / "go"
    command = ["unshare", "--map-root-user", "--net", "sh", "-c", SCRIPT, sys.executable, str(go)]
    process = desktop.spawn(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    process.wait_for_output("watching")
    assert "online" not in process.stdout
    go.touch()
    process.wait_for_output("connected")
    process.wait_for_output("online")
