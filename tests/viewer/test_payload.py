"""The blob for the browser: its parts, its sizes, its id."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import FocusError
from attnviz.pictures import open_sample
from attnviz.pictures.geometry import Fit, PictureGeometry, fit_picture
from attnviz.pictures.jpeg import jpeg
from attnviz.ui.components.viewer import Content, Layer, Payload, View, pack
from attnviz.viewer.blob import blob_header, unpack_blob
from tests.browser.viewer_content import LAYERS, known_content, known_maps, known_matte

VIEW = View().to_json()


def layer_values(payload: Payload) -> dict[str, np.ndarray]:
    """The arrays of the blob of maps."""
    return unpack_blob(zlib.decompress(payload.maps))[1]


def content(*maps: np.ndarray, size: tuple[int, int] = (30, 40), **more: Any) -> Content:
    pixels = np.random.default_rng(1).integers(0, 255, (*size, 3)).astype(np.uint8)
    geometry = fit_picture(size, 32, Fit.SQUASH)
    layers = [Layer(f"block {index}", values) for index, values in enumerate(maps)]
    return Content(pixels, geometry, layers, "Attention", **more)


def codes(payload: Payload, index: int = 0) -> np.ndarray:
    return layer_values(payload)[payload.header["layers"][index]["values"]]


def shares(payload: Payload, index: int = 0) -> np.ndarray:
    values = codes(payload, index)
    return values.astype(np.float64) / (255 if values.dtype == np.uint8 else 1)


def test_the_blob_holds_header_photo_and_maps() -> None:
    payload = pack(known_content(14))
    blob = payload.to_bytes(VIEW, "net|3")
    header, arrays = unpack_blob(blob)
    assert (header["id"], header["viewId"], header["view"]) == (payload.id, "net|3", VIEW)
    assert list(arrays) == ["photo", "maps"]
    assert arrays["photo"].tobytes() == payload.photo
    assert arrays["maps"].tobytes() == payload.maps
    shown = Image.open(io.BytesIO(payload.photo))
    assert (shown.format, shown.size) == ("JPEG", (512, 384))


def test_the_photo_can_be_left_out_and_is_named_in_any_case() -> None:
    one, other = (pack(content(np.eye(3) + n, np.eye(5), point=(0.25, 0.5))) for n in (0, 1))
    assert one.id != other.id
    assert one.photo_id == other.photo_id != pack(content(np.eye(3), size=(31, 40))).photo_id
    whole, rest = one.to_bytes(VIEW, "a"), one.to_bytes(VIEW, "a", photo=False)
    header, arrays = unpack_blob(rest)
    assert (arrays["photo"].size, header["photo"]["id"]) == (0, one.photo_id)
    assert (header["photo"]["height"], header["photo"]["width"]) == (30, 40)
    assert arrays["maps"].tobytes() == one.maps
    assert len(whole) - len(rest) >= len(one.photo)
    assert header == unpack_blob(whole)[0]
    assert header["point"] == {"x": 0.25, "y": 0.5}


@pytest.mark.parametrize("extra", range(5))
def test_every_part_begins_at_a_multiple_of_four(extra: int) -> None:
    """Whatever the length of the texts, the photo, and the maps with their odd numbers of cells."""
    made = content(np.eye(3), np.eye(5), size=(30 + extra, 40), legend="é" * extra)
    made = replace(made, mattes=[np.ones((30 + extra, 40), np.float32)] * 2)
    payload = pack(made)
    for blob in (payload.to_bytes(VIEW, "x" * extra), zlib.decompress(payload.maps)):
        (length,) = struct.unpack_from("<I", blob)
        starts = [entry["start"] for entry in blob_header(blob)["arrays"]]
        assert [place % 4 for place in (len(blob), length, *starts)] == [0] * (2 + len(starts))
        assert starts == sorted(set(starts))
    assert [entry["name"] for entry in blob_header(blob)["arrays"]] == [
        *(entry["values"] for entry in payload.header["layers"]),
        *payload.header["mattes"],
    ]


def test_the_same_content_gives_the_same_bytes() -> None:
    one, other = pack(known_content(14, mattes=True)), pack(known_content(14, mattes=True))
    assert one.to_bytes(VIEW, "a") == other.to_bytes(VIEW, "a")
    assert one.id == other.id
    assert len(one.id) == 32


def test_the_id_changes_with_what_is_drawn() -> None:
    plain = known_content(14)
    pixels = plain.pixels.copy()
    pixels[100:150, 100:150] = 255
    first, *rest = plain.layers
    changes = [
        {},
        {"pixels": pixels},
        {"title": "Relevance for a church"},
        {"legend": "Another."},
        {"noun": "Object"},
        {"shares": True},
        {"layers": rest},
        {"layers": [*rest, first]},
        {"layers": [replace(first, values=first.values * 2), *rest]},
        {"layers": [replace(first, name="first"), *rest]},
        {"layers": [replace(first, fused=True), *rest]},
        {"layers": [replace(first, fused=True, note="Of its own"), *rest]},
        {"mattes": [known_matte(index) for index in range(LAYERS)]},
        {"geometry": PictureGeometry((384, 512), (0.0, 64.0, 384.0, 448.0), (224, 224))},
    ]
    ids = [pack(replace(plain, **change)).id for change in changes]
    assert len(set(ids)) == len(ids)


def test_the_id_stays_when_the_view_changes() -> None:
    payload = pack(content(np.eye(3)))
    headers = [
        blob_header(payload.to_bytes(view.to_json(), view_id))
        for view, view_id in ((View(), "a"), (View(radius=0.05), "b"))
    ]
    assert headers[0]["id"] == headers[1]["id"]
    assert headers[0]["view"] != headers[1]["view"]
    assert "view" not in payload.header


def test_a_map_comes_back_within_half_a_step() -> None:
    values = np.random.default_rng(2).random((9, 13)).astype(np.float32) * 7 + 3
    payload = pack(content(values))
    entry = payload.header["layers"][0]
    assert (codes(payload).shape, codes(payload).dtype) == ((9, 13), np.uint8)
    assert (entry["low"], entry["high"]) == (float(values.min()), float(values.max()))
    assert entry["mean"] == pytest.approx(values.mean())
    back = entry["low"] + (entry["high"] - entry["low"]) * shares(payload)
    assert np.abs(back - values).max() <= 0.5001 * (entry["high"] - entry["low"]) / 255


def test_crowded_maps_have_sixteen_bits() -> None:
    """Half of the cells below 5 % of the range: with 8 bits they would share 13 steps."""
    for share, bits in ((0.049, 16), (0.051, 8)):
        values = np.full((5, 5), share, np.float32)
        values[0, 0], values[0, 1] = 0, 1
        payload = pack(content(values))
        assert codes(payload).dtype.itemsize == bits // 8
        assert np.abs(shares(payload) - values).max() < (2**-12 if bits == 16 else 0.5001 / 255)


def test_negative_values_count_as_nothing() -> None:
    payload = pack(content(np.array([[-5.0, 0.0], [1.0, 4.0]])))
    entry = payload.header["layers"][0]
    assert (entry["low"], entry["high"], entry["mean"]) == (0, 4, 1.25)
    assert shares(payload).tolist() == [[0, 0], [64 / 255, 1]]
    against = pack(content(-np.ones((2, 2)))).header["layers"][0]
    assert (against["low"], against["high"], against["flat"]) == (0, 0, True)


@pytest.mark.parametrize(
    ("values", "flat", "stored"),
    [
        (np.zeros((2, 2)), True, 128 / 255),
        (np.full((2, 2), 0.3), True, 128 / 255),
        (np.array([[1.0, 0.985], [1.0, 1.0]]), True, 1.0),
        (np.array([[1.0, 0.975], [1.0, 1.0]]), False, 1.0),
        (np.array([[3.0]]), True, 128 / 255),
    ],
)
def test_flat_maps_are_told_and_keep_their_values(
    values: np.ndarray, flat: bool, stored: float
) -> None:
    payload = pack(content(values))
    entry = payload.header["layers"][0]
    assert entry["flat"] is flat
    assert entry["high"] == pytest.approx(values.max())
    assert np.median(shares(payload)) == pytest.approx(stored)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_map_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(FocusError), np.errstate(invalid="ignore"):
        pack(content(np.array([[1.0, bad]])))


@pytest.mark.parametrize(
    ("size", "shown"),
    [((1600, 1200), (1600, 1200)), ((1500, 3000), (800, 1600)), ((3201, 2), (1600, 1))],
)
def test_photos_are_shrunk_to_1600_px(size: tuple[int, int], shown: tuple[int, int]) -> None:
    payload = pack(content(np.eye(2), size=size))
    assert Image.open(io.BytesIO(payload.photo)).size == shown[::-1]
    assert payload.header["photo"]["height"] == size[0]
    assert payload.header["photo"]["width"] == size[1]


def test_the_box_is_in_shares_of_the_picture() -> None:
    made = replace(content(np.eye(2), size=(30, 60)), geometry=fit_picture((30, 60), 32, Fit.CROP))
    assert pack(made).header["box"] == [0.0, 0.25, 1.0, 0.75]


def test_mattes_are_small_and_keep_their_values() -> None:
    payload = pack(known_content(14, mattes=True))
    mattes = [layer_values(payload)[name] for name in payload.header["mattes"]]
    assert len(mattes) == LAYERS
    for index, small in enumerate(mattes):
        assert small.shape == (240, 320)
        assert small.mean() / 255 == pytest.approx(known_matte(index).mean(), abs=2e-3)
        assert small[125, round((120 + 50 * index) / 1.6)] == 255
    assert pack(known_content(14)).header["mattes"] is None


def test_a_small_picture_is_not_enlarged_for_its_mattes() -> None:
    matte = np.zeros((30, 40), np.float32)
    matte[3, 4], matte[5, 6], matte[7, 8] = 1.0, 1.5, -1.0  # beyond the range by rounding
    payload = pack(content(np.eye(2), mattes=[matte]))
    (name,) = payload.header["mattes"]
    small = layer_values(payload)[name]
    assert small.shape == (30, 40)
    assert np.argwhere(small).tolist() == [[3, 4], [5, 6]]
    assert small.max() == 255


@pytest.mark.parametrize("name", ["china", "flower", "chelsea", "astronaut"])
def test_a_usual_photo_with_a_networks_maps_takes_less_than_a_megabyte(name: str) -> None:
    pixels = open_sample(name).pixels
    geometry = fit_picture(pixels.shape[:2], 224, Fit.CROP)
    layers = [Layer(f"block {index}", values) for index, values in enumerate(known_maps(28) * 2)]
    blob = pack(Content(pixels, geometry, layers, "Attention")).to_bytes(VIEW, "net|1")
    assert 20_000 < len(blob) < 1_000_000


def test_a_video_sends_the_pictures_of_all_frames_one_behind_another() -> None:
    frames = [jpeg(np.full((30, 40, 3), shade, np.uint8)) for shade in (40, 120, 200)]
    still = content(np.eye(3), np.eye(4), np.eye(5))
    payload = pack(replace(still, frames=frames))
    assert payload.header["photo"]["frames"] == [len(one) for one in frames]
    assert payload.photo == b"".join(frames)
    other = pack(replace(still, frames=[*frames[:2], frames[0]]))
    assert other.photo_id != payload.photo_id
    assert pack(still).header["photo"]["frames"] is None
