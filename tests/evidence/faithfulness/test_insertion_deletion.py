"""Deletion and insertion of a network that looks at one patch, and against RISE's own sums."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from attnviz.errors import EvidenceError, UnknownClassError
from attnviz.evidence.faithfulness.insertion_deletion import (
    InsertionDeletion,
    ScoreCurve,
    insertion_deletion,
    insertion_deletion_curves,
    variant_count,
    variants_at_shares,
)
from attnviz.evidence.faithfulness.ranks import descending_ranks
from attnviz.evidence.fills.base import FILLS, Black, MeanGrey
from attnviz.evidence.scoring import score_variants
from attnviz.evidence.subject import Subject
from tests.evidence.looking import PATCH, SIDE, PatchNet, picture, right_map, subject


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_ranks_break_ties_by_place() -> None:
    assert descending_ranks(np.array([[1.0, 3.0], [3.0, 2.0]])).tolist() == [[3, 0], [1, 2]]


def test_the_patch_is_all_that_counts() -> None:
    """16 of 576 places: black takes the logit from 4 to -4 within the first 1/36 of the area."""
    found = insertion_deletion(subject(), right_map(), Black(), steps=36)
    away, back = found.deletion, found.insertion
    assert away.shares == pytest.approx(np.arange(37) / 36)
    assert away.probability == pytest.approx([sigmoid(4), *[sigmoid(-4)] * 36], abs=1e-5)
    assert back.probability == pytest.approx([sigmoid(-4), *[sigmoid(4)] * 36], abs=1e-5)
    assert away.margin == pytest.approx([4, *[-4] * 36], abs=1e-4)
    first, rest = sigmoid(4), sigmoid(-4)
    assert away.area == pytest.approx((first + rest) / 2 / 36 + rest * 35 / 36, abs=1e-5)
    assert found.gain == pytest.approx(
        (first - rest) * 35 / 36, abs=1e-5
    )  # trapezoids share the step
    assert found.road == pytest.approx((first - rest) / 2, abs=1e-5)


def test_the_inverted_map_loses() -> None:
    found = insertion_deletion(subject(), -right_map(), Black(), steps=36)
    assert found.deletion.probability[:36] == pytest.approx([sigmoid(4)] * 36, abs=1e-5)
    assert found.gain < -0.9


@pytest.mark.parametrize("fill", [one.name for one in FILLS])
def test_under_every_fill_the_patch_is_found(fill: str) -> None:
    found = insertion_deletion(subject(), right_map(), FILLS.get(fill)(), steps=12)
    assert found.deletion.probability[0] == pytest.approx(sigmoid(4), abs=1e-4)
    assert found.deletion.at(0.25) < 0.65
    assert found.insertion.at(0.25) > 0.97
    assert found.gain > 0.3


def test_the_areas_are_those_of_rise() -> None:
    """RISE's AUC, recomputed pixel by pixel: (sum - first / 2 - last / 2) / steps."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 6, 5, stride=3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3))
    one = subject(net, target=2)
    net(one.inputs)
    values = np.random.default_rng(2).random((SIDE, SIDE)).astype(np.float32)
    found = insertion_deletion(one, values, MeanGrey(), steps=16)
    order = np.argsort(-values.ravel())
    scores = {"away": [], "back": []}
    for step in range(17):
        for name in scores:
            picture = one.inputs.clone().reshape(3, -1)
            part = order[: step * 36] if name == "away" else order[step * 36 :]
            picture[:, part.copy()] = 0
            with torch.no_grad():
                logits = net(picture.reshape(1, 3, SIDE, SIDE))
            scores[name].append(float(logits.softmax(1)[0, 2]))
    for name, curve in (("away", found.deletion), ("back", found.insertion)):
        values = scores[name]
        expected = (sum(values) - values[0] / 2 - values[-1] / 2) / 16
        assert curve.area == pytest.approx(expected, abs=1e-5)
        assert curve.probability == pytest.approx(values, abs=1e-5)


def test_the_picture_shown_is_the_picture_asked_about() -> None:
    one = subject()
    for back in (True, False):
        shown = variants_at_shares(one, right_map(), Black(), (0, 0.25, 1), insert=back)
        for share, pixels in zip((0, 144, 576), one.to_pixels(shown), strict=True):
            high = descending_ranks(right_map()) < share
            kept = high if back else ~high
            np.testing.assert_array_equal(pixels, np.where(kept[..., None], picture(), 0))


