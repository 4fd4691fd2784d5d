"""Dispatch a parsed command, and turn every outcome into an exit code."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Coroutine
from typing import Any

from app.cli.desk import Desk, StoreDesk
from app.cli.exit_codes import ExitCode, exit_code
from app.cli.output import Result, print_json
from app.cli.streams import OutputClosed, say
from app.core.errors import Cancelled, InputError, UserFacingError

Command = Callable[[Desk], Coroutine[Any, Any, ExitCode]]
"""A command that waits for its services."""


def prepare(arguments: argparse.Namespace) -> Command:
    """Ask for what must be typed, check what can be checked, and return what is left to do.

    Raises UserFacingError and Cancelled.
    """
    match arguments.command:
        case "upload":
            from app.cli.upload import upload

            return lambda desk: upload(arguments, _with_store(desk))
        case "capture":
            from app.cli.capture import capture

            return lambda desk: capture(arguments, _with_store(desk))
        case "queue":
            from app.cli.queue import queue

            return lambda desk: queue(arguments, _with_store(desk))
        case "pause" | "resume":
            from app.cli.queue import pause, resume

            switch = pause if arguments.command == "pause" else resume
            return lambda desk: switch(_with_store(desk))
        case "info":
            from app.cli.images import info

            return lambda desk: info(arguments, desk)
        case "delete":
            from app.cli.images import delete

            return lambda desk: delete(arguments, _with_store(desk))
        case "history" | "history export" | "history import" | "history forget" | "open" | "copy":
            return _prepare_history(arguments)
        case "account" | "albums" | "embeds" | "gallery":
            return _prepare_online(arguments)
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
    if error.part is not None:
        say("See: imglink doctor")
    if getattr(arguments, "json", False) and arguments.command in _WITH_IMAGES and not isinstance(error, OutputClosed):
        try:
            print_json([Result.of_error(None, error).as_json()])
        except OutputClosed:
            return ExitCode.FAILED
    return exit_code([error.kind])


_WITH_IMAGES = ("upload", "capture", "info", "delete")


def _prepare_history(arguments: argparse.Namespace) -> Command:
    from app.cli import history

    commands = {
        "history": history.history,
        "history export": history.export,
        "history import": history.import_,
        "history forget": history.forget,
        "open": history.open_,
        "copy": history.copy,
    }
    command = commands[arguments.command]
    return lambda desk: command(arguments, _with_store(desk))


def _with_store(desk: Desk) -> StoreDesk:
    assert isinstance(desk, StoreDesk), "bootstrap builds it for these commands"
    return desk


def _prepare_online(arguments: argparse.Namespace) -> Command:
    """What only asks the service."""
    match arguments.command:
        case "albums":
            return _prepare_albums(arguments)
        case "embeds":
            from app.cli.embeds import embeds

            return lambda desk: embeds(arguments, _with_store(desk))
        case "gallery":
            from app.cli.gallery import gallery

            return lambda desk: gallery(arguments, desk)
        case _:
            return _prepare_account(arguments)


def _prepare_albums(arguments: argparse.Namespace) -> Command:
    from app.cli.albums import albums
    from app.cli.prompts import read_password

    password = ""
    if getattr(arguments, "password", False):
        password = read_password("Password of the album: ")
        if not password:
            raise InputError("A password needs at least one character.")
    return lambda desk: albums(arguments, _with_store(desk), password)


def _prepare_account(arguments: argparse.Namespace) -> Command:
    from app.cli import account
    from app.cli.prompts import read_secret
    from app.cli.sign_in import read_login

    match arguments.account_command, getattr(arguments, "key_command", ""):
        case "status", _:
            return lambda desk: account.show_status(arguments, desk)
        case "login", _:
            user, password = read_login(arguments.user)
            return lambda desk: account.login(user, password, desk)
        case "token", _:
            token = read_secret("Session token: ")
            return lambda desk: account.set_token(token, desk)
        case "logout", _:
            return account.logout
        case _, "set":
            key = read_secret("API key: ")
            return lambda desk: account.set_key(key, desk)
        case _, "check":
            return account.check_key
        case _:
            return account.remove_key
