"""What can be asked of a black box: the same maps and evidence as of the network behind it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

import attnviz
from attnviz.analysis.class_maps import class_maps
from attnviz.analysis.explain import method_cost
from attnviz.analysis.layer_trace import trace_layers
from attnviz.errors import EvidenceError, MethodError, ModelError, NoSitesError
from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion
from attnviz.evidence.fills.base import FILLS
from attnviz.evidence.randomisation.check import check_sanity
from attnviz.evidence.run import run_experiment
from attnviz.methods import METHODS
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from tests.models.black_box.networks import small_network

PREPROCESS = attnviz.Preprocess(size=32, fit="squash")
LABELS = ["a", "b", "c"]


@pytest.fixture
def picture(photo: np.ndarray) -> Picture:
    return attnviz.open_picture(photo, name="photo")


@pytest.fixture
def module() -> VisionModel:
    return attnviz.wrap(small_network(), PREPROCESS, LABELS)


@pytest.fixture
def box() -> VisionModel:
    network = small_network()

    def scorer(batch: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network(torch.from_numpy(batch)).numpy()

    return attnviz.black_box(scorer, LABELS, preprocess=PREPROCESS)


@pytest.mark.parametrize("method", ["rise", "occlusion"])
def test_maps_are_those_of_the_network_behind_it(
    method: str, picture: Picture, module: VisionModel, box: VisionModel
) -> None:
    own, other = (attnviz.explain(model, picture, method, "b") for model in (module, box))
    np.testing.assert_allclose(other.maps[0], own.maps[0], rtol=1e-4, atol=1e-5)
    assert own.target == other.target
    assert other.provenance["method"] == method


def test_its_decision_is_asked_by_random_masks(picture: Picture, box: VisionModel) -> None:
    for question in ("decision", "auto"):
        assert attnviz.explain(box, picture, question).method == "rise"
    assert method_cost(box, picture, "rise").forward == 2001
    maps = class_maps(box, picture, ["a", "c"])
    for index, label in enumerate(("a", "c")):
        alone = attnviz.explain(box, picture, "rise", label)
        np.testing.assert_allclose(maps.maps[index], alone.maps[0], atol=1e-6)


def test_what_reads_layers_says_what_can_be_asked(picture: Picture, box: VisionModel) -> None:
    for name in ("attention", *(method.name for method in METHODS if method.kind is not None)):
        with pytest.raises(MethodError, match=r"cannot be observed.*choose rise or occlusion"):
            attnviz.explain(box, picture, name)
    for look in (trace_layers, attnviz.features):
        with pytest.raises(NoSitesError, match="scorer is a black box, whose layers cannot be"):
            look(box, picture)


def test_evidence_is_the_same(picture: Picture, module: VisionModel, box: VisionModel) -> None:
    values = np.arange(16.0).reshape(4, 4)
    fill = FILLS.get("blur")()
    for experiment in (
        partial(blur_budget, values=values),
        partial(insertion_deletion, values=values, fill=fill, steps=5),
    ):
        own, other = (run_experiment(model, picture, experiment)[0] for model in (module, box))
        for name in ("scores", "deletion", "insertion"):
            if hasattr(own, name):
                np.testing.assert_allclose(
                    getattr(other, name).probability, getattr(own, name).probability, atol=1e-5
                )


def test_weights_that_cannot_be_shuffled(picture: Picture, box: VisionModel) -> None:
    with pytest.raises(EvidenceError, match="no weights"):
        check_sanity(box, picture, "occlusion", "input")


def test_it_can_be_stopped(picture: Picture, box: VisionModel) -> None:
    def stop(done: int, total: int | None) -> None:
        if done > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attnviz.explain(box, picture, "rise", progress=stop)


def test_agreement_with_the_network_behind_it(
    picture: Picture, module: VisionModel, box: VisionModel
) -> None:
    result = attnviz.explain(box, picture, "occlusion")
    for reference in (module, module.module):
        found = attnviz.network_agreement(result, box, reference)
        assert found.same_top
        assert found.correlation == pytest.approx(1, abs=1e-3)
        assert found.log_difference < 1e-4
        assert str(found).startswith(f"Agreement with {found.reference}: the same top class")


def test_agreement_by_hand(picture: Picture) -> None:
    """Logits 0 and log 3 give .25 and .75; turned round, they differ by .5, and log 3."""
    logits = torch.tensor([[0.0, np.log(3.0)]])

    def one(batch: np.ndarray) -> torch.Tensor:
        return logits.expand(len(batch), -1)

    def other(batch: np.ndarray) -> torch.Tensor:
        return logits.flip(1).expand(len(batch), -1)

    def three(batch: np.ndarray) -> np.ndarray:
        return np.ones((len(batch), 3))

    first, second, third = (attnviz.black_box(f, input_size=14) for f in (one, other, three))
    result = attnviz.explain(first, picture, "occlusion")
    found = attnviz.network_agreement(result, first, second)
    assert (found.difference, found.log_difference) == pytest.approx((0.5, np.log(3)), abs=1e-5)
    assert not found.same_top
    assert np.isnan(found.correlation)
    assert "another top class" in str(found)
    assert "a flat occlusion map" in str(found)
    with pytest.raises(ModelError, match="one has 2 classes, and three has 3"):
        attnviz.network_agreement(result, first, third)


def test_it_can_be_asked_for_more_than_classes(
    picture: Picture, module: VisionModel, box: VisionModel
) -> None:
    """A contrast of classes is the difference of their maps: occlusion's values are logits."""
    contrast = attnviz.Contrast("a", "b")
    a, b, both = (attnviz.explain(box, picture, "occlusion", one) for one in ("a", "b", contrast))
    np.testing.assert_allclose(both.maps[0], a.maps[0] - b.maps[0], atol=1e-5)
    squared = [
        attnviz.explain(model, picture, "rise", lambda output: output[:, 2] ** 2)
        for model in (module, box)
    ]
    np.testing.assert_allclose(squared[1].maps[0], squared[0].maps[0], rtol=1e-4, atol=1e-6)
