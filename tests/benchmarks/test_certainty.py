"""The choice of the limits that go into a card."""

from __future__ import annotations

import numpy as np

from attnviz.models.spec import CertaintyLimits
from benchmarks.certainty import Decisions, choose_limits


def decisions(*rows: tuple[float, float, bool]) -> Decisions:
    margin, energy, right = zip(*rows, strict=True)
    return Decisions(np.asarray(margin, float), np.asarray(energy, float), np.asarray(right))


def test_shares_are_of_the_right_and_of_the_wrong_decisions() -> None:
    found = decisions((3, -5, True), (1, -5, True), (3, -1, False), (3, -6, False))
    assert found.sure(CertaintyLimits(2, -2)) == (0.5, 0.5)
    assert found.sure(CertaintyLimits(0)) == (1.0, 1.0)
    assert found.half(1).margin.tolist() == [1, 3]


def test_the_margin_parts_what_only_it_can_part_and_the_energy_is_left_alone() -> None:
    rows = [(2 + n / 10, -3.0, True) for n in range(10)] + [
        (n / 10, -3.0, False) for n in range(10)
    ]
    limits = choose_limits(decisions(*rows), kept=1.0)
    assert 0.9 < limits.margin <= 2.0
    assert limits.energy == np.inf


def test_the_energy_parts_confident_strangers() -> None:
    rows = [(3.0, -5 - n / 10, True) for n in range(10)] + [
        (3.0, -n / 10, False) for n in range(10)
    ]
    limits = choose_limits(decisions(*rows), kept=1.0)
    assert -5.0 <= limits.energy < -0.9
    assert decisions(*rows).sure(limits) == (1.0, 0.0)


def test_no_more_right_decisions_are_given_up_than_allowed() -> None:
    rows = [(float(n), -3.0, True) for n in range(10)] + [(7.5, -3.0, False)] * 5
    assert choose_limits(decisions(*rows), kept=0.8).margin <= 2.0
    strict = decisions(*rows).sure(choose_limits(decisions(*rows), kept=0.1))
    assert strict[1] == 0.0
    assert strict[0] >= 0.1
