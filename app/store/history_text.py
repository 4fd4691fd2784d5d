"""What the history's search makes of text: folded, and cut into pieces that an index can hold.

Every text is indexed by all its runs of one, two and three characters, so a part of a word is found as fast as a whole
one, in every script. A longer word is looked for by its runs and then compared, so the search is exact. The pieces are
written as hexadecimal digits: nothing that a person types is ever syntax of the index.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MAX_WORDS = 16
"""Words of a query that count; nobody types more."""
_LONGEST_RUN = 3
_MAX_RUNS = 64
"""Runs of a query that are looked up; comparing does the rest."""


def fold(text: str) -> str:
    """Without case, accents and variants of the same letters: “Grüße” and “GRUSSE” are one."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a query, folded, each once."""
    return tuple(dict.fromkeys(fold(text).split()))[:MAX_WORDS]


def grams(folded: str) -> str:
    """What the index is given for a text."""
    runs = {run for word in set(folded.split()) for length in range(1, _LONGEST_RUN + 1) for run in _runs(word, length)}
    return " ".join(map(_written, runs))


def match(words: Iterable[str]) -> str:
    """The index's query for texts that may hold these words; for short words that is exact.

    Of a long word, the runs that together cover it: it is compared anyhow, and each run costs a walk through its list.
    """
    # Short words come first: they are not compared later.
    runs = dict.fromkeys(run for word in sorted(words, key=len) for run in _cover(word))
    return " AND ".join(f'"{_written(run)}"' for run in list(runs)[:_MAX_RUNS])


def inexact(words: Iterable[str]) -> list[str]:
    """The words of which a text that `match` finds may have all runs, but not in that order."""
    return [word for word in words if len(word) > _LONGEST_RUN]


def _runs(word: str, length: int) -> Iterable[str]:
    return (word[start : start + length] for start in range(len(word) - length + 1))


def _cover(word: str) -> Iterable[str]:
    last = max(0, len(word) - _LONGEST_RUN)
    return (word[start : start + _LONGEST_RUN] for start in (*range(0, last, _LONGEST_RUN), last))


def _written(run: str) -> str:
    return "x".join(f"{ord(char):x}" for char in run)
