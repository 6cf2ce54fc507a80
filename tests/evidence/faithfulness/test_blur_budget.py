"""The blur budget of networks whose answer is known for every picture."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.errors import EvidenceError, UnknownClassError
from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.evidence.faithfulness.sharp_share import (
    SHARES,
    blur_radii_for,
    compose_sharp,
    defocus,
    first_sharp_share,
)
from attnviz.evidence.subject import Subject

PIXELS = np.random.default_rng(4).integers(0, 256, (20, 20, 3)).astype(np.uint8)
PATCH = (slice(8, 12), slice(3, 8))  # 20 of 400 pixels
RADII = (1.0, 2.0, 4.0)


class Net(nn.Module):
    """Logits 0 and `ask(picture)`, where the picture is [N, h, w, 3] in 0..255."""

    def __init__(self, ask: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.ask, self.seen = ask, 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        told = self.ask((x * 255).round().permute(0, 2, 3, 1))
        return torch.stack([torch.zeros_like(told), told], 1)


def subject(
    ask: Callable[[Tensor], Tensor], pixels: np.ndarray = PIXELS, target: int = 1
) -> Subject:
    return Subject(Net(ask), pixels, lambda x: x, target, batch_size=7)


def changed(part: tuple[slice, slice], pixels: np.ndarray = PIXELS) -> Callable[[Tensor], Tensor]:
    """How many values of a part differ from the sharp picture."""
    sharp = torch.from_numpy(pixels[part].astype(np.float32))
    return lambda x: (x[:, part[0], part[1]] != sharp).flatten(1).sum(1).float()


def untouched(part: tuple[slice, slice], pixels: np.ndarray = PIXELS) -> Callable[[Tensor], Tensor]:
    """3 where all of a part is as in the sharp picture, -3 elsewhere."""
    count = changed(part, pixels)
    return lambda x: torch.where(count(x) == 0, 3.0, -3.0)


def peak(part: tuple[slice, slice]) -> np.ndarray:
    """A map that is highest, and uneven, in one part."""
    values = np.random.default_rng(1).random((20, 20)).astype(np.float32)
    values[part] += 2
    return values


def test_the_patch_that_matters_is_the_smallest_share() -> None:
    found = blur_budget(subject(untouched(PATCH)), peak(PATCH), radii=RADII)
    assert (found.recognised, found.hidden_by_blur) == (True, True)
    np.testing.assert_allclose(found.smallest_share, [0, 0.05, 0.05, 0.05])
    np.testing.assert_allclose(found.stable_share, found.smallest_share)
    at = SHARES.index(0.05)
    np.testing.assert_allclose(found.critical_radius, [0] * at + [4] * (len(SHARES) - at))
    np.testing.assert_allclose(found.scores.margin[3], [-3] * at + [3] * (len(SHARES) - at))
    sure = 1 / (1 + math.exp(-3))
    assert found.scores.probability[0] == pytest.approx(sure, abs=1e-6)
    assert found.scores.probability[2, 0] == pytest.approx(1 - sure, abs=1e-6)
    assert found.diagonal == pytest.approx(20 * math.sqrt(2))


def test_maps_that_know_nothing_need_more() -> None:
    found = blur_budget(subject(untouched(PATCH)), peak(PATCH), radii=RADII, seeds=4)
    assert {name: len(one.first) for name, one in found.controls.items()} == {
        "random": 4,
        "centred": 1,
        "inverted": 1,
    }
    # The furthest pixel of the patch from the middle (9.5, 9.5) is its upper left: 66 lie nearer.
    y, x = np.mgrid[:20, :20] - 9.5
    nearer = float((np.hypot(y, x) <= np.hypot(*(np.array([8, 3]) - 9.5))).mean())
    fits = next(share for share in SHARES if share >= nearer)
    np.testing.assert_allclose(found.control_smallest_share("centred"), [fits])
    np.testing.assert_allclose(found.control_smallest_share("inverted"), [1])
    assert (found.control_smallest_share("random") > 0.05).all()


def test_what_is_asked_is_what_can_be_looked_at_and_nothing_twice() -> None:
    asked: list[np.ndarray] = []

    def ask(x: Tensor) -> Tensor:
        asked.extend(x.numpy())
        return x[:, 0, 0, 0]

    shares = (0, 0.1, 0.5, 1)
    found = blur_budget(subject(ask), peak(PATCH), radii=RADII, shares=shares, seeds=0)
    assert len(asked) == 1 + 3 * 3 + 2 * 2
    for radius in range(4):
        blurred = defocus(PIXELS, (0.0, *RADII)[radius])
        for share, count in enumerate((0, 40, 200, 400)):
            shown = found.variant(radius, share)
            assert any(np.array_equal(shown, one) for one in asked)
            order = np.argsort(-peak(PATCH).ravel())
            expected = blurred.reshape(-1, 3).copy()
            expected[order[:count]] = PIXELS.reshape(-1, 3)[order[:count]]
            np.testing.assert_array_equal(shown.reshape(-1, 3), expected)
            # Class 1 has the light of the first pixel as its logit, class 0 has 0.
            assert found.scores.margin[radius, share] == shown[0, 0, 0]


def test_a_decision_that_is_lost_and_found_again() -> None:
    """The first part helps, the second turns it over, the third settles it."""
    rows = slice(0, 20)
    parts = [(rows, slice(0, 2)), (rows, slice(2, 4)), (rows, slice(4, 20))]
    helps, spoils, settles = (changed(part) for part in parts)

    def ask(x: Tensor) -> Tensor:
        good = (helps(x) == 0) & ((spoils(x) > 0) | (settles(x) == 0))
        return torch.where(good, 1.0, -1.0)

    falling = np.tile(np.linspace(1, 0, 20, dtype=np.float32), (20, 1))
    shares = tuple(n / 20 for n in range(21))
    found = blur_budget(subject(ask), falling, radii=RADII, shares=shares)
    np.testing.assert_allclose(found.smallest_share[1:], 0.10)
    np.testing.assert_allclose(found.stable_share[1:], 1.00)
    survives = [n in (2, 3, 20) for n in range(21)]
    assert found.scores.class_is_first[2].tolist() == survives


def test_the_critical_radius_of_a_point_of_light() -> None:
    """A disc of radius r leaves 1 / (pi r^2) of a point's light in the middle of it."""
    pixels = np.zeros((31, 31, 3), np.uint8)
    pixels[15, 15] = 255
    least = 0.10  # of the light
    code = 255 * (1.055 * least ** (1 / 2.4) - 0.055)
    radii = tuple(np.arange(1.0, 3.0, 0.1))
    corner = np.zeros((31, 31), np.float32)
    corner[:3, :3] = 1  # sharp or not, there is nothing
    found = blur_budget(
        subject(lambda x: x[:, 15, 15, 0] - code, pixels), corner, radii=radii, shares=(0, 0.009, 1)
    )
    exact = math.sqrt(1 / (math.pi * least))
    held = max(one for one in radii if one < exact)
    np.testing.assert_allclose(found.critical_radius, [held, held, radii[-1]], rtol=1e-6)
    np.testing.assert_allclose(found.largest_radius, found.critical_radius)
    lost = min(one for one in radii if one >= exact)
    np.testing.assert_allclose(found.failure_radius, [lost, lost, np.nan], rtol=1e-6)


