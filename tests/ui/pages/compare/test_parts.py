"""Scales, stops, pairs and what travels to the browser, on maps worked out by hand."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import WeightsError
from attnviz.export.grid_picture import GridPicture
from attnviz.export.png import read_provenance
from attnviz.metrics.map_difference import MapDifference
from attnviz.models.catalogue import find_model
from attnviz.models.spec import ModelSpec
from attnviz.ui.components.map_grid.view import GridView, Shown, Spans
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.pages.compare import cells as cells_module
from attnviz.ui.pages.compare.cells import Cell, GridRequest, compute_cells, default_pair
from attnviz.ui.pages.compare.fitting import offered_looks, reason_unfit
from attnviz.ui.pages.compare.packing import RADIUS, pack_grid, pack_pair
from attnviz.ui.pages.compare.pairing import compare_cells, describe_difference
from attnviz.ui.pages.compare.save import cell_focus, picture_grid, provenance, report_sources
from attnviz.ui.pages.compare.scales import layer_at, ranges, stop_count
from attnviz.viewer.blob import unpack_blob
from tests.ui.pages.compare.compare_cells import cell, picture, without_maps

LOW, HIGH = [[0, 1], [1, 2]], [[-4, 2], [4, 6]]
RAN, CBAM, VIT = (find_model(f"{name}-small") for name in ("ran", "cbam", "vit"))


def test_stops_go_through_networks_of_any_depth_together() -> None:
    deep, one, three = cell([LOW] * 9), cell([LOW]), cell([LOW] * 3)
    count = stop_count([deep, one, without_maps(), three])
    assert count == 9
    assert [layer_at(deep, stop, count) for stop in range(10)] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8]
    assert {layer_at(one, stop, count) for stop in range(10)} == {0}
    assert [layer_at(three, stop, count) for stop in range(10)] == [0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    assert layer_at(one, 0, 1) == 0
    assert stop_count([without_maps()]) == 0


def test_the_best_layer_has_a_stop_of_its_own() -> None:
    base = cell([LOW, HIGH, LOW])
    assert base.explanation
    second = replace(base.explanation, choice=replace(base.explanation.choice, layer="layer 1"))
    assert layer_at(replace(base, explanation=second), 3, 3) == 1
    fused = replace(base.explanation, choice=replace(base.explanation.choice, layer="all layers"))
    best = replace(base, explanation=fused)
    assert best.layers[layer_at(best, 3, 3)] == "all layers"
    assert [layer_at(best, stop, 3) for stop in range(3)] == [0, 1, 2]


def test_a_scale_spans_a_row_or_all_and_never_two_natures() -> None:
    grid = [
        cell([LOW, HIGH]),
        cell([[[9.0, 5.0]]], "attention"),
        cell([[[3.0, 20.0]]]),
        cell([LOW]),
    ]
    found = ranges(grid, [0, 0, 1, 1])
    assert found[0][Spans.ROW] == [(0, 6)] * 3, "negative values count as 0"
    assert found[1][Spans.ROW] == [(5, 9)] * 3, "attention is on its own"
    assert found[2][Spans.ROW] == found[3][Spans.ROW] == [(0, 20)] * 3
    assert found[0][Spans.ALL] == found[3][Spans.ALL] == [(0, 20)] * 3
    assert found[1][Spans.ALL] == [(5, 9)] * 3
    assert found[0][Spans.CELL] == [(0, 2), (0, 6), (0, 6)]


def test_multiples_of_an_even_map_share_one_scale_at_each_depth() -> None:
    # Means 1 and 3 with peaks 2 and 6: twice an even map. The other: mean 5, peak 20: four times.
    grid = [cell([LOW, HIGH]), cell([[[0.0, 0.0], [0.0, 20.0]]], "attention")]
    found = ranges(grid, [0, 0])
    assert found[0][Spans.EVEN] == [(0, 4), (0, 12), (0, 12)]
    assert found[1][Spans.EVEN] == [(0, 20)] * 3
    peaked = np.zeros((10, 10))
    peaked[0, 0] = 100.0  # a hundred times its mean of 1: the scale ends at eight times
    assert ranges([cell([peaked]), cell([LOW])], [0, 1])[1][Spans.EVEN] == [(0, 8)] * 2
    nothing = ranges([cell([np.zeros((2, 2))])], [0])[0]
    assert nothing[Spans.EVEN] == nothing[Spans.ROW] == [(0, 0)] * 2
    assert ranges([without_maps()], [0]) == [{}]


def test_what_a_network_cannot_answer_is_said_before_anything_is_loaded() -> None:
    squeeze = find_model("squeezenet1_0")
    assert reason_unfit(RAN, "attention", "") == reason_unfit(VIT, "rollout", "") == ""
    assert reason_unfit(RAN, "rollout", "") == (
        "Attention rollout reads self-attention, and Residual attention, small has none."
    )
    assert reason_unfit(squeeze, "attention", "").endswith(
        "has no spatial attention. Choose what its decision rests on."
    )
    assert "does not know the class 'tabby'" in reason_unfit(RAN, "decision", "tabby")
    assert reason_unfit(RAN, "attention", "tabby") == "", "attention knows no class"
    assert reason_unfit(RAN, "decision", "church") == ""
    assert reason_unfit(RAN, "decision", "contrast:church|tench") == ""
    assert "class 'tabby'" in reason_unfit(RAN, "grad-cam", "contrast:church|tabby")
    assert "explains classes alone" in reason_unfit(RAN, "competition", "contrast:church|tench")
    assert reason_unfit(RAN, "competition", "church;tench") == ""
    assert reason_unfit(RAN, "soft-mask", "contrast:church|tench") == "", "attention knows none"
    assert "is written patch:" in reason_unfit(RAN, "grad-cam", "patch:here")
    assert reason_unfit(VIT, "fullgrad", "") == (
        "FullGrad cannot be run on Vision transformer, small. Choose another map."
    )
    assert "fullgrad" not in offered_looks([VIT])
    assert "fullgrad" in offered_looks([VIT, squeeze])
    looks = offered_looks([squeeze])
    assert "attention" not in looks
    assert "rollout" not in looks
    assert next(iter(looks)) == "decision"
    assert list(offered_looks([squeeze, VIT]))[:2] == ["attention", "decision"]
    assert "many passes" in list(looks.values())[-1]


def test_the_view_in_a_link_is_checked_and_comes_back_as_it_was() -> None:
    view = GridView(False, 0.25, Shown.FOCUS, Spans.EVEN, "a", "b")
    query = {name.removeprefix("compare "): value for name, value in view.to_query().items()}
    assert GridView.from_untrusted(query) == view
    assert GridView.from_untrusted(view.to_json()) == view
    bad = {"best": "maybe", "depth": "nan", "shown": "x", "scale": 3, "a": 7, "b": "k" * 500}
    assert GridView.from_untrusted(bad) == GridView()
    assert GridView.from_untrusted({"depth": "-9"}).depth == 0
    assert not any(GridView().to_query().values())
    assert view.stop(5) == 1
    assert GridView().stop(5) == 5
    assert view.stop(1) == 0
    assert view.fitting(("a", "b"), ("c", "d")) == view
    assert view.fitting(("a", "c"), ("a", "c")).b == "c"
    assert replace(view, b="a").fitting(("a", "b"), ("a", "b")).b == "b"


def test_the_first_pair_is_one_question_to_two_networks() -> None:
    grid = [
        without_maps("attention"), cell([LOW]), cell([LOW], "attention", "cbam-small"),
        cell([LOW], "decision", "cbam-small"),
    ]  # fmt: skip
    assert default_pair(grid) == (grid[1].key, grid[3].key)
    assert default_pair(grid[:3]) == (grid[1].key, grid[2].key)
    assert default_pair(grid[:1]) == ("", "")


def test_a_pair_is_compared_at_every_stop_and_flat_maps_are_said() -> None:
    ramp = np.linspace(0, 1, 16).reshape(4, 4)
    a, b = cell([ramp, ramp, np.ones((2, 2))]), cell([ramp.T], "attention")
    pair = compare_cells(a, b, 3)
    assert list(pair.found) == [(0, 0), (1, 0), (2, 0)]
    first = pair.found[0, 0]
    assert isinstance(first, MapDifference)
    assert first.values.shape == (43, 64)
    assert first.spearman == pytest.approx(8 / 17, abs=0.05), "of a 4 x 4 ramp and its transpose"
    assert str(pair.found[2, 0]).startswith("The map of A is flat here")
    assert "One is attention and one relevance" in pair.note
    rho, iou = describe_difference(first)
    assert rho == f"Rank correlation +{first.spearman:.2f}: partly the same ranking"
    assert iou == f"Top 20 % overlap (IoU) {first.iou:.2f}; maps with nothing in common: 0.11"
    assert describe_difference(replace(first, spearman=-0.5))[0].endswith(
        "\N{MINUS SIGN}0.50: rather the reverse ranking"
    )
    other = compare_cells(a, cell([ramp], size=(60, 40)), 3)
    assert "These are two pictures" in other.note
    assert isinstance(other.found[0, 0], MapDifference)


def test_the_blob_holds_maps_photos_and_the_difference_where_it_says() -> None:
    grid = [
        cell([LOW, HIGH]), without_maps("attention", "No <b>luck</b>"),
        cell([LOW], model="vit-small"), cell([HIGH], "attention", "vit-small"),
    ]  # fmt: skip
    pair = compare_cells(grid[0], grid[2], 2)
    packed = pack_grid(grid, ["decision", "attention"])
    header, arrays = unpack_blob(packed.to_bytes({"best": True}, "v|1"))
    assert header["stops"] == 2
    assert header["columns"] == ["What does the decision rest on?", "What does it attend to?"]
    assert [row["title"] for row in header["rows"]] == [RAN.title, VIT.title]
    assert header["view"] == {"best": True}
    first, sentence, *_ = header["cells"]
    assert first["layers"] == [0, 1, 1]
    assert first["means"] == [1, 3]
    assert first["ranges"]["row"] == [[0, 6]] * 3
    assert sentence["sentence"] == "No <b>luck</b>"
    inner, _ = unpack_blob(arrays[first["scene"]].tobytes())
    assert [(one["low"], one["high"]) for one in inner["layers"]] == [(0, 2), (0, 6)]
    assert (inner["photo"]["height"], inner["photo"]["width"]) == (40, 60)
    assert header["focus"]["radius"] == RADIUS
    about, arrays = unpack_blob(pack_pair(pair, header["id"]))
    assert (about["grid"], about["a"], about["b"]) == (header["id"], grid[0].key, grid[2].key)
    assert "0,0" in about["found"]
    codes = arrays["0,0"]
    assert codes.dtype == np.int8
    difference = pair.found[0, 0]
    assert isinstance(difference, MapDifference)
    np.testing.assert_allclose(codes / 127, difference.values, atol=0.5 / 127 + 1e-6)
    assert pack_grid(grid, ["decision", "attention"]).header["id"] == packed.header["id"]


def grid_png(cells: list[Cell], view: GridView) -> bytes:
    return GridPicture().write(picture_grid(cells, ["decision", "attention"], view))


def test_a_picture_of_one_pixel_can_be_packed_and_saved() -> None:
    grid = [cell([LOW], size=(1, 1)), cell([HIGH], "attention", size=(1, 1))]
    pair = compare_cells(grid[0], grid[1], 1)
    header, _ = unpack_blob(pack_grid(grid, ["decision", "attention"]).to_bytes({}, ""))
    assert len(header["cells"]) == 2
    _, arrays = unpack_blob(pack_pair(pair, header["id"]))
    assert arrays["0,0"].shape[0] == 64
    assert Image.open(io.BytesIO(grid_png(grid, GridView()))).width > 800


def test_the_saved_grid_shows_what_the_page_shows_and_says_what_made_it() -> None:
    grid = [cell([LOW, HIGH]), without_maps("attention", "It has none.")]
    view = GridView(False, 0.0, Shown.MAP, Spans.ROW)
    focus = cell_focus(grid[0], "layer 0", (0, 6), Spans.ROW)
    assert focus.scaled.max() == pytest.approx(2 / 6, abs=0.01), "absolute, not stretched"
    assert cell_focus(grid[0], "layer 0", (0, 2), Spans.CELL).scaled.max() == pytest.approx(
        1, abs=0.01
    )
    source = grid_png(grid, view)
    facts = read_provenance(source)
    assert facts == provenance(grid, view)
    assert facts["scale"] == "One scale per row"
    assert facts["depth"] == "0 % of the layers"
    assert facts[f"cell {grid[1].key}"] == "It has none."
    assert "layer: layer 0" in facts[f"cell {grid[0].key}"]
    assert "weights sha256: " in facts[f"cell {grid[0].key}"]
    maps = np.asarray(Image.open(io.BytesIO(source)))
    focused = np.asarray(Image.open(io.BytesIO(
        grid_png(grid, replace(view, shown=Shown.FOCUS)))))  # fmt: skip
    assert maps.shape == focused.shape
    assert np.abs(maps.astype(int) - focused).mean() > 1


def test_one_network_that_fails_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    made = cell([LOW]).explanation

    def fetch(spec: ModelSpec, _: Any) -> None:
        if spec.name == "vit-small":
            raise WeightsError("vit-small.safetensors could not be downloaded.")

    def cached(name: str, _: str, side: int | None, *_file: object) -> str:
        assert side is None
        loaded.append(name)
        return name

    monkeypatch.setattr(cells_module, "fetch_weights", fetch)
    monkeypatch.setattr(cells_module, "cached_model", cached)
    monkeypatch.setattr(cells_module, "explain", lambda *_: made)
    cells_module.st.cache_resource.clear()
    shown = picture(name="fresh.png")
    wanted = GridRequest(
        {"p": Photo(shown, lambda: shown, "p")}, (RAN, VIT), ("attention", "rollout"), "", "cpu"
    )
    told: list[tuple[int, int]] = []
    found = compute_cells(wanted, lambda done, total: told.append((done, total)))
    assert [bool(one.explanation) for one in found] == [True, False, False, False]
    assert found[1].sentence.startswith("Attention rollout reads self-attention")
    assert not found[1].failed
    assert found[2].sentence == "vit-small.safetensors could not be downloaded."
    assert found[2].failed
    assert loaded == ["ran-small"]
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4)]

    def stop(_done: int, _total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        compute_cells(wanted, stop)


def test_a_method_of_one_pass_is_not_slow() -> None:
    """Competition runs the network itself, but only once."""
    quick = GridRequest({}, (RAN,), ("attention", "decision", "competition"), "", "cpu")
    assert not quick.slow
    assert replace(quick, looks=("competition", "score-cam")).slow


def test_a_report_of_the_grid_has_what_has_maps_at_the_grids_depth() -> None:
    grid = [cell([LOW, HIGH]), without_maps("attention", "It has none."), cell([LOW])]
    first, last = report_sources(grid, GridView(False, 0.0)).sources
    assert (first.layer, last.layer) == ("layer 0", "layer 0")
    assert first.explanation is grid[0].explanation
    deep, _ = report_sources(grid, GridView(False, 1.0)).sources
    assert deep.layer == grid[0].layers[-1] != "layer 0"
    height, width = first.picture.pixels.shape[:2]
    assert first.radius == pytest.approx(0.03 * np.hypot(height, width))
