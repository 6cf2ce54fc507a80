"""What a patch attends to, for scripts: the very maps of the page "Layers", from one pass."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.analysis.layer_trace import head_maps, trace_layers
from attnviz.errors import MethodError, TargetError
from tests.ui.pages.layers.layers_pages import small_network


def test_a_patchs_maps_and_those_of_the_heads_come_from_one_pass(photo: np.ndarray) -> None:
    model, passes = small_network("vit")
    attnviz.attention(model, photo)  # finds the sites
    before = len(passes)
    seen = attnviz.attention(model, photo)
    maps = seen.looking_from(0.25, 0.75)
    heads = seen.heads
    assert len(passes) == before + 1
    assert seen.layers == tuple(f"blocks.{n}.attention" for n in range(3))
    assert [one.layer for one in maps] == [one.layer for one in heads] == list(seen.layers)
    assert seen.query == "class"
    traced = trace_layers(model, attnviz.open_picture(photo))
    for one, same in zip(heads, head_maps(traced, "class"), strict=True):
        np.testing.assert_allclose(one.values, same.values, atol=1e-6)
    for one in maps:
        assert one.values.shape == (2, 16, 21)
        np.testing.assert_allclose(one.values.sum((1, 2)) + one.elsewhere, 1, atol=1e-5)
        np.testing.assert_allclose(one.mean, (one.values[0] + one.values[1]) / 2, atol=1e-6)
    at_point = attnviz.explain(model, photo, "raw-attention", attnviz.Patch(0.25, 0.75))
    for one, mean in zip(maps, at_point.maps, strict=True):
        np.testing.assert_allclose(one.mean, mean, atol=1e-6)


def test_it_prints_as_a_line_and_refuses_points_outside(photo: np.ndarray) -> None:
    model, _ = small_network("vit")
    seen = attnviz.attention(model, attnviz.open_picture(photo, name="disc"))
    assert repr(seen) == "<Attention on 'disc': 3 layers of 2 heads>"
    assert repr(seen.heads[0]) == "<QueryMaps of 'blocks.0.attention': 2 heads, 16 x 21>"
    with pytest.raises(TargetError, match="outside the picture"):
        seen.looking_from(1.2, 0.5)


def test_a_network_without_self_attention_is_refused(photo: np.ndarray) -> None:
    model, _ = small_network("cbam")
    with pytest.raises(MethodError, match="no self-attention over positions"):
        attnviz.attention(model, photo)
