"""A window that costs nothing before it is wanted, and that several parts share."""

from __future__ import annotations

from app.ui.on_demand import OnDemand


def test_it_is_made_once_when_it_is_wanted_and_prepared_by_everyone_who_asked() -> None:
    made: list[object] = []
    prepared: list[tuple[str, object]] = []

    def make() -> object:
        made.append(object())
        return made[-1]

    shared = OnDemand(make)
    shared.when_made(lambda it: prepared.append(("first", it)))
    shared.when_made(lambda it: prepared.append(("second", it)))
    assert shared.made is None
    assert made == []
    found = shared.get()
    assert shared.get() is found is shared.made
    assert made == [found]
    assert prepared == [("first", found), ("second", found)]


def test_who_comes_after_it_was_made_prepares_it_at_once() -> None:
    shared = OnDemand(object)
    found = shared.get()
    prepared: list[object] = []
    shared.when_made(prepared.append)
    assert prepared == [found]
