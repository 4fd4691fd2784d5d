"""Dispatch a parsed command, and turn every outcome into an exit code."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Coroutine
from typing import Any

from app.cli import account, images, upload
from app.cli.desk import Desk
from app.cli.exit_codes import ExitCode, exit_code
from app.cli.output import Result, print_json, say
from app.core.errors import Cancelled, UserFacingError

Command = Callable[[Desk], Coroutine[Any, Any, ExitCode]]
"""A command that waits for its services."""


def prepare(arguments: argparse.Namespace) -> Command:
    """Ask for what must be typed, check what can be checked, and return what is left to do.

    Raises UserFacingError and Cancelled.
    """
    match arguments.command:
        case "upload":
            return lambda desk: upload.upload(arguments, desk)
        case "capture":
            return lambda desk: upload.capture(arguments, desk)
        case "info":
            return lambda desk: images.info(arguments, desk)
        case "delete":
            return lambda desk: images.delete(arguments, desk)
        case "account":
            return _prepare_account(arguments)
        case command:
            raise ValueError(f"not a command with services: {command}")


async def perform(arguments: argparse.Namespace, command: Command, desk: Desk) -> ExitCode:
    """Run it; failures are said on standard error."""
    try:
        return await command(desk)
    except UserFacingError as error:
        return fail(arguments, error)
    except Cancelled:
        return ExitCode.CANCELLED


def fail(arguments: argparse.Namespace, error: UserFacingError) -> ExitCode:
    """Say why the whole command failed, in JSON too where that was asked for."""
    say(str(error))
    if getattr(arguments, "json", False) and arguments.command in ("upload", "capture"):
        print_json([Result.of_error(None, error).as_json()])
    return exit_code([error.kind])


def _prepare_account(arguments: argparse.Namespace) -> Command:
    if arguments.account_command == "status":
        return lambda desk: account.show_status(arguments, desk)
    match arguments.key_command:
        case "set":
            secret = account.read_secret("API key: ")
            return lambda desk: account.set_key(secret, desk)
        case "check":
            return account.check_key
        case _:
            return account.remove_key
