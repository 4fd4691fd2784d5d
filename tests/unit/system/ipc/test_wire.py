from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.system.ipc import wire
from app.system.ipc.requests import Run, parse_request
from app.system.ipc.wire import ProtocolError
from tests.unit.system.ipc.harness import RUN

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
)


@given(st.dictionaries(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)), max_size=8))
def test_what_is_sent_arrives_even_when_it_is_no_text(message: dict[str, str]) -> None:
    frame = wire.encode(message)
    assert wire.body_size(frame[:4]) == len(frame) - 4
    assert wire.decode(frame[4:]) == message


@settings(max_examples=1_500, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        assert isinstance(wire.decode(body), dict)


@settings(max_examples=1_500, deadline=None)
@given(st.dictionaries(st.sampled_from([*RUN, "code"]), JSON))
def test_any_object_is_a_request_of_its_type_or_refused(changes: dict[str, object]) -> None:
    try:
        request = parse_request({**RUN, **changes})
    except ProtocolError:
        return
    if isinstance(request, Run):
        assert all(type(word) is str for word in request.words)
        assert request.folder.startswith("/")


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":['])
def test_depth_is_refused(opening: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.decode((opening * 65536)[: wire.MAX_FRAME_BYTES])


@pytest.mark.parametrize("body", [b"", b"[]", b"1", b'"a"', b"null", b"\xff\xfe{}", b'{"a":NaN}', b'{"a":1}x', b"{"])
def test_only_objects_in_utf8_are_taken(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        wire.decode(body)


@pytest.mark.parametrize("size", [0, 1, wire.MAX_FRAME_BYTES + 1, 2**32 - 1])
def test_sizes_beyond_the_limit_are_refused_before_anything_is_read(size: int) -> None:
    with pytest.raises(ProtocolError):
        wire.body_size(size.to_bytes(4, "big"))


def test_a_message_beyond_the_limit_is_not_sent() -> None:
    with pytest.raises(ProtocolError, match="too large"):
        wire.encode({"a": "x" * wire.MAX_FRAME_BYTES})


def test_a_chunk_of_text_always_fits() -> None:
    # Outside the Basic Multilingual Plane a character takes two escapes; the chunk is far smaller than it could be.
    assert len(wire.encode({"event": "out", "text": "\uffff" * wire.CHUNK_CHARS})) < wire.MAX_FRAME_BYTES
    with pytest.raises(ProtocolError):
        wire.encode({"event": "out", "text": "\U0001f5bc" * wire.CHUNK_CHARS})


@pytest.mark.parametrize("name", list(RUN))
def test_every_field_of_a_request_must_be_there_and_of_its_type(name: str) -> None:
    assert isinstance(parse_request(RUN), Run)
    wrong: list[object] = [None, 1.5, "", [], ["\0"], [1], {"a": 1}, {"a": "\0"}, 1, True]
    for value in [each for each in wrong if type(each) is not type(RUN[name]) or _has_bad_content(each)]:
        if name == "folder" or value != "":
            with pytest.raises(ProtocolError):
                parse_request({**RUN, name: value})
    with pytest.raises(ProtocolError):
        parse_request({key: value for key, value in RUN.items() if key != name})


@pytest.mark.parametrize("verb", ["", "hello", "key", "eval", "__class__", "Run"])
def test_there_are_no_other_verbs(verb: str) -> None:
    with pytest.raises(ProtocolError):
        parse_request({**RUN, "verb": verb})


def _has_bad_content(value: object) -> bool:
    return value in ([], "") or "\\u0000" in json.dumps(value) or value in ([1], {"a": 1})
