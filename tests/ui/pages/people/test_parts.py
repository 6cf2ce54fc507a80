"""The parts of the page "People": what travels to the browser, bars, and the example."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from attnviz.metrics.bootstrap import Interval
from attnviz.metrics.fixations import FixatedPicture, Observer, read_fixations
from attnviz.people.dataset import OTHER_OBSERVERS
from attnviz.people.ground_truth import AUC, KL, NSS
from attnviz.people.rows import AgreementRow
from attnviz.pictures import Picture
from attnviz.ui.components.fixation_player.packing import MOST_EACH, MOST_VIEWERS, pack
from attnviz.ui.pages.people.bars import Bar, row_bars, rows_verdict, score_bars
from attnviz.ui.pages.people.example import NAME, example_files, example_zip
from attnviz.ui.pages.people.options import ComparisonOptions
from attnviz.viewer.blob import unpack_blob

HOSTILE = '<img src=x onerror="alert(1)">.png'


def viewer(*xyt: tuple[float, float, float]) -> Observer:
    return Observer(*np.asarray(xyt, np.float64).T)


def looked(*viewers: Observer) -> FixatedPicture:
    return FixatedPicture(HOSTILE, Path("a.png"), (60, 80), viewers)


def unpacked(blob: bytes) -> tuple[dict, bytes, bytes]:
    header, arrays = unpack_blob(blob)
    return header, arrays["photo"].tobytes(), arrays["density"].tobytes()


def test_viewers_photo_and_density_come_back_from_the_blob() -> None:
    pixels = np.full((60, 80, 3), 90, np.uint8)
    density = np.zeros((6, 8))
    density[2, 3] = 0.8
    density[5, 7] = 0.2
    one = looked(viewer((1.26, 2, 199.6), (30, 40, 300)), viewer((79, 59, 0)))
    blob = pack(one, Picture(pixels, "a.png", "0" * 64), density)
    header, photo, veil = unpacked(blob)
    assert header["name"] == HOSTILE
    assert header["size"] == [60, 80]
    assert header["viewers"] == [
        {"x": [1.3, 30.0], "y": [2.0, 40.0], "ms": [200.0, 300.0]},
        {"x": [79.0], "y": [59.0], "ms": [0.0]},
    ]
    assert "area goes with how long" in header["note"]
    shown = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (60, 80, 3)
    alpha = cv2.imdecode(np.frombuffer(veil, np.uint8), cv2.IMREAD_UNCHANGED)[..., 3]
    assert alpha[2, 3] == pytest.approx(0.85 * 255, abs=1)
    assert alpha[5, 7] == pytest.approx(0.85 * 255 / 2, abs=1)  # the root of a quarter
    assert np.count_nonzero(alpha) == 2
    assert blob == pack(one, Picture(pixels, "a.png", "0" * 64), density)


def test_very_many_viewers_are_bounded_and_said() -> None:
    many = [viewer(*[(1, 1, 0)] * (MOST_EACH + 5))] * (MOST_VIEWERS + 1)
    pixels = np.full((60, 80, 3), 90, np.uint8)
    header, _, _ = unpacked(
        pack(looked(*many), Picture(pixels, "a.png", "0" * 64), np.ones((6, 8)))
    )
    assert len(header["viewers"]) == MOST_VIEWERS
    assert len(header["viewers"][0]["x"]) == MOST_EACH
    assert "was not measured" in header["note"]
    assert f"first {MOST_EACH} fixations of the first {MOST_VIEWERS} viewers" in header["note"]


def lefts(text: str, what: str) -> list[float]:
    return [float(one) for one in re.findall(rf"{what} style=\"left:([\d.]+)%", text)]


def test_bars_begin_at_chance_and_end_at_their_value() -> None:
    bars = [Bar("low", -1.0), Bar("high", 2.0, 1.0, 3.0)]
    text = score_bars(NSS, bars, 4.0)
    span = 5 * 1.02
    assert lefts(text, "<b") == pytest.approx([100 / span, 0], abs=0.01)  # the best on top
    widths = [float(one) for one in re.findall(r"<b style=\"left:[\d.]+%;width:([\d.]+)%", text)]
    assert widths == pytest.approx([200 / span, 100 / span], abs=0.01)
    assert lefts(text, "<i") == pytest.approx([200 / span], abs=0.01)
    assert lefts(text, '<u class="av-chance"') == pytest.approx([100 / span] * 2, abs=0.01)
    assert lefts(text, '<u class="av-people"') == pytest.approx([500 / span] * 2, abs=0.01)
    assert "chance 0<" in text
    assert "other people 4.00<" in text
    assert "2.00 [1.00, 3.00]" in text
    assert "−1.00" in text


def test_less_divergence_is_better_and_half_an_area_is_chance() -> None:
    text = score_bars(KL, [Bar("second", 2.0), Bar("first", 0.5)], None, "a note")
    assert text.index(">first<") < text.index(">second<")
    assert "av-chance" not in text
    assert "a note" in text
    text = score_bars(AUC, [Bar("only", 0.75)], None)
    assert lefts(text, "<b") == [0]
    assert "chance 0.5<" in text


def test_hostile_names_stay_text() -> None:
    cells = {NSS: Interval(1.0, 0.5, 1.5)}
    text = row_bars(
        [AgreementRow(HOSTILE, "", cells, None), AgreementRow(OTHER_OBSERVERS, "", cells, 100)]
    )
    assert "<img" not in text
    assert "&lt;img" in text
    assert text.count("av-against-people") == 1  # people are a line, no bar


def test_the_nearest_is_named_with_how_far_it_comes() -> None:
    def row(name: str, nss: float, share: int | None) -> AgreementRow:
        return AgreementRow(name, "", {NSS: Interval(nss, nss, nss)}, share)

    people = row(OTHER_OBSERVERS, 4.0, 100)
    said = rows_verdict([row("a", 1.0, 0), row("b", 1.6, 20), people])
    assert said.startswith("Closest to people: b. Its NSS covers 20 % of the distance")
    assert "no map predicts fixations better" in rows_verdict(
        [row("a", 1.0, 0), row("b", 0.4, -20), people]
    )
    assert rows_verdict([row("a", 1.0, 0)]) == ""
    assert rows_verdict([row("a", 1.0, None), people]) == ""


def test_the_example_is_a_folder_that_can_be_read_and_says_that_it_is_invented(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(io.BytesIO(example_zip())) as packed:
        packed.extractall(tmp_path)
    found = read_fixations(tmp_path / NAME)
    assert len(found.pictures) == 5
    assert found.notes == ()
    assert {len(photo.observers) for photo in found.pictures} == {6}
    said = (tmp_path / NAME / "CREDITS.txt").read_text()
    assert "invented" in said
    assert "Stefan van der Walt" in said
    assert example_files() == example_files()


def test_a_method_of_one_pass_is_not_slow() -> None:
    """Competition runs the network itself, but only once."""
    assert not ComparisonOptions(("ran-small",), ("decision", "competition"), "cpu", 24.0).slow
    assert ComparisonOptions(("ran-small",), ("competition", "score-cam"), "cpu", 24.0).slow
