"""Which pictures of two recordings are the same one, so that they may stand side by side."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np

from attnviz.pictures import list_samples, open_sample
from attnviz.training.data.data import squash
from attnviz.training.recording.file import Recording
from attnviz.training.recording.size import stored_pictures
from attnviz.ui.pages.training.runs import RecordedRun, open_recording, same_index, same_picture
from tests.ui.pages.training.training_pages import CORNER, made, opened


def test_another_picture_of_the_same_name_is_not_shown_as_the_same(tmp_path: Path) -> None:
    """Without a val folder each seed sets other pictures aside, and names them by their place."""
    random = np.random.default_rng(0)
    large = cv2.resize(random.integers(0, 256, (8, 8, 3)).astype(np.uint8), (64, 64))
    drawn_on = large.copy()
    drawn_on[20:23, 20:23] = 255 - drawn_on[20:23, 20:23]
    pictures = {
        "first": large,
        "same": cv2.resize(large, (32, 32), interpolation=cv2.INTER_AREA),  # of a smaller input
        "another": random.integers(0, 256, (32, 32, 3)).astype(np.uint8),
        "close": large ^ 1,
        "drawn on": drawn_on,
    }
    maps = {("soft-mask", "gate"): [CORNER]}
    files = {
        name: made(tmp_path / f"{name}.attn", maps, pixels=pixels)
        for name, pixels in pictures.items()
    }
    runs = {name: open_recording(path) for name, path in files.items()}
    alike = [name for name, run in runs.items() if same_picture(runs["first"], 0, run, 0)]
    assert alike == ["first", "same", "close"]
    page = opened(files["first"], files["another"])
    viewers = [one.proto.component_name for one in page.get("bidi_component")]
    assert viewers.count("attnviz.viewer") == 1
    assert "another did not record this picture" in page.info[-1].value


def test_one_photo_by_two_input_sizes_is_the_same_picture(tmp_path: Path) -> None:
    """Both are kept at 224 px; which rounding they came by is no other picture."""
    maps = {("soft-mask", "gate"): [CORNER]}
    photos = {one.name: open_sample(one.name).pixels for one in list_samples()}
    runs: dict[tuple[str, int], RecordedRun] = {}
    for (name, photo), side in itertools.product(photos.items(), (48, 256, 384)):
        (kept,) = stored_pictures(squash(photo, side)[None])
        runs[name, side] = open_recording(made(tmp_path / f"{name} {side}.attn", maps, pixels=kept))
    held = [runs["china", side].recording.pixels for side in (256, 384)]
    assert held[0] is not None
    assert held[1] is not None
    assert held[0].shape == held[1].shape
    assert (held[0] != held[1]).any()
    for one, other in itertools.combinations(runs, 2):
        assert same_picture(runs[one], 0, runs[other], 0) == (one[0] == other[0]), (one, other)


def test_of_pictures_of_one_name_the_same_one_is_found() -> None:
    """Arrays in a loop of one's own are all called so."""
    random = np.random.default_rng(0)
    a, b, c = (random.integers(0, 256, (32, 32, 3)).astype(np.uint8) for _ in range(3))

    def run(key: str, *pixels: np.ndarray) -> RecordedRun:
        names = ("picture",) * len(pixels)
        return RecordedRun(key, key, Recording(("a", "b"), names, pixels=np.stack(pixels)))

    first, other = run("first", a, b, b, c), run("other", b, a, b)
    assert [same_index(first, number, other) for number in range(4)] == [1, 0, 2, None]
    bare = [
        RecordedRun(key, key, Recording(("a", "b"), ("one", "picture", "picture"))) for key in "xy"
    ]
    assert [same_index(bare[0], number, bare[1]) for number in range(3)] == [0, 1, 2]
