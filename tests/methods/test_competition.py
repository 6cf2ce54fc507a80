"""Competition on cases small enough for pencil and paper, and on networks whose answer is known."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.analysis.explain import explain
from attnviz.errors import MethodError, ModelError
from attnviz.methods import Inference
from attnviz.methods.competition import Competition, contestants, shares
from attnviz.methods.smoothing import smoothed
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import open_picture


class Plain(nn.Module):
    """Features [N, k, h, w] are the first channels themselves; the classifier is the identity."""

    def __init__(self, classes: int = 2) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, classes, 1, bias=False)
        self.head = nn.Linear(classes, classes, bias=False)
        with torch.no_grad():
            self.features.weight.copy_(torch.eye(classes, 3)[:, :, None, None])
            self.head.weight.copy_(torch.eye(classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).mean((2, 3)))


class Bent(Plain):
    """The same behind a bend that no single place can be given."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.head(self.features(x).mean((2, 3))))


def picture(*planes: list[list[float]]) -> Tensor:
    """[1, 3, h, w]; planes that are not given are 0."""
    found = torch.zeros(1, 3, len(planes[0]), len(planes[0][0]))
    for index, plane in enumerate(planes):
        found[0, index] = torch.tensor(plane)
    return found


RED, GREEN = [[4.0, 2.0, 0.0, -2.0]], [[0.0, 2.0, 4.0, 2.0]]


def test_two_classes_by_hand() -> None:
    """z_0 = [4, 2, 0, -2], z_1 = [0, 2, 4, 2]: logits 1 and 2, so w = e^(2 - 1) against class 0.

    The mean of all eight is 1.5, the sum of their squared distances from it 30: T = sqrt(30 / 8).
    """
    method = Competition(temperature=1.0, smoothing=0)
    found = method.run(Inference.of(Plain(), picture(RED, GREEN), 0))
    spread = math.sqrt(30 / 8)
    expected = [4 / (1 + math.e * math.exp(-4 / spread)), 2 / (1 + math.e), 0.0, 0.0]
    np.testing.assert_allclose(found.layer_maps[-1].values[0, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(found.logits[0], [1, 2])
    assert found.target is not None
    assert found.target.tolist() == [0]


def test_without_a_target_the_strongest_class_speaks() -> None:
    found = Competition().run(Inference.of(Plain(), picture(RED, GREEN)))
    assert found.target is not None
    assert found.target.tolist() == [1]


def test_the_scale_of_logits_does_not_matter() -> None:
    said = torch.randn(2, 5, 3, 4, generator=torch.Generator().manual_seed(0))
    weights = torch.tensor([[4.0, 1.0, 0.5, 0.1], [1.0, 1.0, 1.0, 1.0]])
    torch.testing.assert_close(shares(said, weights, 0.5), shares(30 * said + 7, weights, 0.5))


def test_the_shares_of_all_classes_sum_to_one() -> None:
    """If every rival weighs 1, each class in turn gets what the others leave."""
    said = torch.randn(1, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    turns = [said.roll(turn, 1) for turn in range(4)]
    total = sum(shares(one, torch.ones(1, 3), 0.7) for one in turns)
    torch.testing.assert_close(total, torch.ones(1, 3, 3))


def test_rivals_are_the_strongest_others_and_their_weight_is_bounded() -> None:
    logits = torch.tensor([[0.0, 5.0, 1.0, math.log(3)]])
    classes, weights = contestants(logits, torch.tensor([2]), 2, 4.0)
    assert classes.tolist() == [[2, 1, 3]]
    np.testing.assert_allclose(weights[0], [4.0, 3 / math.e], rtol=1e-6)


def test_a_network_with_one_class_has_no_rival() -> None:
    method = Competition(smoothing=0)
    found = method.run(Inference.of(Plain(1), picture([[1.0, 2.0], [0.0, 3.0]])))
    np.testing.assert_allclose(found.layer_maps[-1].values[0], [[1, 2], [0, 3]])


def test_a_class_that_no_feature_speaks_for_has_no_place_whatever_its_offset() -> None:
    network = Plain()
    network.head = nn.Linear(2, 2)
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[1.0, 0], [0, 0]]))
        network.head.bias.copy_(torch.tensor([0.0, 5.0]))
    values = Competition().run(Inference.of(network, picture(RED, GREEN), 1)).layer_maps[-1].values
    np.testing.assert_array_equal(values, 0)


