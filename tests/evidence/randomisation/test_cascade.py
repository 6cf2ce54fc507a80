"""Randomising layer by layer, and what it says of maps that depend on the network or do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage.metrics import structural_similarity
from torch import nn

from attnviz.errors import EvidenceError
from attnviz.evidence.baseline_maps import phase_randomised
from attnviz.evidence.randomisation.cascade import (
    MapSimilarity,
    RandomisationStep,
    SanityCheck,
    cascading_randomisation,
    compare_maps,
)
from attnviz.evidence.randomisation.weights import (
    MOST_STAGES,
    randomisation_stages,
    shuffle_weights,
)
from attnviz.models.zoo.vit_small import vit_small
from attnviz.types import FloatArray
from tests.conftest import TinyCnn

SIZE = (32, 32)


class Reversed(nn.Module):
    """Layers that are called in another order than they were made in, and weights of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.arange(3.0))
        self.last = nn.Linear(3, 2)
        self.first = nn.Linear(3, 3)
        self.twin = self.first

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.last(self.first(x + self.shift))
        return out


def picture(seed: int = 0) -> torch.Tensor:
    """A bright square on noise."""
    inputs = 0.2 * torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(seed))
    inputs[:, :, 6 + 8 * seed : 16 + 8 * seed, 18:28] += 0.8
    return inputs


def edges(inputs: torch.Tensor) -> FloatArray:
    """A "method" that never asks the network."""
    grey = inputs.mean(1)[0].numpy()
    down, across = np.gradient(grey)
    return np.asarray(np.hypot(down, across), dtype=np.float32)


def gradient(module: nn.Module, inputs: torch.Tensor) -> FloatArray:
    """How fast the first class's score changes with each pixel."""
    asked = inputs.clone().requires_grad_()
    module(asked)[0, 0].backward()
    assert asked.grad is not None
    return F.avg_pool2d(asked.grad.abs().sum(1), 4)[0].numpy()


def tiny() -> nn.Module:
    torch.manual_seed(0)
    return TinyCnn().eval()


def checked(look: Callable[[nn.Module, torch.Tensor], FloatArray], seed: int = 0) -> SanityCheck:
    module = tiny()
    return cascading_randomisation(
        module,
        lambda: look(module, picture()),
        SIZE,
        [lambda: look(module, picture(1)), lambda: look(module, picture(2))],
        run=lambda: module(picture()),
        seed=seed,
    )


def test_stages_follow_the_pass_from_the_output_and_share_no_weight() -> None:
    module = Reversed()
    stages = randomisation_stages(module, lambda: module(torch.zeros(1, 3)))
    assert [stage.name for stage in stages] == ["last", "first", "shift"]
    weights = [weight for stage in stages for weight in stage.weights]
    assert {id(one) for one in weights} == {id(one) for one in module.parameters()}
    assert len(weights) == len(list(module.parameters()))
    assert not any(part._forward_pre_hooks for part in module.modules())


def test_stages_are_blocks_and_not_too_many() -> None:
    module = vit_small(4, width=32, depth=5, heads=2).eval()
    stages = randomisation_stages(module, lambda: module(torch.zeros(1, 3, 32, 32)))
    blocks = [f"blocks.{n}" for n in reversed(range(5))]
    assert [one.name for one in stages] == [
        "head", "norm", *blocks, "position", "stem", "class_token"
    ]  # fmt: skip
    deep = nn.Sequential(nn.Flatten(), *(nn.Linear(4, 4) for _ in range(40)))
    many = randomisation_stages(deep, lambda: deep(torch.zeros(1, 4)))
    assert len(many) == MOST_STAGES
    assert sum(len(stage.weights) for stage in many) == 80
    assert [int(stage.name) for stage in many] == sorted(
        (int(stage.name) for stage in many), reverse=True
    )


def test_shuffling_keeps_the_values_and_loses_their_places() -> None:
    module = tiny()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    for stage in randomisation_stages(module, lambda: module(picture())):
        shuffle_weights(stage, torch.Generator().manual_seed(1))
    for key, value in module.state_dict().items():
        assert torch.equal(value.flatten().sort()[0], before[key].flatten().sort()[0])
        if "running" in key or value.numel() == 1:
            assert torch.equal(value, before[key])
        elif len(before[key].unique()) > 1:
            assert not torch.equal(value, before[key])


def test_a_gradient_changes_with_the_network() -> None:
    found = checked(gradient)
    assert [step.name for step in found.steps] == [
        "", "head", "features.6", "features.4", "features.1", "features.0"
    ]  # fmt: skip
    assert found.steps[0].similarity == MapSimilarity(1.0, pytest.approx(1.0), 1.0)
    last = found.steps[-1].similarity
    assert last is not None
    assert last.spearman < 0.7
    assert not found.insensitive


def test_a_method_that_never_asks_the_network_is_found_out() -> None:
    found = checked(lambda _, inputs: edges(inputs))
    for step in found.steps:
        assert step.similarity == MapSimilarity(1.0, pytest.approx(1.0), 1.0)
    assert found.control is not None
    assert found.control.spearman < 0.5
    assert found.insensitive


