"""RISE and occlusion, which need scores alone: worked anew, mirrored, and on planted squares."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import attnviz
from attnviz.errors import MethodError
from attnviz.methods import METHODS, Inference
from attnviz.methods.occlusion import Occlusion, occlusion_patches
from attnviz.methods.perturbation import batch_size, hidden_picture
from attnviz.methods.rise import RandomMasks, Rise
from attnviz.models.scores import ScoreKind, Scores
from attnviz.pictures.geometry import Fit
from attnviz.types import FloatArray

SIZE = (24, 32)
SQUARE = (slice(4, 12), slice(20, 28))


class SquareMean(nn.Module):
    """The mean of a square against its negative, as logits of two classes."""

    def __init__(self, square: tuple[slice, slice] = SQUARE, *, gain: float = 4.0) -> None:
        super().__init__()
        self.square, self.gain = square, gain

    def forward(self, inputs: Tensor) -> Tensor:
        mean = self.gain * inputs[:, :, *self.square].mean((1, 2, 3))
        return torch.stack([mean, -mean], 1)


def bright_square() -> Tensor:
    generator = torch.Generator().manual_seed(3)
    inputs = torch.rand(1, 3, *SIZE, generator=generator) * 0.2
    inputs[:, :, *SQUARE] += 0.7
    return inputs


def map_of(method: Rise | Occlusion, network: nn.Module, inputs: Tensor, target: int) -> FloatArray:
    return method.run(Inference.of(network, inputs, target)).layer_maps[0].values[0]


def enlarged(masks: RandomMasks) -> Tensor:
    """The masks by the library's own enlargement, each cut out by itself."""
    grid = masks.cells.shape[-1]
    sides = [-(-length // grid) for length in masks.size]
    whole = [(grid + 1) * side for side in sides]
    large = F.interpolate(masks.cells[:, None], size=whole, mode="bilinear", align_corners=False)
    height, width = masks.size
    cut = [
        one[0, y : y + height, x : x + width]
        for one, (y, x) in zip(large, masks.shifts.tolist(), strict=True)
    ]
    return torch.stack(cut)


@pytest.mark.parametrize(
    ("size", "grid"), [((24, 32), 7), ((21, 14), 7), ((9, 50), 4), ((5, 5), 2)]
)
def test_masks_are_cells_enlarged_and_shifted(size: tuple[int, int], grid: int) -> None:
    masks = RandomMasks.drawn(40, size, grid, 0.4, seed=1)
    found = torch.cat(list(masks.batches(7, torch.zeros(()))))
    torch.testing.assert_close(found, enlarged(masks))
    sides = torch.tensor([-(-length // grid) for length in size])
    assert bool((masks.shifts < sides).all())
    assert set(masks.cells.unique().tolist()) == {0.0, 1.0}
    assert abs(float(masks.cells.mean()) - 0.4) < 0.12


@pytest.mark.parametrize("hidden", ["mean", "zero"])
@pytest.mark.parametrize("kind", [ScoreKind.SOFTMAX, ScoreKind.SIGMOID])
def test_rise_equals_the_mean_over_the_same_masks(
    tiny_cnn: nn.Module, hidden: str, kind: ScoreKind
) -> None:
    network, inputs, method = tiny_cnn.eval(), bright_square(), Rise(masks=50, hidden=hidden)
    masks = enlarged(RandomMasks.drawn(50, SIZE, 7, 0.5, seed=0)).double()
    behind = inputs.double().mean((2, 3), keepdim=True) if hidden == "mean" else torch.zeros(1)
    total, weight = torch.zeros(2, *SIZE, dtype=torch.float64)
    for mask in masks:
        variant = inputs.double() * mask + behind * (1 - mask)
        with torch.no_grad():
            logits = network(variant.float())[0].double()
        chance = logits.softmax(0)[2] if kind is ScoreKind.SOFTMAX else logits[2].sigmoid()
        total += chance * mask
        weight += mask
    scores = Scores(kind, exclusive=kind is ScoreKind.SOFTMAX)
    one = Inference.of(network, inputs, 2)
    result = method.run(Inference(one.module, one.inputs, one.geometry, 2, scores=scores))
    torch.testing.assert_close(
        torch.from_numpy(result.layer_maps[0].values[0]).double(), total / weight,
        rtol=1e-4, atol=1e-6,
    )  # fmt: skip
    assert result.target is not None
    assert result.target.tolist() == [2]


def test_rise_finds_a_planted_square() -> None:
    values = map_of(Rise(masks=800), SquareMean(), bright_square(), 0)
    inside = np.zeros(SIZE, bool)
    inside[SQUARE] = True
    assert inside[np.unravel_index(values.argmax(), SIZE)]
    assert values[inside].mean() > values[~inside].mean() + 3 * values[~inside].std()
    assert 0 <= values.min() <= values.max() <= 1


def test_the_other_class_is_the_opposite() -> None:
    first, second = (map_of(Rise(masks=60), SquareMean(), bright_square(), n) for n in (0, 1))
    np.testing.assert_allclose(first + second, 1, atol=1e-5)


class Constant(nn.Module):
    def forward(self, inputs: Tensor) -> Tensor:
        return torch.tensor([[1.0, 2.0, 3.0]]).expand(len(inputs), -1)


def test_a_score_that_never_changes_gives_a_flat_map() -> None:
    values = map_of(Rise(masks=40), Constant(), bright_square(), 1)
    np.testing.assert_allclose(values, torch.tensor([1.0, 2, 3]).softmax(0)[1], rtol=1e-5)
    assert not map_of(Occlusion(), Constant(), bright_square(), 1).any()


def test_mirrored_pictures_have_mirrored_maps() -> None:
    mirrored = (slice(4, 12), slice(SIZE[1] - 28, SIZE[1] - 20))
    inputs = bright_square()
    height, width = SIZE
    assert (width - 8) % 4 == (height - 8) % 4 == 0  # the patches lie mirrored, too
    own = map_of(Occlusion(patch=8, hidden="mean"), SquareMean(), inputs, 0)
    other = map_of(Occlusion(patch=8, hidden="mean"), SquareMean(mirrored), inputs.flip(3), 0)
    np.testing.assert_allclose(other[:, ::-1], own, atol=1e-6)
    own, other = (
        map_of(Rise(masks=1500), SquareMean(square), one, 0)
        for square, one in ((SQUARE, inputs), (mirrored, inputs.flip(3)))
    )
    assert np.corrcoef(own.ravel(), other[:, ::-1].ravel())[0, 1] > 0.9


def test_occlusion_by_hand() -> None:
    """A patch of 8 over the square of 8: all of the square's excess over the mean is lost."""
    inputs = torch.zeros(1, 1, 16, 16)
    inputs[:, :, 8:, 8:] = 1  # a quarter: the mean is 1/4
    network = SquareMean((slice(8, 16), slice(8, 16)), gain=1.0)
    values = map_of(Occlusion(patch=8, hidden="mean"), network, inputs, 0)
    # Patches lie at 0, 4 and 8. Over the square's corner lie one that covers it all (3/4 lost);
    # over (8, 8) also two that cover half of it, and one that covers a quarter.
    assert values[15, 15] == pytest.approx(3 / 4)
    assert values[8, 8] == pytest.approx((3 / 4 + 3 / 8 + 3 / 8 + 3 / 16) / 4)
    assert values[15, 8] == pytest.approx((3 / 4 + 3 / 8) / 2)
    assert values[0, 0] == 0
    assert map_of(Occlusion(patch=8, hidden="mean"), network, inputs, 1)[15, 15] == -values[15, 15]


def test_how_inputs_are_normalised_does_not_matter() -> None:
    """Nor with the blur: only with zeros, which are another colour then."""

    class Undone(nn.Module):
        def forward(self, inputs: Tensor) -> Tensor:
            return SquareMean()(inputs * 0.25 + 0.5)

    inputs = bright_square()
    for hidden, same in (("mean", True), ("blur", True), ("zero", False)):
        method = Rise(masks=40, hidden=hidden)
        own = map_of(method, SquareMean(), inputs, 0)
        other = map_of(method, Undone(), (inputs - 0.5) / 0.25, 0)
        assert np.allclose(own, other, atol=1e-5) is same


@pytest.mark.parametrize("method", [Rise(masks=30), Occlusion(patch=12)])
def test_classes_share_the_passes(method: Rise | Occlusion, tiny_cnn: nn.Module) -> None:
    told: list[int] = []
    inference = Inference.of(
        tiny_cnn.eval(), bright_square(), progress=lambda done, _: told.append(done)
    )
    results = method.run_for_classes(inference, lambda _: [3, 0])
    assert told[-1] == method.cost(inference).forward
    for result, index in zip(results, (3, 0), strict=True):
        alone = map_of(method, tiny_cnn, bright_square(), index)
        np.testing.assert_allclose(result.layer_maps[0].values[0], alone, atol=1e-6)
        assert result.target is not None
        assert result.target.tolist() == [index]


@pytest.mark.parametrize("name", ["rise", "occlusion"])
def test_it_is_told_how_far_it_is_and_leaves_nothing_behind(
    name: str, tiny_cnn: nn.Module, photo: np.ndarray
) -> None:
    model = attnviz.wrap(tiny_cnn, attnviz.Preprocess(size=64, fit=Fit.SQUASH))
    told: list[tuple[int, int | None]] = []
    tiny_cnn.train()
    before = torch.get_rng_state()
    result = attnviz.explain(model, photo, name, progress=lambda *said: told.append(said))
    assert torch.equal(torch.get_rng_state(), before)
    assert tiny_cnn.training
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert len({total for _, total in told}) == 1
    assert result.maps[0].shape == (64, 64)
    assert (result.layers, result.focus().values.shape) == (("input",), photo.shape[:2])


def test_several_inputs_are_explained_each_by_itself(tiny_cnn: nn.Module) -> None:
    inputs = torch.cat([bright_square(), bright_square().flip(3)])
    both = Rise(masks=25).run(Inference.of(tiny_cnn.eval(), inputs, 1)).layer_maps[0].values
    for values, one in zip(both, torch.split(inputs, 1), strict=True):
        np.testing.assert_allclose(values, map_of(Rise(masks=25), tiny_cnn, one, 1), atol=1e-6)


def test_large_inputs_come_in_smaller_batches() -> None:
    assert [batch_size(torch.zeros(1, 1, side, side)) for side in (8, 640, 9000)] == [32, 8, 1]


def test_options_out_of_range_are_refused() -> None:
    for wrong in ({"masks": 0}, {"grid": 1}, {"visible": 1.0}):
        with pytest.raises(MethodError, match="RISE needs"):
            Rise(**wrong)  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="does not fit"):
        occlusion_patches((10, 20), 11)
    with pytest.raises(MethodError, match="mean, blur, zero"):
        hidden_picture(bright_square(), "black")


def test_both_fit_every_network_and_are_slow() -> None:
    class Nothing:
        kinds: tuple[str, ...] = ()
        layout, values, class_masks = "NCHW", False, False
        has_classes, decides, finds_things = True, True, False

    assert {method.name for method in METHODS if method.fits(Nothing())} == {"rise", "occlusion"}
    assert all(METHODS.get(name).many_passes for name in ("rise", "occlusion"))
