"""Broken files: whatever the bytes, the outcome is a clean copy or a refusal in words."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InputError
from app.core.images import ImageFormat
from app.encoding.metadata.plan import DamagedImage
from app.encoding.metadata.strip import copy_without_metadata, strip_metadata
from tests.unit.encoding import files
from tests.unit.encoding.files import CANARY, FULL, full


@pytest.mark.parametrize("image_format", FULL, ids=lambda known: known.name)
def test_a_file_cut_anywhere_is_clean_or_refused(image_format: ImageFormat) -> None:
    data = full(image_format)
    refused = 0
    for end in range(len(data)):
        try:
            clean = strip_metadata(data[:end], image_format)
        except InputError:
            refused += 1
        else:
            assert CANARY not in clean
    assert refused > 20


@pytest.mark.parametrize("image_format", FULL, ids=lambda known: known.name)
@given(edits=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_file_with_wrong_bytes_is_copied_or_refused(image_format: ImageFormat, edits: list[tuple[int, int]]) -> None:
    data = bytearray(full(image_format))
    for at, value in edits:
        data[at % len(data)] = value
    copied_or_refused(bytes(data), image_format)


@pytest.mark.parametrize("image_format", FULL, ids=lambda known: known.name)
@given(rest=st.binary(max_size=200))
def test_noise_behind_the_first_bytes_is_copied_or_refused(image_format: ImageFormat, rest: bytes) -> None:
    copied_or_refused(full(image_format)[:12] + rest, image_format)


def copied_or_refused(data: bytes, image_format: ImageFormat) -> None:
    """Never another exception, never more than came in (but for a header, an orientation and an end)."""
    try:
        clean = strip_metadata(data, image_format)
    except InputError:
        return
    assert len(clean) <= len(data) + 64


@pytest.mark.parametrize("image_format", FULL, ids=lambda known: known.name)
@pytest.mark.parametrize("data", [b"", b"\xff", b"hello, world, this is no picture at all"])
def test_what_is_no_picture_is_refused(image_format: ImageFormat, data: bytes) -> None:
    with pytest.raises(DamagedImage) as caught:
        strip_metadata(data, image_format)
    assert image_format.name in str(caught.value)
    assert caught.value.details


class Shrinking(io.BytesIO):
    """A file that is cut short once its headers were read."""

    def __init__(self, data: bytes, reads: int) -> None:
        super().__init__(data)
        self._reads = reads

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads -= 1
        return super().read(size) if self._reads > 0 else b""


def test_a_file_that_changes_while_it_is_copied_is_refused() -> None:
    data = files.png()
    reads = 0
    while True:
        reads += 1
        try:
            copy_without_metadata(cast(BinaryIO, Shrinking(data, reads)), io.BytesIO(), ImageFormat.PNG)
        except DamagedImage:
            continue
        break
    assert reads > 15


@pytest.mark.parametrize("image_format", [ImageFormat.PNG, ImageFormat.JPEG], ids=lambda known: known.name)
def test_fifty_megabytes_take_no_fifty_megabytes_of_memory(image_format: ImageFormat, tmp_path: Path) -> None:
    size = 50_000_000
    data = full(image_format)
    path = tmp_path / "large"
    filler = bytes(range(255)) * (size // 255)
    if image_format is ImageFormat.PNG:
        path.write_bytes(data[:33] + files.png_chunk(b"IDAT", filler) + data[33:])
    else:
        at = data.index(b"\xff\xda") + 14
        path.write_bytes(data[:at] + filler + data[at:])
    del filler
    tracemalloc.start()
    with path.open("rb") as source, (tmp_path / "clean").open("wb") as target:
        copy_without_metadata(source, target, image_format)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000
    written = (tmp_path / "clean").read_bytes()
    assert len(written) > size
    assert CANARY not in written