def test_the_seed_decides() -> None:
    one, same, other = checked(gradient, 4), checked(gradient, 4), checked(gradient, 5)
    for a, b in zip(one.steps, same.steps, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
    assert not np.array_equal(one.steps[-1].values, other.steps[-1].values)


def sanity(last: float | None, control: float | None) -> SanityCheck:
    values = np.eye(3, dtype=np.float32)
    found = [None if one is None else MapSimilarity(one, 0, 0) for one in (last, control)]
    first = RandomisationStep("", values, MapSimilarity(1, 1, 1))
    return SanityCheck((first, RandomisationStep("stem", values, found[0])), found[1], values)


@pytest.mark.parametrize(
    ("last", "control", "expected"),
    [
        (0.9, 0.3, True),
        (-0.9, 0.3, True),
        (0.9, None, True),
        (0.69, 0.1, False),
        (0.9, 0.95, False),
        (None, 0.1, False),
    ],
)
def test_the_verdict(last: float | None, control: float | None, expected: bool) -> None:
    assert sanity(last, control).insensitive is expected


@pytest.mark.parametrize(
    ("ranks", "control", "expected"),
    [
        ((0.64, 0.2, 0.1), 0.1, "depends"),
        ((-0.64, 0.2, None), 0.1, "depends"),
        ((None, None, None), None, "depends"),
        ((0.7, 0.7, 0.7), 0.1, "borderline"),
        ((0.66, 0.2, 0.1), 0.1, "borderline"),
        ((0.95, 0.95, 0.3), 0.1, "borderline"),
        ((0.9, 0.9, 0.74), None, "borderline"),
        ((0.76, -0.9, 0.9), 0.8, "insensitive"),
        ((0.76, 0.9, 0.9), 0.9, "inconclusive"),
    ],
)
def test_all_shuffles_are_judged_together(
    ranks: tuple[float | None, ...], control: float | None, expected: str
) -> None:
    found = sanity(ranks[0], control)
    others = tuple(None if rank is None else MapSimilarity(rank, 0, 0) for rank in ranks[1:])
    assert replace(found, reshuffled=others).verdict == expected


def test_a_map_of_the_picture_alone_is_insensitive_in_every_shuffle() -> None:
    assert checked(lambda _, inputs: edges(inputs)).final_ranks == (1.0,) * 3
    assert max(map(abs, checked(gradient).final_ranks)) < 0.7


def test_likeness_is_taken_at_the_pictures_size_and_knows_no_scale() -> None:
    random = np.random.default_rng(0)
    a, b = random.random((2, 20, 24)).astype(np.float32)
    found = compare_maps(a, 5 * b + 2, (20, 24))
    assert found is not None
    low, high = ((one - one.min()) / (one.max() - one.min()) for one in (a, b))
    assert found.ssim == pytest.approx(structural_similarity(low, high, data_range=1), abs=1e-5)
    assert compare_maps(a, np.ones_like(a), (20, 24)) is None
    small = compare_maps(a[:5, :6], a[:5, :6] ** 2, (4, 4))
    assert small is not None
    assert small.spearman > 0.9


def test_progress_is_told_and_stops_the_work() -> None:
    module, told = tiny(), []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cascading_randomisation(
            module,
            lambda: edges(picture()),
            SIZE,
            [lambda: edges(picture(1))],
            run=lambda: module(picture()),
            progress=stop,
        )
    assert told == [(done, 9) for done in range(5)]


def test_what_cannot_be_checked_is_said() -> None:
    with pytest.raises(EvidenceError, match="flat"):
        checked(lambda *_: np.ones((4, 4), np.float32))
    bare = nn.Flatten()
    with pytest.raises(EvidenceError, match="no weights"):
        cascading_randomisation(
            bare, lambda: edges(picture()), SIZE, [], run=lambda: bare(picture())
        )


def test_a_phase_randomised_photo_keeps_colour_and_texture_alone() -> None:
    y, x = np.mgrid[:48, :64]
    pixels = np.full((48, 64, 3), (140, 110, 90), np.uint8)
    pixels[(y - 24) ** 2 + (x - 20) ** 2 < 64] += np.asarray([40, 30, 20], np.uint8)
    drawn = phase_randomised(pixels, 3)
    assert drawn.shape == pixels.shape
    np.testing.assert_array_equal(drawn, phase_randomised(pixels, 3))
    assert not np.array_equal(drawn, phase_randomised(pixels, 4))
    np.testing.assert_allclose(drawn.mean((0, 1)), pixels.mean((0, 1)), atol=8)
    # One and the same phases: channels that were multiples of each other still are.
    deviations = drawn - drawn.mean((0, 1))
    np.testing.assert_allclose(deviations[..., 0], 2 * deviations[..., 2], atol=2.5)
    place = np.corrcoef(drawn[..., 0].ravel(), pixels[..., 0].ravel())[0, 1]
    assert abs(place) < 0.5
