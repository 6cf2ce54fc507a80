"""The page "People" run by Streamlit's own test runner, on folders made here."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from attnviz.people.rows import read_rows
from attnviz.ui.pages.people.folder import FOLDER
from tests.paths import ROOT
from tests.ui import menus
from tests.ui.looked import five_photos

PAGE = ROOT / "pages" / "10_People.py"


def open_page(folder: Path | str = "", models: list[str] | None = None) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=200)
    page.session_state[FOLDER] = str(folder)
    page.session_state["people models"] = models or []
    page.session_state["people degree"] = 8.0
    return page.run()


def html_of(page: AppTest) -> str:
    return "".join(part.proto.body for part in page.get("html"))


def errors(page: AppTest) -> list[str]:
    assert not page.exception
    return [one.value.replace("\\", "") for one in page.error]


def gaze(page: AppTest) -> dict[str, Any]:
    (part,) = (
        one
        for one in page.get("bidi_component")
        if one.proto.component_name == "attnviz.fixation_player"
    )
    (length,) = struct.unpack_from("<I", part.proto.bytes)
    header: dict[str, Any] = json.loads(part.proto.bytes[4 : 4 + length])
    return header


def press(page: AppTest, label: str) -> AppTest:
    return next(one for one in page.button if one.label == label).click().run()


def scores(page: AppTest) -> dict[str, dict[str, float]]:
    """Each score's bars, as they are written on the page."""
    found = {}
    for title, text in re.findall(r"<h4>(.*?)</h4>(.*?)</section>", html_of(page), re.S):
        rows = re.findall(r'<span title="(.*?)">.*?av-num">(.*?)[ <]', text)
        found[title] = {name: float(value.replace("−", "-")) for name, value in rows}
    return found


def test_without_a_folder_the_shipped_table_stands_as_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNVIZ_DATA", raising=False)
    page = open_page()
    assert errors(page) == []
    rows = {row.name: row for row in read_rows((ROOT / "docs/people.md").read_text("utf-8"))}
    shown = scores(page)
    assert shown["NSS"]["ran-small, attention"] == pytest.approx(
        rows["ran-small, attention"].cells["NSS"].mean, abs=0.006
    )
    assert f"other people {rows['other people'].cells['NSS'].mean:.2f}" in html_of(page)
    assert any('"dog.jpg"' in one.value for one in page.markdown)
    assert [one.label for one in page.button] == ["Open an invented example"]


def test_osie_is_offered_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    five_photos(tmp_path / "osie")
    monkeypatch.setenv("ATTNVIZ_DATA", str(tmp_path))
    page = press(open_page(), "Open the 350 photos of OSIE")
    assert errors(page) == []
    assert page.text_input(key=FOLDER).value == str(tmp_path / "osie")
    assert gaze(page)["name"] == "astronaut.png"


def test_the_invented_example_is_one_click_away() -> None:
    page = press(open_page(), "Open an invented example")
    assert errors(page) == []
    assert any("invented" in one.value for one in page.info)
    assert len(gaze(page)["viewers"]) == 6


def test_five_photos_one_after_the_other_with_their_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = menus.offered(monkeypatch)
    page = open_page(five_photos(tmp_path / "five"), ["ran-small"])
    assert errors(page) == []
    assert any(
        "5 pictures, up to 4 viewers each, 60 fixations" in one.value for one in page.caption
    )
    header = gaze(page)
    assert header["name"] == "astronaut.png"
    assert len(header["viewers"]) == 4
    assert header["viewers"][0]["ms"] == [200, 300, 250]
    shown = scores(page)
    assert list(shown) == [
        "NSS", "AUC-Judd", "shuffled AUC", "CC", "SIM", "KL", "Information gain",
    ]  # fmt: skip
    everyone = {
        "centre, a Gaussian", "centre of other pictures", "spectral residual", "Itti-Koch",
        "ran-small, attention", "ran-small, decision",
    }  # fmt: skip
    assert shown["NSS"].keys() == shown["CC"].keys() == everyone
    assert shown["KL"].keys() == {"centre, a Gaussian", "centre of other pictures"}
    assert shown["Information gain"]["centre of other pictures"] == 0
    assert html_of(page).count("<figure>") == 7  # people's density and six maps
    assert "Closest map: " in html_of(page)
    sources = things[-1].make().sources
    assert [one.picture.name for one in sources] == ["astronaut.png"] * 2
    assert len({one.explanation.method for one in sources}) == 2
    page.session_state["people photo"] = dict.fromkeys(page.session_state["people photo"], 2)
    page.run()
    assert gaze(page)["name"] == "china.png"
    assert scores(page)["NSS"] != shown["NSS"]


