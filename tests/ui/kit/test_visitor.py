"""The visitor's token: from the cookie, and one for all windows of a browser."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from attnviz.ui.kit import visitor as kit
from attnviz.ui.kit.photo_store import KeptPhoto, PhotoStore
from attnviz.ui.kit.visitor import COOKIE, new_token, person_of, visitor, visitors_of


class Session:
    """A session of the app, and what its browser has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, cookie: str | None = None) -> None:
        self.state: dict[str, Any] = {}
        cookies = {} if cookie is None else {COOKIE: cookie}
        context = SimpleNamespace(cookies=cookies)
        fake = SimpleNamespace(session_state=self.state, context=context)
        self.photos = PhotoStore()
        monkeypatch.setattr(kit, "st", fake)
        monkeypatch.setattr(kit, "PHOTOS", self.photos)

    def told(self, known: object) -> None:
        """The browser tells which token it has."""
        kit.join(known)


def test_a_session_keeps_the_token_of_its_cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    token = new_token()
    Session(monkeypatch, token)
    assert visitor() == visitor() == token


@pytest.mark.parametrize("cookie", [None, "", "a" * 42, "a" * 44, "ä" * 43, "a" * 42 + "/"])
def test_without_a_token_a_new_one_is_made(
    cookie: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    Session(monkeypatch, cookie)
    assert visitor() == visitor() != cookie
    assert len(visitor()) == len(new_token()) == 43
    assert new_token() != new_token()


def test_two_windows_opened_at_once_become_one_visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    session, other = Session(monkeypatch), new_token()
    before = visitor()
    for window, name in ((before, "mine"), (other, "theirs")):
        session.photos.add(window, KeptPhoto.of(name, name.encode()))
    session.told(other)
    assert visitor() == other
    assert [photo.name for photo in session.photos.photos(other)] == ["theirs", "mine"]
    assert session.photos.photos(before) == []


@pytest.mark.parametrize("known", [None, "", "short", 7, ["a" * 43]])
def test_what_is_no_token_changes_nothing(known: object, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(monkeypatch)
    before = visitor()
    session.told(known)
    assert visitor() == before


def test_tabs_are_known_by_their_visitor_until_they_are_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tabs = {"first": ("ann", "issuer 7"), "second": ("ann", ""), "third": ("bob", "")}
    monkeypatch.setattr(kit, "_TABS", tabs)
    assert visitors_of({"first", "third"}.__contains__) == {"ann", "bob"}
    assert set(tabs) == {"first", "third"}
    assert [person_of(one) for one in ("first", "third", "closed")] == ["issuer 7", "", ""]
    assert visitors_of({"third"}.__contains__) == {"bob"}
