"""The eye's scanpaths, its parcel, and the picture that it saves."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnviz.export.foveated_picture import FoveatedPicture
from attnviz.export.foveated_png import FoveatedPng
from attnviz.export.png import read_provenance
from attnviz.pictures import Picture, open_picture
from attnviz.ui.components.eye.save_request import SaveRequest
from attnviz.ui.pages.eye import packing
from attnviz.ui.pages.eye.packing import pack, photo_id
from attnviz.ui.pages.eye.scanpaths import GazePath, gaze_path, saliency_gaze_paths
from attnviz.ui.pages.eye.server_view import with_marks
from attnviz.viewer.blob import unpack_blob
from attnviz.vision.foveation import foveate
from attnviz.vision.retina import Retina, ViewingGeometry
from attnviz.vision.scanpath import Fixation

MESSAGE = {
    "photoId": "x", "fixations": [[0.25, 0.5], [0.75, 0.1]], "pixelsPerDegree": 30, "distance": 60,
    "coarser": 4, "leastContrast": 1 / 64, "decay": 0.106, "halfAngle": 2.3, "path": "led",
}  # fmt: skip


def noise(height: int, width: int) -> Picture:
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return open_picture(pixels, name="noise.png")


def unpacked(blob: bytes) -> tuple[dict[str, Any], list[bytes]]:
    header, arrays = unpack_blob(blob)
    assert list(arrays)[:2] == ["photo", "retina"]
    return header, [values.tobytes() for values in arrays.values()]


def test_a_path_is_in_shares_of_the_picture_whatever_its_maps_grid() -> None:
    pixels = noise(300, 400).pixels
    y, x = np.mgrid[:90, :200] + 0.5
    values = np.zeros((90, 200), np.float32)
    spots = [(20.0, 150.0, 1.0), (70.0, 40.0, 0.7), (45.0, 100.0, 0.5)]
    for row, column, height in spots:
        values += (height * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 50)).astype(np.float32)
    path = gaze_path("planted", "", values, pixels)
    for stop, (row, column, height) in zip(path.fixations, spots, strict=False):
        assert stop.y == pytest.approx(row / 90, abs=0.01)
        assert stop.x == pytest.approx(column / 200, abs=0.01)
        assert stop.strength == pytest.approx(height, abs=0.05)
    assert path.overlay.shape == (225, 300, 3)
    first, last = path.fixations[0], path.overlay
    brightest = last[int(first.y * 225), int(first.x * 300)].astype(int)
    assert brightest.sum() > last[200, 280].astype(int).sum()


def test_a_map_of_one_value_has_no_path_and_says_why() -> None:
    even = gaze_path("Even", "", np.full((8, 8), 0.3, np.float32), noise(40, 40).pixels)
    assert even.fixations == ()
    assert even.refused.startswith("Even: The map has the same value everywhere")
    grey = open_picture(np.full((90, 120, 3), 128, np.uint8), name="grey")
    header, _ = unpacked(pack(grey, saliency_gaze_paths(grey.pixels)))
    assert header["paths"][0]["stops"] == []
    assert "same value everywhere" in header["paths"][0]["refused"]
    assert "NaN" not in json.dumps(header)


def test_the_parcel_holds_photo_retina_and_maps_and_is_the_same_each_time() -> None:
    picture = noise(60, 80)
    paths = [GazePath("one", "who", noise(30, 40).pixels, (Fixation(0.2, 0.7, 1.0, 30.0),))]
    blob = pack(picture, paths)
    assert blob == pack(picture, paths)
    header, (photo, retina, overlay) = unpacked(blob)
    sizes = [Image.open(io.BytesIO(part)).size for part in (photo, retina, overlay)]
    assert sizes == [(80, 60), (700, 700), (40, 30)]
    assert header["gaze"] == {"x": 0.7, "y": 0.2}
    assert header["paths"][0]["stops"] == [{"x": 0.7, "y": 0.2, "strength": 1.0, "ms": 30.0}]
    assert [zone["degrees"] for zone in header["zones"]] == [1, 5, 8, 17]
    assert "Häggström" in header["credit"]
    assert header["photoId"] != photo_id(noise(60, 81))
    empty, _ = unpacked(pack(picture, []))
    assert empty["gaze"] == {"x": 0.5, "y": 0.5}


def test_without_a_photographed_retina_one_is_drawn_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packing.retina_jpeg.cache_clear()
    monkeypatch.setattr(packing, "fundus_photo", lambda: None)
    header, parts = unpacked(pack(noise(10, 12), []))
    packing.retina_jpeg.cache_clear()
    assert parts[1] == b""
    assert "This retina is drawn" in header["credit"]


def test_what_a_browser_asks_for_is_checked() -> None:
    save_request = SaveRequest.from_untrusted(MESSAGE)
    assert save_request is not None
    assert save_request.fixations == ((0.5, 0.25), (0.1, 0.75))
    assert save_request.retina == Retina(coarser=4)
    bad: list[Any] = [
        None, 7, {}, {"fixations": []}, {"fixations": [[0.5, 1.2]]}, {"fixations": [["a", 0]]},
        {"fixations": [[0.5, float("nan")]]}, {"fixations": [[0.5, 0.5]] * 17},
        {"pixelsPerDegree": 0}, {"pixelsPerDegree": "x"}, {"distance": 0}, {"distance": None},
        {"distance": float("inf")}, {"coarser": -1}, {"leastContrast": 1}, {"fixations": 3},
    ]  # fmt: skip
    for one in bad:
        message = {**MESSAGE, **one} if isinstance(one, dict) and one else one
        assert SaveRequest.from_untrusted(message) is None, one


def test_the_saved_picture_is_the_whole_photo_as_it_was_shown() -> None:
    whole, shown = noise(200, 320), noise(100, 160)
    save_request = SaveRequest.from_untrusted(MESSAGE)
    assert save_request is not None
    eye = FoveatedPicture(whole, save_request.scaled(whole.width / shown.width))
    file = FoveatedPng().write(eye)
    pixels = np.asarray(Image.open(io.BytesIO(file)))
    # Twice as many pixels in the same degree, and the fixations at the same shares.
    looks = [(100.0, 80.0), (20.0, 240.0)]
    expected = foveate(whole.pixels, looks, ViewingGeometry(60.0), Retina(coarser=4))
    np.testing.assert_array_equal(pixels, expected)
    assert (expected != whole.pixels).any()
    facts = read_provenance(file)
    assert facts["pixels per degree"] == "60.00"
    assert facts["viewing distance cm"] == "60"
    assert facts["coarser than a human eye"] == "4"
    assert facts["fixations"] == "x 25.0 %, y 50.0 %; x 75.0 %, y 10.0 %"
    assert facts["gaze led by"] == "led"
    assert facts["picture sha256"] == whole.sha256
    same_size = save_request.pixels(whole)
    expected = foveate(whole.pixels, looks, ViewingGeometry(30.0), Retina(coarser=4))
    np.testing.assert_array_equal(same_size, expected)


def test_rings_and_numbered_stops_are_drawn_where_they_belong() -> None:
    grey = np.full((300, 400, 3), 128, np.uint8)
    stops = (Fixation(0.2, 0.2, 1.0, 30.0), Fixation(0.5, 0.5, 0.8, 40.0))
    shown = with_marks(grey, stops, ViewingGeometry(20.0))
    assert (grey == 128).all(), "the picture itself is left alone"
    radius = round(ViewingGeometry(20.0).pixels(2.5))
    assert shown[150, 200 + radius].max() > 200, "the fovea's ring around the last stop"
    assert shown[60 - 7, 80].min() > 200, "the first stop's circle"
    assert shown[299, 399].tolist() == [128] * 3
    alone = with_marks(grey, stops[:1], ViewingGeometry(20.0))
    assert alone[60, 80].tolist() == [128] * 3, "a single gaze is not numbered"
