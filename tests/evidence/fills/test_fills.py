"""Each fill against what it says it does, and ROAD against pytorch-grad-cam's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from pytorch_grad_cam.metrics.road import NoisyLinearImputer

from attnviz.errors import UnknownNameError
from attnviz.evidence.faithfulness.ranks import descending_ranks
from attnviz.evidence.fills.base import FILLS, Black, MeanGrey, Road, StrongBlur
from attnviz.evidence.fills.noisy_linear import impute
from attnviz.evidence.fills.noisy_linear_multigrid import impute_multigrid
from attnviz.evidence.subject import Subject
from tests.evidence.looking import SIDE, PatchNet, picture, subject


def half() -> torch.Tensor:
    """The left half is taken away."""
    removed = torch.zeros(1, SIDE, SIDE, dtype=torch.bool)
    removed[..., : SIDE // 2] = True
    return removed


def normalised() -> Subject:
    return Subject(PatchNet(), picture(), lambda x: (x - 0.4) / 0.2, 1)


@pytest.mark.parametrize("name", [fill.name for fill in FILLS])
def test_what_is_left_stays_as_it_was(name: str) -> None:
    one = normalised()
    filled = FILLS.get(name)().for_subject(one)(half())
    torch.testing.assert_close(filled[..., SIDE // 2 :], one.inputs[..., SIDE // 2 :])
    assert not torch.equal(filled[..., : SIDE // 2], one.inputs[..., : SIDE // 2])


def test_grey_is_the_mean_and_black_is_black() -> None:
    one = normalised()
    assert (MeanGrey().for_subject(one)(half())[..., : SIDE // 2] == 0).all()
    black = Black().for_subject(one)(half())[..., : SIDE // 2]
    torch.testing.assert_close(black, torch.full_like(black, -2.0))


def test_the_blur_is_a_gaussian_of_seven_percent() -> None:
    filled = StrongBlur().for_subject(subject())(torch.ones(1, SIDE, SIDE, dtype=torch.bool))
    sigma = 0.07 * SIDE
    expected = cv2.GaussianBlur(
        picture().astype(np.float32) / 255, (11, 11), sigma, borderType=cv2.BORDER_REFLECT_101
    )
    np.testing.assert_allclose(filled[0].permute(1, 2, 0).numpy(), expected, atol=2e-3)


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_road_solves_the_same_system_as_its_authors(share: float) -> None:
    random = np.random.default_rng(5)
    pictures = random.standard_normal((3, 20, 30)).astype(np.float32)
    values = cv2.resize(random.standard_normal((4, 6)).astype(np.float32), (30, 20))
    removed = values > np.quantile(values, 1 - share)
    theirs = NoisyLinearImputer(noise=0)(
        torch.from_numpy(pictures), torch.from_numpy((~removed).astype(np.float32))
    )
    np.testing.assert_allclose(impute(pictures, removed), theirs.numpy(), atol=1e-5)


@pytest.mark.parametrize("size", [(64, 64), (40, 90), (3, 50), (1, 9), (2, 2)])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_the_quick_guess_goes_where_the_exact_one_is(size: tuple[int, int], share: float) -> None:
    random = np.random.default_rng(7)
    height, width = size
    small = random.standard_normal((8, 8, 3)).astype(np.float32)
    pixels = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels /= pixels.std()
    values = cv2.resize(random.standard_normal((5, 5)).astype(np.float32), (width, height))
    count = min(max(round(share * values.size), 1), values.size - 1)
    removed = descending_ranks(values) < count
    exact = impute(pixels.transpose(2, 0, 1).copy(), removed).transpose(1, 2, 0)
    quick = impute_multigrid(pixels, removed)
    np.testing.assert_array_equal(quick[~removed], pixels[~removed])
    assert np.sqrt(((quick - exact)[removed] ** 2).mean()) < 0.07
    np.testing.assert_allclose(impute_multigrid(pixels, removed, cycles=60), exact, atol=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_the_quick_guess_is_calm_with_scattered_places(seed: int) -> None:
    """What is left is single pixels, or what is gone is: the hardest cases for coarse grids."""
    random = np.random.default_rng(seed)
    pixels = random.standard_normal((48, 70, 3)).astype(np.float32)
    for share in (0.003, 0.5, 0.997):
        removed = random.random((48, 70)) < share
        removed[seed, seed] = not share > 0.5
        exact = impute(pixels.transpose(2, 0, 1).copy(), removed).transpose(1, 2, 0)
        apart = np.abs(impute_multigrid(pixels, removed) - exact)
        assert apart.max() < 0.5
        assert np.sqrt((apart[removed] ** 2).mean()) < 0.1
        np.testing.assert_allclose(impute_multigrid(pixels, removed, cycles=60), exact, atol=2e-3)


def test_the_quick_guess_of_nothing_and_of_all() -> None:
    plane = np.arange(27, dtype=np.float32).reshape(3, 3, 3)
    assert impute_multigrid(plane, np.zeros((3, 3), bool)) is plane
    np.testing.assert_allclose(
        impute_multigrid(plane, np.ones((3, 3), bool)), np.broadcast_to([12.0, 13, 14], (3, 3, 3))
    )


def test_a_single_place_becomes_the_mean_of_its_neighbours() -> None:
    plane = np.arange(9, dtype=np.float32).reshape(1, 3, 3)
    removed = np.zeros((3, 3), bool)
    removed[0, 0] = True  # beside it 1 and 3, across 4: (1/6 + 3/6 + 4/12) / (5/12)
    assert impute(plane, removed)[0, 0, 0] == pytest.approx(1 / (5 / 12), abs=1e-5)


def test_where_nothing_is_left_the_mean_stands() -> None:
    plane = np.arange(9, dtype=np.float32).reshape(1, 3, 3)
    assert (impute(plane, np.ones((3, 3), bool)) == 4).all()
    assert impute(plane, np.zeros((3, 3), bool)) is plane


def test_road_adds_its_noise_only_where_something_was_taken() -> None:
    one = subject()
    quiet, loud = (
        Road(noise=0).for_subject(one)(half()),
        Road(noise=0.5, seed=3).for_subject(one)(half()),
    )
    apart = (loud - quiet)[..., : SIDE // 2]
    assert float(apart.std()) == pytest.approx(0.5, rel=0.1)
    assert torch.equal(loud[..., SIDE // 2 :], quiet[..., SIDE // 2 :])
    assert torch.equal(loud, Road(noise=0.5, seed=3).for_subject(one)(half()))


def test_an_unknown_fill_is_named() -> None:
    with pytest.raises(UnknownNameError, match="no fill named 'gray'"):
        FILLS.get("gray")
