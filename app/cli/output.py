"""What the command line prints: links or JSON on standard output, everything else on standard error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.cli.streams import print_ascii, say
from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import Image
from app.core.uploads import UploadId, UploadItem, UploadState

_IMAGE_NAMES = ("id", "url", "viewer", "thumbnail", "width", "height", "size", "mime")


@dataclass(frozen=True, slots=True)
class Result:
    """How one file or image fared. `file` is what the person named, or where a capture was saved."""

    file: str | None
    state: str
    image: Image | None = None
    error: str = ""
    error_kind: ErrorKind | None = None
    upload: UploadId | None = None
    """By which `imglink queue` knows it; None when it was not queued."""

    @classmethod
    def of_item(cls, file: str | None, item: UploadItem) -> Result:
        """From a queue item that has come to rest, or that the queue holds back."""
        if item.state is UploadState.DONE:
            return cls(file, item.state.value, item.image, upload=item.id)
        kind = item.error_kind or ErrorKind.SERVICE
        if item.state is UploadState.UNCERTAIN:
            # Never the exit code that invites a script to try again: it may be there already.
            kind = ErrorKind.SERVICE
        return cls(file, item.state.value, item.image, reason_of(item), kind, item.id)

    @classmethod
    def of_waiting(cls, file: str | None, item: UploadItem) -> Result:
        """From a queue item that nobody waits for."""
        return cls(file, item.state.value, upload=item.id)

    @classmethod
    def of_error(cls, file: str | None, error: UserFacingError) -> Result:
        """From a failure before or instead of an upload."""
        return cls(file, UploadState.FAILED.value, None, str(error), error.kind)

    def as_json(self) -> dict[str, Any]:
        """The object of `--json`; every name is always there."""
        return {
            **{name: getattr(self.image, name) if self.image is not None else None for name in _IMAGE_NAMES},
            "file": self.file,
            "state": self.state,
            "upload": self.upload,
            "error": self.error or None,
        }


_UNSAID = {
    UploadState.QUEUED: "Uploads are paused; they go on with “imglink resume”.",
    UploadState.PAUSED: "It is paused; it is sent with “imglink queue retry”.",
    UploadState.CANCELLED: "It was cancelled.",
    UploadState.SENDING: "It was broken off.",
    UploadState.COMMITTING: "It was broken off.",
    UploadState.FAILED: "It failed.",
    UploadState.UNCERTAIN: "It may already be uploaded.",
}
"""For items that come without a reason."""


def reason_of(item: UploadItem) -> str:
    """Why it is not done, in a sentence."""
    return item.reason or _UNSAID.get(item.state, "")


def say_failure(result: Result) -> None:
    """Why one of several failed, on standard error, beginning with what the person named."""
    say(f"{result.file}: {result.error}" if result.file else result.error)


def print_json(value: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> None:
    """One JSON value on standard output. ASCII only, so that no locale can break it. Raises OutputClosed."""
    print_ascii(json.dumps(value, indent=2))
