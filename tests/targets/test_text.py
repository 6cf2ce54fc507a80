"""One text form of every target, for links, the command line, provenance and file names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnviz.errors import TargetError
from attnviz.pictures import open_picture
from attnviz.targets import TARGETS, Target, TextContext
from attnviz.targets.alike import Alike
from attnviz.targets.box import Box
from attnviz.targets.contrast import Contrast
from attnviz.targets.patch import Patch
from attnviz.targets.region import Region
from attnviz.targets.single_class import Class
from attnviz.targets.text import MOST, as_targets, format_target, format_targets, parse_targets
from attnviz.targets.words import Words

LABELS = ("cat", "dog", "50 %; or so", "a|b", "contrast:x", "7")
OTHER = open_picture(np.zeros((4, 4, 3), np.uint8))
CONTEXT = TextContext(LABELS, {OTHER.sha256: OTHER}.__getitem__)
FORMS: list[tuple[Target, str]] = [
    (Class("dog"), "dog"),
    (Class(3), "3"),
    (Class("50 %; or so"), "50 %25%3B or so"),
    (Class("contrast:x"), "class:contrast:x"),
    (Contrast("cat", "dog"), "contrast:cat|dog"),
    (Contrast("a|b", 2), "contrast:a%7Cb|2"),
    (Patch(0.4, 0.625), "patch:.4,.625"),
    (Patch(0, 1), "patch:0,1"),
    (Contrast(Patch(0.1, 0.2), "dog"), "contrast:patch:.1,.2|dog"),
    (Box(0.1, 0.25, 0.5, 1), "box:.1,.25,.5,1"),
    (Box(0, 0, 1, 1, "a, b|c"), "box:0,0,1,1,a, b%7Cc"),
    (Box(0, 0, 1, 1, 3), "box:0,0,1,1,3"),
    (Region(np.eye(2), "dog"), "region:2x2,eNqbAAAAkQCR,dog"),
    (Alike(OTHER), f"alike:{OTHER.sha256}"),
    (Alike(OTHER, at=(0.5, 0.125)), f"alike:{OTHER.sha256}@.5,.125"),
    (Words("cat; dog", ("a photo of a {}",)), "words:cat%253B dog%7Ca photo of a {}"),
]


@pytest.mark.parametrize(("target", "text"), FORMS)
def test_a_target_is_written_and_read(target: Target, text: str) -> None:
    assert format_target(target) == text
    assert parse_targets(text, CONTEXT) == (target,)


def test_several_are_written_one_after_another() -> None:
    all_targets = tuple(target for target, _ in FORMS)
    for targets in (all_targets[:MOST], all_targets[-MOST:]):
        assert parse_targets(format_targets(targets), CONTEXT) == targets


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("class:dog", Class("dog")),
        (" dog ", Class("dog")),
        ("50 %; or so", Class("50 %; or so")),  # a label as it is
        ("a|b", Class("a|b")),
        ("7", Class("7")),  # a label, and no index
        ("6", Class(6)),
        ("contrast: cat | class:dog", Contrast("cat", "dog")),
        ("box:0,0,1,1, 6", Box(0, 0, 1, 1, 6)),
        ("box:0,0,1,1,7", Box(0, 0, 1, 1, "7")),
        ("box:0,0,1,1," + "9" * 5000, Box(0, 0, 1, 1, "9" * 5000)),  # too long for an index
    ],
)
def test_what_people_write_is_read(text: str, target: Target) -> None:
    assert parse_targets(text, CONTEXT) == (target,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "class:",
        "contrast:",
        "contrast:cat",
        "contrast:a|b|c",
        "dog;;cat",
        "patch:.4",
        "patch:a,b",
        "box:.1,.2,.3",
        "box:.1,.2,.1,.4",
        "box:.1,.2,3,4",
        "region:2x2",
        "region:2x2,eNqbAAAAkQC",
        "region:9999x9999,eNqbAAAAkQCR",
        "region:4x4,eNqbAAAAkQCR",
    ],
)
def test_what_asks_for_nothing_is_refused(text: str) -> None:
    with pytest.raises(TargetError):
        parse_targets(text, TextContext())


def test_too_many_are_refused() -> None:
    assert len(as_targets(list(range(MOST)))) == MOST
    with pytest.raises(TargetError, match=f"Between 1 and {MOST}"):
        as_targets(list(range(MOST + 1)))


@pytest.mark.parametrize(
    ("given", "targets"),
    [
        (None, ()),
        (3, (Class(3),)),
        ("dog", (Class("dog"),)),
        ("7", (Class("7"),)),
        (["dog", Contrast("a", "b"), "dog"], (Class("dog"), Contrast("a", "b"))),
        ("contrast:a|b", (Contrast("a", "b"),)),
    ],
)
def test_what_is_given_in_python(given: Any, targets: tuple[Target, ...]) -> None:
    assert as_targets(given) == targets


def test_every_kind_has_a_form_here() -> None:
    shown = {type(target) for target, _ in FORMS}
    kinds = {kind.name for kind in TARGETS if kind.parts} | {"region"}
    assert kinds == {kind.name for kind in shown}
