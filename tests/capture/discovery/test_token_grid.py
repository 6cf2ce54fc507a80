"""Where things lie: impulses come out at their place, windows are where the papers put them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from attnviz.capture.readings import ContextReading, TokenGrid
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from tests.capture.families import CONTEXT, FAMILIES, Family
from tests.capture.traces import made, sites_of


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
    height, width = FAMILIES[name].size
    assert abs(found[0] - spot[0]) <= 8 / height + 1.01 / grid.rows
    assert abs(found[1] - spot[1]) <= 8 / width + 1.01 / grid.columns


def changed(dark: ContextReading, bright: ContextReading) -> Tensor:
    every = torch.arange(dark.queries.tokens)
    return (bright.rows(every) - dark.rows(every)).abs().sum((0, 1))


# CoAtNet's convolutions and gates spread an impulse over all of a small picture's map, and deeper
# layers of others mix it: `test_marked_tokens` changes tokens before every layer.
@pytest.mark.parametrize("name", [name for name in CONTEXT if name != "timm CoAtNet"])
@pytest.mark.parametrize("spot", [(0.375, 0.79), (0.8125, 0.125)], ids=str)
def test_an_impulse_in_the_picture_comes_out_at_its_place(
    name: str, spot: tuple[float, float]
) -> None:
    """In the first two layers queries, keys and values of the marked patch change most.

    In `vit-small` without training all queries turn to the marked patch alike: its keys tell.
    """
    family = CONTEXT[name]
    traces = [capture(made(name), one, sites_of(name)) for one in marked(family, spot)]
    for dark, bright in list(zip(traces[0].context, traces[1].context, strict=True))[:2]:
        change = changed(dark, bright)
        if dark.queries.cells and name != "vit-small":
            assert_at(peak(change.sum(1), dark.queries), name, spot, dark.queries)
        else:
            assert_at(peak(change.sum(0), dark.keys), name, spot, dark.keys)
        norms = dark.value_norms(), bright.value_norms()
        if norms[0] is not None and norms[1] is not None:
            assert_at(
                peak((norms[1] - norms[0]).abs().sum((0, 1)), dark.keys), name, spot, dark.keys
            )


# Each token of the first layer is made from one patch alone.
PATCHES = [
    "torchvision ViT", "timm ViT", "timm DeiT", "timm DeiT3", "timm BEiT", "timm EVA-02",
    "timm DINOv2", "timm DINOv3", "timm SigLIP", "Hugging Face ViT",
]  # fmt: skip


@pytest.mark.parametrize("name", PATCHES)
def test_one_changed_patch_is_one_changed_token(name: str) -> None:
    """Not the patch beside it: in the first layer nothing else has changed."""
    family = CONTEXT[name]
    inputs = family.inputs(1)
    first = sites_of(name)[0]
    dark = capture(made(name), inputs, [first]).context[0]
    grid = dark.keys
    height, width = family.size[0] // grid.rows, family.size[1] // grid.columns
    for row, column in ((0, grid.columns - 1), (grid.rows - 1, 1)):
        bright = inputs.clone()
        top, left = row * height, column * width
        bright[:, :, top : top + height, left : left + width].neg_()
        reading = capture(made(name), bright, [first]).context[0]
        before, after = dark.value_norms(), reading.value_norms()
        assert before is not None
        assert after is not None
        tokens = ((after - before).abs() > 1e-5).any(1)[0].nonzero().flatten() - grid.prefix
        assert [divmod(int(token), grid.columns) for token in tokens] == [(row, column)]
        change = changed(dark, reading)[grid.prefix :, grid.prefix :]
        assert divmod(int(change.sum(1).argmax()), grid.columns) == (row, column)


@pytest.mark.parametrize("name", [name for name, one in FAMILIES.items() if one.spatial])
@pytest.mark.parametrize("spot", [(0.375, 0.79), (0.8125, 0.125)], ids=str)
def test_a_mask_changes_most_where_the_picture_does(name: str, spot: tuple[float, float]) -> None:
    first = next(one for one in sites_of(name) if one.kind is Kind.SPATIAL)
    dark, bright = (
        capture(made(name), one, [first]).soft_masks[0].mask for one in marked(FAMILIES[name], spot)
    )
    change = (bright - dark).abs().sum((0, 1))
    grid = TokenGrid(*change.shape)
    assert_at(peak(change.flatten(), grid), name, spot, grid)


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
