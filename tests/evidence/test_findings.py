"""What a report says of tests of a map, for a network that looks at one patch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

import attnviz
from attnviz.analysis.explanation import Explanation
from attnviz.analysis.prediction import AskedTarget, Prediction
from attnviz.errors import EvidenceError, UnknownNameError
from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.evidence.findings import find_evidence
from attnviz.export.finding import Finding
from attnviz.methods.questions import choose_method
from attnviz.models.scores import ScoreKind
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import Fit, fit_picture
from attnviz.targets.contrast import Contrast
from tests.evidence.looking import PATCH, SIDE, PatchNet, picture, right_map, subject

LABELS = ["dark", "bright"]


class WhitePatch(PatchNet):
    """Says "bright" only where nine tenths of its patch's light are left: a blur hides it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) - torch.tensor([0.0, 0.4 * self.gain])


def looking_model() -> VisionModel:
    plain = attnviz.Preprocess(size=SIDE, multiple=1, fit=Fit.CROP, mean=(0,) * 3, std=(1,) * 3)
    return attnviz.wrap(WhitePatch(), plain, labels=LABELS, scores="softmax")


def explained(values: np.ndarray) -> Explanation:
    """What a method would have said with this map: the patch is white, so the class is bright."""
    seen = (Prediction("bright", 0.69), Prediction("dark", 0.31))
    return Explanation(
        picture=attnviz.open_picture(picture(), name="patch.png"),
        choice=choose_method("grad-cam", has_attention=False),
        layers=("only",),
        maps=(values.astype(np.float32),),
        predictions=seen,
        classes=(1, 0),
        target=seen[0],
        geometry=fit_picture((SIDE, SIDE), SIDE, Fit.CROP),
        provenance={"model": "patch", "paper": "none"},
    )


@pytest.fixture(scope="module")
def right() -> tuple[Finding, ...]:
    return find_evidence(looking_model(), explained(right_map()))


def test_the_right_map_is_enough_and_its_smallest_picture_keeps_the_patch(
    right: tuple[Finding, ...],
) -> None:
    budget, _ = right
    assert "sharp, the network still says 'bright'" in budget.headline
    ((caption, shown),) = budget.pictures
    assert caption.endswith("sharp it is still “bright”")
    assert (shown[PATCH] == 255).mean() > 0.5, "most of the white patch is as it was"
    assert (shown != picture()).any(-1).mean() > 0.5, "and most of the rest is not"


def test_the_curves_are_those_of_the_budget(right: tuple[Finding, ...]) -> None:
    (chart,) = right[0].charts
    measured = blur_budget(subject(WhitePatch()), right_map())
    own, *others = chart.curves
    assert [own.name, *(one.name for one in others)] == [
        "this map", "random, as smooth", "centred disc", "the map inverted"
    ]  # fmt: skip
    np.testing.assert_allclose(own.xs, 100 * np.asarray(measured.shares))
    np.testing.assert_allclose(own.ys, measured.scores.probability[-1], atol=1e-5)
    mean = measured.controls["random"].probability.mean(0)
    np.testing.assert_allclose(others[0].ys, mean, atol=1e-5)
    assert chart.x_range == (0, 100)


def test_a_right_map_beats_chance_and_its_inverse_does_not(right: tuple[Finding, ...]) -> None:
    assert right[1].headline.startswith("Better than chance")
    _, wrong = find_evidence(looking_model(), explained(1 - right_map()))
    assert wrong.headline.startswith("Worse than chance")
    for finding, first in ((right[1], True), (wrong, False)):
        away, back = finding.charts
        assert (away.x_title[:7], back.x_title[:8]) == ("Removed", "Put back")
        assert [curve.ys[0] for curve in away.curves] == pytest.approx([away.curves[0].ys[0]] * 3)
        # 10 % of the picture is more than the patch: 16 of 576 positions
        removed, random, _ = (curve.ys[1] for curve in away.curves)
        assert (removed < random - 0.1) is first


def test_what_has_no_decision_to_test_says_so() -> None:
    one = explained(right_map())
    with pytest.raises(EvidenceError, match="names no classes"):
        find_evidence(looking_model(), replace(one, predictions=(), classes=(), target=None))
    with pytest.raises(EvidenceError, match="This map is flat"):
        find_evidence(looking_model(), explained(np.ones((4, 4))))
    with pytest.raises(UnknownNameError, match="no layer named 'x'"):
        find_evidence(looking_model(), one, "x")


def test_each_picture_is_counted(right: tuple[Finding, ...]) -> None:
    told: list[tuple[int, int]] = []
    find_evidence(looking_model(), explained(right_map()), progress=lambda *done: told.append(done))
    ends = [done for done in told if done[0] == done[1]]
    assert len(ends) == 2, "the budget, then both fills"
    assert 500 < sum(total for _, total in ends) < 800, "as the documentation has it"


def test_any_question_is_measured_by_its_own_score() -> None:
    one = explained(right_map())
    said = Prediction("bright rather than dark", 0.69)
    asked = AskedTarget(Contrast("bright", "dark"), said, ScoreKind.SIGMOID, 1.0, one.maps)
    budget, chance = find_evidence(looking_model(), replace(one, target=said, asked=(asked,)))
    assert "the network still says 'bright rather than dark'" in budget.headline
    assert budget.pictures[0][0].endswith("“bright rather than dark”")
    assert "'bright rather than dark'" in chance.headline
    (chart,) = budget.charts
    assert chart.curves[0].ys[-1] == pytest.approx(1 / (1 + np.exp(-0.8)), abs=1e-4), "8 (1 - 0.9)"
