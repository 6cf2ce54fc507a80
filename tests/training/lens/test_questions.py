"""What `lens` is asked for in training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.models.zoo.lens import shares_of_the_answer
from attnviz.training.lens.questions import Questions


@pytest.fixture
def logits() -> torch.Tensor:
    """A thousand classes, of which ten stand out."""
    one = torch.randn(1, 1000, generator=torch.Generator().manual_seed(4))
    one[0, :10] += torch.linspace(14, 10, 10)
    return one


def test_kinds_are_drawn_by_their_shares(logits: torch.Tensor) -> None:
    answer = shares_of_the_answer(logits)[0]
    asked, present = Questions(others=0.3, whole=0.2, absent=0.1).drawn(
        logits.expand(2000, -1), np.random.default_rng(0)
    )
    torch.testing.assert_close(asked.sum(1), torch.ones(2000))
    whole = torch.isclose(asked, answer).all(1)
    first = asked[:, logits.argmax()] == 1
    others = (asked.amax(1) == 1) & ~first & (answer[asked.argmax(1)] > 0)
    shares = [float(kind.float().mean()) for kind in (whole, first, others, ~present)]
    again = 0.3 * float(answer.max())  # another of the first ten may be the first
    expected = [0.9 * 0.2, 0.9 * (0.5 + again), 0.9 * (0.3 - again), 0.1]
    np.testing.assert_allclose(shares, expected, atol=0.035)  # three deviations


def test_without_shares_the_first_answer_is_asked_for(logits: torch.Tensor) -> None:
    asked, present = Questions(0, 0, 0).drawn(logits.expand(50, -1), np.random.default_rng(1))
    assert asked.argmax(1).unique().tolist() == [int(logits.argmax())]
    assert (asked.amax(1) == 1).all()
    assert present.all()


def test_a_class_at_random_is_present_where_it_happens_to_be_the_answer() -> None:
    few = torch.tensor([[2.0, 0.0]]).expand(400, -1)  # of two classes
    asked, present = Questions(0, 0, 1).drawn(few, np.random.default_rng(2))
    assert bool(present[0])  # a batch always has something to keep
    torch.testing.assert_close(present, asked[:, 0] == 1)
    assert 0.4 < float(present.float().mean()) < 0.6
