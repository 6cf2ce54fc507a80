"""The adapter of pytorch-grad-cam: as the library by itself, at a known cost, leaving nothing."""

from __future__ import annotations

import copy
import gc
import weakref

import numpy as np
import pytest
import pytorch_grad_cam as library
import torch
from pytorch_grad_cam.utils.image import scale_cam_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

import attnviz
from attnviz.errors import MethodError
from attnviz.methods import METHODS, Inference
from attnviz.methods.pytorch_grad_cam.cams import LibraryCam
from attnviz.models.preprocess import Preprocess
from attnviz.pictures.geometry import Fit
from tests.state import left_as_it_was

NAMES = [method.name for method in METHODS if issubclass(method, LibraryCam)]


def made(name: str, **options: int) -> LibraryCam:
    method = METHODS.get(name)(**options)
    assert isinstance(method, LibraryCam)
    return method


@pytest.mark.parametrize("name", NAMES)
def test_equal_to_the_library_by_itself(name: str, plain: nn.Module, inputs: Tensor) -> None:
    method = made(name)
    own = method.run(Inference.of(plain, inputs, 2))
    alone = copy.deepcopy(plain)
    layers = (
        [alone.body[2], alone.body[4]] if method.whole and method.all_blocks else [alone.body[4]]
    )
    np.random.seed(0)
    cam = getattr(library, method.cam_class)(alone, [] if name == "fullgrad" else layers)
    if name in ("eigen-cam", "eigen-grad-cam"):  # whose sign in the library is open, here reversed
        compute = cam.get_cam_image
        cam.get_cam_image = lambda *given: -compute(*given)
    if name == "finer-cam":
        expected = cam(inputs, target_idx=2)
    else:
        expected = cam(inputs, [ClassifierOutputTarget(2)])
    last = own.layer_maps[-1].values
    if not method.whole:  # as the library does before it returns
        last = scale_cam_image(scale_cam_image(last, (48, 32)))
    if name == "random-cam":  # its weights come in the order of the blocks
        own = made(name, blocks=1).run(Inference.of(plain, inputs, 2))
        last = scale_cam_image(scale_cam_image(own.layer_maps[-1].values, (48, 32)))
    np.testing.assert_allclose(last, expected, atol=2e-5)
    np.testing.assert_allclose(own.logits, alone(inputs).detach(), atol=1e-6)
    assert (own.target is None) == method.classless


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_has_the_maps_of_float32(
    name: str, dtype: torch.dtype, plain: nn.Module, inputs: Tensor
) -> None:
    """On average over the places within 1 % of the largest; the logits within 2 %."""
    if name == "ablation-cam":  # it switches channels off by -1e7 where the least value is not 0
        plain.body[4] = nn.ReLU()
    expected = made(name).run(Inference.of(copy.deepcopy(plain), inputs, 2))
    found = made(name).run(Inference.of(plain.to(dtype), inputs, 2))
    assert found.logits.dtype is torch.float32
    torch.testing.assert_close(found.logits, expected.logits, atol=0.01, rtol=0.02)
    assert max(one.values.max() for one in expected.layer_maps) > 0
    for one, other in zip(found.layer_maps, expected.layer_maps, strict=True):
        assert np.abs(one.values - other.values).mean() <= 0.01 * other.values.max()
    assert not any(part._forward_hooks for part in plain.modules())


@pytest.mark.filterwarnings("ignore:invalid value")
def test_what_overflows_in_float16_is_said(plain: nn.Module, inputs: Tensor) -> None:
    with pytest.raises(MethodError, match=r"Ablation-CAM.*no finite values at body\.4 of Plain"):
        made("ablation-cam").run(Inference.of(plain.half(), inputs, 2))
    assert not any(part._forward_hooks for part in plain.modules())


