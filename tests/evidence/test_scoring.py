"""What a network makes of variants, against logits worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from attnviz.errors import EvidenceError, UnknownClassError
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from tests.evidence.looking import picture


class First(nn.Module):
    """Logits are the first three numbers of the red plane; a tuple, as some networks return."""

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        return x[:, 0, 0, :3], None


def with_logits(*rows: list[float]) -> Tensor:
    variants = torch.zeros(len(rows), 3, 24, 24)
    variants[:, 0, 0, :3] = torch.tensor(rows)
    return variants


def asked(net: nn.Module | None = None, target: int = 1) -> Subject:
    return Subject(net or First(), picture(), lambda x: x, target)


def test_probability_logit_margin_and_first_class() -> None:
    found = score_variants(
        asked(), iter([with_logits([0, 1, 2]), with_logits([0, 5, 2], [1, 1, 1])]), 3
    )
    e = math.e
    assert found.probability == pytest.approx(
        [e / (1 + e + e**2), e**5 / (1 + e**5 + e**2), 1 / 3], abs=1e-6
    )
    assert found.logit.tolist() == [1, 5, 1]
    assert found.margin.tolist() == [-1, 3, 0]
    assert found.first.tolist() == [2, 1, 0]


def test_with_one_class_the_margin_is_the_logit() -> None:
    class One(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x[:, 0, 0, :1] + 2

    found = score_variants(asked(One(), 0), [with_logits([3, 0, 0])], 1)
    assert (found.probability[0], found.margin[0]) == (1, 5)


def test_progress_is_told_after_each_pass_and_may_stop_the_next() -> None:
    told: list[tuple[int, int]] = []
    score_variants(asked(), [with_logits([0, 0, 0])] * 3, 3, lambda *said: told.append(said))
    assert told == [(1, 3), (2, 3), (3, 3)]
    made: list[int] = []

    def variants() -> object:
        for number in range(3):
            made.append(number)
            yield with_logits([0, 0, 0])

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_variants(asked(), variants(), 3, stop)  # type: ignore[arg-type]
    assert made == [0]


def test_what_cannot_be_weighed_is_said() -> None:
    with pytest.raises(EvidenceError, match="not finite"):
        score_variants(asked(), [with_logits([0, math.nan, 0])], 1)
    with pytest.raises(EvidenceError, match="no variant"):
        score_variants(asked(), [], 0)
    with pytest.raises(UnknownClassError):
        score_variants(asked(target=3), [with_logits([0, 0, 0])], 1)


def test_no_graph_is_kept() -> None:
    class Learning(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))
            self.grad_was_on = True

        def forward(self, x: Tensor) -> Tensor:
            self.grad_was_on = torch.is_grad_enabled()
            return x[:, 0, 0, :3] * self.weight

    net = Learning()
    score_variants(asked(net), [with_logits([0, 1, 2])], 1)
    assert not net.grad_was_on
