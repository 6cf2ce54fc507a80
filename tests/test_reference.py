"""The page of reference names what is public, in its own words, and nothing else."""

from __future__ import annotations

import inspect
import re

import attnviz
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
LISTED = dict(re.findall(r"^- `attnviz\.([\w.]+)`: (.+)$", PAGE, re.MULTILINE))


def public() -> dict[str, object]:
    names = {name: getattr(attnviz, name) for name in attnviz.__all__}
    of_evidence = attnviz.evidence.__all__
    return names | {f"evidence.{name}": getattr(attnviz.evidence, name) for name in of_evidence}


def summary(thing: object) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


def test_the_page_lists_exactly_the_public_names() -> None:
    assert sorted(LISTED) == sorted(public())


def test_the_page_says_what_the_docstrings_say() -> None:
    assert {name: summary(thing) for name, thing in public().items()} == LISTED


def test_every_public_function_documents_what_it_takes_returns_and_raises() -> None:
    for name, thing in public().items():
        if not inspect.isfunction(thing):
            continue
        text = inspect.getdoc(thing) or ""
        parameters = inspect.signature(thing).parameters
        assert "\nParameters\n---" in text or not parameters, name
        assert "\nReturns\n---" in text or "\nYields\n---" in text, name
        assert "\nRaises\n---" in text, name
        for one in parameters:
            assert re.search(rf"^\**(\w+, )*\**{one}\b", text, re.MULTILINE), (name, one)
