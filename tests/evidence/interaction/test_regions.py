"""Regions as players: networks that look at known places give known values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.errors import EvidenceError, UnknownClassError
from attnviz.evidence.faithfulness.sufficiency import gaussian_blur
from attnviz.evidence.interaction.regions import (
    BLUR,
    RegionGame,
    coalition_count,
    even_grid,
    grid_regions,
    measure_interactions,
    superpixels,
    superpixels_at_most,
)
from attnviz.evidence.interaction.shapley import exact_interactions
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress

SIGMA = 3.0


class Looks(nn.Module):
    """Logit 1 is a function of the brightness in the middle of some cells of a 2 x 2 grid."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        self.rule = rule

    def forward(self, inputs: Tensor) -> Tensor:
        first = (inputs[:, :, 7:9, 7:9].mean((1, 2, 3)) > 0.8).float()
        last = (inputs[:, :, 23:25, 23:25].mean((1, 2, 3)) > 0.8).float()
        score = {"one": 5 * first, "and": first * last, "or": torch.maximum(first, last)}
        return torch.stack([torch.zeros(len(inputs)), score[self.rule]], 1)


def dots(module: nn.Module, target: int = 1, batch: int = 32) -> Subject:
    """Bright dots in the middle of the first and the last cell; a blur puts them out."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[7:9, 7:9] = pixels[23:25, 23:25] = 255
    return Subject(module, pixels, lambda inputs: inputs, target, batch)


def game(rule: str, batch: int = 32, progress: Progress | None = None) -> RegionGame:
    return RegionGame(dots(Looks(rule), batch=batch), grid_regions((32, 32), 2, 2), SIGMA, progress)


def test_a_network_that_looks_at_one_place_names_it() -> None:
    found = exact_interactions(game("one"), 4)
    np.testing.assert_allclose(found.shapley, [5.0, 0, 0, 0], atol=1e-12)
    np.testing.assert_allclose(found.interaction, np.zeros((4, 4)), atol=1e-12)


@pytest.mark.parametrize(("rule", "sign"), [("and", 1.0), ("or", -1.0)])
def test_synergy_and_redundancy_of_two_places(rule: str, sign: float) -> None:
    found = exact_interactions(game(rule), 4)
    np.testing.assert_allclose(found.shapley, [0.5, 0, 0, 0.5], atol=1e-12)
    expected = np.zeros((4, 4))
    expected[0, 3] = expected[3, 0] = sign
    np.testing.assert_allclose(found.interaction, expected, atol=1e-12)


def test_a_coalition_is_sharp_and_the_rest_is_blurred() -> None:
    seen: list[Tensor] = []

    class Watching(nn.Module):
        def forward(self, inputs: Tensor) -> Tensor:
            seen.append(inputs)
            return inputs.mean((2, 3))

    pixels = np.random.default_rng(0).integers(0, 256, (12, 20, 3)).astype(np.uint8)
    subject = Subject(Watching(), pixels, lambda planes: planes, 0)
    inputs = subject.inputs
    labels = grid_regions((12, 20), 2, 2)
    RegionGame(subject, labels, SIGMA)(np.array([[False, True, True, False]]))
    blurred = gaussian_blur(inputs, SIGMA)
    fed = seen[0][0]
    assert torch.equal(fed[:, :6, 10:], inputs[0, :, :6, 10:])
    assert torch.equal(fed[:, 6:, :10], inputs[0, :, 6:, :10])
    assert torch.equal(fed[:, :6, :10], blurred[0, :, :6, :10])
    assert torch.equal(fed[:, 6:, 10:], blurred[0, :, 6:, 10:])


def test_batches_do_not_change_the_answer_and_are_told() -> None:
    told: list[tuple[int, int]] = []
    coalitions = np.random.default_rng(0).random((10, 4)) < 0.5
    whole = game("and")(coalitions)
    parts = game("and", batch=4, progress=lambda done, total: told.append((done, total)))(
        coalitions
    )
    np.testing.assert_array_equal(whole, parts)
    np.testing.assert_array_equal(whole, (coalitions[:, 0] & coalitions[:, 3]).astype(float))
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_a_network_that_returns_a_tuple_is_understood() -> None:
    class Tuple(Looks):
        def forward(self, inputs: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
            return super().forward(inputs), None

    pair = RegionGame(dots(Tuple("one")), grid_regions((32, 32), 2, 2), SIGMA)
    np.testing.assert_allclose(exact_interactions(pair, 4).shapley, [5.0, 0, 0, 0], atol=1e-12)


def test_what_progress_raises_stops_the_work() -> None:
    class Stop(Exception):  # noqa: N818
        pass

    def stop(done: int, total: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        exact_interactions(game("one", progress=stop), 4)


def test_a_grid_has_equal_cells_numbered_row_by_row() -> None:
    labels = grid_regions((4, 6), 2, 3)
    assert labels.tolist()[0] == [0, 0, 1, 1, 2, 2]
    assert labels.tolist()[3] == [3, 3, 4, 4, 5, 5]
    sizes = np.bincount(grid_regions((7, 10), 3, 4).ravel())
    assert (sizes.min(), sizes.max()) == (4, 9)


def test_superpixels_follow_the_colours() -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, 37:] = (220, 40, 30)  # the border lies on no grid line
    labels = superpixels(pixels, 6)
    assert not set(labels[:, :37].ravel()) & set(labels[:, 37:].ravel())
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))


def test_one_region_of_one_pixel_is_a_player_like_any_other() -> None:
    labels = np.zeros((32, 32), np.int64)
    labels[0, 0] = 1
    found = exact_interactions(RegionGame(dots(Looks("one")), labels, SIGMA), 2)
    np.testing.assert_allclose(found.shapley, [5.0, 0.0], atol=1e-12)


def test_a_picture_of_one_colour_gives_valid_regions() -> None:
    labels = superpixels(np.full((16, 16, 3), 90, np.uint8), 4)
    assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))


def test_bad_input_is_named() -> None:
    with pytest.raises(UnknownClassError, match="no class 7"):
        RegionGame(dots(Looks("one"), 7), grid_regions((32, 32), 2, 2), SIGMA)(
            np.ones((1, 4), bool)
        )
    with pytest.raises(EvidenceError, match="Define them on the input"):
        RegionGame(dots(Looks("one")), grid_regions((16, 32), 2, 2), SIGMA)
    with pytest.raises(EvidenceError, match="without gaps"):
        RegionGame(dots(Looks("one")), 2 * grid_regions((32, 32), 2, 2), SIGMA)
    with pytest.raises(EvidenceError, match="3 x 50 regions"):
        grid_regions((32, 32), 3, 50)
    with pytest.raises(EvidenceError, match="0 regions"):
        superpixels(np.zeros((4, 4, 3), np.uint8), 0)


def test_no_more_regions_than_asked_for() -> None:
    random = np.random.default_rng(3)
    photo = np.kron(random.integers(0, 256, (6, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    for count in (4, 6, 8, 12):
        labels = superpixels_at_most(photo, count)
        assert count / 2 <= labels.max() + 1 <= count
        assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))
    with pytest.raises(EvidenceError, match="Divide it by a grid"):
        superpixels_at_most(np.full((3, 3, 3), 80, np.uint8), 3)


@pytest.mark.parametrize(
    ("size", "count", "rows", "columns"),
    [((32, 40), 6, 2, 3), ((32, 64), 8, 2, 4), ((64, 32), 8, 4, 2), ((32, 48), 9, 3, 3)],
)
def test_an_even_grid_is_about_square(
    size: tuple[int, int], count: int, rows: int, columns: int
) -> None:
    np.testing.assert_array_equal(even_grid(size, count), grid_regions(size, rows, columns))


def test_few_regions_are_asked_exactly_and_many_by_a_sample() -> None:
    told: list[tuple[int, int]] = []
    subject = dots(Looks("and"))
    found = measure_interactions(
        subject, grid_regions((32, 32), 2, 2), progress=lambda *numbers: told.append(numbers)
    )
    assert found.exact
    assert told[-1] == (16, 16) == (coalition_count(4), coalition_count(4))
    assert found.interactions.interaction[0, 3] == pytest.approx(1.0)
    told.clear()
    labels = grid_regions((32, 32), 2, 5)
    many = measure_interactions(subject, labels, progress=lambda *numbers: told.append(numbers))
    assert not many.exact
    assert told[-1] == (coalition_count(10), coalition_count(10)) == (1082, 1082)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    game = RegionGame(subject, labels, BLUR * 32)
    everyone, nobody = game(np.array([[True] * 10, [False] * 10]))
    assert many.interactions.shapley.sum() == pytest.approx(everyone - nobody)