def test_the_whole_folder_gives_bars_with_intervals_and_files(tmp_path: Path) -> None:
    page = open_page(five_photos(tmp_path / "five"))
    assert any("5 pictures, every map" in one.value for one in page.info)
    page = press(page, "Compare all pictures")
    assert errors(page) == []
    shown = re.findall(r"av-num\">(−?[\d.]+) \[(−?[\d.]+), (−?[\d.]+)\]", html_of(page))
    assert len(shown) == 4 * 7  # four baselines by seven scores
    for three in shown:
        value, low, high = (float(one.replace("−", "-")) for one in three)
        assert low <= value <= high
    labels = [one.proto.label for one in page.get("download_button")]
    assert {"Table as Markdown", "Table as CSV"} <= set(labels)


def test_a_fragment_of_a_folder_is_read_and_what_was_left_out_is_said(tmp_path: Path) -> None:
    hostile = "<b>a.png"
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save(tmp_path / "flat.png")
    changes = {
        "gone.png": [{"x": [1], "y": [1]}],
        "china.png": [{"x": [10, 9999], "y": [10, 5]}, {"x": [], "y": []}],
        hostile: [{"x": [20, 30], "y": [20, 25]}],
    }
    folder = five_photos(tmp_path / "five", changes=changes)
    (tmp_path / "flat.png").rename(folder / hostile)
    page = open_page(folder)
    assert errors(page) == []
    said = " ".join(one.value.replace("\\", "") for one in page.warning)
    assert "first gone.png" in said
    assert "1 fixations lie outside" in said
    assert "1 times an observer has no fixation" in said
    # a picture of one colour: the map of what stands out has one value, and no score
    assert gaze(page)["name"] == hostile
    text = html_of(page)
    assert "same value everywhere" in text
    assert "nan" not in text.lower().replace("nanometre", "")
    assert "<b>a.png" not in text
    assert all("<b>a" not in one.value for one in page.markdown)


def test_one_picture_is_shown_without_scores(tmp_path: Path) -> None:
    folder = five_photos(tmp_path / "five")
    table = json.loads((folder / "fixations.json").read_text())
    (folder / "fixations.json").write_text(json.dumps({"coffee.png": table["coffee.png"]}))
    page = open_page(folder)
    assert errors(page) == []
    assert gaze(page)["name"] == "coffee.png"
    assert any("second picture" in one.value for one in page.info)
    assert scores(page) == {}


def test_many_pictures_come_two_dozen_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    table = {}
    for number in range(30):
        shade = np.random.default_rng(number).integers(0, 255, (30, 40, 3), np.uint8)
        Image.fromarray(shade).save(folder / f"{number:02}.png")
        table[f"{number:02}.png"] = [{"x": [20, number], "y": [15, number % 30]}] * 2
    (folder / "fixations.json").write_text(json.dumps(table))
    page = open_page(folder)
    assert any("Pictures 1–24 of 30" in one.value for one in page.markdown)
    page = press(page, "Next")
    assert errors(page) == []
    assert any("Pictures 25–30 of 30" in one.value for one in page.markdown)
    assert gaze(page)["name"] == "24.png"
    assert gaze(press(page, "Previous"))["name"] == "00.png"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "from 1 to 20,000 pictures"),
        ('{"../a.png": [{"x": [1], "y": [1]}]}', "no plain file name"),
        ('{"<script>alert(1)</script>.png": [{"x": [1], "y": [1]}]}', "no plain file name|no file"),
        ('{"a.png": [{"x": [NaN], "y": [1]}]}', "other than plain numbers"),
    ],
)
def test_a_broken_file_is_one_sentence_and_the_page_goes_on(
    tmp_path: Path, table: str, says: str
) -> None:
    (tmp_path / "fixations.json").write_text(table)
    page = open_page(tmp_path)
    (said,) = errors(page)
    assert re.search(says, said)
    assert "<script>" not in page.error[0].value
    assert scores(page)["NSS"]  # the shipped table


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/no/such", "does not exist"),
        ("x" * 4000, "is not a valid path|does not exist"),
        (PAGE, "is a file"),
    ],
)
def test_a_path_that_is_no_folder_is_one_sentence(path: Path | str, says: str) -> None:
    (said,) = errors(open_page(path))
    assert re.search(says, said)
    assert len(said) < 400


def test_the_folder_is_known_when_the_page_is_opened_again(tmp_path: Path) -> None:
    page = open_page(five_photos(tmp_path / "five"))
    again = AppTest.from_file(str(PAGE), default_timeout=200)
    again.session_state[FOLDER] = page.session_state[FOLDER]
    again.session_state["people models"] = []
    again.run()
    assert gaze(again)["name"] == "astronaut.png"