def test_a_class_that_is_not_first_has_no_budget() -> None:
    found = blur_budget(subject(lambda x: x[:, 0, 0, 0] * 0 + 1, target=0), peak(PATCH))
    assert not found.recognised
    for numbers in (
        found.smallest_share,
        found.stable_share,
        found.critical_radius,
        found.largest_radius,
    ):
        assert np.isnan(numbers).all()
    assert not found.scores.class_is_first.any()


def test_a_class_that_comes_first_in_blur_alone_has_no_budget_either() -> None:
    count = changed((slice(0, 20), slice(0, 20)))
    found = blur_budget(subject(lambda x: count(x) - 0.5), peak(PATCH), radii=RADII)
    assert not found.recognised
    assert found.scores.class_is_first[1:, :-1].all()
    for numbers in (
        found.smallest_share,
        found.stable_share,
        found.critical_radius,
        found.largest_radius,
    ):
        assert np.isnan(numbers).all()
    assert not found.confident.any()


def test_a_network_that_blur_cannot_turn() -> None:
    found = blur_budget(subject(lambda x: x[:, 0, 0, 0] * 0 + 1), peak(PATCH))
    assert (found.recognised, found.hidden_by_blur) == (True, False)
    assert found.smallest_share.tolist() == [0] * len(found.radii)
    np.testing.assert_allclose(found.critical_radius, found.radii[-1], rtol=1e-6)


def test_first_by_a_hair_is_not_firm() -> None:
    """Logit 3 sharp, 1 blurred: first in both, but 0.73 is less than 90 % of 0.95."""
    count = changed((slice(0, 20), slice(0, 20)))
    found = blur_budget(
        subject(lambda x: torch.where(count(x) == 0, 3.0, 1.0)), peak(PATCH), radii=RADII
    )
    assert found.scores.class_is_first.all()
    assert found.confident[0].all()
    assert found.confident[1:, :-1].sum() == 0
    assert found.confident[:, -1].all()


