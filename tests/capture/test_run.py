"""One pass with everything read: outputs unchanged, nothing left behind, threads kept apart."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from attnviz.analysis.explain import explain
from attnviz.capture.discovery.blocks import find_blocks
from attnviz.capture.logits import logits_of
from attnviz.capture.run import capture
from attnviz.capture.taps.soft_masks import find_soft_masks
from attnviz.errors import ModelError, UnknownClassError
from attnviz.models.loading import wrap
from attnviz.models.zoo.ran_small import ran_small
from attnviz.models.zoo.vit_small import vit_small
from attnviz.pictures import open_picture


def hooks_in(module: nn.Module) -> int:
    return sum(
        len(part._forward_hooks) + len(part._forward_pre_hooks) + len(part._backward_hooks)
        for part in module.modules()
    )


def inputs(count: int = 2, size: tuple[int, int] = (64, 48)) -> Tensor:
    return torch.randn(count, 3, *size, generator=torch.Generator().manual_seed(1))


def shifted(_m: nn.Module, _i: object, out: Tensor, spot: tuple[int, ...], by: float) -> Tensor:
    out = out.clone()
    out[spot] += by
    return out


def test_outputs_are_bit_identical_with_and_without_reading(
    tiny_cnn: nn.Module, tiny_ran: nn.Module
) -> None:
    for module in (tiny_cnn, tiny_ran):
        module.eval()
        with torch.no_grad():
            bare = module(inputs())
        for sites in (find_blocks(module, inputs(1)), find_soft_masks(module)):
            for gradients in (False, True):
                trace = capture(module, inputs(), sites, gradients=gradients)
                assert torch.equal(trace.logits, bare)


@pytest.mark.parametrize("gradients", [False, True])
def test_only_a_pass_with_gradients_touches_requires_grad(
    tiny_cnn: nn.Module, gradients: bool
) -> None:
    """`torch.matmul` reads the flag, even under `no_grad`: the outputs of some networks moved."""
    flags = list[bool]()

    def note(part: nn.Module, *_: object) -> None:
        flags.extend(weight.requires_grad for weight in part.parameters())

    sites = find_blocks(tiny_cnn, inputs(1))
    handle = tiny_cnn.register_forward_hook(note)
    capture(tiny_cnn, inputs(), sites, gradients=gradients)
    handle.remove()
    assert flags
    assert set(flags) == {not gradients}


def test_nothing_is_left_behind(tiny_ran: nn.Module) -> None:
    tiny_ran.train()
    tiny_ran.stem.eval()
    tiny_ran.head[-1].weight.requires_grad_(False)
    capture(tiny_ran, inputs(), find_soft_masks(tiny_ran), gradients=True)
    assert hooks_in(tiny_ran) == 0
    assert tiny_ran.training
    assert not tiny_ran.stem.training
    assert not tiny_ran.head[-1].weight.requires_grad
    assert tiny_ran.stem[0].weight.requires_grad
    assert all(weight.grad is None for weight in tiny_ran.parameters())


def test_nothing_is_left_behind_after_an_error(tiny_cnn: nn.Module) -> None:
    tiny_cnn.train()
    sites = find_blocks(tiny_cnn, inputs(1))
    with pytest.raises(RuntimeError, match="channels"):
        capture(tiny_cnn, torch.zeros(1, 5, 64, 64), sites, gradients=True)
    assert hooks_in(tiny_cnn) == 0
    assert tiny_cnn.training
    assert all(weight.requires_grad for weight in tiny_cnn.parameters())


def test_the_trace_holds_no_graph(tiny_cnn: nn.Module) -> None:
    trace = capture(tiny_cnn, inputs(), find_blocks(tiny_cnn, inputs(1)), gradients=True)
    for reading in trace.features:
        assert not reading.activation.requires_grad
        assert reading.gradient is not None
        assert reading.gradient.grad_fn is None
    assert not trace.logits.requires_grad


def test_gradients_equal_finite_differences(tiny_cnn: nn.Module) -> None:
    """Nudge one cell of the second block's output and see the score move as the gradient says."""
    tiny_cnn.eval().double()
    sites = find_blocks(tiny_cnn, inputs(1).double())
    trace = capture(tiny_cnn, inputs(1).double(), sites, gradients=True, target=2)
    reading = trace.features[1]
    assert reading.gradient is not None
    spots = [(0, 3, 1, 2), (0, 7, 4, 0), (0, 0, 0, 0)]
    part = tiny_cnn.get_submodule(sites[1].module)
    for spot in spots:
        scores = []
        for nudge in (1e-5, -1e-5):
            handle = part.register_forward_hook(partial(shifted, spot=spot, by=nudge))
            with torch.no_grad():
                scores.append(float(tiny_cnn(inputs(1).double())[0, 2]))
            handle.remove()
        slope = (scores[0] - scores[1]) / 2e-5
        assert slope == pytest.approx(float(reading.gradient[spot]), abs=1e-5)


