"""Servers that help a camera through firewalls, as the operator names them."""

from __future__ import annotations

import pytest

from attnviz.errors import SettingError
from attnviz.ui.kit.ice_servers import VARIABLE, ice_servers


def test_there_are_none_unless_the_operator_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert ice_servers() == []
    monkeypatch.setenv(
        VARIABLE,
        '[{"urls": "stun:stun.example.org:3478"},'
        ' {"urls": ["turns:turn.example.org?transport=tcp"], "username": "u", "credential": "p"}]',
    )
    assert ice_servers() == [
        {"urls": "stun:stun.example.org:3478"},
        {"urls": ["turns:turn.example.org?transport=tcp"], "username": "u", "credential": "p"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        "stun:stun.example.org",
        '{"urls": "stun:a"}',
        "[1]",
        '[{"urls": []}]',
        '[{"urls": "http://a"}]',
        '[{"urls": ["stun:a", 2]}]',
        '[{"urls": "stun:a b"}]',
        '[{"urls": "stun:a", "username": 1}]',
        '[{"urls": "stun:a", "password": "p"}]',
    ],
)
def test_anything_else_is_refused_with_an_example(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(SettingError, match=f"{VARIABLE} .*stun:stun.example.org:3478"):
        ice_servers()
