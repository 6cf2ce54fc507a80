"""Public results print as a line, answer `==`, and pickle with all that they hold."""

from __future__ import annotations

import io
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from tests.ui.pages.layers.layers_pages import small_network

MOST = 200  # characters of a line


def copied(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


@pytest.fixture(scope="module")
def picture() -> attnviz.Picture:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    pixels[10:40, 20:50] = (240, 40, 30)
    return attnviz.open_picture(pixels, name="noise")


@pytest.fixture(scope="module")
def model() -> attnviz.VisionModel:
    found, _ = small_network("vit")
    found.module._forward_hooks.clear()  # the counter of passes, which no pickle takes
    return found


@pytest.fixture(scope="module")
def results(model: attnviz.VisionModel, picture: attnviz.Picture) -> dict[str, Any]:
    """One of each kind, made twice from the same."""
    explained = attnviz.explain(model, picture, "grad-cam", [0, 1])
    features = attnviz.features(model, picture)
    objects = attnviz.objects(model, picture)
    return {
        "picture": picture,
        "model": model,
        "spec": model.spec,
        "preprocess": model.preprocess,
        "explanation": explained,
        "asked": explained.asked[0],
        "focus": explained.focus(),
        "features": features,
        "likeness": attnviz.likeness(features, features),
        "objects": objects,
        "object": objects.objects[0],
        "attention": attnviz.attention(model, picture),
        "difference": attnviz.compare(explained, attnviz.explain(model, picture, "rollout")),
        "methods": attnviz.list_methods(model),
        "method": attnviz.list_methods(model)[0],
        "region": attnviz.Region(np.eye(300), "dog"),
        "road": attnviz.evidence.road(model, explained),
        "regions": attnviz.evidence.regions(model, picture, count=2, cut="grid"),
    }


def test_each_prints_as_a_line(results: dict[str, Any]) -> None:
    for name, thing in results.items():
        assert "\n" not in repr(thing), name
        assert len(repr(thing)) < MOST, name
    assert repr(results["model"]) == (
        "<VisionModel 'tiny <b>net</b>' on cpu: features; no named classes>"
    )
    assert repr(results["features"]).startswith("<PatchFeatures of 'noise' at 'blocks.2': 16 x ")


def test_each_pickles_and_answers_whether_it_is_equal(results: dict[str, Any]) -> None:
    for name, thing in results.items():
        again = copied(thing)
        assert repr(again) == repr(thing), name
        assert isinstance(thing == again, bool), name
        assert thing == thing, name
    maps = copied(results["explanation"]).maps
    for one, same in zip(maps, results["explanation"].maps, strict=True):
        np.testing.assert_array_equal(one, same)


def test_two_explanations_of_one_picture_can_be_compared_for_equality(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    one, other = (attnviz.explain(model, picture, "grad-cam") for _ in range(2))
    assert one != other
    assert one.predictions == other.predictions
    assert len({one, other, replace(one)}) == 3


def test_a_model_that_was_pickled_explains_alike(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    again = copied(model)
    assert again.lock is not model.lock
    assert again.spec.build() is again.module
    expected = attnviz.explain(model, picture, "grad-cam", 3)
    found = attnviz.explain(again, picture, "grad-cam", 3)
    for one, same in zip(found.maps, expected.maps, strict=True):
        np.testing.assert_allclose(one, same, atol=1e-6)
    assert found.predictions == expected.predictions


def brightness(batch: torch.Tensor) -> np.ndarray:
    mean = np.asarray(batch).mean((1, 2, 3))
    return np.stack([1 - mean, mean], 1)


def test_black_boxes_and_every_listed_model_pickle() -> None:
    box = attnviz.black_box(brightness, ["dark", "bright"], name="box", input_size=32)
    assert copied(box).name == "box"
    file = io.BytesIO()
    for spec in attnviz.list_models():
        pickle.dump(spec, file)
