"""Which methods there are, what they cost, and whether they fit: and they do run, or not."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.errors import AttnvizError, UnknownNameError
from attnviz.methods import METHODS
from tests.ui.pages.layers.layers_pages import small_network


def test_every_method_is_listed_once() -> None:
    listed = attnviz.list_methods()
    assert sorted(one.name for one in listed) == sorted(one.name for one in METHODS)
    assert all(one.fits is None and not one.why_not for one in listed)
    by_name = {one.name: one for one in listed}
    assert by_name["grad-cam"].cost == "1 forward and 1 backward pass"
    assert by_name["score-cam"].cost == "many passes"
    assert by_name["rollout"].kind == "context"
    assert by_name["rise"].kind is None
    assert repr(by_name["rollout"]) == (
        "<MethodInfo 'rollout': attention from context, 1 forward pass>"
    )
    assert repr(listed).startswith(f"<{len(METHODS)} methods: ")
    assert len(repr(listed)) < 160
    with pytest.raises(UnknownNameError, match="Nearest: vit-small"):
        attnviz.list_methods("vit-smal")


def test_why_a_method_does_not_fit() -> None:
    by_name = {one.name: one for one in attnviz.list_methods("ran-small")}
    assert by_name["mask-effect"].fits
    assert by_name["rollout"].why_not == "ran-small has no self-attention"
    assert by_name["d-rise"].why_not == "ran-small has no boxes or masks of things"
    assert by_name["class-mask"].why_not.endswith("no masks that were trained for single classes")
    dino = {one.name: one for one in attnviz.list_methods("dinov2-small")}
    assert dino["grad-cam"].why_not == "dinov2-small names no classes"
    box = attnviz.black_box(lambda pictures: np.zeros((len(pictures), 2)), ["a", "b"], name="box")
    of_box = {one.name: one for one in attnviz.list_methods(box)}
    assert of_box["rise"].fits
    assert of_box["grad-cam"].why_not == "the layers of a black box cannot be observed"


@pytest.mark.parametrize("kind", ["vit", "cbam"])
def test_of_a_wrapped_network_what_fits_is_found_by_looking(kind: str, photo: np.ndarray) -> None:
    model, _ = small_network(kind)
    for one in attnviz.list_methods(model):
        if one.cost == "many passes":
            continue
        try:
            attnviz.explain(model, photo, one.name)
            works = True
        except AttnvizError:
            works = False
        assert works == one.fits, one
