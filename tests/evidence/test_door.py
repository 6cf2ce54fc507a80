"""Evidence for scripts: the same numbers as the page's own code, in small results."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from pytorch_grad_cam.metrics.road import ROADCombined
from torch import Tensor, nn

import attnviz
from attnviz.errors import EvidenceError, UnknownNameError
from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion
from attnviz.evidence.faithfulness.road import road_score
from attnviz.evidence.fills.base import MeanGrey
from attnviz.evidence.subject import Subject
from attnviz.pictures.geometry import Fit
from tests.conftest import TinyCnn
from tests.evidence.looking import right_map, subject

PLAIN = attnviz.Preprocess(size=32, multiple=1, fit=Fit.SQUASH, mean=(0,) * 3, std=(1,) * 3)


@pytest.fixture(scope="module")
def module() -> nn.Module:
    torch.manual_seed(0)
    network = TinyCnn().eval()
    network.head.weight.data.mul_(10)
    return network


@pytest.fixture(scope="module")
def model(module: nn.Module) -> attnviz.VisionModel:
    return attnviz.wrap(module, PLAIN, list("abcd"), name="tiny", scores="softmax")


@pytest.fixture(scope="module")
def explained(model: attnviz.VisionModel) -> attnviz.Explanation:
    y, x = np.mgrid[:32, :32]
    pixels = np.random.default_rng(2).integers(0, 120, (32, 32, 3)).astype(np.uint8)
    pixels[(y - 12) ** 2 + (x - 20) ** 2 < 40] = (250, 200, 40)
    return attnviz.explain(model, attnviz.open_picture(pixels, name="disc"), "grad-cam")


def subject_of(explained: attnviz.Explanation, module: nn.Module) -> Subject:
    return Subject(module, explained.picture.pixels, lambda x: x, explained.classes[0])


def test_the_numbers_are_those_of_the_pages_code(
    model: attnviz.VisionModel, module: nn.Module, explained: attnviz.Explanation
) -> None:
    values, seen = explained.map_of(0), subject_of(explained, module)
    budget = attnviz.evidence.blur_budget(model, explained, layer=0)
    expected = blur_budget(seen, values)
    np.testing.assert_allclose(budget.scores.probability, expected.scores.probability, atol=1e-6)
    curves = attnviz.evidence.insertion_deletion(model, explained, layer=0, fill="grey", steps=4)
    same = insertion_deletion(seen, values, MeanGrey(), steps=4)
    assert curves.gain == pytest.approx(same.gain, abs=1e-6)
    told = curves.to_dict()
    assert told["insertion"]["area"] == pytest.approx(same.insertion.area, abs=1e-6)
    assert told["deletion"]["shares"] == [0, 0.25, 0.5, 0.75, 1]
    road = attnviz.evidence.road(model, explained, layer=0)
    assert road.score == pytest.approx(road_score(seen, values).score, abs=1e-6)
    assert road.score == pytest.approx((road.least_first - road.most_first).mean() / 2, abs=1e-6)


def test_a_picture_is_explained_first(
    model: attnviz.VisionModel, explained: attnviz.Explanation
) -> None:
    of_picture = attnviz.evidence.insertion_deletion(model, explained.picture, "grad-cam", steps=3)
    of_explanation = attnviz.evidence.insertion_deletion(model, explained, steps=3)
    assert of_picture.gain == pytest.approx(of_explanation.gain, abs=1e-6)


class Library(nn.Module):
    """The network with a softmax, as the library scores probabilities."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, inputs: Tensor) -> Tensor:
        return self.module(inputs).softmax(1)


def test_road_is_pytorch_grad_cams() -> None:
    """On a map without ties, with the exact fill; the library's own noise is left in."""
    values, looking = right_map(), subject()
    ours = road_score(looking, values, exact=True, noise=0)
    theirs = ROADCombined(percentiles=[10, 20, 30, 40, 50, 60, 70, 80, 90])(
        looking.inputs,
        values[None] / values.max(),
        [lambda output: output[1]],
        Library(looking.module),
    )
    assert ours.score > 0.1
    assert ours.score == pytest.approx(float(theirs[0]), abs=2e-3)


def test_sanity_and_regions(model: attnviz.VisionModel, explained: attnviz.Explanation) -> None:
    check = attnviz.evidence.sanity(model, explained, layer=0)
    told = check.to_dict()
    assert told["verdict"] == check.verdict
    assert told["steps"][0]["similarity"]["spearman"] == pytest.approx(1)
    assert len(told["final_ranks"]) == 3
    regions = attnviz.evidence.regions(model, explained, count=4, cut="grid")
    found = regions.interactions
    assert found.shapley.sum() == pytest.approx(found.full_value - found.empty_value, abs=1e-5)
    assert np.asarray(regions.to_dict()["labels"]).shape == (32, 32)
    again = attnviz.evidence.regions(model, explained.picture, count=4, cut="grid")
    np.testing.assert_allclose(again.interactions.shapley, found.shapley, atol=1e-6)
    for result in (check, regions):
        assert len(repr(result)) < 120
        json.dumps(result.to_dict())


def test_results_print_as_a_line_and_go_to_json(
    model: attnviz.VisionModel, explained: attnviz.Explanation
) -> None:
    budget = attnviz.evidence.blur_budget(model, explained)
    for result in (budget, attnviz.evidence.road(model, explained)):
        assert "\n" not in repr(result)
        assert len(repr(result)) < 120
        assert json.loads(json.dumps(result.to_dict(), allow_nan=False)) == result.to_dict()
        assert (result == budget) == (result is budget)


def test_unknown_names_and_missing_decisions_are_refused(
    model: attnviz.VisionModel, module: nn.Module, explained: attnviz.Explanation
) -> None:
    with pytest.raises(UnknownNameError, match="fill named 'white'"):
        attnviz.evidence.insertion_deletion(model, explained, fill="white")
    with pytest.raises(UnknownNameError, match="Nearest: "):
        attnviz.evidence.road(model, explained, layer="features.O")
    with pytest.raises(UnknownNameError, match="no cut named 'hexagons'"):
        attnviz.evidence.regions(model, explained, cut="hexagons")
    features = attnviz.wrap(module, PLAIN, name="features", scores="none")
    with pytest.raises(EvidenceError, match="names no classes"):
        attnviz.evidence.regions(features, explained.picture, cut="grid")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        attnviz.evidence.nothing  # noqa: B018
