"""From outputs to logits, probabilities, margins and decisions, by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from attnviz.models.scores import PLAIN_LOGITS, ScoreKind, Scores

SOFTMAX = PLAIN_LOGITS
SIGMOID = Scores(ScoreKind.SIGMOID, exclusive=False)
SHARES = Scores(ScoreKind.PROBABILITIES)
CHANCES = Scores(ScoreKind.PROBABILITIES, exclusive=False)
LOGARITHMS = Scores(ScoreKind.PROBABILITIES, logarithms=True)
FEATURES = Scores(ScoreKind.NONE)


def test_plain_logits_are_left_alone() -> None:
    logits = torch.tensor([[0.0, math.log(3)]])
    assert SOFTMAX.logits(logits) is logits
    assert not SOFTMAX.converts
    torch.testing.assert_close(SOFTMAX.probabilities(logits), torch.tensor([[0.25, 0.75]]))


def test_independent_labels_have_a_probability_each() -> None:
    logits = torch.tensor([[0.0, math.log(3), math.log(4)]])
    torch.testing.assert_close(SIGMOID.probabilities(logits), torch.tensor([[0.5, 0.75, 0.8]]))
    assert not SIGMOID.converts


@pytest.mark.parametrize("returned", [[0.125, 0.625, 0.25], [1.0, 0.0, 0.0], [1 / 3] * 3])
@pytest.mark.parametrize("scores", [SHARES, CHANCES])
def test_probabilities_come_back_as_they_were(scores: Scores, returned: list[float]) -> None:
    output = torch.tensor([returned])
    told = scores.probabilities(scores.logits(output))
    torch.testing.assert_close(told, output, atol=1e-7, rtol=1e-6)


def test_features_keep_their_values() -> None:
    output = torch.tensor([[-2.0, 7.5]])
    assert FEATURES.probabilities(FEATURES.logits(output)) is output
    assert not FEATURES.has_classes


@pytest.mark.parametrize("scores", [Scores(ScoreKind.SIGMOID, pair=True), None])
def test_one_output_is_two_classes(scores: Scores | None) -> None:
    """The second is told where the output is high; the gradients have opposite signs."""
    output = torch.tensor([[math.log(3)]], requires_grad=True)
    returned = output
    if scores is None:
        scores, returned = Scores(ScoreKind.PROBABILITIES, pair=True), output.sigmoid()
    logits = scores.logits(returned)
    torch.testing.assert_close(scores.probabilities(logits), torch.tensor([[0.25, 0.75]]))
    torch.testing.assert_close(scores.margin(logits, torch.tensor([1])).exp(), torch.tensor([3.0]))
    assert scores.decision(logits, torch.tensor([0])).tolist() == [1]
    slopes = [
        float(torch.autograd.grad(logits[0, index], output, retain_graph=True)[0])
        for index in (0, 1)
    ]
    assert slopes == pytest.approx([-1, 1], abs=1e-5)


@pytest.mark.parametrize("size", [1.0, 8.0, 30.0])
def test_the_gradient_of_a_softmax_is_that_of_the_logit_against_the_rest(size: float) -> None:
    """Also where the probability is 1 in float32, and its own gradient is lost."""
    logits = torch.tensor([[size, 0.0, -1.0]], requires_grad=True)
    found = torch.autograd.grad(SHARES.logits(logits.softmax(1))[0, 0], logits)[0]
    rest = torch.tensor([0.0, -1.0]).softmax(0)
    expected = torch.tensor([[1.0, -float(rest[0]), -float(rest[1])]])
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)
    read = LOGARITHMS.logits(logits.log_softmax(1))
    torch.testing.assert_close(LOGARITHMS.probabilities(read), logits.softmax(1))
    torch.testing.assert_close(read[0, 0], size - torch.tensor([0.0, -1.0]).logsumexp(0))
    found = torch.autograd.grad(read[0, 0], logits)[0]
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("size", [0.0, 4.0, 6.0, 12.0])
@pytest.mark.parametrize("scores", [SHARES, CHANCES])
def test_gradients_stay_finite_in_half_precision(scores: Scores, size: float) -> None:
    logits = torch.tensor([[size, 0.0, -1.0]], dtype=torch.float16, requires_grad=True)
    chances = logits.softmax(1) if scores is SHARES else logits.sigmoid()
    score = scores.logits(chances)[0, 0] * 256  # as gradients in float16 are scaled
    found = torch.autograd.grad(score, logits)[0].float() / 256
    assert bool(found.isfinite().all())
    assert float(found[0, 0]) == pytest.approx(1, abs=0.05) if size < 4 else found[0, 0] >= 0


@pytest.mark.parametrize("size", [-6.0, 0.5, 6.0])
def test_the_gradient_of_a_sigmoid_is_that_of_its_logit(size: float) -> None:
    logits = torch.tensor([[size, 2.0]], requires_grad=True)
    read = CHANCES.logits(logits.sigmoid())
    torch.testing.assert_close(read, logits, atol=1e-3, rtol=1e-3)
    found = torch.autograd.grad(read[0, 0], logits)[0]
    torch.testing.assert_close(found, torch.tensor([[1.0, 0.0]]), atol=1e-3, rtol=1e-3)


def test_impossible_and_certain_classes_stay_finite() -> None:
    output = torch.tensor([[1.0, 0.0]], requires_grad=True)
    for scores in (SHARES, CHANCES):
        logits = scores.logits(output)
        assert bool(logits.isfinite().all())
        assert bool(torch.autograd.grad(logits.sum(), output)[0].isfinite().all())


def test_the_margin_of_probabilities_is_that_of_the_logits_behind_them() -> None:
    logits = torch.tensor([[2.0, 0.5, -1.0], [0.0, 3.0, 1.0]])
    classes = torch.tensor([0, 2])
    expected = torch.tensor([1.5, -2.0])
    torch.testing.assert_close(SOFTMAX.margin(logits, classes), expected)
    read = SHARES.logits(logits.softmax(1))
    torch.testing.assert_close(SHARES.margin(read, classes), expected)
    differences = SHARES.comparable(read).diff()
    torch.testing.assert_close(differences, logits.diff(), atol=1e-5, rtol=1e-5)


def test_independent_classes_do_not_compete() -> None:
    logits = torch.tensor([[2.0, 0.5, -1.0]] * 3)
    classes = torch.arange(3)
    assert SIGMOID.margin(logits, classes).tolist() == [2.0, 0.5, -1.0]
    assert SIGMOID.decision(logits, classes).tolist() == [0, 1, 0]
    assert SOFTMAX.decision(logits, classes).tolist() == [0, 0, 0]
    assert FEATURES.decision(-logits.abs(), classes).shape == (3,)


@pytest.mark.parametrize("scores", [SOFTMAX, SIGMOID, CHANCES])
def test_the_margin_of_a_single_class_is_its_logit(scores: Scores) -> None:
    logits = torch.tensor([[-3.0], [2.0]])
    assert scores.margin(logits, torch.zeros(2, dtype=torch.long)).tolist() == [-3.0, 2.0]


def test_half_precision_stays_so_that_gradients_are_scaled() -> None:
    output: Tensor = torch.tensor([[0.75, 0.25]], dtype=torch.float16)
    logits = SHARES.logits(output)
    assert logits.dtype is torch.float16
    torch.testing.assert_close(logits.float()[0, 0].exp(), torch.tensor(3.0), atol=1e-2, rtol=1e-2)