@pytest.mark.parametrize("fill", [one.name for one in FILLS])
def test_every_picture_shown_gets_the_answer_on_the_curve(fill: str) -> None:
    one = subject()
    found = insertion_deletion(one, right_map(), FILLS.get(fill)(), steps=6)
    for curve, back in ((found.deletion, False), (found.insertion, True)):
        shown = variants_at_shares(
            one, right_map(), FILLS.get(fill)(), curve.shares.tolist(), insert=back
        )
        again = score_variants(one, [shown], 7)
        np.testing.assert_allclose(again.probability, curve.probability, atol=1e-6)
        np.testing.assert_allclose(again.margin, curve.margin, atol=1e-5)
        np.testing.assert_array_equal(again.first, curve.first)
        assert (curve.first == (curve.margin > 0)).all()
    assert found.deletion.first[0] == found.insertion.first[-1] == 1


def test_both_ends_are_asked_once_and_one_step_is_enough() -> None:
    net = PatchNet()
    one, other = insertion_deletion_curves(
        subject(net), [right_map(), -right_map()], Black(), steps=1
    )
    assert net.batches == [2]
    for found in (one, other):
        assert found.deletion.probability == pytest.approx([sigmoid(4), sigmoid(-4)], abs=1e-5)
        assert found.insertion.probability == pytest.approx([sigmoid(-4), sigmoid(4)], abs=1e-5)


def test_batches_are_full_and_progress_is_told() -> None:
    net, told = PatchNet(), []
    insertion_deletion_curves(
        subject(net), [right_map(), -right_map()], Black(), steps=4,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert net.batches == [7, 7]
    assert told == [(7, 14), (14, 14)]
    assert variant_count(2, 4) == 14


class StopError(Exception):
    """The user clicked elsewhere."""


def test_cancelling_in_the_middle_leaves_nothing_running() -> None:
    net = PatchNet()

    def stop(done: int, total: int) -> None:
        raise StopError

    with pytest.raises(StopError):
        insertion_deletion(subject(net), right_map(), Black(), steps=40, progress=stop)
    assert net.batches == [7]


def test_what_cannot_be_asked_is_said() -> None:
    with pytest.raises(EvidenceError, match="flat"):
        insertion_deletion(subject(), np.ones((3, 3)), Black())
    with pytest.raises(UnknownClassError, match="2"):
        insertion_deletion(subject(target=2), right_map(), Black())
    with pytest.raises(EvidenceError, match="not finite"):
        insertion_deletion(subject(PatchNet(gain=math.inf)), right_map(), Black())


def test_a_network_with_one_class_is_asked_by_its_logit() -> None:
    found = insertion_deletion(subject(PatchNet(1), target=0), right_map(), Black(), steps=36)
    assert found.deletion.probability == pytest.approx([1] * 37)
    assert found.deletion.margin == pytest.approx([4, *[-4] * 36], abs=1e-4)
    assert found.gain == pytest.approx(0)


def test_a_picture_of_one_place_can_be_taken_away() -> None:
    one = Subject(PatchOf(), np.full((1, 2, 3), 200, np.uint8), lambda x: x, 0)
    found = insertion_deletion(one, [[1.0, 0.0]], Black(), steps=2)
    assert found.deletion.margin == pytest.approx([400 / 255, 200 / 255, 0], abs=1e-5)


class PatchOf(nn.Module):
    """Logit 0 is the sum of the red plane, logit 1 is 0."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([x[:, 0].sum((1, 2)), torch.zeros(len(x))], 1)


def test_areas_of_curves_by_hand() -> None:
    shares = np.array([0, 0.5, 1], np.float32)
    first = np.zeros(3, np.int64)
    down = ScoreCurve(
        shares, np.array([1, 0.5, 0], np.float32), np.array([2, 0, -2], np.float32), first
    )
    up = ScoreCurve(
        shares, np.array([0, 1, 1], np.float32), np.array([-2, 2, 2], np.float32), first
    )
    assert (down.area, up.area) == (0.5, 0.75)
    assert (down.margin_area, up.margin_area) == (0, 1)
    both = InsertionDeletion(down, up)
    assert both.gain == 0.25
    # LeRF at 10..90 %: the last half of it falls from 1 to 0; MoRF is a straight line.
    kept = [1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2]
    lost = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    assert both.road == pytest.approx((np.mean(kept) - np.mean(lost)) / 2)
    assert PATCH[0].stop - PATCH[0].start == 4
