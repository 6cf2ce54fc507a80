"""What the viewer shows of an explanation."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.analysis.explanation import Explanation, Prediction
from attnviz.methods.base import METHODS, Nature
from attnviz.methods.fuse import FUSED, fuse_layers
from attnviz.methods.questions import choose_method
from attnviz.pictures.geometry import Fit, fit_picture
from attnviz.pictures.picture import Picture
from attnviz.render.object_matte import object_mattes
from attnviz.viewer.content import content_of, layer_names, with_mattes

METHOD_NAMES = [method.name for method in METHODS]


def explanation(method: str, layers: int = 3, target: str | None = "church") -> Explanation:
    random = np.random.default_rng(0)
    picture = Picture(random.integers(0, 255, (30, 40, 3)).astype(np.uint8), "a.png", "0" * 64)
    return Explanation(
        picture,
        choose_method(method, has_attention=True),
        tuple(f"block {index}" for index in range(layers)),
        tuple(random.random((4 + i, 5)).astype(np.float32) - 0.3 for i in range(layers)),
        (Prediction("church", 0.9),),
        (3,),
        Prediction(target, 0.9) if target else None,
        fit_picture((30, 40), 32, Fit.CROP),
        {},
    )


def test_all_layers_and_all_of_them_fused() -> None:
    one = explanation("grad-cam")
    content = content_of(one)
    assert [layer.name for layer in content.layers] == ["block 0", "block 1", "block 2", FUSED]
    assert [layer.fused for layer in content.layers] == [False, False, False, True]
    assert [layer.name for layer in content.layers] == layer_names(one)
    for layer, values in zip(content.layers, one.maps, strict=False):
        assert np.array_equal(layer.values, values)
    assert np.array_equal(content.layers[-1].values, fuse_layers(one.maps))
    assert content.pixels is one.picture.pixels
    assert content.geometry is one.geometry


def test_a_single_layer_is_not_fused_with_itself() -> None:
    assert layer_names(explanation("grad-cam", layers=1)) == ["block 0"]
    assert [layer.fused for layer in content_of(explanation("grad-cam", 1)).layers] == [False]


def test_mattes_come_along() -> None:
    one = explanation("grad-cam")
    assert content_of(one).mattes is None
    content = with_mattes(content_of(one))
    fields = [one.focus(layer).scaled for layer in layer_names(one)]
    assert content.mattes is not None
    np.testing.assert_array_equal(content.mattes, object_mattes(one.picture.pixels, fields))


@pytest.mark.parametrize("name", METHOD_NAMES)
def test_title_and_legend_say_what_the_maps_are(name: str) -> None:
    one = explanation(name)
    method = one.choice.method
    content = content_of(one)
    relevance = method.nature is Nature.RELEVANCE
    what = "Relevance for church" if relevance else str(method.nature).capitalize()
    assert content.title == what
    assert content.legend.startswith(f"{method.title}.")
    assert content.legend.endswith(" Negative values count as 0.") is method.signed
    assert content.shares is method.shares
    without = content_of(explanation(name, target=None)).title
    assert without == str(method.nature).capitalize()
