"""What `imglink doctor` looks at."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from app.core.ports import Probe


def doctor_parts(environ: Mapping[str, str]) -> dict[str, Callable[[], Awaitable[Probe]]]:
    """Part → what probes it, on the event loop."""

    async def session() -> Probe:
        from app.system.session import SessionType, detect_session

        found = detect_session(environ, platform=sys.platform)
        return Probe(found.type.value, available=found.type is not SessionType.NONE)

    async def capture() -> Probe:
        from app.capture.choose import choose_capture

        screen = choose_capture(environ)
        try:
            return await asyncio.to_thread(screen.probe)
        finally:
            await asyncio.to_thread(screen.close)

    async def hotkeys() -> Probe:
        from app.hotkeys.choose import choose_hotkeys

        return (await asyncio.to_thread(choose_hotkeys, environ)).probe()

    async def keyring() -> Probe:
        from app.secrets.guard import GuardedSecrets

        return await (await GuardedSecrets.open(environ)).probe()

    async def notifications() -> Probe:
        from app.system.notifications import choose_notifier

        notifier = choose_notifier(environ)
        try:
            return await notifier.probe()
        finally:
            await notifier.close()

    async def demo() -> Probe:
        from importlib.util import find_spec

        has_extra = all(find_spec(name) is not None for name in ("starlette", "uvicorn", "python_multipart"))
        remedy = "" if has_extra else "pip install 'imglink-desktop[demo]'"
        return Probe("starlette", has_extra, "" if has_extra else "The optional libraries are not installed.", remedy)

    return {
        "Session": session,
        "Screen capture": capture,
        "Shortcuts": hotkeys,
        "Keyring": keyring,
        "Notifications": notifications,
        "Demo server": demo,
    }
