"""The person's browser, from a program without windows."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping

from app.core.errors import UserFacingError
from app.system.relaunch import own_environment

_OPENER = "open" if sys.platform == "darwin" else "xdg-open"
_DEADLINE_S = 10.0


async def open_page(url: str, environ: Mapping[str, str]) -> None:
    """Open a web address. Raises UserFacingError, also for any other: an opener would start some program for it."""
    problem = UserFacingError("The browser could not be opened.", remedy=f"Open it yourself: {url}")
    if not url.startswith(("https://", "http://")):
        raise UserFacingError("This is no web address, so it is not opened.", details=url)
    try:
        process = await asyncio.create_subprocess_exec(
            _OPENER,
            url,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=own_environment(environ),
            start_new_session=True,
        )
    except OSError as error:
        problem.details = repr(error)
        raise problem from error
    try:
        async with asyncio.timeout(_DEADLINE_S):
            code = await process.wait()
    except TimeoutError:
        return  # Some openers stay as long as the browser.
    if code != 0:
        problem.details = f"{_OPENER} ended with {code}"
        raise problem
