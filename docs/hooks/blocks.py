"""Blocks of code in a page, and what they printed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of code that is run: its language, `python` or `sh`, and the lines before it."""

    language: str
    code: str
    lines_before: int


def code_blocks(text: str) -> list[Block]:
    """The blocks of a page that are run, from top to bottom."""
    return [
        Block(found[1], found[2], text.count("\n", 0, found.start(2)))
        for found in _BLOCK.finditer(text)
    ]


def after_blocks(text: str, printed: Iterable[str]) -> str:
    """The page with what each block printed below it."""
    outputs = iter(printed)

    def with_output(found: re.Match[str]) -> str:
        output = next(outputs).rstrip()
        return f"{found[0]}\n\n```text\n{output}\n```" if output else found[0]

    return _BLOCK.sub(with_output, text)
