"""Every registered export: what it writes for a known explanation."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import attnviz
from attnviz.export.base import Export, ExportSource, exports
from attnviz.export.png import read_provenance
from attnviz.pictures import Picture, open_sample


@pytest.fixture(scope="module")
def source() -> ExportSource:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )
    model = attnviz.wrap(network, attnviz.Preprocess(size=32), labels=["a", "b", "c"])
    picture: Picture = open_sample("china").reduced(80)
    result = attnviz.explain(model, picture, "grad-cam")
    return ExportSource(picture, result, result.layers[-1], radius=3)


def test_the_focus_picture_is_the_bokeh_with_its_provenance(source: ExportSource) -> None:
    written = exports().get("focus")().write(source)
    focus = source.explanation.focus(source.layer)
    expected = attnviz.bokeh(source.picture, focus, radius=3)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(written))), expected)
    facts = read_provenance(written)
    assert facts["layer"] == source.layer
    assert facts["radius px"] == "3.0"
    assert facts["picture sha256"] == source.picture.sha256
    assert facts["focus"] == "relevance field"


def test_the_values_are_those_of_the_explanation(source: ExportSource) -> None:
    arrays = np.load(io.BytesIO(exports().get("maps")().write(source)))
    assert tuple(arrays.files) == source.explanation.layers
    for layer, values in zip(source.explanation.layers, source.explanation.maps, strict=True):
        np.testing.assert_array_equal(arrays[layer], values)


@pytest.mark.parametrize("kind", list(exports()), ids=lambda kind: kind.name)
def test_every_export_can_be_offered(kind: type[Export], source: ExportSource) -> None:
    export = kind()
    assert export.title[0].isupper()
    assert "/" in export.mime
    assert export.file_name("stage 1/x") == (
        f"stage-1_x.{kind.name}{kind.suffix}" if kind.per_layer else f"{kind.name}{kind.suffix}"
    )
    assert len(export.write(source)) > 100
