"""Evidence reads a network's output as its predictions do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.analysis.class_maps import class_maps, finer_map
from attnviz.analysis.explain import probabilities
from attnviz.errors import EvidenceError
from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.evidence.faithfulness.confidence_drop import confidence_drop, occlusion
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion
from attnviz.evidence.faithfulness.sufficiency import sufficiency
from attnviz.evidence.fills.base import FILLS
from attnviz.evidence.run import run_experiment
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from attnviz.models.preprocess import Preprocess
from attnviz.models.scores import ScoreKind, Scores

SMALL = Preprocess(size=32)
MAP = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)


class Net(nn.Module):
    """Three scores by the mean of rectified features, with an end that is passed."""

    def __init__(self, end: Any, outputs: int = 3) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU()
        )
        self.head = nn.Linear(8, outputs)
        self.end = end

    def forward(self, inputs: Tensor) -> Tensor:
        found: Tensor = self.end(self.head(self.body(inputs).mean((2, 3))) * 6)
        return found


@pytest.fixture
def picture(photo: np.ndarray) -> attnviz.Picture:
    return attnviz.open_picture(photo)


def wrapped(end: Any = lambda x: x, **options: Any) -> attnviz.VisionModel:
    outputs = options.pop("outputs", 3)
    return attnviz.wrap(Net(end, outputs).eval(), SMALL, **options)


def variants(subject: Subject) -> Any:
    """The scores of the picture itself and of its halves in grey."""
    inputs = subject.inputs.repeat(3, 1, 1, 1)
    inputs[1, :, :16], inputs[2, :, :, 16:] = 0, 0
    return score_variants(subject, [inputs], 3)


def test_probabilities_give_the_evidence_that_their_logits_give(picture: attnviz.Picture) -> None:
    plain, ended = wrapped(), wrapped(nn.Softmax(1))
    expected, _ = run_experiment(plain, picture, variants, 1)
    found, notes = run_experiment(ended, picture, variants, 1)
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-5)
    np.testing.assert_allclose(found.margin, expected.margin, atol=1e-3)
    np.testing.assert_array_equal(found.first, expected.first)
    assert "told as they are" in notes[0]
    budgets = [
        run_experiment(model, picture, lambda subject: blur_budget(subject, MAP, radii=(2.0, 5.0)))[
            0
        ]
        for model in (plain, ended)
    ]
    np.testing.assert_array_equal(budgets[0].preserved, budgets[1].preserved)
    curves = [
        run_experiment(
            model,
            picture,
            lambda subject: insertion_deletion(subject, MAP, FILLS.get("blur")(), steps=4),
        )[0]
        for model in (plain, ended)
    ]
    assert curves[1].gain == pytest.approx(curves[0].gain, abs=1e-5)


@pytest.mark.parametrize(
    "model",
    [
        lambda: wrapped(torch.sigmoid),
        lambda: wrapped(scores="sigmoid"),
        lambda: wrapped(lambda x: 1 / (1 + torch.exp(-x)), labels=["a", "b", "c"]),
    ],
)
def test_independent_labels_are_measured_each_by_itself(
    model: Any, picture: attnviz.Picture
) -> None:
    """The class is there while its own probability is above a half, whatever the others'."""
    model = model()
    chances = probabilities(model, picture)
    for target in range(3):
        found, _ = run_experiment(model, picture, variants, target)
        assert found.probability[0] == pytest.approx(chances[target], abs=1e-6)
        np.testing.assert_allclose(1 / (1 + np.exp(-found.margin)), found.probability, atol=1e-5)
        np.testing.assert_array_equal(found.margin >= 0, found.probability >= 0.5)
        assert all((found.first == target) == ((found.margin >= 0) | (found.first == target)))
        drop, _ = run_experiment(model, picture, lambda one: confidence_drop(one, MAP), target)
        assert drop.original == pytest.approx(chances[target], abs=1e-6)


@pytest.mark.parametrize("end", [lambda x: x, torch.sigmoid, torch.squeeze])
def test_two_names_of_one_number_are_measured_as_opposites(
    end: Any, picture: attnviz.Picture
) -> None:
    model = wrapped(end, outputs=1, labels=["healthy", "ill"])
    ill, _ = run_experiment(model, picture, variants, "ill")
    healthy, _ = run_experiment(model, picture, variants, "healthy")
    np.testing.assert_allclose(ill.probability + healthy.probability, 1, atol=1e-6)
    np.testing.assert_allclose(ill.margin, -healthy.margin, atol=1e-5)
    np.testing.assert_array_equal(ill.first, (ill.margin > 0).astype(int))
    fill = FILLS.get("blur")()
    losses = [
        run_experiment(model, picture, lambda subject: occlusion(subject, fill), name)[0]
        for name in ("ill", "healthy")
    ]
    np.testing.assert_allclose(losses[0], -losses[1], atol=1e-5)


@pytest.mark.parametrize(
    "method", ["grad-cam", "layer-cam", "competition", "hires-cam", "xgrad-cam"]
)
def test_maps_of_one_number_follow_the_class(method: str, picture: attnviz.Picture) -> None:
    """The map of the second class is that of the number itself; the first has its own."""
    for end in (lambda x: x, torch.sigmoid):
        single = wrapped(outputs=1, labels=["ill"])
        model = wrapped(end, outputs=1, labels=["healthy", "ill"])
        ill = attnviz.explain(model, picture, method, "ill")
        healthy = attnviz.explain(model, picture, method, "healthy")
        assert (ill.maps[-1] != healthy.maps[-1]).any()
        if method != "competition":  # it has a rival now
            np.testing.assert_allclose(
                ill.maps[-1],
                attnviz.explain(single, picture, method).maps[-1],
                rtol=1e-3,
                atol=1e-6,
            )


def test_classes_are_contrasted_by_the_same_probabilities(picture: attnviz.Picture) -> None:
    plain, ended = wrapped(), wrapped(nn.Softmax(1))
    for found in (plain, ended):
        told = class_maps(found, picture, [0, 2]).predictions
        assert [one.probability for one in told] == pytest.approx(
            [float(probabilities(found, picture)[index]) for index in (0, 2)], abs=1e-6
        )
    maps = [
        finer_map(one, picture, 0, [1, 2]).maps[0] for one in (plain, wrapped(scores="sigmoid"))
    ]
    assert all(np.isfinite(one).all() and one.any() for one in maps)
    competing = [attnviz.explain(one, picture, "competition", 0).maps[-1] for one in (plain, ended)]
    assert np.corrcoef(competing[0].ravel(), competing[1].ravel())[0, 1] > 0.9


def test_sufficiency_reads_the_output_as_it_is_told_to(picture: attnviz.Picture) -> None:
    inputs, _ = SMALL.tensor(picture)
    maps, classes = torch.rand(1, 32, 32), torch.tensor([1])
    by_logits = sufficiency(Net(lambda x: x).eval(), inputs, maps, classes, sigma=2)
    by_shares = sufficiency(
        Net(nn.Softmax(1)).eval(),
        inputs,
        maps,
        classes,
        sigma=2,
        scores=Scores(ScoreKind.PROBABILITIES),
    )
    torch.testing.assert_close(by_logits, by_shares)


def test_components_of_features_need_a_name(picture: attnviz.Picture) -> None:
    model = wrapped(scores="none")
    with pytest.raises(EvidenceError, match="Name the component"):
        run_experiment(model, picture, variants)
    found, _ = run_experiment(model, picture, variants, 2)
    np.testing.assert_array_equal(found.margin, found.logit)
    np.testing.assert_array_equal(found.first, [2, 2, 2])
