"""The map of a prompt lies on the thing that is drawn: a CLIP that was trained a moment ago."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from attnviz import Picture, Words, explain
from attnviz.analysis.explanation import Explanation
from tests.words import PATCH, PROMPTS, Drawing, draw, tiny_clip

SLACK = PATCH / 2  # px: the peak is where a patch is, and no finer
PATCHES = "joint.patches.3"  # behind the block, only the class token counts


def drawings(count: int = 20) -> Iterator[tuple[Drawing, Picture]]:
    random = np.random.default_rng(99)
    for _ in range(count):
        drawing = draw(random, 2)
        yield drawing, Picture(drawing.pixels, "drawing", "0" * 64)


def hits(
    values: npt.NDArray[np.float32], found: Explanation, inside: npt.NDArray[np.bool_]
) -> bool:
    """Whether the peak of a map is on the thing."""
    spread = np.asarray(found.geometry.spread(values))
    peak = np.unravel_index(spread.argmax(), spread.shape)
    return bool(np.hypot(*(np.argwhere(inside) - peak).T).min() <= SLACK)


@pytest.mark.parametrize(("method", "layer"), [("legrad", None), ("chefer", None)])
def test_a_prompt_points_at_its_thing(method: str, layer: str | None) -> None:
    model = tiny_clip()
    pointed = [
        hits(found.map_of(layer or found.best_layer), found, inside)
        for drawing, picture in drawings()
        for prompt, inside in drawing.things.items()
        for found in [explain(model, picture, method, Words(prompt))]
    ]
    assert len(pointed) == 40
    assert np.mean(pointed) >= 0.95


@pytest.mark.parametrize(
    ("method", "layer"),
    [("legrad", None), ("chefer", None), ("grad-cam", PATCHES), ("direct-contributions", None)],
)
def test_prompts_that_compete_divide_the_picture(method: str, layer: str | None) -> None:
    """Where the map of one is above that of the other most, it is the one's thing."""
    model, pointed = tiny_clip(), []
    for drawing, picture in drawings():
        found = explain(model, picture, method, [Words(prompt) for prompt in drawing.things])
        at = found.index_of(layer or found.best_layer)
        first, second = (np.maximum(one.maps[at], 0) for one in found.asked)
        for values, inside in zip(
            (first - second, second - first), drawing.things.values(), strict=True
        ):
            pointed.append(hits(values, found, inside))
    assert np.mean(pointed) >= 0.95


def test_several_prompts_are_told_apart_by_what_patches_bring() -> None:
    """Each of the maps points at its own thing; softmax gives no patch to two things."""
    model, pointed = tiny_clip(), []
    for drawing, picture in drawings():
        found = explain(model, picture, "decision", [Words(prompt) for prompt in drawing.things])
        assert found.choice.method.name == "direct-contributions"
        at = found.index_of(found.best_layer)
        for one, inside in zip(found.asked, drawing.things.values(), strict=True):
            pointed.append(hits(one.maps[at], found, inside))
    assert np.mean(pointed) >= 0.95


def test_one_prompt_alone_is_asked_as_ever() -> None:
    _, picture = next(drawings(1))
    found = explain(tiny_clip(), picture, "decision", Words("a red square"))
    assert found.choice.method.name == "legrad"


def test_what_is_drawn_scores_above_what_is_not() -> None:
    """Colour and shape of what is not there are not both drawn: which belongs to which, words whose
    mean is taken cannot tell (Yuksekgonul et al., 2022).
    """
    model, right = tiny_clip(), []
    for drawing, picture in drawings():
        drawn = {word for prompt in drawing.things for word in prompt.split()}
        other = next(p for p in PROMPTS if not drawn.issuperset(p.split()))
        found = explain(model, picture, "legrad", [*map(Words, drawing.things), Words(other)])
        *there, absent = (one.prediction.probability for one in found.asked)
        right.extend(value > absent for value in there)
    assert np.mean(right) >= 0.95


def test_a_mirrored_picture_has_its_peak_mirrored() -> None:
    """Positions were learned, so the values differ a little; the thing is found all the same."""
    model, pointed = tiny_clip(), []
    for drawing, picture in drawings(8):
        mirrored = Picture(np.ascontiguousarray(picture.pixels[:, ::-1]), "mirrored", "1" * 64)
        for prompt, inside in drawing.things.items():
            found = explain(model, mirrored, "chefer", Words(prompt))
            pointed.append(hits(found.map_of(found.best_layer), found, inside[:, ::-1]))
    assert np.mean(pointed) >= 0.9
