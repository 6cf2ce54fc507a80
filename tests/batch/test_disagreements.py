"""Two networks over one set: matched by content, disagreements first, values as by `compare`."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch.disagreements import SetComparison, compare_sets
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.errors import FocusError, OutputError
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from tests.conftest import TinyCnn


@pytest.fixture(scope="module")
def other() -> VisionModel:
    torch.manual_seed(3)
    crop = Preprocess(size=32, fit="crop")
    return attnviz.wrap(TinyCnn().eval(), crop, ("a", "b", "c", "d"), name="other")


@pytest.fixture
def photos(files: list[PictureFile]) -> list[PictureFile]:
    """The same files with pictures of all colours, so that not all are of one class."""
    random = np.random.default_rng(1)
    for number, file in enumerate(files):
        colour = random.integers(0, 255, 3)
        noise = random.normal(0, 25, (32, 32 + 32 * (number % 3 == 1), 3))
        if number != 5:
            Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8)).save(file.path)
    return files


@pytest.fixture
def folders(
    model: VisionModel, other: VisionModel, photos: list[PictureFile], tmp_path: Path
) -> tuple[ResultFolder, ResultFolder]:
    """The second set has the same pictures under other names and in another order, but for two."""
    (tmp_path / "copies").mkdir()
    copies = []
    for number, file in enumerate(reversed(photos[2:])):
        path = tmp_path / "copies" / f"copy {number}.png"
        shutil.copy(file.path, path)
        copies.append(PictureFile(str(path)))
    asked = Asked("grad-cam")
    first = BatchRun(model, photos, asked)(tmp_path / "first")
    return first, BatchRun(other, copies, asked)(tmp_path / "second")


def test_rows_are_those_of_compare_and_disagreements_come_first(
    folders: tuple[ResultFolder, ResultFolder],
    model: VisionModel,
    other: VisionModel,
    files: list[PictureFile],
) -> None:
    found = compare_sets(*folders)
    assert (found.names, found.alone) == (("tiny", "other"), (2, 0))
    assert sorted(row.index for row in found.rows) == [2, 3, 4, *range(6, 14)]  # 5 is broken
    for row in found.rows:
        assert row.other == 13 - row.index
        one, two = (
            attnviz.explain(each, files[row.index].path, "grad-cam") for each in (model, other)
        )
        assert (row.top, row.other_top) == (one.predictions[0].label, two.predictions[0].label)
        assert row.other_probability == pytest.approx(two.predictions[0].probability, abs=1e-5)
        if row.overlap is None:
            with pytest.raises(FocusError):
                attnviz.compare(one, two)
            continue
        expected = attnviz.compare(one, two)
        assert row.correlation == pytest.approx(expected.spearman, abs=0.01)
        assert row.overlap == pytest.approx(expected.overlap, abs=0.02)  # from float16
    keys = [(row.same_top, 2 if row.overlap is None else row.overlap) for row in found.rows]
    assert keys == sorted(keys)
    assert {row.same_top for row in found.rows} == {True, False}
    assert found.agreement == np.mean([row.same_top for row in found.rows])
    known = [row.overlap for row in found.rows if row.overlap is not None]
    assert len(known) > 5
    assert found.overlap == pytest.approx(np.mean(known))


def test_a_set_agrees_with_itself_and_copies_are_matched_in_order(
    model: VisionModel, files: list[PictureFile], tmp_path: Path
) -> None:
    twice = BatchRun(model, [files[0], files[1], files[0]], Asked("grad-cam"))(tmp_path / "out")
    found = compare_sets(twice, twice)
    assert sorted((row.index, row.other) for row in found.rows) == [(0, 0), (1, 1), (2, 2)]
    assert found.agreement == found.correlation == found.overlap == 1


def test_what_cannot_be_compared_says_why(
    model: VisionModel, files: list[PictureFile], tmp_path: Path
) -> None:
    one = BatchRun(model, files[:1], Asked("grad-cam"))(tmp_path / "one")
    two = BatchRun(model, files[1:2], Asked("grad-cam"))(tmp_path / "two")
    with pytest.raises(OutputError, match="have no picture in common"):
        compare_sets(one, two)
    with pytest.raises(OutputError, match="holds no results that are whole"):
        compare_sets(one, ResultFolder(tmp_path / "three"))


def test_of_no_pictures_nothing_is_said() -> None:
    nothing = SetComparison(("a", "b"), (), (0, 0))
    assert nothing.agreement is nothing.correlation is nothing.overlap is None
