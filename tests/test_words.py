"""Lists in sentences."""

from __future__ import annotations

import pytest

from attnviz.words import listed


@pytest.mark.parametrize(
    ("names", "most", "text"),
    [
        ([], None, ""),
        (["a"], None, "a"),
        (["a", "b"], None, "a and b"),
        (["a", "b", "c"], None, "a, b and c"),
        (["a", "b", "c"], 3, "a, b and c"),
        (["a", "b", "c", "d"], 3, "a, b, c and 1 more layers"),
    ],
)
def test_names_are_joined_and_counted(names: list[str], most: int | None, text: str) -> None:
    assert listed(names, most, "layers") == text
