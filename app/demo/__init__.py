"""An ImgLink-compatible server on loopback: the embedded default and the tests' server.

Importing this costs little: Starlette, uvicorn, SQLite and Pillow are imported when a server starts.
"""

from __future__ import annotations

from app.demo.accounts import ALL_SCOPES, DEMO_API_KEY, DEMO_EMAIL, DEMO_PASSWORD, DEMO_USER, DemoUser
from app.demo.clock import ManualClock
from app.demo.faults import Fault, Faults, LoggedRequest, Stage
from app.demo.limits import DemoLimits
from app.demo.server import DemoServer, serve

__all__ = [
    "ALL_SCOPES",
    "DEMO_API_KEY",
    "DEMO_EMAIL",
    "DEMO_PASSWORD",
    "DEMO_USER",
    "DemoLimits",
    "DemoServer",
    "DemoUser",
    "Fault",
    "Faults",
    "LoggedRequest",
    "ManualClock",
    "Stage",
    "serve",
]
