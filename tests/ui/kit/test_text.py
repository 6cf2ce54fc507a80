"""Sentences, numbers and escapes."""

from __future__ import annotations

import pytest

from attnviz.analysis.explanation import Prediction
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.kit.inline_images import legend_numbers
from attnviz.ui.kit.known_things import known_things
from attnviz.ui.kit.text import signed, with_article
from attnviz.ui.pages.focus.verdict import verdict


def test_articles() -> None:
    assert with_article("church") == "a church"
    assert with_article("English springer") == "an English springer"


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, ""), (1, ""), (51, ""), (1000, ""),
        (2, "Knows 2 things: c0 and c1."),
        (13, "Knows 13 things: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 and 1 more."),
    ],
)  # fmt: skip
def test_networks_of_few_classes_say_which(count: int, said: str) -> None:
    assert known_things([f"c{number}" for number in range(count)]) == said


def test_verdict_when_it_still_sees_the_same() -> None:
    sentence = verdict(Prediction("church", 0.931), Prediction("church", 0.912), 0.912)
    assert sentence == "It still sees a church, 0.93 → 0.91."


def test_verdict_when_it_sees_something_else() -> None:
    sentence = verdict(Prediction("church", 0.6), Prediction("golf ball", 0.5), 0.2)
    assert sentence == (
        "It no longer sees a church, 0.60 → 0.20: the bokeh picture looks like a golf ball to it "
        "(0.50)."
    )


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.000152, 0.451, ("0.000", "0.451")),
        (12.3, 1234.5, ("12", "1234")),
        (0.0, 1.0, ("0.00", "1.00")),
        (0.0, 0.0, ("0", "0")),
    ],
)
def test_both_ends_of_a_legend_have_the_same_decimals(
    low: float, high: float, shown: tuple[str, str]
) -> None:
    assert legend_numbers(low, high) == shown


def test_nothing_in_a_file_name_is_read_as_markup() -> None:
    assert plain_text("<b>[x](y)*") == "&lt;b\\>\\[x\\]\\(y\\)\\*"


def test_signs_are_always_written() -> None:
    assert signed(0.418) == "+0.42"
    assert signed(-0.418, 0.051) == "\N{MINUS SIGN}0.42 ± 0.05"
    assert signed(0.0) == "+0.00"
    assert signed(-0.00123) == "\N{MINUS SIGN}0.0012"
    assert signed(0.0096) == "+0.01"
    assert signed(0.001, 0.042) == "+0.00 ± 0.04"
    assert signed(-1e-9) == "+0.00000"
