"""Films and the filmstrip of an explanation, read back by the libraries that others use."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from attnviz.export.base import ExportSource, exports
from attnviz.export.map_series import map_series
from attnviz.export.png import read_provenance
from attnviz.render.focus import FocusSettings, Scale
from attnviz.render.heat import heat_overlay
from tests.export.examples import example_source

LAYERS = 3
SIZE = (64, 96)  # of the example's photo


@pytest.fixture(scope="module")
def source() -> ExportSource:
    source = example_source(LAYERS)
    assert source.picture.pixels.shape[:2] == SIZE
    return source


def written(name: str, source: ExportSource) -> bytes:
    return exports().get(name)().write(source)


def frames_of(file: bytes) -> Iterator[np.ndarray]:
    with Image.open(io.BytesIO(file)) as picture:
        for number in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(number)
            yield np.asarray(picture.convert("RGB"))


def decoded(file: bytes) -> tuple[list[np.ndarray], dict[str, str]]:
    with av.open(io.BytesIO(file)) as container:
        frames = [one.to_ndarray(format="rgb24") for one in container.decode(video=0)]
        return frames, dict(container.metadata)


@pytest.mark.parametrize("name", ["gif", "film-webp"])
def test_each_layer_is_a_frame_with_its_own_map(name: str, source: ExportSource) -> None:
    frames = list(frames_of(written(name, source)))
    assert [one.shape for one in frames] == [(SIZE[0] + 26, 2 * SIZE[1], 3)] * LAYERS
    for layer, frame in zip(source.explanation.layers, frames, strict=True):
        focus = source.explanation.focus(layer)
        expected = heat_overlay(source.picture.pixels, focus.scaled).astype(int)
        assert np.abs(frame[: SIZE[0], SIZE[1] :] - expected).mean() < 6
        others = [one for one in frames if one is not frame]
        assert all(np.abs(one[: SIZE[0], SIZE[1] :] - expected).mean() > 8 for one in others)


def test_films_carry_their_provenance(source: ExportSource) -> None:
    facts = read_provenance(written("focus", source))
    with Image.open(io.BytesIO(written("gif", source))) as picture:
        assert json.loads(picture.info["comment"]) == facts
    assert read_provenance(written("film-webp", source)) == facts
    assert json.loads(decoded(written("mp4", source))[1]["comment"]) == facts


def test_an_mp4_has_a_frame_for_each_layer_and_rests_for_a_second(source: ExportSource) -> None:
    frames, _ = decoded(written("mp4", source))
    assert [one.shape for one in frames] == [(90, 192, 3)] * (LAYERS + 4)
    last = frames[LAYERS - 1].astype(int)
    assert all(np.abs(one - last).mean() < 3 for one in frames[LAYERS:])
    assert np.abs(frames[0] - last).mean() > 6


def test_the_scale_of_the_view_is_that_of_the_film(source: ExportSource) -> None:
    maps = tuple(np.full((4, 4), value, np.float32) for value in (0, 0.25, 0.5))
    for one in maps:
        one[0, 0] = 1 - one[0, 0]
    explanation = replace(source.explanation, maps=maps)
    own = replace(source, explanation=explanation)
    shared = replace(own, settings=FocusSettings(scale=Scale.ALL_LAYERS))
    assert map_series(own).value_range is None
    assert map_series(shared).value_range == (0, 1)
    small = source.picture.pixels
    focuses = list(map_series(shared).focuses(small))
    assert [(one.low, one.high) for one in focuses[:2]] == [(0, 1)] * 2
    assert [one.low for one in map_series(own).focuses(small)][1] == 0.25


def test_the_aperture_opens_from_all_sharp_to_twice_the_radius(source: ExportSource) -> None:
    assert source.radius == 4
    frames, _ = decoded(written("aperture-mp4", source))
    assert len(frames) == 13 + 8
    gif = list(frames_of(written("aperture-gif", source)))
    assert len(gif) == len(list(frames_of(written("aperture-webp", source)))) == 13
    film = exports().get("aperture-gif")().film(source)  # type: ignore[attr-defined]
    drawn = [one[: SIZE[0]] for one in film.frames()]
    np.testing.assert_array_equal(drawn[0], source.picture.pixels)
    np.testing.assert_array_equal(drawn[6], source.blurred(source.focus()))
    widest = replace(source, radius=8)
    np.testing.assert_array_equal(drawn[-1], widest.blurred(widest.focus()))


def test_the_filmstrip_shows_every_layer_in_order(source: ExportSource) -> None:
    file = written("filmstrip", source)
    strip = np.asarray(Image.open(io.BytesIO(file)))
    assert read_provenance(file)["layer"] == source.layer
    height = round(SIZE[0] * 400 / SIZE[1])
    tile = height + 6 + 3 * 26 + 10
    assert strip.shape == (2 * tile, 2 * 410, 3)
    for place, layer in enumerate(source.explanation.layers):
        row, column = divmod(place, 2)
        top, left = row * tile, column * 410
        shown = strip[top : top + height, left : left + 400]
        small = heat_overlay(source.picture.pixels, source.explanation.focus(layer).scaled)
        again = np.asarray(Image.fromarray(shown).resize(SIZE[::-1], Image.Resampling.BOX))
        assert np.abs(again.astype(int) - small).mean() < 6
    assert (strip[tile:, 410:] == 24).all(), "the room of a fourth is empty"


def test_of_many_maps_the_filmstrip_shows_some_from_the_first_to_the_last() -> None:
    series = map_series(example_source(9)).thinned(4)
    assert [one.split()[1] for one in series.captions] == ["0", "3", "5", "8"]
    assert series.thinned(4) is series
