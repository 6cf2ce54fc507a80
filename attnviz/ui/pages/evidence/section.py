"""A section of the page "Evidence": a question about a map, and the part of the page that answers.

A new section is a file in `attnviz/ui/pages/evidence` that adds itself to `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attnviz.registry import Registry
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest


@dataclass(frozen=True)
class Section:
    """A question and the way to its answer.

    name: in the page's address. title: as the user reads it. place: sections stand in this order.
    show: draws the answer; it runs in a fragment, inside `guarded`.
    """

    name: str
    title: str
    place: int
    show: Callable[[MapUnderTest], None]


SECTIONS: Registry[Section] = Registry("section")
