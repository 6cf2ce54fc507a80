"""A saved explanation opens as it was, works without the network, and hostile files are refused."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.errors import ExplanationError, OutputError, TargetError
from attnviz.export.array_archive import pack_arrays
from attnviz.export.base import ExportSource, exports
from attnviz.export.explanation_file import FACTS, PICTURE
from attnviz.types import AnyArray
from tests.ui.pages.layers.layers_pages import small_network


@pytest.fixture(scope="module")
def picture() -> attnviz.Picture:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    return attnviz.open_picture(pixels, name="noise.png")


@pytest.fixture(scope="module")
def model() -> attnviz.VisionModel:
    return small_network("vit")[0]


@pytest.fixture(scope="module")
def explained(model: attnviz.VisionModel, picture: attnviz.Picture) -> attnviz.Explanation:
    return attnviz.explain(model, picture, "grad-cam", [1, attnviz.Contrast(2, 3)])


def reopened(explained: attnviz.Explanation, path: Path) -> attnviz.Explanation:
    return attnviz.Explanation.load(explained.save(path))


def test_all_of_it_comes_back(explained: attnviz.Explanation, tmp_path: Path) -> None:
    again = reopened(explained, tmp_path / "dog.npz")
    np.testing.assert_array_equal(again.picture.pixels, explained.picture.pixels)
    for name in ("name", "sha256", "notes"):
        assert getattr(again.picture, name) == getattr(explained.picture, name)
    for name in (
        *("choice", "layers", "predictions", "classes", "target", "geometry", "provenance"),
        *("notes", "scores", "certainty", "title", "target_text", "best_layer", "value_range"),
    ):
        assert getattr(again, name) == getattr(explained, name), name
    for one, same in zip(again.maps, explained.maps, strict=True):
        np.testing.assert_array_equal(one, same)
    assert [one.target for one in again.asked] == [one.target for one in explained.asked]
    for one, same in zip(again.asked, explained.asked, strict=True):
        assert (one.prediction, one.kind, one.share) == (same.prediction, same.kind, same.share)
        for values, expected in zip(one.maps, same.maps, strict=True):
            np.testing.assert_array_equal(values, expected)
    assert repr(again) == repr(explained)


def test_what_needs_no_network_works_as_before(
    explained: attnviz.Explanation, tmp_path: Path
) -> None:
    again = reopened(explained, tmp_path / "dog.npz")
    for layer in (None, 0, "all layers"):
        np.testing.assert_array_equal(again.focus(layer).values, explained.focus(layer).values)
    focus = again.focus()
    expected = attnviz.bokeh(explained.picture, explained.focus(), 4)
    np.testing.assert_array_equal(attnviz.bokeh(again.picture, focus, 4), expected)
    assert attnviz.compare(again, explained).spearman == 1
    assert len(again.figure().axes) == len(explained.figure().axes)
    first, second = (
        one.save_report(tmp_path / f"{number}.html").read_bytes()
        for number, one in enumerate((explained, again))
    )
    assert abs(len(first) - len(second)) < 100
    object_focus = attnviz.FocusSettings(edges="object", scale="all-layers")
    assert again.focus(settings=object_focus).values.shape == (60, 80)


def test_the_model_can_be_asked_again_about_a_loaded_one(
    model: attnviz.VisionModel, explained: attnviz.Explanation, tmp_path: Path
) -> None:
    again = reopened(explained, tmp_path / "dog.npz")
    told = [attnviz.evidence.road(model, one).score for one in (explained, again)]
    assert told[0] == pytest.approx(told[1], abs=1e-6)


def test_numpy_reads_the_maps_by_the_names_of_their_layers(
    explained: attnviz.Explanation, tmp_path: Path
) -> None:
    with np.load(explained.save(tmp_path / "dog.npz"), allow_pickle=False) as file:
        np.testing.assert_array_equal(file["blocks.1"], explained.map_of("blocks.1"))


def test_the_recipe_holds_the_picture_at_its_own_size(explained: attnviz.Explanation) -> None:
    large = attnviz.open_picture(
        np.repeat(np.repeat(explained.picture.pixels, 2, 0), 2, 1), name="large.png"
    )
    source = ExportSource(large, explained, explained.layers[0])
    again = attnviz.Explanation.load(exports().get("explanation")().write(source))
    assert again.picture.pixels.shape == (120, 160, 3)
    assert again.focus().values.shape == (120, 160)
    np.testing.assert_allclose(
        again.focus().resized((60, 80)).values, explained.focus().values, atol=0.08
    )


def test_a_question_that_no_text_holds_is_named_and_cannot_be_asked_again(
    model: attnviz.VisionModel, picture: attnviz.Picture, tmp_path: Path
) -> None:
    def score(output: Any) -> Any:
        return output[:, 0]

    asked = attnviz.explain(model, picture, "grad-cam", score)
    again = reopened(asked, tmp_path / "dog.npz")
    assert again.title == asked.title == "Relevance for score"
    assert again.asked_text == "saved:function:score"
    with pytest.raises(TargetError, match="was saved as text alone"):
        attnviz.evidence.road(model, again)


def test_what_cannot_be_written_or_is_missing_is_said(
    explained: attnviz.Explanation, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        explained.save(tmp_path / "missing" / "dog.npz")
    with pytest.raises(ExplanationError, match=r"dog.npz cannot be read \(No such file"):
        attnviz.Explanation.load(tmp_path / "dog.npz")


def parts_of(explained: attnviz.Explanation, tmp_path: Path) -> dict[str, AnyArray]:
    with np.load(explained.save(tmp_path / "whole.npz"), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


Change = Callable[[dict[str, Any]], object]
_FACTS: dict[str, tuple[Change, str]] = {
    "format": (lambda facts: facts.update(format="other"), "another format"),
    "version": (lambda facts: facts.update(version=2), "version 2"),
    "method": (lambda facts: facts["method"].update(name="none"), "no method named 'none'"),
    "box": (lambda facts: facts["geometry"].update(box=[5, 0, 1, 9]), "what the network saw"),
    "nan": (lambda facts: facts["geometry"].update(box=[0, 0, float("nan"), 9]), "number"),
    "size": (lambda facts: facts["geometry"].update(picture_size=[9, 9]), "another size"),
    "input": (lambda facts: facts["geometry"].update(input_size=[9, 10**9]), "no such size"),
    "layers": (lambda facts: facts.update(layers=["a", "a"]), "names of their own"),
    "absent": (lambda facts: facts.update(layers=["elsewhere"]), "'elsewhere' is missing"),
    "text": (lambda facts: facts.update(notes=["x" * 5000]), "text is too long"),
    "many": (lambda facts: facts.update(notes=["x"] * 500), "more than 200"),
    "sha": (lambda facts: facts["picture"].update(sha256="<b>"), "checksum"),
    "gone": (lambda facts: facts.pop("scores"), "'scores' is missing"),
    "kind": (lambda facts: facts["scores"].update(kind="magic"), "magic"),
    "list": (lambda facts: facts.update(geometry=[1]), "cannot be opened"),
}


@pytest.mark.parametrize("case", _FACTS)
def test_facts_that_cannot_be_are_refused(
    case: str, explained: attnviz.Explanation, tmp_path: Path
) -> None:
    change, reason = _FACTS[case]
    parts = parts_of(explained, tmp_path)
    facts = json.loads(parts[FACTS].tobytes())
    change(facts)
    parts[FACTS] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    with pytest.raises(ExplanationError, match=reason):
        attnviz.Explanation.load(pack_arrays(parts))


def with_entry(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return file.getvalue()


def header(text: str) -> bytes:
    padded = text.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode()


def _pickled() -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([{"a": 1}], object), allow_pickle=True)
    return file.getvalue()


_HUGE = header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999)}")
_SHORT = header("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 4)}")
_CODE = header("{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os')}")
_HOSTILE: dict[str, tuple[bytes, str]] = {
    "no archive": (b"nothing of the kind", "damaged"),
    "empty": (b"", "damaged"),
    "cut off": (with_entry("a.npy", _SHORT + bytes(64))[:-40], "damaged"),
    "pickled": (with_entry(f"{FACTS}.npy", _pickled()), "no array of float32 or uint8"),
    "plain pickle": (with_entry(f"{FACTS}.npy", pickle.dumps(1)), "magic|damaged"),
    "reserves much": (with_entry("a.npy", _HUGE), "no array of float32 or uint8"),
    "too short": (with_entry("a.npy", _SHORT), "does not hold what it says"),
    "code": (with_entry("a.npy", _CODE + bytes(64)), "cannot be opened"),
    "maps alone": (with_entry("a.npy", _SHORT + bytes(64)), "holds no explanation"),
    "deep": (
        pack_arrays({FACTS: np.frombuffer(b"[" * 100_000, np.uint8)}),
        "cannot be opened as an explanation",
    ),
}


@pytest.mark.parametrize("case", _HOSTILE)
def test_hostile_files_are_refused_before_anything_is_reserved(case: str) -> None:
    content, reason = _HOSTILE[case]
    with pytest.raises(ExplanationError, match=reason):
        attnviz.Explanation.load(content)


def test_bombs_and_wrong_maps_are_refused(
    explained: attnviz.Explanation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = parts_of(explained, tmp_path)
    wrong = parts | {"blocks.0": np.full((3, 3), np.nan, np.float32)}
    with pytest.raises(ExplanationError, match="NaN or infinity"):
        attnviz.Explanation.load(pack_arrays(wrong))
    with pytest.raises(ExplanationError, match=r"no float32 \[h, w\]"):
        attnviz.Explanation.load(pack_arrays(parts | {"blocks.0": np.zeros(4, np.uint8)}))
    with pytest.raises(ExplanationError, match="cannot be opened"):
        attnviz.Explanation.load(pack_arrays(parts | {PICTURE: np.zeros(40, np.uint8)}))
    bomb = pack_arrays(parts | {"more": np.zeros((2000, 2000), np.float32)})
    assert len(bomb) < 200_000
    monkeypatch.setattr("attnviz.export.array_archive.MOST_BYTES", 1_000_000)
    with pytest.raises(ExplanationError, match="arrays take more than 1 MB"):
        attnviz.Explanation.load(bomb)
    monkeypatch.setattr("attnviz.export.array_archive.MOST_FILE_BYTES", 1_000)
    with pytest.raises(ExplanationError, match="larger than 0 MB"):
        attnviz.Explanation.load(bomb)
