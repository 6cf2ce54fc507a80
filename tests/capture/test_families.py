"""What holds for every family of networks: sites, outputs, rows, places, nothing left behind."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import _get_current_function_mode

from attnviz.capture.run import capture, logits_of
from attnviz.capture.self_attention import ContextReading, TokenGrid
from attnviz.capture.sites import find_kinds, find_sites
from attnviz.capture.trace import Kind, Site, Trace
from tests.capture.families import CONTEXT, FAMILIES, GATES, Family

ATTENTION = (Kind.SPATIAL, Kind.CHANNEL, Kind.CONTEXT)

every_family = pytest.mark.parametrize("name", FAMILIES)
every_context = pytest.mark.parametrize("name", CONTEXT)


@cache
def made(name: str) -> nn.Module:
    return FAMILIES[name].make()


def sites_of(name: str) -> list[Site]:
    module, example = made(name), FAMILIES[name].inputs(1)
    return [site for kind in ATTENTION for site in find_sites(module, kind, example)]


@cache
def traced(name: str) -> Trace:
    return capture(made(name), FAMILIES[name].inputs(), sites_of(name))


def hooks_in(module: nn.Module) -> int:
    return sum(
        len(part._forward_hooks) + len(part._forward_pre_hooks) + len(part._backward_hooks)
        for part in module.modules()
    )


def bare(module: nn.Module, inputs: Tensor) -> Tensor:
    with torch.no_grad():
        return logits_of(module(inputs))


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
    """With gradients `nn.MultiheadAttention` leaves its fast path, and sums in another order."""
    module, inputs = made(name), FAMILIES[name].inputs()
    alone = bare(module, inputs)
    assert torch.equal(traced(name).logits, alone)
    assert len(traced(name).readings) == len(sites_of(name))
    trace = capture(module, inputs, sites_of(name), gradients=True)
    if name == "torchvision ViT":
        torch.testing.assert_close(trace.logits, alone, atol=1e-5, rtol=0)
    else:
        assert torch.equal(trace.logits, alone)
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


def marked(family: Family, spot: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Faint noise, and the same with a strong square of 16 pixels around `spot`, in 0..1."""
    dark = 0.1 * family.inputs(1)
    bright = dark.clone()
    (height, width), (y, x) = family.size, spot
    top, left = int(y * height), int(x * width)
    strong = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(5))
    bright[:, :, top - 8 : top + 8, left - 8 : left + 8] += 3 * strong
    return dark, bright


def peak(profile: Tensor, grid: TokenGrid) -> tuple[float, float]:
    """Centre, in 0..1, of the cells of more than half the greatest change."""
    cells = profile[grid.prefix :]
    strong = (cells > cells.max() / 2).nonzero().flatten()
    rows, columns = strong // grid.columns, strong % grid.columns
    return (
        float(rows.float().mean() + 0.5) / grid.rows,
        float(columns.float().mean() + 0.5) / grid.columns,
    )


def assert_at(
    found: tuple[float, float], name: str, spot: tuple[float, float], grid: TokenGrid
) -> None:
    """Within the marked square, or in the cell beside it."""
    height, width = CONTEXT[name].size
    assert abs(found[0] - spot[0]) <= 8 / height + 1.01 / grid.rows
    assert abs(found[1] - spot[1]) <= 8 / width + 1.01 / grid.columns


def changed(dark: ContextReading, bright: ContextReading) -> Tensor:
    every = torch.arange(dark.queries.tokens)
    return (bright.rows(every) - dark.rows(every)).abs().sum((0, 1))


# CoAtNet's convolutions and gates spread an impulse over all of a small picture's map.
@pytest.mark.parametrize("name", [name for name in CONTEXT if name != "timm CoAtNet"])
@pytest.mark.parametrize("spot", [(0.375, 0.79), (0.8125, 0.125)], ids=str)
def test_an_impulse_in_the_picture_comes_out_at_its_place(
    name: str, spot: tuple[float, float]
) -> None:
    """Queries, keys and values of the marked patch change most, in windowed layers too."""
    family = CONTEXT[name]
    traces = [capture(made(name), one, sites_of(name)) for one in marked(family, spot)]
    for dark, bright in list(zip(traces[0].context, traces[1].context, strict=True))[:2]:
        change = changed(dark, bright)
        if dark.queries.cells:
            assert_at(peak(change.sum(1), dark.queries), name, spot, dark.queries)
        else:
            assert_at(peak(change.sum(0), dark.keys), name, spot, dark.keys)
        norms = dark.value_norms(), bright.value_norms()
        if norms[0] is not None and norms[1] is not None:
            assert_at(
                peak((norms[1] - norms[0]).abs().sum((0, 1)), dark.keys), name, spot, dark.keys
            )


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


