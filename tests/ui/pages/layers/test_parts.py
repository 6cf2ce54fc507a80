"""The grid, the strips, the charts and the small decisions of the page "Layers"."""

from __future__ import annotations

import base64
import io
import math
import re

import numpy as np
import pytest
from PIL import Image

from attnviz.analysis.layer_statistics import AttentionFacts, GateBars, QueryMaps
from attnviz.analysis.layer_trace import LayerTrace
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.heat import colour_table
from attnviz.ui.kit.inline_images import png_link
from attnviz.ui.kit.map_view import marked
from attnviz.ui.pages.layers import charts
from attnviz.ui.pages.layers.gates import describe_gates, feature_strip
from attnviz.ui.pages.layers.grid import head_grid, scale_of
from attnviz.ui.pages.layers.self_attention import describe_artefacts, fuse_heads, with_artefacts
from tests.methods.readings import trace_of


def query(layer: str, values: object, elsewhere: float = 0.0) -> QueryMaps:
    array = np.asarray(values, np.float32)
    return QueryMaps(layer, array, np.full(len(array), elsewhere, np.float32))


MAPS = (
    query("first", [[[0.1, 0.2], [0.3, 0.4]]]),
    query("a<b>", [[[0.0, 0.0], [0.0, 0.5]], [[0.5, 0.5], [0.0, 0.0]]], elsewhere=0.25),
)


def pictures(text: str) -> list[np.ndarray]:
    found = re.findall(r'data:image/png;base64,([^"]+)"', text)
    return [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(one))).convert("RGB")) for one in found
    ]


def test_a_cell_of_the_grid_is_a_pixel_on_the_scale_of_all() -> None:
    assert scale_of(MAPS) == (0.0, 0.5)
    text = head_grid(MAPS, (64, 96))
    first, second, third = pictures(text)
    table = colour_table("inferno")
    np.testing.assert_array_equal(first, table[[[51, 102], [153, 204]]])
    np.testing.assert_array_equal(second, table[[[0, 0], [0, 255]]])
    np.testing.assert_array_equal(third, table[[[255, 255], [0, 0]]])
    assert "--av-heads:2;--av-shape:1.5000" in text
    assert "first, head 1: 0.100 to 0.400" in text
    assert "25 % to non-spatial tokens" in text
    assert text.count("to non-spatial tokens") == 1
    assert "one scale for all" in text
    assert "<span>0.000</span>" in text
    assert "<span>0.500</span>" in text
    assert "a&lt;b&gt;" in text
    assert "<b>" not in text.replace("<b>1</b><b>2</b>", "")


def test_a_stretched_grid_says_so_and_uses_each_maps_own_ends() -> None:
    text = head_grid(MAPS, (64, 96), stretched=True)
    first = pictures(text)[0]
    np.testing.assert_array_equal(first, colour_table("inferno")[[[0, 85], [170, 255]]])
    assert "cannot be compared" in text
    assert "one scale" not in text
    assert re.findall("<small>([^<%]*)</small>", text) == [
        "0.100 to 0.400", "0.000 to 0.500", "0.000 to 0.500"
    ]  # fmt: skip


def test_the_asking_point_is_marked_in_each_cell_and_heads_are_bounded() -> None:
    text = head_grid(MAPS, (64, 96), (0.25, 0.75))
    assert text.count("top:25.0%;left:75.0%") == 3
    many = head_grid([query("wide", np.zeros((40, 2, 2)))], (64, 64))
    assert len(pictures(many)) == 32
    assert "The first 32 of 40 heads" in many


def test_all_heads_of_swins_four_stages_are_shown_and_its_rows_line_up() -> None:
    heads = (3, 6, 12, 24)
    text = head_grid([query(f"stage {n}", np.zeros((n, 2, 2))) for n in heads], (64, 64))
    assert len(pictures(text)) == sum(heads)
    assert "--av-heads:24;" in text
    assert "The first" not in text
    rows = re.findall(r'<span class="av-name".*?(?=<span class="av-name"|</div>)', text)
    for row, count in zip(rows, heads, strict=True):
        assert row.count("av-cell") == count
        assert row.count("<span></span>") == 24 - count, "each row fills all columns"


def test_an_even_map_has_the_lowest_colour() -> None:
    (picture,) = pictures(f'"{png_link(np.ones((2, 3), np.float32), 1, 1)}"')
    np.testing.assert_array_equal(picture, np.broadcast_to(colour_table("inferno")[0], (2, 3, 3)))


def test_heads_are_fused_as_they_are_named() -> None:
    values = MAPS[1].values
    np.testing.assert_allclose(fuse_heads(values, "mean"), [[0.25, 0.25], [0, 0.25]])
    np.testing.assert_allclose(fuse_heads(values, "max"), [[0.5, 0.5], [0, 0.5]])
    np.testing.assert_allclose(fuse_heads(values, "0"), [[0, 0], [0, 0.5]])
    np.testing.assert_allclose(fuse_heads(values, "7"), fuse_heads(values, "1"))


