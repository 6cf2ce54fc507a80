"""When a map beats maps that know nothing, and when the fill decides."""

from __future__ import annotations

import numpy as np

from attnviz.evidence.curves import Curve, Removal
from attnviz.evidence.fills import Black, MeanGrey, StrongBlur
from attnviz.evidence.verdict import Trial, Verdict, band, put_to_test, robust
from tests.evidence.looking import PatchNet, right_map, subject


def with_gain(gain: float) -> Removal:
    shares = np.array([0, 1], np.float32)
    low, high = (np.full(2, value, np.float32) for value in (0.5 - gain / 2, 0.5 + gain / 2))
    return Removal(Curve(shares, low, low), Curve(shares, high, high))


def trial(gain: float, *controls: float) -> Trial:
    return Trial("blur", with_gain(gain), tuple(map(with_gain, controls)))


def test_only_what_lies_outside_all_controls_counts() -> None:
    assert trial(0.5, 0.1, 0.4).verdict is Verdict.BETTER
    assert trial(0.3, 0.1, 0.4).verdict is Verdict.ALIKE
    assert trial(-0.1, 0.1, 0.4).verdict is Verdict.WORSE


def test_robust_takes_two_fills_that_agree() -> None:
    better, alike = trial(0.5, 0.1), trial(0.0, 0.1, -0.1)
    assert robust([better, better])
    assert not robust([better, alike])
    assert not robust({"blur": better})


def test_a_right_map_is_better_and_its_inverse_worse_under_every_fill() -> None:
    fills = [Black(), StrongBlur()]
    smooth = right_map()
    found = put_to_test(subject(), smooth, fills, steps=12)
    assert {name: one.verdict for name, one in found.items()} == {
        "black": Verdict.BETTER, "blur": Verdict.BETTER,
    }  # fmt: skip
    assert robust(found)
    turned = put_to_test(subject(), -smooth, fills, steps=12)
    assert {one.verdict for one in turned.values()} == {Verdict.WORSE}


def test_progress_runs_once_over_all_fills() -> None:
    net, told = PatchNet(), []
    put_to_test(
        subject(net), right_map(), [Black(), MeanGrey()], steps=4, controls=2,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told[-1] == (60, 60)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert sum(net.batches) == 60


def test_a_band_has_its_lowest_mean_and_highest() -> None:
    curves = [np.array(values, np.float32) for values in ([0, 1], [1, 3], [2, 2])]
    np.testing.assert_allclose(band(curves), [[0, 1], [1, 2], [2, 3]])
