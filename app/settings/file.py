"""The file that holds the settings: read leniently, written atomically, never losing what it does not understand."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from app.core.doctor import Part
from app.core.errors import InputError, UserFacingError
from app.settings.schema import Option, Settings, section_options
from app.settings.values import decode, encode

VERSION = 1
_MAX_BYTES = 1024 * 1024
_ENVIRONMENT = {"account.base_url": "IMGLINK_BASE_URL"}


@dataclass(frozen=True, slots=True)
class SettingsNotice:
    """Something about the file that the person should know. `key` is the setting it concerns, or empty."""

    message: str
    key: str = ""


class SettingsFile:
    """Loads, changes and announces the settings.

    Only what differs from the defaults is written, so that a better default reaches everyone who did not choose.
    Methods read and write a small file and sync it to disk: call them off the Qt thread where that matters. They may be
    called from any thread; observers are called on the caller's.
    """

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path = path
        self.settings = Settings()
        self.overrides = {key: name for key, name in _ENVIRONMENT.items() if environ.get(name)}
        """Setting → name of the environment variable that takes its place."""
        self._environ = {key: environ[name] for key, name in self.overrides.items()}
        self._observers: list[Callable[[Settings, Settings], None]] = []
        self._lock = threading.RLock()

    def load(self) -> tuple[Settings, tuple[SettingsNotice, ...]]:
        """Read the file; defaults where it is missing. Never fails because of the file's content.

        A file that is no JSON is renamed and reported; a single wrong value is reported, replaced by its default, and
        left in the file. Raises UserFacingError when the file cannot be read at all, or the environment is wrong.
        """
        with self._lock:
            document, notices = self._read()
            settings, more = self._parse(document)
            self._announce(settings)
            return settings, (*notices, *more)

    def update(self, section: str, /, **values: Any) -> Settings:
        """Change values of one section, save, and announce: `update("capture", delay_s=3)`.

        Raises InputError, with nothing changed, for a value that is not acceptable; UserFacingError when it cannot be
        saved.
        """
        with self._lock:
            options = {option.name: option for option in section_options(section)}
            # Read again: the command line may have written meanwhile.
            document, _ = self._read()
            table = document.get(section)
            document[section] = table = table if isinstance(table, dict) else {}
            for name, value in values.items():
                option = options[name]
                try:
                    raw = encode(option, value)
                except ValueError as error:
                    raise InputError(f"{option.rules.label}: {error}") from error
                if raw == encode(option, option.default):
                    table.pop(name, None)
                else:
                    table[name] = raw
            if not table:
                del document[section]
            self._write(document)
            settings, _ = self._parse(document)
            self._announce(settings)
            return settings

    def subscribe(self, observer: Callable[[Settings, Settings], None]) -> Callable[[], None]:
        """Call `observer(old, new)` after every change; returns what ends it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _announce(self, settings: Settings) -> None:
        old, self.settings = self.settings, settings
        if settings != old:
            for observer in tuple(self._observers):
                observer(old, settings)

    def _parse(self, document: Mapping[str, Any]) -> tuple[Settings, list[SettingsNotice]]:
        notices: list[SettingsNotice] = []
        sections = {}
        for section in (entry.name for entry in fields(Settings)):
            table = document.get(section, {})
            if not isinstance(table, dict):
                notices.append(
                    SettingsNotice(f"The section “{section}” of the settings cannot be read; defaults are used.")
                )
                table = {}
            values = {}
            for option in section_options(section):
                if option.key in self._environ:
                    values[option.name] = self._from_environment(option)
                elif option.name in table:
                    try:
                        values[option.name] = decode(option, table[option.name])
                    except ValueError as error:
                        text = f"The setting “{option.rules.label}” is not usable, so its default is used. {error}"
                        notices.append(SettingsNotice(text, option.key))
            sections[section] = replace(getattr(Settings(), section), **values)
        return Settings(**sections), notices

    def _from_environment(self, option: Option) -> Any:
        try:
            return decode(option, self._environ[option.key])
        except ValueError as error:
            # Falling back would send things to another server than the one that was asked for.
            raise InputError(f"{self.overrides[option.key]} is not usable. {error}") from error

    def _read(self) -> tuple[dict[str, Any], list[SettingsNotice]]:
        try:
            with self.path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except FileNotFoundError:
            return {}, []
        except OSError as error:
            raise UserFacingError(
                f"The settings cannot be read: {error.strerror}.",
                remedy=f"Check {self.path}.",
                part=Part.FOLDERS,
            ) from error
        try:
            if len(data) > _MAX_BYTES:
                raise ValueError("too large")
            document = json.loads(data)
            if not isinstance(document, dict):
                raise ValueError("not a table")
        except (ValueError, RecursionError):
            aside = self._set_aside()
            text = f"The settings file was damaged. It was kept as {aside.name}, and the defaults are used."
            return {}, [SettingsNotice(text)]
        return document, []

    def _set_aside(self) -> Path:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        aside = self.path.with_name(f"{self.path.name}.broken-{stamp}")
        number = 2
        while aside.exists():
            aside = self.path.with_name(f"{self.path.name}.broken-{stamp}-{number}")
            number += 1
        try:
            self.path.rename(aside)
        except OSError as error:
            raise UserFacingError(
                f"The settings file is damaged and cannot be moved away: {error.strerror}.",
                remedy=f"Move {self.path} away and start again.",
                part=Part.FOLDERS,
            ) from error
        return aside

    def _write(self, document: dict[str, Any]) -> None:
        version = document.get("version")
        newest = max(version, VERSION) if type(version) is int else VERSION
        data = json.dumps({**document, "version": newest}, indent=2, ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
        try:
            # A settings file that is a link (kept in a dotfiles repository, say) stays one.
            _replace(Path(os.path.realpath(self.path)), data + b"\n")
        except OSError as error:
            raise UserFacingError(
                f"The settings cannot be saved: {error.strerror}.",
                safe="The former settings are still there.",
                remedy=f"Check {self.path.parent}.",
                part=Part.FOLDERS,
            ) from error


def _replace(path: Path, data: bytes) -> None:
    """Put a file's new content in place so that a crash leaves either the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