def test_the_ring_lies_around_the_point_and_the_photo_is_left_alone() -> None:
    photo = np.full((100, 200, 3), 120, np.uint8)
    changed = np.argwhere((marked(photo, 0.25, 0.5) != photo).any(-1))
    assert np.abs(changed.mean(0) - (50, 50)).max() < 1
    assert len(changed) < 200
    assert (photo == 120).all()
    assert marked(photo, 1.0, 1.0).shape == photo.shape


def test_crosses_lie_on_the_artefacts_cells_of_a_cropped_picture() -> None:
    photo = np.full((100, 200, 3), 120, np.uint8)
    mask = np.zeros((4, 4), bool)
    mask[1, 3] = True
    geometry = PictureGeometry((100, 200), (0.0, 50.0, 100.0, 150.0), (64, 64))
    shown = with_artefacts(photo, LayerTrace(trace_of(), geometry, artefacts=mask))
    changed = np.argwhere((shown != photo).any(-1))
    assert np.abs(changed.mean(0) - (37.5, 50 + 87.5)).max() < 1
    assert (with_artefacts(photo, LayerTrace(trace_of(), geometry)) == photo).all()
    none = "None of the 256 tokens is an artefact in this picture."
    assert describe_artefacts(0, 256, "mark") == none
    assert describe_artefacts(3, 256, "mark").endswith("information there, marked with a cross.")
    assert describe_artefacts(3, 256, "mask").endswith("filled in from their neighbours.")


def facts(name: str, distance: float = 20.0) -> AttentionFacts:
    return AttentionFacts(
        name,
        np.asarray([[1.0, 2.0]], np.float32),
        3.0,
        np.asarray([[10.0, distance]], np.float32),
        40.0 if math.isfinite(distance) else math.nan,
    )


def rows_of(chart: dict[str, object]) -> list[list[dict[str, object]]]:
    return [part["data"]["values"] for part in chart["layer"]]  # type: ignore[attr-defined,index]


def test_charts_hold_each_head_their_mean_and_the_even_line() -> None:
    mean, even, heads = rows_of(charts.entropy_chart([facts("a"), facts("b")]).to_dict())
    assert [row["value"] for row in heads] == [1, 2, 1, 2]
    assert [(row["layer"], row["head"]) for row in heads] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [row["value"] for row in mean] == [1.5, 1.5]
    assert [row["value"] for row in even] == [3, 3]
    chart = charts.distance_chart([facts("a"), facts("class alone", math.nan)])
    assert chart is not None
    mean, even, heads = rows_of(chart.to_dict())
    assert [row["value"] for row in heads] == [10, 20]
    assert even == [{"layer": 1, "name": "a", "value": 40}]
    assert charts.distance_chart([facts("class alone", math.nan)]) is None


def gate(values: list[float], maps: int = 2) -> GateBars:
    return GateBars(
        "gate<1>",
        np.arange(len(values))[::-1].copy(),
        np.asarray(values, np.float32),
        np.arange(maps * 4, dtype=np.float32).reshape(maps, 2, 2) - 1,
    )


def test_gates_are_bars_in_their_order_and_all_are_counted() -> None:
    bars = gate(list(np.linspace(1, 0, 30)))
    shown = charts.gate_chart(bars).to_dict()["data"]["values"]
    assert [row["channel"] for row in shown] == [str(29 - n) for n in range(24)]
    assert shown[0]["gate"] == 1
    counts = charts.gate_spread_chart(bars).to_dict()["data"]["values"]
    assert sum(row["count"] for row in counts) == 30
    assert (counts[0]["from"], counts[-1]["to"]) == (0, 1)
    even = charts.gate_spread_chart(gate([0.5] * 4)).to_dict()["data"]["values"]
    assert sum(row["count"] for row in even) == 4


def test_gates_are_said_in_words() -> None:
    assert describe_gates(gate([0.9, 0.5, 0.1])) == "From 0.1 to 0.9, half of them below 0.5."
    assert "favours no feature" in describe_gates(gate([0.5, 0.5, 0.499]))


def test_features_carry_channel_gate_and_absolute_range() -> None:
    text = feature_strip(gate([0.9, 0.5, 0.1]), (64, 64))
    assert "channel 2<br>gate 0.9<br>-1 to 2" in text
    assert "channel 1<br>gate 0.5<br>3 to 6" in text
    assert "gate&lt;1&gt;" in text
    assert len(pictures(text)) == 2


@pytest.mark.parametrize(("shares", "even"), [([0.1, 0.6], [50.0, 60.0])])
def test_masks_have_a_share_and_a_spread(shares: list[float], even: list[float]) -> None:
    chart = charts.share_chart(["a", "b"], shares).to_dict()
    assert [row["value"] for row in chart["data"]["values"]] == shares
    assert chart["encoding"]["y"]["scale"]["domain"] == [0, 1]
    found, line = rows_of(charts.spread_chart(["a", "b"], [20.0, 30.0], even).to_dict())
    assert [row["value"] for row in found] == [20, 30]
    assert [row["value"] for row in line] == even
