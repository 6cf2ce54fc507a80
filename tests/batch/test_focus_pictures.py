"""Focus pictures of a set: which are chosen, and that they are those of `explain`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
import pytest

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch.focus_pictures import chosen_pictures, write_focus_pictures
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.errors import OutputError, UnknownNameError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.jpeg import jpeg

SCORES = pyarrow.table(
    {
        "error": [None, "broken", None, None, None],
        "probability1": [0.5, None, 0.9, 0.7, 0.6],
        "margin": [0.1, None, 0.8, 0.05, 0.3],
        "entropy": [0.5, None, 0.99, 0.2, 0.4],
        "centre_y": [0.5, None, 0.4, 0.9, 0.5],
        "centre_x": [0.55, None, 0.5, 0.5, 0.5],
        "inside_box": [None, None, 0.2, 0.1, None],
    }
)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("all", [0, 2, 3, 4]),
        ("certain:2", [2, 3]),
        ("uncertain:3", [3, 0, 4]),
        ("flat:1", [2]),
        ("central:2", [4, 0]),
        ("off-centre:1", [3]),
        ("outside-box:9", [3, 2]),
    ],
)
def test_the_first_of_an_order(wish: str, expected: list[int]) -> None:
    assert chosen_pictures(SCORES, wish) == expected


def test_a_sample_is_the_same_each_time_and_has_no_errors() -> None:
    drawn = chosen_pictures(SCORES, "sample:3")
    assert drawn == chosen_pictures(SCORES, "sample:3")
    assert len(set(drawn)) == 3
    assert set(drawn) <= {0, 2, 3, 4}


def test_what_cannot_be_chosen() -> None:
    with pytest.raises(UnknownNameError, match="certain"):
        chosen_pictures(SCORES, "certian:3")
    for wish in ("certain", "flat:0", "sample:x"):
        with pytest.raises(OutputError, match="takes how many"):
            chosen_pictures(SCORES, wish)


def test_they_are_those_of_explain(
    model: VisionModel, files: list[PictureFile], tmp_path: Path
) -> None:
    folder = BatchRun(model, files[:4], Asked("grad-cam"))(tmp_path / "out")
    Path(files[3].path).unlink()
    failed = write_focus_pictures(folder, files, model.preprocess, [1, 2, 3], radius=4)
    assert [type(one).__name__ for one in failed] == ["PictureError"]
    written = folder.path / "focus" / "000001.jpg"
    assert sorted(path.name for path in written.parent.iterdir()) == ["000001.jpg", "000002.jpg"]
    explained = attnviz.explain(model, files[1].path, "grad-cam")
    expected = attnviz.open_picture(jpeg(attnviz.bokeh(explained.picture, explained.focus(), 4)))
    found = attnviz.open_picture(written)
    difference = np.abs(found.pixels.astype(float) - expected.pixels)
    assert difference.mean() < 1  # values are stored in half precision
    written.write_bytes(b"kept")
    write_focus_pictures(folder, files, model.preprocess, [1, 2], radius=4)
    write_focus_pictures(folder, files, model.preprocess, [], radius=24)  # of a run without --focus
    assert written.read_bytes() == b"kept"
    write_focus_pictures(folder, files, model.preprocess, [1], radius=8)
    assert [path.name for path in written.parent.iterdir()] == ["000001.jpg"]  # none is left of 4
    wider = attnviz.open_picture(jpeg(attnviz.bokeh(explained.picture, explained.focus(), 8)))
    redone = attnviz.open_picture(written).pixels.astype(float)
    assert np.abs(redone - wider.pixels).mean() < 1 < np.abs(redone - expected.pixels).mean()
