"""Who is let in, as the environment and the provider say."""

from __future__ import annotations

import pytest

from attnviz.errors import SettingError
from attnviz.sign_in import SignIn


def signing(monkeypatch: pytest.MonkeyPatch, required: str, allowed: str = "") -> SignIn:
    monkeypatch.setenv("ATTNVIZ_SIGN_IN", required)
    monkeypatch.setenv("ATTNVIZ_SIGN_IN_ALLOWED", allowed)
    return SignIn.from_environment()


def test_nobody_signs_in_unless_the_operator_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNVIZ_SIGN_IN", raising=False)
    monkeypatch.delenv("ATTNVIZ_SIGN_IN_ALLOWED", raising=False)
    assert SignIn.from_environment() == SignIn()
    assert signing(monkeypatch, " off ") == SignIn()
    everybody = signing(monkeypatch, "Required")
    assert everybody == SignIn(required=True)
    assert everybody.admits({"sub": "1"})


def test_addresses_and_domains_are_compared_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = signing(monkeypatch, "required", "anna@one.example, @Two.example")
    for address in ("anna@one.example", "Anna@One.example", "ben@two.example"):
        assert rules.admits({"email": address, "email_verified": True}), address
    for address in (
        "ben@one.example",
        "an-anna@one.example",
        "ben@sub.two.example",
        "ben@eviltwo.example",
        "ben@two.example.evil",
        "anna@one.example@evil.example",
        "@evil.example",
        "",
        None,
    ):
        assert not rules.admits({"email": address, "email_verified": True}), address
    for verified in (False, None, "true", 1):
        assert not rules.admits({"email": "ben@two.example", "email_verified": verified})


@pytest.mark.parametrize(
    ("required", "allowed", "said"),
    [
        ("yes", "", "ATTNVIZ_SIGN_IN is set to 'yes'"),
        ("required", "two.example", "neither an address"),
        ("required", "anna@", "neither an address"),
        ("off", "@two.example", "nobody is asked to"),
    ],
)
def test_a_setting_that_would_protect_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, required: str, allowed: str, said: str
) -> None:
    with pytest.raises(SettingError, match=said):
        signing(monkeypatch, required, allowed)