def test_a_network_of_one_class_survives_while_its_logit_is_not_negative() -> None:
    class One(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return untouched(PATCH)((x * 255).round().permute(0, 2, 3, 1))[:, None]

    one = Subject(One(), PIXELS, lambda x: x, 0)
    found = blur_budget(one, peak(PATCH), radii=RADII)
    np.testing.assert_allclose(found.smallest_share, [0, 0.05, 0.05, 0.05])
    with pytest.raises(UnknownClassError):
        blur_budget(Subject(One(), PIXELS, lambda x: x, 3), peak(PATCH), radii=RADII)


def test_the_work_stops_where_it_is_told_to() -> None:
    class StopError(Exception):
        pass

    def progress(done: int, total: int) -> None:
        heard.append((done, total))
        if done > 20:
            raise StopError

    heard: list[tuple[int, int]] = []
    one = subject(untouched(PATCH))
    with pytest.raises(StopError):
        blur_budget(one, peak(PATCH), radii=RADII, progress=progress)
    total = 1 + 3 * 17 + 5 * 16
    assert heard == [(7, total), (14, total), (21, total)]
    assert one.module.seen == 21  # type: ignore[union-attr]


def test_a_picture_smaller_than_the_blur() -> None:
    pixels = PIXELS[:5, :4]
    one = subject(lambda x: x.mean((1, 2, 3)), pixels)
    found = blur_budget(one, pixels[..., 0].astype(np.float32), radii=(2.0, 40.0))
    blurred = found.variant(2, 0)
    assert np.ptp(blurred.reshape(-1, 3), axis=0).max() <= 12  # hardly anything is left
    assert blurred.mean() > pixels.mean() - 2  # light is mixed, which codes show as brighter
    np.testing.assert_array_equal(found.variant(2, len(SHARES) - 1), pixels)


def test_what_cannot_be_asked_is_refused() -> None:
    one = subject(untouched(PATCH))
    with pytest.raises(EvidenceError, match="flat"):
        blur_budget(one, np.ones((20, 20)))
    for radii in ((), (0.0, 1.0), (2.0, 1.0)):
        with pytest.raises(EvidenceError, match="radii"):
            blur_budget(one, peak(PATCH), radii=radii)
    for shares in ((0, 0.5), (0.1, 1), (0, 0.5, 0.5, 1), (1,)):
        with pytest.raises(EvidenceError, match="shares"):
            blur_budget(one, peak(PATCH), shares=shares)
    assert one.module.seen == 0  # type: ignore[union-attr]


def test_ties_go_to_the_earlier_place_and_each_share_holds_its_count() -> None:
    steps = first_sharp_share(np.zeros((10, 10), np.float32), (0, 0.07, 0.5, 1))
    assert steps.ravel().tolist() == [1] * 7 + [2] * 43 + [3] * 50
    tiny = first_sharp_share(np.array([[1, 3], [2, 0]], np.float32), (0, 0.01, 0.5, 1))
    assert tiny.tolist() == [[3, 2], [2, 3]]  # a share of less than half a pixel holds none
    one = compose_sharp(PIXELS[:2, :2], PIXELS[2:4, :2], tiny, 2)
    np.testing.assert_array_equal(one[0, 1], PIXELS[0, 1])
    np.testing.assert_array_equal(one[0, 0], PIXELS[2, 0])


def test_radii_run_from_half_to_twelve_percent_of_the_diagonal() -> None:
    radii = np.array(blur_radii_for((30, 40)))
    assert (radii[0], radii[-1]) == (pytest.approx(0.25), pytest.approx(6))
    np.testing.assert_allclose(radii[1:] / radii[:-1], 24 ** (1 / 9))


def test_a_coarse_map_is_taken_over_the_whole_input() -> None:
    quarter = (slice(0, 10), slice(0, 10))
    found = blur_budget(subject(untouched(quarter)), np.array([[1, 0], [0, 0]]), radii=RADII)
    # Linear from 1 in the middle of the left half to 0 in that of the right one, in both axes.
    along = np.clip(1.5 - (np.arange(20) + 0.5) / 10, 0, 1)
    needed = float((np.outer(along, along) >= along[9] ** 2 - 1e-6).mean())
    assert 0.25 < needed < 0.5
    fits = next(share for share in SHARES if share >= needed)
    np.testing.assert_allclose(found.smallest_share[1:], fits)
    assert found.control_smallest_share("inverted")[0] == 1
