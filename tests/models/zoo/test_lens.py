"""`lens`: the classifier's own logits, and a mask for any class that is asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.models.lens_source import build_lens
from attnviz.models.zoo.lens import (
    CHANNELS,
    STEPS,
    LensNetwork,
    begin_with_classifier,
    shares_of_the_answer,
)

CLASS = torch.tensor([3])


@pytest.fixture(scope="module")
def lens() -> LensNetwork:
    torch.manual_seed(0)
    network = build_lens().eval()
    for step in STEPS:  # a trained decoder adds to the class's own map
        torch.nn.init.normal_(network.get_submodule(f"stride{step.stride}.score").weight, std=0.3)
    return network


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_the_logits_are_the_classifiers_own(lens: LensNetwork, inputs: torch.Tensor) -> None:
    torch.testing.assert_close(lens(inputs), lens.trunk(inputs))


@torch.no_grad()
def test_each_step_doubles_the_resolution_to_a_quarter_of_the_inputs(
    lens: LensNetwork, inputs: torch.Tensor
) -> None:
    features = lens.features(inputs)
    assert tuple(one.shape[1] for one in features) == CHANNELS
    scores = lens.scores(features, torch.tensor([3, 4]))
    assert [tuple(one.shape) for one in scores] == [
        (2, 2, 64 // step.stride, 96 // step.stride) for step in STEPS
    ]


@torch.no_grad()
def test_several_classes_of_one_picture_have_the_masks_that_each_has_alone(
    lens: LensNetwork, inputs: torch.Tensor
) -> None:
    features = lens.features(inputs[:1])
    together = lens.scores(features, torch.tensor([7, 0, 999]))
    for index, name in enumerate((7, 0, 999)):
        for both, alone in zip(together, lens.scores(features, torch.tensor([name])), strict=True):
            torch.testing.assert_close(both[index], alone[0], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(together[-1][0], together[-1][1], atol=1e-2)


@torch.no_grad()
def test_the_whole_answer_is_asked_for_unless_single_classes_are(
    lens: LensNetwork, inputs: torch.Tensor
) -> None:
    masks: list[torch.Tensor] = []
    hook = lens.get_submodule("stride4.gate").register_forward_pre_hook(
        lambda _module, given: masks.append(given[0])
    )
    answer = shares_of_the_answer(lens(inputs))
    with lens.asking(lambda _logits: torch.tensor([5, 6])):
        lens(inputs)
    lens(inputs)
    hook.remove()
    features = lens.features(inputs)
    for mask, asked in zip(masks, (answer, torch.tensor([5, 6]), answer), strict=True):
        expected = torch.sigmoid(lens.scores(features, asked)[-1][:, :1]) ** 4
        torch.testing.assert_close(mask, expected)


@torch.no_grad()
def test_a_question_of_one_weight_is_that_class(lens: LensNetwork, inputs: torch.Tensor) -> None:
    features = lens.features(inputs)
    single = lens.scores(features, torch.tensor([7, 999]))
    weights = torch.nn.functional.one_hot(torch.tensor([7, 999]), 1000).float()
    for one, other in zip(single, lens.scores(features, weights), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_a_class_has_the_root_of_its_probability_in_the_answer() -> None:
    probabilities = torch.tensor([0.36, 0.01, 0.25, 0.09, *[0.04] * 7, 0.0])
    probabilities[-1] = 1 - probabilities.sum()  # 0.01: of the two that are last, none has a share
    shares = shares_of_the_answer(probabilities.log()[None])[0]
    expected = torch.tensor([0.6, 0, 0.5, 0.3, *[0.2] * 7, 0])
    torch.testing.assert_close(shares, expected / expected.sum())
    assert torch.equal(shares_of_the_answer(torch.tensor([[40.0, 0, 0]])).round(), torch.eye(3)[:1])


@torch.no_grad()
def test_what_speaks_for_a_class_has_no_fine_detail() -> None:
    """A step in the scores becomes a slope of twelve cells: eight of the mean, four of the grid."""
    lens = LensNetwork(build_lens().trunk)
    torch.nn.init.zeros_(lens.own)
    step = torch.zeros(1, 2, 32, 32)
    step[..., 16:] = 1
    lens.get_submodule("stride4").register_forward_hook(lambda *_: (torch.zeros(1), step))
    suffices, speaks = lens.eval().scores(lens.features(torch.zeros(1, 3, 128, 128)), CLASS)[-1][0]
    assert suffices[5, 14:18].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(speaks[:, :8], 0, atol=1e-6)
    np.testing.assert_allclose(speaks[:, 24:], 1, atol=1e-6)
    slope = speaks[5, 8:24].diff()
    assert float(slope.min()) >= 0
    assert 0.05 < float(slope.max()) < 0.15


@torch.no_grad()
def test_before_training_the_scores_are_the_classs_own_map() -> None:
    torch.manual_seed(2)
    network = build_lens().eval()
    picture = torch.randn(1, 3, 96, 64)
    features = network.features(picture)
    (coarsest, *_) = network.scores(features, torch.tensor([42]))
    weights = network.trunk.classifier.weight[42].numpy().astype(np.float64)
    own = np.einsum("c,chw->hw", weights, features[-1][0].numpy().astype(np.float64))
    expected = 1.5 * (own - own.mean()) / (own.std() + 1e-3)
    np.testing.assert_allclose(coarsest[0, 0], expected, atol=1e-3)
    np.testing.assert_allclose(coarsest[0, 1], expected, atol=1e-3)


def test_the_decoder_is_small_and_alone_is_trained(lens: LensNetwork) -> None:
    trained = {name for name, value in lens.named_parameters() if value.requires_grad}
    assert not any(name.startswith("trunk.") for name in trained)
    assert sum(lens.get_parameter(name).numel() for name in trained) <= 1_500_000


def test_the_decoder_begins_with_the_directions_that_tell_classes_apart() -> None:
    network = build_lens()
    random = np.random.default_rng(0)
    spread = np.zeros(1280)
    spread[:96] = np.linspace(3, 1, 96)  # classes differ along the first 96 channels alone
    weights = (random.standard_normal((1000, 1280)) * spread).astype(np.float32)
    with torch.no_grad():
        network.trunk.classifier.weight.copy_(torch.from_numpy(weights))
    begin_with_classifier(network)
    code = network.code.weight.detach().numpy()
    assert np.abs(code[:, 96:]).max() < 1e-4 * np.abs(code).max()
    gram = code @ code.T
    np.testing.assert_allclose(gram / gram[0, 0], np.eye(96), atol=1e-4)
