"""Detectors and segmenters as black boxes: what the same network finds and rests on as a module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz import Box, Region
from attnviz.analysis.network_agreement import network_agreement
from attnviz.errors import ModelError, UnknownNameError
from tests.targets.test_places_by_hand import LABELS, PLAIN, Halves, wrapped
from tests.targets.test_places_by_hand import picture as picture

LEFT, RIGHT = [0, 0, 4, 8], [4, 0, 8, 8]


def found_by_hand(batch: np.ndarray) -> list[dict[str, Any]]:
    """What `Halves` finds, in NumPy and lists, and no more than it is sure of by a fifth."""
    found = []
    for one in batch:
        values = [float(one[0, :, :4].mean()), float(one[1, :, 4:].mean())]
        every = zip([LEFT, RIGHT], values, [1, 2], strict=True)
        rows = [row for row in every if row[1] >= 0.2]
        boxes, scores, labels = map(list, zip(*rows, strict=True)) if rows else ([], [], [])
        found.append({"boxes": boxes, "scores": np.array(scores), "labels": labels})
    return found


def as_module(form: str) -> Callable[[torch.Tensor], Any]:
    network = Halves(form)

    def call(batch: torch.Tensor) -> Any:
        with torch.no_grad():
            return network(batch)

    return call


def box(given: Any = found_by_hand, outputs: str = "boxes", **how: Any) -> attnviz.VisionModel:
    return attnviz.black_box(given, LABELS, preprocess=PLAIN, outputs=outputs, **how)


def test_what_is_found_and_its_d_rise_are_those_of_the_module(picture: attnviz.Picture) -> None:
    """Also where it is given seven masked pictures at a time, and finds nothing in some."""
    model, module = box(batch=7), wrapped()
    found = attnviz.detect(model, picture, least=0)
    assert [(one.target, one.label) for one in found] == [
        (Box(0, 0, 0.5, 1, "red"), "red"),
        (Box(0.5, 0, 1, 1, "green"), "green"),
    ]
    assert [one.score for one in found] == pytest.approx([0.8, 0.3])
    result = attnviz.explain(model, picture, "decision", Box(0, 0, 0.5, 0.5))
    assert result.method == "d-rise"
    (asked,) = result.asked
    assert asked.prediction.probability == pytest.approx(0.4), "half of the box that it overlaps"
    expected = attnviz.explain(module, picture, "d-rise", Box(0, 0, 0.5, 0.5))
    np.testing.assert_allclose(result.maps[0], expected.maps[0], rtol=1e-4, atol=1e-6)
    told = network_agreement(result, model, Halves())
    assert told.same_top
    assert told.correlation == pytest.approx(1)
    assert "the same top class" in str(told)


@pytest.mark.parametrize(
    ("form", "outputs", "score"),
    [("queries", "boxes", np.exp(1.6) / (3 + np.exp(1.6))), ("masks", "boxes", 0.8)],
)
def test_queries_and_masks(picture: attnviz.Picture, form: str, outputs: str, score: float) -> None:
    model = box(as_module(form), outputs, takes="tensor", batch=2)
    first, *_ = attnviz.detect(model, picture, least=0)
    assert (first.label, first.score) == ("red", pytest.approx(score))
    same = attnviz.explain(wrapped(form), picture, "d-rise", first.target)
    result = attnviz.explain(model, picture, "auto", first.target)
    np.testing.assert_allclose(result.maps[0], same.maps[0], rtol=1e-4, atol=1e-6)


def test_a_segmenter_is_asked_by_hiding_parts(picture: attnviz.Picture) -> None:
    model = box(as_module("dense"), "dense", takes="tensor")
    mask = np.zeros((16, 16), bool)
    mask[:8, 8:] = True
    result = attnviz.explain(model, picture, "occlusion", Region(mask))
    same = attnviz.explain(wrapped("dense"), picture, "occlusion", Region(mask))
    assert result.target is not None
    assert same.target is not None
    assert result.target.probability == pytest.approx(same.target.probability)
    np.testing.assert_allclose(result.maps[0], same.maps[0], rtol=1e-4, atol=1e-5)
    assert attnviz.explain(model, picture, "decision", Region(mask)).method == "rise"


def one_less(batch: np.ndarray) -> Any:
    return found_by_hand(batch)[1:]


def not_a_number(batch: np.ndarray) -> Any:
    return [{**one, "scores": [np.nan] * len(one["labels"])} for one in found_by_hand(batch)]


@pytest.mark.parametrize(
    ("given", "outputs", "sentence"),
    [
        (lambda _: None, "boxes", r"returned nothing, and no places\. Return a list with a dict"),
        (lambda _: ["cat"], "boxes", r"returned a list, and no places"),
        (one_less, "boxes", r"returned places for 0 pictures, and was given 1"),
        (not_a_number, "boxes", r"returned NaN for a picture"),
        (lambda batch: [{"scores": [1.0]} for _ in batch], "boxes", r"dictionary without boxes"),
        (lambda batch: batch[:, 0], "dense", r"no classes of each position"),
    ],
)
def test_what_cannot_be_read_is_told(
    picture: attnviz.Picture, given: Any, outputs: str, sentence: str
) -> None:
    with pytest.raises(ModelError, match=sentence):
        attnviz.detect(box(given, outputs, name="finder"), picture)


def test_an_unknown_kind_of_output_is_told() -> None:
    with pytest.raises(UnknownNameError, match="kind of output"):
        box(outputs="circles")
