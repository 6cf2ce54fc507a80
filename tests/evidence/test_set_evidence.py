"""Evidence over a set: the sanity check of a sample, and the blur budget as a column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.batch.set_findings import findings_of
from attnviz.evidence.set_measures import BudgetMeasure
from attnviz.evidence.set_sanity import check_set
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from tests.conftest import TinyCnn, without_borders


@pytest.fixture(scope="module")
def model() -> VisionModel:
    torch.manual_seed(0)
    return attnviz.wrap(
        without_borders(TinyCnn()).eval(), Preprocess(size=32), ("a", "b", "c", "d"), name="tiny"
    )


@pytest.fixture
def files(tmp_path: Path) -> list[PictureFile]:
    """Four pictures of noise, and one of a single colour, whose map is flat."""
    random = np.random.default_rng(0)
    found = []
    for number in range(5):
        pixels = random.integers(0, 255, (32, 32, 3)).astype(np.uint8)
        if number == 4:
            pixels[:] = 100
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        found.append(PictureFile(str(tmp_path / f"{number}.png")))
    return found


def test_a_sample_is_checked_once_and_told(
    model: VisionModel, files: list[PictureFile], tmp_path: Path
) -> None:
    folder = BatchRun(model, files, Asked("grad-cam"))(tmp_path / "out")
    done: list[tuple[int, int | None]] = []
    found = check_set(folder, model, files, 5, progress=lambda *at: done.append(at))
    assert done == [(number, 5) for number in range(1, 6)]
    flat = [row["index"] for row in folder.scores().to_pylist() if row["flat"]]
    assert [row["index"] for row in found["rows"]] == [at for at in range(5) if at not in flat]
    assert 4 in flat
    for row in found["rows"][:1]:
        expected = attnviz.evidence.sanity(model, files[row["index"]].path, "grad-cam")
        assert row["verdict"] == expected.verdict
        assert row["correlation"] == pytest.approx(np.abs(expected.final_ranks).mean(), abs=1e-4)
    assert found["mean"] == pytest.approx(np.mean([row["correlation"] for row in found["rows"]]))
    assert sum(found["verdicts"].values()) == found["tested"] == len(found["rows"])
    done.clear()
    again = check_set(folder, model, files, 5, progress=lambda *at: done.append(at))
    assert (again["mean"], done) == (found["mean"], [])
    (told,) = findings_of(folder.manifest())
    assert f"is {found['mean']:.2f} on average" in told.text
    assert told.text.endswith(f"or the file is gone: {len(flat)}.")


def test_the_blur_budget_is_a_column_on_request(
    model: VisionModel, files: list[PictureFile], tmp_path: Path
) -> None:
    plain = BatchRun(model, files[:1], Asked("grad-cam"))(tmp_path / "plain")
    assert plain.scores()["blur_budget"].to_pylist() == [None]
    some = [files[0], files[4]]
    measured = BatchRun(
        model, some, Asked("grad-cam"), measures={"blur_budget": BudgetMeasure(model)}
    )(tmp_path / "measured")
    share, flat = measured.scores()["blur_budget"].to_pylist()
    budget = attnviz.evidence.blur_budget(model, files[0].path, "grad-cam")
    assert share == pytest.approx(float(budget.smallest_share[-1]), abs=1e-6)
    assert flat is None
    assert measured.manifest()["question"]["measures"] == ["blur_budget"]