def test_a_compiled_network_is_read_as_the_eager_one(plain: nn.Module, inputs: Tensor) -> None:
    expected = made("finer-cam").run(Inference.of(plain, inputs, 3))
    compiled = torch.compile(plain, backend="eager")
    found = made("finer-cam").run(Inference.of(compiled, inputs, 3))
    for one, other in zip(found.layer_maps, expected.layer_maps, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_values_are_absolute(plain: nn.Module, inputs: Tensor) -> None:
    """FEM by hand; the library would give 0..1."""
    values = made("fem").run(Inference.of(plain, inputs)).layer_maps[-1].values
    features = plain.body(inputs).detach().numpy()
    limit = features.mean((2, 3)) + 2 * features.std((2, 3))
    weights = (features > limit[..., None, None]).mean((2, 3))
    expected = (weights[..., None, None] * features).sum(1)
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_cost_is_known_before(name: str, plain: nn.Module, inputs: Tensor) -> None:
    method, told = made(name), []
    cost = method.cost(Inference.of(plain, inputs))
    method.run(Inference.of(plain, inputs, 1, lambda done, total: told.append((done, total))))
    assert told[-1] == (cost.forward, cost.forward)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_costs_by_hand(plain: nn.Module, inputs: Tensor) -> None:
    """8 channels in the last block, 6 + 8 in both."""
    assert made("score-cam").cost(Inference.of(plain, inputs)).forward == 1 + 8
    assert made("score-cam", blocks=0).cost(Inference.of(plain, inputs)).forward == 1 + 6 + 8
    assert made("ablation-cam").cost(Inference.of(plain, inputs)).forward == 2 + 8
    assert made("finer-cam").cost(Inference.of(plain, inputs)).backward == 1
    assert made("eigen-cam").cost(Inference.of(plain, inputs)).backward == 0


class StopError(Exception):
    pass


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stopped", [False, True])
def test_the_network_is_left_as_it_was(
    name: str, stopped: bool, tiny_cnn: nn.Module, inputs: Tensor
) -> None:
    """Also with in-place layers, somebody's gradients and hooks, in training, and interrupted."""
    tiny_cnn.train()
    tiny_cnn.features[1].eval()
    tiny_cnn.head.weight.requires_grad_(False)
    tiny_cnn.features[0].weight.grad = torch.ones_like(tiny_cnn.features[0].weight)
    tiny_cnn.features[4].register_forward_hook(lambda *_: None)
    random = np.random.get_state()[1].copy()
    last = made(name).cost(Inference.of(tiny_cnn, inputs)).forward

    def stop(done: int, _total: int) -> None:
        if stopped and done >= min(last, 3):
            raise StopError

    with left_as_it_was(tiny_cnn):
        if stopped:
            with pytest.raises(StopError):
                made(name).run(Inference.of(tiny_cnn, inputs, 1, stop))
        else:
            made(name).run(Inference.of(tiny_cnn, inputs, 1, stop))
    assert (np.random.get_state()[1] == random).all()


@pytest.mark.parametrize("name", ["score-cam", "finer-cam", "shapley-cam"])
def test_no_graph_stays_in_memory(name: str, plain: nn.Module, inputs: Tensor) -> None:
    kept: list[weakref.ref[Tensor]] = []
    plain.body.register_forward_hook(lambda _part, _given, out: kept.append(weakref.ref(out)))
    gc.disable()
    try:
        made(name).run(Inference.of(plain, inputs))
        assert kept
        assert not any(one() is not None for one in kept)
    finally:
        gc.enable()


def test_running_out_of_memory_is_not_hidden(plain: nn.Module, inputs: Tensor) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    plain.body[3].register_forward_hook(full)
    with pytest.raises((torch.OutOfMemoryError, MethodError)) as caught:
        made("fem").run(Inference.of(plain, inputs))
    assert isinstance(caught.value, torch.OutOfMemoryError)


def test_through_the_door(tiny_cnn: nn.Module, photo: np.ndarray) -> None:
    model = attnviz.wrap(tiny_cnn, Preprocess(size=64, fit=Fit.SQUASH), ("a", "b", "c", "d"))
    picture = attnviz.open_picture(photo, name="photo")
    told: list[int] = []
    result = attnviz.explain(
        model, picture, "score-cam", target="c", progress=lambda done, _total: told.append(done)
    )
    assert (result.method, result.target.label, len(result.maps)) == ("score-cam", "c", 1)
    assert told == [1, 17]
    plain_pass = attnviz.explain(model, picture, "grad-cam", target="c")
    assert [one.label for one in result.predictions] == [o.label for o in plain_pass.predictions]
    assert attnviz.explain(model, picture, "eigen-cam").target is None
    assert METHODS.get("eigen-cam").many_passes
