"""Moving pictures read back by the libraries that others read them with."""

from __future__ import annotations

import io

import av
import numpy as np
from PIL import Image

from attnviz.export.animation import captioned, gif, mp4


def frames(count: int = 5, size: tuple[int, int] = (61, 83)) -> list[np.ndarray]:
    return [np.full((*size, 3), 40 * number + 20, np.uint8) for number in range(count)]


def test_a_gif_has_every_frame_in_order_and_rests_at_the_end() -> None:
    with Image.open(io.BytesIO(gif(frames(), seconds=0.2, last=1.5))) as picture:
        assert picture.n_frames == 5  # type: ignore[attr-defined]
        assert picture.info["loop"] == 0
        seen = []
        for number in range(5):
            picture.seek(number)
            value = np.asarray(picture.convert("RGB")).mean()
            seen.append((round(float(value)), picture.info["duration"]))
    assert seen == [(20, 200), (60, 200), (100, 200), (140, 200), (180, 1500)]


def test_an_mp4_plays_as_h264_with_even_sides() -> None:
    with av.open(io.BytesIO(mp4(frames(), rate=4))) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert [one.shape for one in shown] == [(60, 82, 3)] * 5
    assert np.abs([one.mean() for one in shown] - np.array([20, 60, 100, 140, 180])).max() < 3


def test_a_caption_stands_below_and_leaves_the_picture_alone() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (50, 90, 3)).astype(np.uint8)
    shown = captioned(picture, "stage1, epoch 3 — a very long name that has to be made smaller")
    np.testing.assert_array_equal(shown[:50], picture)
    below = shown[50:]
    assert below.max() > 150
    assert (below[:, -6:] == 24).all()  # the text ends before the edge
