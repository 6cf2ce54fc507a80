"""When a map beats maps that know nothing, and when the fill decides."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.evidence.faithfulness.insertion_deletion import InsertionDeletion, ScoreCurve
from attnviz.evidence.faithfulness.verdict import (
    CONTROLS,
    FaithfulnessTest,
    Verdict,
    band,
    is_robust,
    measure_faithfulness,
)
from attnviz.evidence.fills.base import FILLS, Black, MeanGrey, StrongBlur
from attnviz.evidence.subject import Subject
from tests.evidence.looking import PatchNet, RedSum, right_map, subject


def with_gain(gain: float) -> InsertionDeletion:
    shares = np.array([0, 1], np.float32)
    low, high = (np.full(2, value, np.float32) for value in (0.5 - gain / 2, 0.5 + gain / 2))
    first = np.ones(2, np.int64)
    return InsertionDeletion(
        ScoreCurve(shares, low, low, first), ScoreCurve(shares, high, high, first)
    )


def trial(gain: float, *controls: float, centre: float = 0.2) -> FaithfulnessTest:
    return FaithfulnessTest(
        "blur", with_gain(gain), tuple(map(with_gain, controls)), with_gain(centre)
    )


def test_only_what_lies_outside_all_controls_counts() -> None:
    assert trial(0.5, 0.1, 0.4).verdict is Verdict.BETTER
    assert trial(0.3, 0.1, 0.4).verdict is Verdict.ALIKE
    assert trial(-0.1, 0.1, 0.4).verdict is Verdict.WORSE


def test_the_centred_disc_is_told_apart_and_decides_nothing() -> None:
    assert trial(0.5, 0.1, centre=0.6).verdict is Verdict.BETTER
    assert not trial(0.5, 0.1, centre=0.6).beats_centre
    assert trial(0.5, 0.1, centre=0.4).beats_centre


def test_the_disc_is_the_middle_of_the_picture_under_every_fill() -> None:
    """The network looks right of the middle, 6 to 8 px from it: nothing before the disc is there.

    By then a disc of pi 3.6^2 of 576 places has been taken away, and the network has noticed none.
    """
    found = measure_faithfulness(subject(), right_map(), [Black()], steps=36, controls=1)
    away = found["black"].centred.deletion
    before = int(np.pi * 3.6**2 / 16)
    assert away.probability[: before + 1] == pytest.approx(away.probability[0], abs=1e-4)
    assert away.probability[-1] < 0.05
    assert found["black"].beats_centre


def test_a_map_that_knows_nothing_is_rarely_called_better() -> None:
    """Against nine random maps one in ten by luck, and as often worse; far fewer than with two."""
    one = subject()
    verdicts = []
    for seed in range(20):
        values = np.random.default_rng(seed).random((6, 6)).astype(np.float32)
        found = measure_faithfulness(one, values, [Black()], steps=8, seed=100 * seed)
        verdicts.append(found["black"].verdict)
    assert CONTROLS == 9
    assert verdicts.count(Verdict.ALIKE) >= 12


def test_robust_takes_two_fills_that_agree() -> None:
    better, alike = trial(0.5, 0.1), trial(0.0, 0.1, -0.1)
    assert is_robust([better, better])
    assert not is_robust([better, alike])
    assert not is_robust({"blur": better})


def test_a_right_map_is_better_and_its_inverse_worse_under_every_fill() -> None:
    fills = [Black(), StrongBlur()]
    smooth = right_map()
    found = measure_faithfulness(subject(), smooth, fills, steps=12)
    assert {name: one.verdict for name, one in found.items()} == {
        "black": Verdict.BETTER, "blur": Verdict.BETTER,
    }  # fmt: skip
    assert is_robust(found)
    turned = measure_faithfulness(subject(), -smooth, fills, steps=12)
    assert {one.verdict for one in turned.values()} == {Verdict.WORSE}


def test_with_one_class_the_margin_decides() -> None:
    """The probability is 1 all along; a verdict on it would call every map a random one."""
    one = subject(PatchNet(1), target=0)
    found = measure_faithfulness(one, right_map(), [Black(), StrongBlur()], steps=12)
    assert {trial.curves.gain for trial in found.values()} == {0}
    assert {trial.verdict for trial in found.values()} == {Verdict.BETTER}
    assert all(trial.uses_margin and trial.beats_centre for trial in found.values())
    turned = measure_faithfulness(one, -right_map(), [Black()], steps=12)
    assert turned["black"].verdict is Verdict.WORSE


@pytest.mark.parametrize("size", [(1, 2), (2, 3), (3, 1)])
def test_a_picture_smaller_than_a_patch_gets_finite_curves(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(8).integers(0, 256, (*size, 3)).astype(np.uint8)
    one = Subject(RedSum(), pixels, lambda x: x, 0)
    values = np.arange(size[0] * size[1], dtype=np.float32).reshape(size)
    found = measure_faithfulness(one, values, [fill() for fill in FILLS], steps=4)
    assert set(found) == {fill.name for fill in FILLS}
    for trial in found.values():
        for curve in (trial.curves.deletion, trial.curves.insertion, trial.centred.deletion):
            assert np.isfinite(curve.margin).all()


def test_progress_runs_once_over_all_fills() -> None:
    net, told = PatchNet(), []
    measure_faithfulness(
        subject(net), right_map(), [Black(), MeanGrey()], steps=4, controls=2,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[-1] == (52, 52)  # 2 and 3 for each of 2 ways of 4 maps, under each of 2 fills
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert sum(net.batches) == 52


def test_a_band_has_its_lowest_mean_and_highest() -> None:
    curves = [np.array(values, np.float32) for values in ([0, 1], [1, 3], [2, 2])]
    np.testing.assert_allclose(band(curves), [[0, 1], [1, 2], [2, 3]])
