"""Whose settings, data and credentials: the person's own, or those of the demo."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.settings.file import SettingsFile
from app.settings.schema import Settings
from app.system.paths import Paths

_PRIVATE = 0o077


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose settings, data and credentials: the person's own, or those of the demo."""

    environ: Mapping[str, str]
    paths: Paths
    settings_file: SettingsFile
    notices: tuple[str, ...]
    demo_key: str | None = None
    """The demo server's public key; such a profile never touches the keyring."""

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return self.settings_file.settings


def open_profile(environ: Mapping[str, str], *, demo_url: str | None = None, demo_key: str | None = None) -> Profile:
    """Find the folders and read the settings; with `demo_url`, those of the demo. Raises UserFacingError."""
    os.umask(_PRIVATE)
    paths = Paths.detect(environ, home=Path.home(), platform=sys.platform)
    if demo_url is not None:
        paths = paths.beside("demo")
        environ = {**environ, "IMGLINK_BASE_URL": demo_url}
    paths.create()
    settings_file = SettingsFile(paths.settings_file, environ)
    _, notices = settings_file.load()
    return Profile(environ, paths, settings_file, tuple(notice.message for notice in notices), demo_key)
