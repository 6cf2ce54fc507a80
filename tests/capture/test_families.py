"""What holds for every family of networks: sites, outputs, rows, places, nothing left behind."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import _get_current_function_mode

from attnviz.capture.discovery.find_sites import find_kinds
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from tests.capture.families import CONTEXT, FAMILIES, GATES
from tests.capture.traces import made, sites_of, traced

every_family = pytest.mark.parametrize("name", FAMILIES)
every_context = pytest.mark.parametrize("name", CONTEXT)


def hooks_in(module: nn.Module) -> int:
    return sum(
        len(part._forward_hooks) + len(part._forward_pre_hooks) + len(part._backward_hooks)
        for part in module.modules()
    )


def bare(module: nn.Module, inputs: Tensor, *, frozen: bool = False) -> Tensor:
    """The logits without any reading, of the network as it is or with its parameters frozen."""
    with state_guard(module, frozen=frozen), torch.no_grad():
        return logits_of(module(inputs), module)


@every_family
def test_every_site_is_found(name: str) -> None:
    family = FAMILIES[name]
    count = Counter(site.kind for site in sites_of(name))
    assert (count[Kind.CONTEXT], count[Kind.CHANNEL], count[Kind.SPATIAL]) == (
        family.context, family.channel, family.spatial,
    )  # fmt: skip
    layers = [site.layer for site in sites_of(name) if site.kind is Kind.CONTEXT]
    assert len(set(layers)) == len(layers)
    kinds = find_kinds(made(name), family.inputs(1))
    assert set(kinds) - {Kind.FEATURES} == set(count)


@every_family
def test_outputs_are_bit_identical(name: str) -> None:
    """Compared with the network in the same state: matmul folds batches by `requires_grad`.

    With gradients `nn.MultiheadAttention` leaves its fast path, and sums in another order.
    """
    module, inputs = made(name), FAMILIES[name].inputs()
    alone = bare(module, inputs)
    assert torch.equal(traced(name).logits, alone)
    assert len(traced(name).readings) == len(sites_of(name))
    trace = capture(module, inputs, sites_of(name), gradients=True)
    if name == "torchvision ViT":
        torch.testing.assert_close(trace.logits, alone, atol=1e-5, rtol=0)
    else:
        assert torch.equal(trace.logits, bare(module, inputs, frozen=True))
    for reading in trace.context:
        slopes = reading.gradient_rows(torch.arange(min(3, reading.queries.tokens)))
        assert slopes is not None
        assert bool(slopes.isfinite().all())
    assert all(reading.gate_gradient is not None for reading in trace.gates)
    assert all(reading.mask_gradient is not None for reading in trace.soft_masks)


@every_context
def test_rows_are_shares_of_the_whole_grid(name: str) -> None:
    for reading in traced(name).context:
        rows = reading.rows(torch.arange(reading.queries.tokens))
        assert rows.shape == (2, reading.heads, reading.queries.tokens, reading.keys.tokens)
        assert float(rows.min()) >= 0
        torch.testing.assert_close(rows.sum(-1), torch.ones(rows.shape[:-1]), atol=1e-5, rtol=0)
        some = torch.tensor([reading.queries.tokens - 1, 0])
        torch.testing.assert_close(reading.rows(some), rows[:, :, some], atol=1e-6, rtol=1e-5)


@every_context
def test_grids_have_the_aspect_of_the_input(name: str) -> None:
    height, width = FAMILIES[name].size
    for reading in traced(name).context:
        for grid in (reading.queries, reading.keys):
            if grid.cells:
                # Half a stride of tolerance: maps are padded to whole cells.
                assert abs(grid.columns - grid.rows * width / height) <= 1.0


@every_family
def test_nothing_is_left_behind_after_an_error(name: str) -> None:
    module, inputs = made(name), FAMILIES[name].inputs()
    alone = bare(module, inputs)
    sites = sites_of(name)
    before = hooks_in(module)
    last = module.get_submodule(sites[-1].module)

    def fails(*_: object) -> None:
        raise RuntimeError("in the middle")

    foreign = last.register_forward_pre_hook(fails)
    for gradients in (False, True):
        with pytest.raises(RuntimeError, match="in the middle"):
            capture(module, inputs, sites, gradients=gradients)
    foreign.remove()
    assert hooks_in(module) == before == 0
    assert _get_current_function_mode() is None
    assert torch.equal(bare(module, inputs), alone)


@every_family
def test_two_threads_do_not_mix(name: str) -> None:
    """Two networks of one family at once; on one network, passes wait at the model's lock."""
    family = FAMILIES[name]
    modules = [made(name), family.make()]
    inputs = [family.inputs(seed=seed) for seed in (1, 2)]
    sites = sites_of(name)

    def read(which: int) -> list[Tensor]:
        trace = capture(modules[which], inputs[which], sites)
        rows = [one.rows(torch.arange(one.queries.tokens)) for one in trace.context]
        return rows + [one.gate for one in trace.gates] + [one.mask for one in trace.soft_masks]

    def read_often(which: int) -> list[list[Tensor]]:
        return [read(which) for _ in range(2)]

    alone = [read(0), read(1)]
    with ThreadPoolExecutor(2) as pool:
        for which, times in enumerate(pool.map(read_often, (0, 1))):
            for found in times:
                assert all(map(torch.equal, found, alone[which]))


# The gate of `cbam-small` weighs channels and then places in one module.
@pytest.mark.parametrize(
    "name", [name for name, one in GATES.items() if one.channel and name != "cbam-small"]
)
def test_gates_are_the_factors_by_which_channels_are_multiplied(name: str) -> None:
    """Against the module's own output, taken by an independent hook."""
    module = made(name)
    sites = [site for site in sites_of(name) if site.kind is Kind.CHANNEL]
    outputs: dict[str, Tensor] = {}
    handles = [
        module.get_submodule(site.module).register_forward_hook(
            lambda _m, _i, out, layer=site.layer: outputs.update({layer: out.detach().clone()})
        )
        for site in sites
    ]
    trace = capture(module, FAMILIES[name].inputs(), sites)
    for handle in handles:
        handle.remove()
    for reading in trace.gates:
        assert float(reading.gate.min()) >= 0
        assert float(reading.gate.max()) <= 1
        assert reading.gate.shape == reading.features.shape[:2]
        weighed = reading.gate[:, :, None, None] * reading.features
        output = outputs[reading.layer]
        paths = weighed.shape[1] // output.shape[1]
        summed = weighed.unflatten(1, (paths, -1)).sum(1)
        torch.testing.assert_close(summed, output, atol=1e-5, rtol=1e-5)
