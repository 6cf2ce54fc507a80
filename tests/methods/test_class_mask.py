"""The learned mask of a class: each class its own, and all of them from one pass."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import attnviz
from attnviz.analysis.class_maps import class_maps
from attnviz.errors import MethodError, UnknownClassError
from attnviz.methods import Inference
from attnviz.methods.class_mask import ClassMask
from attnviz.models.lens_source import build_lens
from attnviz.models.zoo.lens import STEPS, LensNetwork

LAYERS = (*(f"stride{step.stride}" for step in STEPS), "necessary")


@pytest.fixture(scope="module")
def lens() -> LensNetwork:
    torch.manual_seed(0)
    network = build_lens().eval()
    for step in STEPS:
        nn.init.normal_(network.get_submodule(f"stride{step.stride}.score").weight, std=0.3)
    return network


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(1))


def test_every_layer_has_the_mask_of_the_class(lens: LensNetwork, inputs: torch.Tensor) -> None:
    result = ClassMask().run(Inference.of(lens, inputs, 7))
    assert result.layers == LAYERS
    assert result.target is not None
    assert result.target.tolist() == [7]
    with torch.no_grad():
        scores = lens.scores(lens.features(inputs), torch.tensor([7]))
        torch.testing.assert_close(result.logits, lens.trunk(inputs))
    for layer, step in zip(LAYERS[:-1], scores, strict=True):
        expected = (torch.sigmoid(step[0, 0]) ** 4).numpy()
        np.testing.assert_allclose(result.map_of(layer), expected, atol=1e-5)
    np.testing.assert_allclose(
        result.map_of("necessary"), (torch.sigmoid(scores[-1][0, 1]) ** 4).numpy(), atol=1e-5
    )


def test_a_batch_has_the_most_probable_class_of_each(lens: LensNetwork) -> None:
    batch = torch.randn(3, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    result = ClassMask().run(Inference.of(lens, batch))
    assert result.target is not None
    assert result.target.tolist() == result.logits.argmax(1).tolist()
    for index in range(3):
        alone = ClassMask().run(Inference.of(lens, batch[index : index + 1]))
        np.testing.assert_allclose(
            result.map_of("stride4", index), alone.map_of("stride4"), atol=1e-4
        )


def test_several_classes_share_one_pass(lens: LensNetwork, inputs: torch.Tensor) -> None:
    passes: list[int] = []
    hook = lens.register_forward_hook(lambda *_: passes.append(1))
    ClassMask().run(Inference.of(lens, inputs))  # finds the sites
    passes.clear()
    results = ClassMask().run_for_classes(Inference.of(lens, inputs), lambda _logits: [7, 0, 999])
    hook.remove()
    assert len(passes) == 1
    for target, result in zip((7, 0, 999), results, strict=True):
        alone = ClassMask().run(Inference.of(lens, inputs, target))
        assert result.layers == alone.layers
        for layer in LAYERS:
            np.testing.assert_allclose(result.map_of(layer), alone.map_of(layer), atol=1e-4)


def test_a_wrapped_network_answers_for_its_classes(lens: LensNetwork, photo: np.ndarray) -> None:
    model = attnviz.wrap(lens, attnviz.Preprocess(size=64))
    assert model.spec.class_masks
    maps = class_maps(model, attnviz.open_picture(photo), [3, 5], "class-mask")
    one = attnviz.explain(model, photo, "class-mask", 5)
    assert one.target is not None
    np.testing.assert_allclose(maps.map_of(5), one.map_of(one.layers[-1]), atol=1e-4)


def test_a_class_that_does_not_exist_leaves_no_question_behind(
    lens: LensNetwork, inputs: torch.Tensor
) -> None:
    before = attnviz.wrap(lens)
    first = ClassMask().run(Inference.of(before.module, inputs))
    with pytest.raises(UnknownClassError, match="0 to 999"):
        ClassMask().run(Inference.of(lens, inputs, 1000))
    again = ClassMask().run(Inference.of(lens, inputs))
    np.testing.assert_array_equal(first.map_of("stride4"), again.map_of("stride4"))


def test_a_network_without_such_masks_is_told_so(tiny_ran: nn.Module) -> None:
    with pytest.raises(MethodError, match="no masks for single classes"):
        ClassMask().run(Inference.of(tiny_ran, torch.randn(1, 3, 64, 64)))
