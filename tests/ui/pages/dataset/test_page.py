"""The page "Dataset" run by Streamlit's own test runner, on results of real runs."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.batch.parts import ResultFolder
from attnviz.batch.stored_maps import StoredMaps
from attnviz.pictures import open_sample
from attnviz.ui.kit import hand_over
from attnviz.ui.kit.photo_store import PHOTOS
from attnviz.ui.pages.dataset import sample
from attnviz.viewer.blob import unpack_blob
from tests.ui.pages.dataset.tiny_set import (
    BROKEN,
    MODEL,
    PAGE,
    assert_fine,
    cells,
    click,
    html_of,
    open_page,
    table,
    tiny_set,
)
from tests.ui.viewers import viewer_blobs

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> ResultFolder:
    return tiny_set(tmp_path_factory.mktemp("set"))


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


def column(results: ResultFolder, name: str) -> list[Any]:
    values: list[Any] = results.scores()[name].to_pylist()
    return values


def names(page: AppTest) -> list[str]:
    return [row["name"] for row in table(page)["rows"]]


def test_numbers_are_those_of_the_run_and_rows_are_sorted_and_found(results: ResultFolder) -> None:
    page = open_page(results)
    assert_fine(page)
    assert names(page) == [f"{index}.png" for index in range(10)]
    sure = sum(bool(one) for one in column(results, "sure"))
    assert f"9 pictures, and the network is sure of {sure}." in html_of(page)
    margins = [None if one is None else f"{one:.3f}" for one in column(results, "margin")]
    assert cells(page, "Margin") == [one or "" for one in margins]
    assert "In the box" not in [one["title"] for one in table(page)["columns"]]

    known = [(one, index) for index, one in enumerate(column(results, "margin")) if one is not None]
    page.selectbox(key="set order").select("least certain first").run()
    expected = [f"{index}.png" for _, index in sorted(known)]
    assert names(page) == [*expected, f"{BROKEN}.png"]
    assert (table(page)["sorted"], table(page)["descending"]) == ("margin", False)

    click(page, "sorted", "margin")
    assert names(page)[:9] == [
        f"{index}.png" for _, index in sorted(known, key=lambda one: -one[0])
    ]
    assert page.selectbox(key="set order").value == "by Margin, descending"
    click(page, "sorted", "__class__")
    assert table(page)["sorted"] == "margin"

    page.text_input(key="set find").input("/odd/").run()
    assert sorted(names(page)) == [f"{index}.png" for index in (1, 3, 5, 7, 9)]
    page.text_input(key="set find").input("").run()
    page.selectbox(key="set only").select("errors").run()
    assert names(page) == [f"{BROKEN}.png"]
    assert any("4.png" in one.value for one in page.markdown)
    assert_fine(page)
    link = {"set order": "by Margin, descending", "set only": "errors"}
    assert {name: page.query_params.get(name) for name in link} == link


def test_a_link_has_order_and_words_and_what_it_may_not_ask_is_left_out(
    results: ResultFolder,
) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=300)
    page.session_state["set folders"] = [str(results.path)]
    page.query_params["set order"] = "flattest maps first"
    page.query_params["set find"] = "/even/"
    page.query_params["set only"] = "no such"
    page.query_params["set results"] = "/etc"
    page.run()
    assert_fine(page)
    entropy = dict(enumerate(column(results, "entropy")))
    even = sorted((0, 2, 6, 8), key=lambda index: -entropy[index])
    assert names(page) == [f"{index}.png" for index in (*even, BROKEN)]
    assert page.selectbox(key="set only").value == "all"


def test_a_clicked_picture_is_explained_by_the_runs_network_and_taken_to_focus(
    results: ResultFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(results, visitor_token="t" * 43)
    click(page, "opened", "7")
    assert_fine(page)
    (blob,) = viewer_blobs(page)
    header, arrays = unpack_blob(blob)
    path = column(results, "path")[7]
    expected = attnviz.explain(attnviz.load_model(MODEL, "cpu"), path, "attention")
    assert [one["name"] for one in header["layers"]][: len(expected.layers)] == [*expected.layers]
    assert arrays
    turned: list[Path] = []
    monkeypatch.setattr(hand_over.st, "switch_page", turned.append)
    next(one for one in page.button if one.label == "Open in Focus").click().run()
    assert [one.name for one in turned] == ["1_Focus.py"]
    (photo,) = PHOTOS.photos("t" * 43)
    assert photo.source == Path(path).read_bytes()
    state = page.session_state
    assert state["picture"] == photo.checksum == expected.picture.sha256
    assert (state["model"], state["look"], state["target"]) == (MODEL, "attention", "")
    click(page, "opened", "-1")
    click(page, "opened", "99")
    click(page, "opened", "0" * 12 + "99")
    assert_fine(page)


def test_what_the_run_saw_or_asked_otherwise_is_shown_as_it_was_stored(
    results: ResultFolder, tmp_path: Path
) -> None:
    manifest = results.manifest()
    for name, told, why in (
        ("preprocessing", "the centre of 448 x 448 pixels", "given its pictures in another way"),
        ("target", f"alike:{'0' * 64}", "is not here"),
    ):
        folder = Path(copytree(results.path, tmp_path / name))
        question = {**manifest["question"], name: told}
        (folder / "manifest.json").write_text(json.dumps({**manifest, "question": question}))
        page = open_page(ResultFolder(folder))
        click(page, "opened", "7")
        assert_fine(page)
        assert any(why in one.value for one in page.caption)
        (blob,) = viewer_blobs(page)
        stored = StoredMaps(results).layers(7)
        assert [one["name"] for one in unpack_blob(blob)[0]["layers"]] == [*stored]


def test_a_picture_that_has_changed_or_is_not_offered_is_shown_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tiny_set(tmp_path)
    path = Path(column(results, "path")[2])
    path.write_bytes(Path(column(results, "path")[3]).read_bytes())
    page = open_page(results)
    click(page, "opened", "2")
    assert_fine(page)
    assert any("changed since it was looked at" in one.value for one in page.caption)
    path.unlink()
    click(page, "opened", "2")
    assert any("not where it was" in one.value for one in page.caption)

    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    hosted = open_page(results)
    assert not hosted.get("bidi_component"), "its folder is not offered, so it is not opened"
    monkeypatch.setenv("ATTNVIZ_ROOTS", str(results.path))
    hosted = open_page(results)
    click(hosted, "opened", "6")
    assert any("does not offer the picture" in one.value for one in hosted.caption)
    assert not {"Start", "Pause"} & {one.label for one in hosted.button}


def test_two_methods_are_compared_and_a_row_of_the_comparison_opens(
    results: ResultFolder, tmp_path: Path
) -> None:
    other = tiny_set(results.path.parent, method="grad-cam")
    page = open_page(results, other)
    page.selectbox(key="set other").select(str(other.path)).run()
    assert_fine(page)
    sent = table(page, "set against table")
    assert len(sent["rows"]) == 9
    assert {row["cells"][1] for row in sent["rows"]} <= {
        f"{label} {chance:.2f}"
        for label, chance in zip(
            column(results, "top1"), column(results, "probability1"), strict=True
        )
        if label is not None
    }
    assert "In 100% of them both see the same class." in html_of(page)
    shares = [int(row["cells"][3].split()[0]) for row in sent["rows"]]
    assert shares == sorted(shares)
    click(page, "opened", sent["rows"][0]["key"], "set against table")
    assert_fine(page)
    assert viewer_blobs(page)


def test_without_results_the_sample_photos_are_looked_at_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = open_page()
    assert_fine(page)
    next(one for one in page.button if one.label.startswith("Try it")).click().run()
    assert_fine(page)
    assert len(table(page)["rows"]) >= 7
    place = np.array([float(one) for one in cells(page, "Off centre")])
    assert ((place >= 0) & (place <= 0.71)).all()
    rows = dict(zip(names(page), cells(page, "Class"), strict=True))
    expected = attnviz.explain(attnviz.load_model(), open_sample("coffee"))
    assert rows["coffee.png"] == expected.predictions[0].label
    monkeypatch.delattr(sample, "cached_model")  # a rerun needs no network
    page.run()
    assert_fine(page)
    assert len(table(page)["rows"]) == len(rows)
