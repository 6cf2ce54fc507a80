"""Experiments on any score: worked by hand on a network whose logits are mean colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz.errors import TargetError, UnknownClassError
from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion
from attnviz.evidence.fills.base import Black
from attnviz.evidence.randomisation.check import check_sanity
from attnviz.evidence.run import run_experiment
from attnviz.evidence.scoring import VariantScores, score_variants
from attnviz.evidence.subject import Subject
from tests.state import left_as_it_was
from tests.targets.colours import LABELS, PLAIN, Colours, two_colours
from tests.targets.test_places_by_hand import wrapped

RED = attnviz.open_picture(np.full((8, 8, 3), (255, 0, 0), np.uint8), name="red")


@pytest.fixture
def model() -> attnviz.VisionModel:
    return attnviz.wrap(Colours(), PLAIN, LABELS, name="colours", scores="softmax")


def without_red(subject: Subject) -> VariantScores:
    """Scores of the picture, and of the picture without its left half."""
    changed = subject.inputs.clone()
    changed[..., :4] = 0
    return score_variants(subject, [torch.cat([subject.inputs, changed])], 2)


# Logits of the picture are 2, 1 and 0, and without its left half 0, 1 and 0.
BY_HAND: dict[str, tuple[Any, list[float], list[float], list[int]]] = {
    "a contrast": (
        attnviz.Contrast("red", "green"),
        [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))], [1, -1], [0, 1],
    ),
    "several": (
        ["red", attnviz.Contrast("green", "blue")],  # columns 2, 1 and 0, 1
        [np.exp(2) / (np.exp(2) + np.exp(1)), 1 / (1 + np.exp(1))], [1, -1], [0, 1],
    ),
    # 4, and 2 as of an empty picture
    "a function": (lambda output: output[:, 0] + 2, [1, 0], [1, -1], [0, 1]),
    "a function below 0": (lambda output: output[:, 1] - 9, [1, 1], [0.5, 0.5], [0, 0]),
    "likeness": (attnviz.Alike(RED), [1, 0], [1 / np.sqrt(5), -1 / np.sqrt(5)], [0, 1]),
    "a patch that is gone": (attnviz.Patch(0.2, 0.2), [1, 0], [0.5, -0.5], [0, 1]),
    "a patch that stays": (attnviz.Patch(0.8, 0.2), [1, 1], [0.5, 0.5], [0, 0]),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_scores_of_a_changed_picture(model: attnviz.VisionModel, name: str) -> None:
    target, shares, margins, decisions = BY_HAND[name]
    with left_as_it_was(model.module):
        found, notes = run_experiment(model, two_colours(), without_red, target)
    assert notes == ()
    np.testing.assert_allclose(found.probability, shares, atol=1e-6)
    np.testing.assert_allclose(found.margin, margins, atol=1e-6)
    assert found.first.tolist() == decisions


def test_a_class_is_measured_as_ever(model: attnviz.VisionModel) -> None:
    found, _ = run_experiment(model, two_colours(), without_red, "green")
    chances = np.exp([[2, 1, 0], [0, 1, 0]])
    np.testing.assert_allclose(found.probability, (chances / chances.sum(1)[:, None])[:, 1], 1e-5)
    assert found.first.tolist() == [0, 1]


def test_a_score_without_shares_is_refused(model: attnviz.VisionModel) -> None:
    with pytest.raises(TargetError, match=r"is -2 on this picture, and -?0 on an empty one"):
        run_experiment(model, two_colours(), without_red, lambda output: -output[:, 0])
    with pytest.raises(UnknownClassError):
        run_experiment(model, two_colours(), without_red, attnviz.Contrast("red", "grey"))


def test_an_output_of_any_form_is_measured() -> None:
    boxes = attnviz.wrap(Colours(lambda logits: {"boxes": logits[:, None]}), PLAIN)
    found, _ = run_experiment(boxes, two_colours(), without_red, lambda out: out["boxes"][:, 0, 0])
    np.testing.assert_allclose(found.probability, [1, 0], atol=1e-6)


def test_budgets_and_curves_follow_the_score(model: attnviz.VisionModel) -> None:
    contrast = attnviz.Contrast("red", "green")
    values = attnviz.explain(model, two_colours(), "hires-cam", contrast).maps[-1]
    budget, _ = run_experiment(model, two_colours(), lambda one: blur_budget(one, values), contrast)
    assert budget.recognised
    assert budget.scores.probability[0, -1] == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-5)
    curves, _ = run_experiment(
        model,
        two_colours(),
        lambda one: insertion_deletion(one, values, Black(), steps=2),
        contrast,
    )
    # What is red goes first: without it green is ahead by 1, alone it is ahead by 2.
    np.testing.assert_allclose(curves.deletion.margin, [1, -1, 0], atol=1e-5)
    np.testing.assert_allclose(curves.insertion.margin, [0, 2, 1], atol=1e-5)


def test_the_sanity_check_explains_the_same_target(model: attnviz.VisionModel) -> None:
    asked: list[Any] = []

    def red(output: torch.Tensor) -> torch.Tensor:
        asked.append(len(output))
        return output[:, 0]

    check = check_sanity(model, two_colours(), "hires-cam", "cells", red)
    assert len(asked) >= len(check.steps) + 3  # every step, and three controls
    assert check.steps[0].similarity is not None


def test_a_box_is_measured_by_what_is_left_of_its_score() -> None:
    def changed(subject: Subject) -> VariantScores:
        half, none = subject.inputs / 2, subject.inputs.clone()
        none[..., :4] = 0  # nothing red
        return score_variants(subject, [torch.cat([subject.inputs, half, none])], 3)

    model, box = wrapped("boxes"), attnviz.Box(0, 0, 0.5, 1, "red")
    found, _ = run_experiment(model, two_colours(), changed, box)
    np.testing.assert_allclose(found.probability, [1, 0.5, 0], atol=1e-6)
    assert found.first.tolist() == [0, 0, 1]
