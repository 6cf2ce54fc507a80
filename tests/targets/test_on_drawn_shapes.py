"""A small detector and a small segmenter of drawn shapes: maps lie on what was asked for."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import attnviz
from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion
from attnviz.evidence.fills.base import FILLS
from attnviz.evidence.run import run_experiment
from attnviz.types import FloatArray
from tests.targets.drawn_shapes import (
    LABELS,
    SIDE,
    Drawing,
    TinyDetector,
    TinySegmenter,
    detector_loss,
    draw,
    segmenter_loss,
    trained,
)

PLAIN = attnviz.Preprocess(size=SIDE, fit="squash", mean=(0, 0, 0), std=(1, 1, 1))
DRAWINGS = [draw(seed) for seed in range(12)]


@pytest.fixture(scope="module")
def detector() -> attnviz.VisionModel:
    network = trained(TinyDetector(), detector_loss, 150)
    return attnviz.wrap(network, PLAIN, list(LABELS), outputs="boxes")


@pytest.fixture(scope="module")
def segmenter() -> attnviz.VisionModel:
    network = trained(TinySegmenter(), segmenter_loss, 100)
    return attnviz.wrap(network, PLAIN, ["ground", *LABELS], outputs="dense")


def box_of(drawing: Drawing, shape: int) -> attnviz.Box:
    left, top, right, bottom = (edge / SIDE for edge in drawing.boxes[shape])
    return attnviz.Box(left, top, right, bottom, LABELS[shape])


def points_at(result: attnviz.Explanation, box: tuple[int, int, int, int]) -> bool:
    """Whether the peak of the map that is shown lies in a box."""
    values: FloatArray = result.map_of(result.best_layer)
    row, column = np.unravel_index(values.argmax(), values.shape)
    y, x = (row + 0.5) * SIDE / values.shape[0], (column + 0.5) * SIDE / values.shape[1]
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def test_what_is_found_lies_where_it_was_drawn(
    detector: attnviz.VisionModel, segmenter: attnviz.VisionModel
) -> None:
    near = 0
    for drawing in DRAWINGS:
        found = attnviz.detect(detector, drawing.pixels, least=0.05)
        for shape, label in enumerate(LABELS):
            best = next(one.target for one in found if one.label == label)
            assert isinstance(best, attnviz.Box)
            edges = np.array([best.x0, best.y0, best.x1, best.y1]) * SIDE
            near += bool(np.abs(edges - drawing.boxes[shape]).max() < 5)
        regions = {one.label: one.target for one in attnviz.detect(segmenter, drawing.pixels)}
        for shape, label in enumerate(LABELS):
            region = regions[label]
            assert isinstance(region, attnviz.Region)
            both, either = region.mask & drawing.masks[shape], region.mask | drawing.masks[shape]
            assert both.sum() / either.sum() > 0.4
    assert near >= 18  # of 24


def test_maps_point_into_the_box_that_is_asked_for(detector: attnviz.VisionModel) -> None:
    hits = [
        points_at(
            attnviz.explain(detector, one.pixels, target=box_of(one, shape)), one.boxes[shape]
        )
        for one in DRAWINGS
        for shape in range(len(LABELS))
    ]
    assert np.mean(hits) >= 0.95


def test_maps_point_into_the_region_that_is_asked_for(segmenter: attnviz.VisionModel) -> None:
    hits = [
        points_at(
            attnviz.explain(
                segmenter, one.pixels, target=attnviz.Region(one.masks[shape], LABELS[shape])
            ),
            one.boxes[shape],
        )
        for one in DRAWINGS
        for shape in range(len(LABELS))
    ]
    assert np.mean(hits) >= 0.95


def test_random_masks_point_there_without_gradients(detector: attnviz.VisionModel) -> None:
    for drawing in DRAWINGS[:2]:
        for shape in range(len(LABELS)):
            result = attnviz.explain(detector, drawing.pixels, "d-rise", box_of(drawing, shape))
            assert points_at(result, drawing.boxes[shape])


def test_evidence_is_measured_on_the_score_of_the_box(detector: attnviz.VisionModel) -> None:
    """Where the asked shape is removed the score is gone; the other one's map keeps it."""
    drawing, fill = DRAWINGS[0], FILLS.get("blur")()
    picture, target = attnviz.open_picture(drawing.pixels), box_of(drawing, 0)
    own, other = (
        attnviz.explain(detector, picture, target=box_of(drawing, shape)) for shape in (0, 1)
    )
    lost = []
    for result in (own, other):
        values = result.map_of(result.best_layer)
        test = partial(insertion_deletion, values=values, fill=fill, steps=8)
        lost.append(run_experiment(detector, picture, test, target)[0].deletion.area)
    assert lost[0] < lost[1]
    budget = partial(blur_budget, values=own.map_of(own.best_layer), radii=(2.0, 6.0), seeds=1)
    result = run_experiment(detector, picture, budget, target)[0]
    asked = own.asked[0].prediction.probability
    assert result.scores.probability[0, -1] == pytest.approx(asked, rel=1e-4)
