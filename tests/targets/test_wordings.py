"""Words and their wordings as text, and the wordings of each language."""

from __future__ import annotations

import pytest

from attnviz import Contrast, Words
from attnviz.targets.base import TextContext
from attnviz.targets.text import format_target, parse_target
from attnviz.targets.wordings import WORDINGS
from attnviz.targets.words import LONGEST, TEMPLATES


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (Words("a red  car"), "words:a red car"),
        (Words("100% cotton; or a|b"), "words:100%2525 cotton%253B or a%257Cb"),
        (Words("car", ("{}", "a photo of a {}.")), "words:car%7C{}%7Ca photo of a {}."),
        (Words("\N{AUTOMOBILE}", TEMPLATES), None),
        (Words("x" * LONGEST), None),
        (Words("rotes Auto", "de"), "words:rotes Auto%7Cde"),
        (Words("car", "my {}"), "words:car%7Cmy {}"),
    ],
)
def test_words_survive_as_text(words: Words, text: str | None) -> None:
    made = format_target(words)
    assert text is None or made == text
    assert parse_target(made, TextContext()) == words


@pytest.mark.parametrize("code", WORDINGS)
def test_wordings_of_each_language_take_the_prompt_once_and_unchanged(code: str) -> None:
    words = Words("\N{SNOWMAN}", code)
    assert words.templates == WORDINGS[code].templates == tuple(dict.fromkeys(words.templates))
    assert all(one.count("{}") == 1 for one in words.templates)
    assert words.templates[0].rstrip(".\N{IDEOGRAPHIC FULL STOP}") == "{}", "the phrase alone"
    assert parse_target(f"words:\N{SNOWMAN}|{code}", TextContext()) == words


def test_words_are_typed_as_they_are() -> None:
    context = TextContext()
    contrast = Contrast(Words("a cat"), Words("a|b"))
    assert format_target(contrast) == "contrast:words:a cat|words:a%257Cb"
    assert parse_target(format_target(contrast), context) == contrast
    assert parse_target("words:a red car", context) == Words("a red car")
    assert parse_target("words:car|a photo of a {}", context) == Words("car", ("a photo of a {}",))
    assert parse_target("words:100% cotton", context) == Words("100% cotton")
