"""Settings to JSON values and back. Reading is strict about types, so that a wrong value is told, not guessed at."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import Any

from app.settings.schema import Option

_WORDS = {bool: "true or false", int: "a whole number", str: "text"}


def decode(option: Option, raw: Any) -> Any:
    """Make a setting's value from a JSON value. Raises ValueError with the reason in words."""
    value = _typed(option, raw)
    problem = option.problem(value)
    if problem:
        raise ValueError(problem)
    return value


def encode(option: Option, value: Any) -> Any:
    """Make a JSON value. Raises ValueError with the reason in words when the value is not acceptable."""
    raw = (
        value.value if isinstance(value, Enum) else dict(value) if isinstance(value, dict | MappingProxyType) else value
    )
    decode(option, raw)
    return raw


def _typed(option: Option, raw: Any) -> Any:
    if option.choices:
        for member in option.choices:
            if raw == member.value:
                return member
        raise ValueError(f"It must be one of {', '.join(str(member.value) for member in option.choices)}.")
    if option.type in _WORDS:
        # bool is an int in Python, but `true` is not a number of seconds.
        if type(raw) is not option.type:
            raise ValueError(f"It must be {_WORDS[option.type]}.")
        return raw
    if not isinstance(raw, dict) or not all(isinstance(text, str) for text in raw.values()):
        raise ValueError("It must be a table of texts.")
    # What a newer version adds to the defaults reaches people who changed some entries before.
    return MappingProxyType({**option.default, **raw})