def test_smoothing_keeps_a_constant_and_spreads_a_point_evenly() -> None:
    constant = torch.full((1, 2, 3, 5), 2.5)
    torch.testing.assert_close(smoothed(constant, 1.0), constant)
    point = torch.zeros(1, 1, 9, 9)
    point[0, 0, 4, 4] = 1
    row = smoothed(point, 1.0)[0, 0, 4]
    bell = np.exp(-(np.arange(-3, 4) ** 2) / 2)
    np.testing.assert_allclose(row[1:8], bell / bell.sum() * (1 / bell.sum()), rtol=1e-5)
    assert float(row[0]) == 0


def test_only_the_quadrant_that_a_class_looks_at() -> None:
    """Class 0 is red, class 1 green; red lies in the upper left, green in the lower right."""
    red, green = np.zeros((2, 8, 8))
    red[:4, :4] = green[4:, 4:] = 3
    inputs = picture(red.tolist(), green.tolist())
    for target, quadrant in ((0, np.s_[:4, :4]), (1, np.s_[4:, 4:])):
        values = Competition().run(Inference.of(Plain(), inputs, target)).layer_maps[-1].values[0]
        assert values[quadrant].sum() > 0.85 * values.sum()


def test_a_rival_that_is_stronger_takes_the_place() -> None:
    """Both classes see the left half, the rival more of it: what is left is on the right."""
    both = [[2.0, 2.0, 2.0, 2.0]], [[6.0, 6.0, 0.0, 0.0]]
    values = (
        Competition(smoothing=0)
        .run(Inference.of(Plain(), picture(*both), 0))
        .layer_maps[-1]
        .values[0, 0]
    )
    assert values[:2].max() < 0.2 * values[2:].min()


def test_behind_a_bend_it_competes_by_gradients_or_refuses() -> None:
    """tanh of 1 and 2 has the slopes 1 - tanh^2; HiResCAM times places is slope times z."""
    network, inputs = Bent().train(), picture(RED, GREEN)
    with pytest.raises(MethodError, match="cannot be applied at each cell"):
        Competition(exact=True).run(Inference.of(network, inputs, 0))
    found = Competition(temperature=1.0, smoothing=0).run(Inference.of(network, inputs, 0))
    slopes = 1 - np.tanh([1.0, 2.0]) ** 2
    said = np.stack([slopes[0] * np.array(RED[0]), slopes[1] * np.array(GREEN[0])])
    weight = math.exp(math.tanh(2) - math.tanh(1))
    share = 1 / (1 + weight * np.exp((said[1] - said[0]) / said.std()))
    expected = np.maximum(said[0], 0) * share
    np.testing.assert_allclose(found.layer_maps[-1].values[0, 0], expected, rtol=1e-4, atol=1e-6)
    assert network.training
    assert all(weight.requires_grad for weight in network.parameters())
    assert not any(part._forward_hooks for part in network.modules())


def test_every_block_gets_a_map_and_inputs_do_not_touch_each_other(tiny_ran: nn.Module) -> None:
    inputs = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = Competition().run(Inference.of(tiny_ran.eval(), inputs)).layer_maps
    alone = Competition().run(Inference.of(tiny_ran, inputs[1:])).layer_maps
    assert len(found) > 3
    for one, other in zip(found, alone, strict=True):
        assert one.layer == other.layer
        assert one.values.max() > 0
        np.testing.assert_allclose(one.values[1], other.values[0], rtol=1e-3, atol=1e-5)


