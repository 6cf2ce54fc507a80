"""One pass that reads every kind of attention, and what a query looks at afterwards."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.analysis.layer_statistics import QueryMaps
from attnviz.analysis.layer_trace import LayerTrace, head_maps, trace_layers, without_artefacts
from attnviz.capture.site import Kind
from attnviz.errors import MethodError, ModelError
from attnviz.methods.context import Query
from attnviz.methods.raw_attention import RawAttention
from attnviz.models.loading import wrap
from attnviz.pictures import Picture, open_picture
from tests.methods.readings import trace_of
from tests.ui.pages.layers.layers_pages import small_network


@pytest.fixture
def picture(photo: np.ndarray) -> Picture:
    return open_picture(photo, name="disc")


def test_masks_and_gates_come_from_one_pass(picture: Picture) -> None:
    model, passes = small_network("cbam")
    trace_layers(model, picture)  # finds the sites
    before = len(passes)
    traced = trace_layers(model, picture)
    assert len(passes) == before + 1
    layers = [f"stage{n}.block{m}.gate" for n, m in ((1, 1), (2, 1), (2, 2), (3, 1), (3, 2))]
    assert [one.layer for one in traced.trace.soft_masks] == layers
    assert [one.layer for one in traced.trace.gates] == layers
    assert [one.gate.shape[1] for one in traced.trace.gates] == [16, 32, 32, 64, 64]
    assert not traced.trace.context
    assert traced.notes == ()


def test_a_network_without_attention_has_an_empty_trace(picture: Picture) -> None:
    model, _ = small_network("none")
    assert trace_layers(model, picture).trace.readings == ()


@pytest.mark.parametrize("query", ["class", "mean", (0.3, 0.8)])
def test_heads_of_a_query_are_those_of_the_layers_attention(picture: Picture, query: Query) -> None:
    model, passes = small_network("vit")
    traced = trace_layers(model, picture)
    before = len(passes)
    maps = head_maps(traced, query)
    expected = RawAttention(query=query)(traced.trace)
    assert [one.layer for one in maps] == [f"blocks.{n}.attention" for n in range(3)]
    for one, mean in zip(maps, expected, strict=True):
        assert one.values.shape == (2, 16, 21)  # 120 x 160 px become 128 x 168
        np.testing.assert_allclose(one.values.mean(0), mean.values[0], atol=1e-6)
        np.testing.assert_allclose(one.values.sum((1, 2)) + one.elsewhere, 1, atol=1e-5)
    assert len(passes) == before, "all of it comes from the trace"


def test_points_of_the_picture_are_found_on_the_input(picture: Picture) -> None:
    model, _ = small_network("vit")
    traced = trace_layers(model, picture)
    assert traced.has_class_token
    assert traced.input_point(0.25, 0.75) == pytest.approx((0.75, 0.25))
    middle = type(traced.geometry)((120, 160), (0.0, 20.0, 120.0, 140.0), (128, 128))
    cropped = LayerTrace(traced.trace, middle)
    assert cropped.input_point(0.5, 0.5) == pytest.approx((0.5, 0.5))
    assert cropped.input_point(0.125 + 0.75 / 4, 1.0) == pytest.approx((1.0, 0.25))
    assert cropped.input_point(0.05, 0.5) is None, "the network did not see the left edge"


def test_patches_with_outlying_features_are_artefacts(picture: Picture) -> None:
    model, _ = small_network("vit")
    blocks = model.module.get_submodule("blocks")
    last = list(blocks.children())[-1]

    def lengthen(_: object, __: object, tokens: torch.Tensor) -> torch.Tensor:
        tokens = tokens.clone()
        tokens[:, 1 + 3 * 21 + 5] *= 100  # behind the class token: row 3, column 5 of 16 x 21
        return tokens

    plain = trace_layers(model, picture)
    handle = last.register_forward_hook(lengthen)
    traced = trace_layers(model, picture)
    handle.remove()
    assert plain.artefacts is not None
    assert traced.artefacts is not None
    assert plain.artefacts.shape == traced.artefacts.shape == (16, 21)
    assert not plain.artefacts[3, 5]
    assert traced.artefacts[3, 5]
    assert not traced.trace.features, "features are not kept"
    assert trace_layers(small_network("cbam")[0], picture).artefacts is None


def test_artefacts_are_filled_in_from_their_neighbours() -> None:
    values = np.ones((2, 3, 3), np.float32)
    values[:, 1, 1] = 50, 70
    values[1, 0, 0] = 9
    spiked = QueryMaps("a", values, np.asarray([0.1, 0.2], np.float32))
    coarse = QueryMaps("b", np.ones((2, 2, 2), np.float32), np.zeros(2, np.float32))
    middle = np.zeros((3, 3), bool)
    middle[1, 1] = True
    clean, other = without_artefacts((spiked, coarse), middle)
    assert clean.values[:, 1, 1].tolist() == [1, 2]  # the eight around it: 1, or seven 1 and a 9
    untouched = ~np.broadcast_to(middle, (2, 3, 3))
    assert (clean.values[untouched] == values[untouched]).all()
    assert (clean.layer, clean.elsewhere.tolist()) == ("a", spiked.elsewhere.tolist())
    assert other is coarse
    assert values[0, 1, 1] == 50, "what was given is left alone"


def test_a_point_outside_is_refused(picture: Picture) -> None:
    model, _ = small_network("vit")
    with pytest.raises(MethodError, match="outside"):
        head_maps(trace_layers(model, picture), (1.2, 0.5))
    assert head_maps(LayerTrace(trace_of(), trace_layers(model, picture).geometry), "mean") == ()


def test_damaged_weights_and_refused_inputs_are_named(picture: Picture) -> None:
    model, _ = small_network("vit")
    model.module.get_parameter("head.weight").data.fill_(torch.nan)
    with pytest.raises(ModelError, match="NaN"):
        trace_layers(model, picture)
    wrong = wrap(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(7, 2)), name="wrong")
    with pytest.raises(ModelError, match="wrong"):
        trace_layers(wrong, picture)


def test_every_kind_of_attention_is_asked_for() -> None:
    from attnviz.analysis import layer_trace

    assert set(layer_trace.ATTENTION) == set(Kind) - {Kind.FEATURES}
