"""A section of the page "Evidence": one question about a map, and the code that answers it.

A new section is a file in `attnviz/ui/pages/evidence` that adds itself to `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from attnviz.registry import Registry
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest


@dataclass(frozen=True)
class Section:
    """A question about a map and the function that answers it.

    Parameters
    ----------
    name : str
        Identifies the section in the page's address.
    title : str
        Text of the section's button.
    order : int
        Sections are sorted by it.
    show : callable
        Draws the answer. It runs in a fragment, inside `guarded`.
    needs_target : bool
        Whether it measures what the map explains, or else the top class.
    """

    name: str
    title: str
    order: int
    show: Callable[[MapUnderTest], None]
    needs_target: bool = True


SECTIONS: Registry[Section] = Registry("section")