@pytest.mark.parametrize("name", ["timm ViT", "torchvision Swin", "timm CBAM", "torchvision ViT"])
def test_two_threads_do_not_mix(name: str) -> None:
    """Two networks of one family at once; on one network, passes wait at the model's lock."""
    family = FAMILIES[name]
    modules = [made(name), family.make()]
    inputs = [family.inputs(seed=seed) for seed in (1, 2)]
    sites = [
        [site for kind in ATTENTION for site in find_sites(one, kind, inputs[0])] for one in modules
    ]

    def read(which: int) -> list[Tensor]:
        trace = capture(modules[which], inputs[which], sites[which])
        rows = [one.rows(torch.arange(one.queries.tokens)) for one in trace.context]
        return rows + [one.gate for one in trace.gates] + [one.mask for one in trace.soft_masks]

    def read_often(which: int) -> list[list[Tensor]]:
        return [read(which) for _ in range(5)]

    alone = [read(0), read(1)]
    with ThreadPoolExecutor(2) as pool:
        for which, times in enumerate(pool.map(read_often, (0, 1))):
            for found in times:
                assert all(map(torch.equal, found, alone[which]))


@pytest.mark.parametrize("name", [name for name, one in GATES.items() if one.channel])
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


@pytest.mark.parametrize("cell", [(0, 5), (6, 2)], ids=str)
def test_an_impulse_before_a_block_of_coatnet_comes_out_at_its_place(cell: tuple[int, int]) -> None:
    module, inputs = made("timm CoAtNet"), FAMILIES["timm CoAtNet"].inputs(1)
    site = next(one for one in sites_of("timm CoAtNet") if one.layer == "stages.2.blocks.1.attn")

    def mark(_m: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        bright = args[0].clone()
        bright[:, :, cell[0], cell[1]] += torch.randn(bright.shape[1])
        return bright, *args[1:]

    dark = capture(module, inputs, [site]).context[0]
    handle = module.get_submodule("stages.2.blocks.1").register_forward_pre_hook(mark)
    bright = capture(module, inputs, [site]).context[0]
    handle.remove()
    change = changed(dark, bright)
    for profile in (change.sum(0), change.sum(1)):
        assert divmod(int(profile.argmax()), dark.keys.columns) == cell


def windows_of(index: Tensor, size: int, shift: int) -> set[tuple[int, ...]]:
    """Windows of a padded map of token indices, cut after it was rolled; -1 is padding."""
    rows, columns = index.shape
    padded = nn.functional.pad(index, (0, -columns % size, 0, -rows % size), value=-1)
    steps = [0 if side <= size else shift for side in padded.shape]
    rolled = padded.roll((-steps[0], -steps[1]), (0, 1))
    cut = rolled.unfold(0, size, size).unfold(1, size, size).reshape(-1, size * size)
    return {tuple(one) for one in cut.tolist()}


@pytest.mark.parametrize(
    "name", ["torchvision Swin", "torchvision SwinV2", "timm Swin", "timm SwinV2"]
)
def test_shifted_windows_are_where_the_paper_puts_them(name: str) -> None:
    for number, site in enumerate(sites_of(name)):
        assert site.geometry is not None
        grid = site.geometry.queries
        index = torch.arange(grid.cells).view(grid.rows, grid.columns)
        expected = windows_of(index, 4, 2 * (number % 2))
        for cells in (site.geometry.query_cells, site.geometry.key_cells):
            assert {tuple(one) for one in cells.tolist()} == expected


def test_blocks_and_grids_of_maxvit_are_where_the_paper_puts_them() -> None:
    """Windows of neighbours, and tokens at equal distances over the whole map."""
    sites = [site for site in sites_of("torchvision MaxViT") if site.kind is Kind.CONTEXT]
    for number, site in enumerate(sites):
        assert site.geometry is not None
        side = site.geometry.queries.rows
        index = torch.arange(side * side).view(side, side)
        expected = windows_of(index, 4, 0)
        if number % 2:
            step = side // 4
            strided = [index[i::step, j::step] for i in range(step) for j in range(step)]
            expected = {tuple(one.flatten().tolist()) for one in strided}
        assert {tuple(one) for one in site.geometry.query_cells.tolist()} == expected


def test_mobilevit_attends_among_equal_places_of_its_patches() -> None:
    for site in sites_of("timm MobileViT"):
        assert site.geometry is not None
        grid = site.geometry.queries
        index = torch.arange(grid.cells).view(grid.rows, grid.columns)
        strided = [index[i::2, j::2] for i in range(2) for j in range(2)]
        expected = {tuple(one.flatten().tolist()) for one in strided}
        assert {tuple(one) for one in site.geometry.key_cells.tolist()} == expected


def test_halo_looks_over_the_border_of_its_blocks() -> None:
    """Blocks of 8, of which each sees 3 more cells all around (arXiv 2103.12731)."""
    geometry = sites_of("timm Halo")[0].geometry
    assert geometry is not None
    grid = geometry.queries
    index = torch.arange(grid.cells).view(grid.rows, grid.columns)
    padded = nn.functional.pad(index, (2, 2, 2, 2), value=-1)
    cut = padded.unfold(0, 12, 8).unfold(1, 12, 8).reshape(-1, 144)
    assert geometry.key_cells.tolist() == cut.tolist()
    assert {tuple(one) for one in geometry.query_cells.tolist()} == windows_of(index, 8, 0)