class TwoScales(nn.Module):
    """A grid of 4 x 4, the mean of each four places of it, and a classifier of their mean."""

    def __init__(self) -> None:
        super().__init__()
        self.fine, self.coarse = nn.Conv2d(3, 2, 1, bias=False), nn.Conv2d(2, 2, 2, 2, bias=False)
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.fine.weight.copy_(torch.eye(2, 3)[:, :, None, None])
            self.coarse.weight.copy_(torch.eye(2)[:, :, None, None].expand(2, 2, 2, 2) / 4)
            self.head.weight.copy_(torch.eye(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.coarse(self.fine(x)).mean((2, 3)))


def test_the_last_map_is_the_mean_of_two_scales_by_hand() -> None:
    """Red alone, in one place: the rival says 0 everywhere.

    z_0 is 8 / 4 = 2 in one of four coarse places; logits 1/2 and 0, so w = e^(-1/2). Of the eight
    numbers z, mean 1/4, variance 2^2 / 8 - 1/16. LayerCAM at the fine block: the slope of the mean
    of 16 is 1/16, times 8, times 16 places: 8 in that place.
    """
    red = np.zeros((4, 4))
    red[1, 2] = 8
    method = Competition(temperature=1.0, smoothing=0)
    found = method.run(Inference.of(TwoScales(), picture(red.tolist()), 0)).layer_maps
    spread = math.sqrt(4 / 8 - 1 / 16)
    won = np.zeros((2, 2))
    won[0, 1] = 2 / (1 + math.exp(-0.5 - 2 / spread))
    fine = np.zeros((4, 4))
    fine[1, 2] = won.mean() * 16  # brought to the same mean
    enlarged = torch.nn.functional.interpolate(
        torch.tensor(won)[None, None], (4, 4), mode="bilinear"
    )[0, 0].numpy()
    np.testing.assert_allclose(found[-1].values[0], (enlarged + fine) / 2, rtol=1e-5)
    np.testing.assert_allclose(found[0].values[0], fine, rtol=1e-5)


def test_a_finer_block_weighs_places_by_the_share_and_keeps_the_last_ones_mean() -> None:
    """Red in two places: z_0 is 2, 1, 0, 0, so w = e^(-3/4), and the variance 5/8 - (3/8)^2."""
    red = np.zeros((4, 4))
    red[1, 2], red[3, 0] = 8, 4
    method = Competition(temperature=1.0, smoothing=0)
    found = method.run(Inference.of(TwoScales(), picture(red.tolist()), 0)).layer_maps[0].values[0]
    spread = math.sqrt(5 / 8 - 9 / 64)
    strong, weak, nothing = (1 / (1 + math.exp(-0.75 - z / spread)) for z in (2, 1, 0))
    near = (9 * strong + weak + 6 * nothing) / 16  # bilinear, three quarters of the way
    assert found[1, 2] / found[3, 0] == pytest.approx(2 * near / weak, rel=1e-5)
    assert found.mean() == pytest.approx((2 * strong + weak) / 4, rel=1e-5)
    assert np.count_nonzero(found) == 2


@pytest.mark.parametrize("options", [{"rivals": 0}, {"temperature": 0.0}, {"smoothing": -1.0}])
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(MethodError, match="are out of range"):
        Competition(**options).run(Inference.of(Plain(), picture(RED, GREEN)))  # type: ignore[arg-type]


def _compiled(network: nn.Module) -> nn.Module:
    found: nn.Module = torch.compile(network, backend="eager")
    return found


CONVERTED: dict[str, tuple[Callable[[nn.Module], nn.Module], float]] = {
    "bfloat16": (lambda network: network.bfloat16(), 0.01),
    "float16": (lambda network: network.half(), 0.002),
    "compiled": (_compiled, 0.0),
}


@pytest.mark.parametrize("how", sorted(CONVERTED))
@pytest.mark.parametrize("question", ["auto", "decision", "bent"])
def test_half_precision_and_compiled_networks_have_the_maps_of_float32(
    how: str, question: str, tiny_cnn: nn.Module, photo: np.ndarray
) -> None:
    """By the places' own logits, and by gradients where the classifier is bent.

    On average over the places, in shares of the largest value: rounding may turn a ReLU or choose
    another cell in a pooling, whose place then differs by more.
    """
    if question == "bent":
        tiny_cnn.head = nn.Sequential(tiny_cnn.head, nn.Tanh())
    question = question.replace("bent", "decision")
    convert, near = CONVERTED[how]
    picture = open_picture(photo, name="photo")
    converted = convert(copy.deepcopy(tiny_cnn))
    expected = explain(wrap(tiny_cnn, Preprocess(size=64)), picture, question, target=1)
    found = explain(wrap(converted, Preprocess(size=64)), picture, question, target=1)
    assert found.method == expected.method == "competition"
    assert found.layers == expected.layers
    for one, other in zip(found.maps, expected.maps, strict=True):
        assert other.max() > 0
        apart = np.abs(one - other) / other.max()
        assert apart.mean() <= near
        assert apart.max() <= (0.1 if near else 0)


def test_a_network_that_cannot_be_read_is_told_as_for_other_methods(
    tiny_cnn: nn.Module, photo: np.ndarray
) -> None:
    picture, inputs = open_picture(photo, name="photo"), torch.zeros(1, 3, 64, 80)
    traced = torch.jit.trace(tiny_cnn.eval(), inputs)
    with pytest.raises(ModelError, match="TinyCnn is traced or scripted as a whole"):
        explain(wrap(traced, Preprocess(size=64)), picture, "competition")
    model = wrap(tiny_cnn, Preprocess(size=64))
    tiny_cnn.to("meta")
    with pytest.raises(ModelError, match="TinyCnn is on meta, but its input on cpu"):
        explain(model, picture, "competition")
