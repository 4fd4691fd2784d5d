"""Stand-ins for pyobjc's modules that hold every call to what pyobjc says of the real ones.

`metadata.json` has the type encodings of each function; `packaging/pyobjc_metadata.py` writes it. A name that is not in
there, or a call with another number of arguments, fails the test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

METADATA: Mapping[str, Mapping[str, str]] = json.loads(
    Path(__file__).with_name("metadata.json").read_text(encoding="utf-8")
)
_PAIRS = {"{": "}", "[": "]", "(": ")"}


def types_in(encoding: str) -> list[str]:
    """The types of an Objective-C type encoding: the result's first, then each argument's."""
    found, at = [], 0
    while at < len(encoding):
        end = at
        while encoding[end] in "^rnNoORVA":
            end += 1
        if encoding[end] in _PAIRS:
            depth, opening = 0, encoding[end]
            while True:
                depth += (encoding[end] == opening) - (encoding[end] == _PAIRS[opening])
                if not depth:
                    break
                end += 1
        found.append(encoding[at : end + 1])
        at = end + 1
    return found


class Framework(ModuleType):
    """A module whose functions are these; each must be one that pyobjc knows."""

    def __init__(self, name: str, functions: Mapping[str, Callable[..., Any]], **others: object) -> None:
        super().__init__(name)
        self.calls: list[str] = []
        for function, does in functions.items():
            setattr(self, function, self._checked(function, does))
        for other, value in others.items():
            setattr(self, other, value)

    def _checked(self, name: str, does: Callable[..., Any]) -> Callable[..., Any]:
        expected = len(types_in(METADATA["functions"][name])) - 1

        def call(*arguments: object) -> Any:
            assert len(arguments) == expected, f"{name} takes {expected} arguments"
            self.calls.append(name)
            return does(*arguments)

        return call


def selector(name: str) -> str:
    """Objective-C's name of a method that Python calls `name`."""
    return name.replace("_", ":")
