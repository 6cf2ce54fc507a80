"""Every registered export: what it writes for a known explanation, read back as others read it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import attnviz
from attnviz.export.base import EXPORTS, Export, ExportSource, exports, in_order
from attnviz.export.map_series import MapSeries, map_series
from attnviz.export.png import read_provenance
from attnviz.pictures import Picture, open_sample
from attnviz.render.heat import colour_map, heat_overlay
from tests.export.examples import example_source


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


def written(name: str, source: ExportSource) -> bytes:
    return exports().get(name)().write(source)


def pixels(file: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def test_the_focus_picture_is_the_bokeh_with_its_provenance(source: ExportSource) -> None:
    file = written("focus", source)
    focus = source.explanation.focus(source.layer)
    expected = attnviz.bokeh(source.picture, focus, radius=3)
    np.testing.assert_array_equal(pixels(file), expected)
    facts = read_provenance(file)
    assert facts["layer"] == source.layer
    assert facts["radius px"] == "3.0"
    assert facts["picture sha256"] == source.picture.sha256
    assert facts["focus"] == "relevance field"


def test_the_map_is_saved_alone_and_over_the_photo(source: ExportSource) -> None:
    scaled = source.explanation.focus(source.layer).scaled
    np.testing.assert_array_equal(pixels(written("map", source)), colour_map(scaled, "inferno"))
    over = heat_overlay(source.picture.pixels, scaled)
    np.testing.assert_array_equal(pixels(written("overlay", source)), over)
    assert read_provenance(written("map", source))["layer"] == source.layer


@pytest.mark.parametrize("name", ["focus", "overlay"])
def test_webp_has_the_size_and_provenance_of_the_png(name: str, source: ExportSource) -> None:
    png, webp = written(name, source), written(f"{name}-webp", source)
    assert read_provenance(webp) == read_provenance(png)
    assert Image.open(io.BytesIO(webp)).format == "WEBP"
    assert pixels(webp).shape == source.picture.pixels.shape
    assert np.abs(pixels(webp).astype(int) - pixels(png)).mean() < 4


def test_the_values_are_those_of_the_explanation(source: ExportSource) -> None:
    arrays = np.load(io.BytesIO(written("npz", source)))
    for layer, values in zip(source.explanation.layers, source.explanation.maps, strict=True):
        np.testing.assert_array_equal(arrays[layer], values)
    grid = np.load(io.BytesIO(written("npy", source)))
    np.testing.assert_array_equal(grid, source.explanation.map_of(source.layer))


def test_values_at_the_photos_size_are_absolute_and_nan_outside() -> None:
    source = example_source()
    values = np.load(io.BytesIO(written("npy-picture", source)))
    assert values.shape == source.picture.pixels.shape[:2]
    top, left, bottom, right = source.explanation.geometry.box
    seen = np.zeros(values.shape, bool)
    seen[round(top) : round(bottom), round(left) : round(right)] = True
    assert 0 < seen.mean() < 1
    np.testing.assert_array_equal(np.isnan(values), ~seen)
    grid = source.explanation.map_of(source.layer)
    assert values[seen].min() >= grid.min() - 1e-6
    assert values[seen].max() <= grid.max() + 1e-6
    assert values[seen].max() > 0.8 * grid.max(), "in the map's own unit"


@pytest.mark.parametrize("kind", list(exports()), ids=lambda kind: kind.name)
def test_every_export_can_be_offered(kind: type[Export[ExportSource]]) -> None:
    export = kind()
    assert export.title[0].isupper()
    assert "/" in export.mime
    ending = f"{kind.stem or kind.name}{kind.suffix}"
    assert export.file_name("stage 1/x") == (f"stage-1_x.{ending}" if kind.per_layer else ending)
    assert (kind.__doc__ or "").partition("\n")[0].endswith("."), "the tip of its button"


def test_files_of_one_folder_have_names_of_their_own() -> None:
    names = [kind.ending() for kind in exports()]
    assert len(set(names)) == len(names)


def test_what_is_shown_decides_what_is_offered(source: ExportSource) -> None:
    of_photo = {kind.name for kind in exports()}
    of_series = {kind.name for kind in exports(MapSeries)}
    assert {"gif", "mp4", "film-webp", "filmstrip"} <= of_photo & of_series
    assert "focus" in of_photo - of_series
    assert "series-npz" in of_series - of_photo
    assert {kind.name for kind in EXPORTS} >= of_photo | of_series
    groups = [kind.group for kind in in_order(exports())]
    assert groups == sorted(groups, key=list(dict.fromkeys(groups)).index), "no group twice"
    series = map_series(source)
    arrays = np.load(io.BytesIO(exports(MapSeries).get("series-npz")().write(series)))
    np.testing.assert_array_equal(arrays["map_0"], source.explanation.maps[0])
    assert arrays["names"].tolist() == list(source.explanation.layers)
