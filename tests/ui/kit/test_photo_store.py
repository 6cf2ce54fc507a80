"""Photos of visitors: whose they are, how many, how large, for how long."""

from __future__ import annotations

import hashlib

import pytest

from attnviz.ui.kit.photo_store import KeptPhoto, PhotoStore, StoreLimits


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def photo(name: str, size: int = 4) -> KeptPhoto:
    return KeptPhoto.of(name, name.encode().ljust(size, b"."))


def names(store: PhotoStore, visitor: str) -> list[str]:
    return [one.name for one in store.photos(visitor)]


def store_of(clock: Clock | None = None, **limits: float) -> PhotoStore:
    return PhotoStore(StoreLimits(**limits), clock or Clock())  # type: ignore[arg-type]


def test_photos_are_known_by_their_content_and_found_by_their_owner_alone() -> None:
    store = store_of()
    one = photo("one")
    assert one.checksum == hashlib.sha256(b"one.").hexdigest()
    store.add("ann", one)
    store.add("bob", photo("two"))
    assert names(store, "ann") == ["one"]
    assert names(store, "bob") == ["two"]
    assert names(store, "") == names(store, "an") == []
    assert store.remove("bob", one.checksum) is None
    assert store.photos("ann")[0].source == b"one."


def test_the_same_photo_is_kept_once_for_each_visitor_under_its_first_name() -> None:
    store = store_of()
    store.add("ann", KeptPhoto.of("a.jpg", b"x"))
    assert store.add("ann", KeptPhoto.of("copy of a.jpg", b"x")) == []
    store.add("bob", KeptPhoto.of("b.jpg", b"x"))
    assert (names(store, "ann"), names(store, "bob")) == (["a.jpg"], ["b.jpg"])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_was_removed_goes_back_to_its_place(place: int) -> None:
    store = store_of()
    for name in ("one", "two", "three"):
        store.add("ann", photo(name))
    before = names(store, "ann")
    removed = store.remove("ann", store.photos("ann")[place].checksum)
    assert removed is not None
    assert removed[1] == place
    assert names(store, "ann") == [name for name in before if name != removed[0].name]
    store.add("ann", removed[0], at=removed[1])
    assert names(store, "ann") == before


def test_the_oldest_of_too_many_goes_and_is_named() -> None:
    store = store_of(photos=2)
    dropped = [store.add("ann", photo(name)) for name in ("one", "two", "three", "four")]
    assert [[one.name for one in each] for each in dropped] == [[], [], ["one"], ["two"]]
    assert names(store, "ann") == ["three", "four"]


def test_the_oldest_go_until_the_bytes_fit_but_never_the_newest() -> None:
    store = store_of(bytes=100)
    for name, size in (("one", 40), ("two", 40), ("three", 90)):
        store.add("ann", photo(name, size))
    assert names(store, "ann") == ["three"]
    assert [one.name for one in store.add("ann", photo("huge", 500))] == ["three"]
    assert names(store, "ann") == ["huge"]


def test_all_visitors_share_one_room_and_the_oldest_photo_goes_whoever_has_it() -> None:
    store = store_of(all_photos=3, all_bytes=100)
    for visitor, name in (("ann", "one"), ("bob", "two"), ("ann", "three")):
        store.add(visitor, photo(name, 20))
    assert store.add("bob", photo("four", 20)) == [], "the photo that went was not bob's"
    assert (names(store, "ann"), names(store, "bob")) == (["three"], ["two", "four"])
    assert [one.name for one in store.add("bob", photo("five", 70))] == ["two"]
    assert (names(store, "ann"), names(store, "bob")) == ([], ["four", "five"])


def test_a_photo_brought_back_counts_as_new() -> None:
    store = store_of(photos=2)
    for name in ("one", "two"):
        store.add("ann", photo(name))
    removed = store.remove("ann", photo("one").checksum)
    assert removed is not None
    store.add("ann", *removed)
    assert names(store, "ann") == ["one", "two"]
    assert [one.name for one in store.add("ann", photo("three"))] == ["two"]


def test_photos_go_when_their_visitor_has_long_been_away() -> None:
    clock = Clock()
    store = store_of(clock, idle_seconds=60)
    store.add("ann", photo("one"))
    store.add("bob", photo("two"))
    clock.now = 50
    assert names(store, "ann") == ["one"]
    clock.now = 100
    assert (names(store, "ann"), names(store, "bob")) == (["one"], [])
    clock.now = 161
    assert names(store, "ann") == []


def test_two_tokens_of_one_visitor_become_one() -> None:
    store = store_of()
    store.add("old", photo("one"))
    store.add("new", photo("two"))
    store.move("old", "new")
    assert (names(store, "old"), names(store, "new")) == ([], ["two", "one"])


def test_who_closes_all_tabs_has_a_while_to_come_back() -> None:
    clock = Clock()
    store = store_of(clock, idle_seconds=1000, closed_seconds=60)
    for visitor in ("ann", "bob", "cid"):
        store.add(visitor, photo(visitor))
    store.know_open({"ann"})
    clock.now = 50
    assert names(store, "bob") == ["bob"]  # who is here again
    store.know_open({"ann"})
    clock.now = 61
    store.know_open({"ann"})
    assert [names(store, one) for one in ("ann", "bob", "cid")] == [["ann"], ["bob"], []]
    clock.now = 2000  # a tab that is open and forgotten
    store.know_open({"ann", "bob"})
    assert names(store, "ann") == names(store, "bob") == []
