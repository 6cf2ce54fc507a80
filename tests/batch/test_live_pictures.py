"""What the viewer on a page over a set is sent: bounded bytes, and always the best layer."""

from __future__ import annotations

import zlib
from dataclasses import replace

import cv2
import numpy as np
import pytest

import attnviz
from attnviz.analysis.explanation import Explanation
from attnviz.batch.live_pictures import MOST_BYTES, live_bytes, live_count, live_picture
from attnviz.batch.small_pictures import TinyCopy
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.viewer.blob import unpack_blob


@pytest.fixture
def found(model: VisionModel) -> Explanation:
    """Sixteen layers on a grid of 32 x 32 cells, the fifteenth the best; a square crop."""
    random = np.random.default_rng(0)
    noise = random.integers(0, 255, (300, 400, 3)).astype(np.uint8)
    crop = attnviz.wrap(model.module, Preprocess(size=32, fit="crop"), model.labels)
    one = attnviz.explain(crop, noise, "grad-cam")
    return replace(
        one,
        layers=tuple(f"layer {n}" for n in range(16)),
        maps=tuple(random.random((32, 32)).astype(np.float32) for _ in range(16)),
        choice=replace(one.choice, layer="layer 14"),
    )


@pytest.mark.parametrize("count", [100, 40_000, 200_000])
def test_all_pictures_of_a_set_stay_within_the_budget(found: Explanation, count: int) -> None:
    most = live_bytes(count)
    packed = live_picture(found, most, TinyCopy.of(found.picture))
    assert len(packed) * 4 / 3 <= most
    assert most * live_count(count) <= MOST_BYTES
    header, arrays = unpack_blob(zlib.decompress(packed))
    assert header["view"]["layer"] == found.best_layer
    names = [layer["name"] for layer in header["layers"]]
    assert found.best_layer in names
    assert len(names) <= 12 < len(found.layers)
    height, width = header["photo"]["height"], header["photo"]["width"]
    assert width / height == pytest.approx(4 / 3, rel=0.03)
    np.testing.assert_allclose(header["box"], [0, 1 / 8, 1, 7 / 8], atol=0.02)  # the square crop
    _, maps = unpack_blob(zlib.decompress(arrays["maps"].tobytes()))
    layer = header["layers"][names.index(found.best_layer)]
    shares = maps[layer["values"]].astype(np.float32)
    shares /= 255 if maps[layer["values"]].dtype == np.uint8 else 1
    wanted = np.maximum(found.map_of(found.best_layer), 0)
    wanted = cv2.resize(wanted, shares.shape[::-1], interpolation=cv2.INTER_AREA)
    span = layer["high"] - layer["low"]
    np.testing.assert_allclose(shares * span + layer["low"], wanted, atol=0.01 * span)


def test_the_more_pictures_the_fewer_bytes_each_has() -> None:
    assert [live_bytes(count) for count in (1, 16_000, 60_000, 10**7)] == [
        64_000, 64_000, MOST_BYTES // 60_000, 6_000
    ]  # fmt: skip
    assert live_count(60_000) == 60_000
    assert live_count(10**7) == MOST_BYTES // 6_000