def test_a_batch_gives_each_input_the_gradient_it_has_alone(tiny_cnn: nn.Module) -> None:
    sites = find_blocks(tiny_cnn, inputs(1))
    both = capture(tiny_cnn, inputs(), sites, gradients=True, target=torch.tensor([1, 3]))
    for index, target in enumerate((1, 3)):
        alone = capture(tiny_cnn, inputs()[index : index + 1], sites, gradients=True, target=target)
        for together, single in zip(both.features, alone.features, strict=True):
            assert together.gradient is not None
            torch.testing.assert_close(together.gradient[index], single.gradient[0])


def test_soft_masks_are_what_the_mask_branches_return(tiny_ran: nn.Module) -> None:
    """The readings against the modules' own output, taken by independent hooks."""
    seen: list[Tensor] = []
    handles = [
        tiny_ran.get_submodule(f"stage{n}.attention.mask").register_forward_hook(
            lambda _m, _i, out: seen.append(out.detach())
        )
        for n in (1, 2, 3)
    ]
    trace = capture(tiny_ran, inputs(), find_soft_masks(tiny_ran))
    for handle in handles:
        handle.remove()
    assert [reading.layer for reading in trace.soft_masks] == [
        "stage1.attention", "stage2.attention", "stage3.attention",
    ]  # fmt: skip
    for reading, mask in zip(trace.soft_masks, seen, strict=True):
        assert torch.equal(reading.mask, mask)
        assert float(mask.min()) >= 0
        assert float(mask.max()) <= 1
        assert float(reading.trunk.min()) >= 0  # readable form: what is weighed is not negative


def small_transformer() -> nn.Module:
    """`vit-small`, smaller, with attention that is far from even."""
    torch.manual_seed(0)
    module = vit_small(4, width=32, depth=3, heads=2)
    for name, weight in module.named_parameters():
        if name.endswith("qkv.weight"):
            nn.init.normal_(weight, std=0.3)
    return module


@pytest.mark.parametrize(
    ("build", "method"),
    [(partial(ran_small, 4, width=16), "mask-gradient"), (small_transformer, "rollout")],
)
def test_two_threads_see_only_their_own_maps(build: Callable[[], nn.Module], method: str) -> None:
    """On one network: of soft masks by hooks, of self-attention where calls are listened to."""
    torch.manual_seed(0)
    model = wrap(module := build())
    random = torch.Generator().manual_seed(3)
    pictures = [
        open_picture((torch.rand(60, 80, 3, generator=random) * 255).byte().numpy(), name=str(n))
        for n in range(6)
    ]
    with ThreadPoolExecutor(4) as pool:  # the sites are found among them, too
        together = list(pool.map(lambda p: explain(model, p, method), pictures * 3))
    alone = [explain(model, picture, method) for picture in pictures]
    for index, result in enumerate(together):
        expected = alone[index % len(pictures)]
        assert result.predictions == expected.predictions
        for mine, theirs in zip(result.maps, expected.maps, strict=True):
            assert (mine == theirs).all()
    assert all((alone[0].maps[0] != other.maps[0]).any() for other in alone[1:])
    assert hooks_in(module) == 0


def test_an_unknown_class_is_refused(tiny_cnn: nn.Module) -> None:
    with pytest.raises(UnknownClassError, match="classes 0 to 3"):
        capture(tiny_cnn, inputs(1), find_blocks(tiny_cnn, inputs(1)), gradients=True, target=9)


def test_logits_are_found_in_tuples_and_output_objects(tiny_cnn: nn.Module) -> None:
    logits = torch.arange(6.0).view(2, 3)

    class Output:
        def __init__(self) -> None:
            self.logits = logits

    assert logits_of((logits, "aux"), tiny_cnn) is logits
    assert logits_of(Output(), tiny_cnn) is logits
    with pytest.raises(ModelError, match=r"TinyCnn returned a tensor of the shape \[2, 3, 4\]"):
        logits_of(torch.zeros(2, 3, 4), tiny_cnn)
