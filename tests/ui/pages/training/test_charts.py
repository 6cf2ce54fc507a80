"""The charts of the page "Training", number for number, on made recordings."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.pages.training.training_pages import CORNER, EVEN, HALVES, chart, charts, made, opened

MARKED = ("Entropy, 1 is even", "Spread, share of the side", "Standard deviation")


def eventful(path: Path) -> Path:
    """Two layers become alike, one collapses, and the mask of one stays flat: one after another."""
    effects = {
        "stage1.gate": [EVEN, EVEN, CORNER, CORNER],
        "stage2.gate": [HALVES, HALVES, HALVES, HALVES],
        "stage3.gate": [HALVES.T, HALVES, HALVES, HALVES],
    }
    masks = {"stage1.gate": CORNER, "stage2.gate": CORNER, "stage3.gate": EVEN}
    return made(
        path,
        {("mask-effect", name): maps for name, maps in effects.items()}
        | {("soft-mask", name): [one] * 4 for name, one in masks.items()},
    )


def collapsing(path: Path) -> Path:
    """A run of one layer that collapses at its third checkpoint, and whose mask is fine."""
    maps = [EVEN, EVEN, CORNER, CORNER]
    return made(path, {(how, "gate"): maps for how in ("mask-effect", "soft-mask")})


def listed(page: AppTest) -> list[str]:
    """The numbered sentences below the charts, and the runs that they belong to."""
    said = [one.value.replace("\\", "") for one in page.markdown]
    return [one for one in said if re.match(r"\d+\. |\*\*[^*]+\*\*$", one)]


def test_what_happened_is_marked_by_numbers_in_the_charts_and_told_below(tmp_path: Path) -> None:
    page = opened(eventful(tmp_path / "run.attn"))
    assert page.selectbox(key="run map").value == "mask-effect"
    texts = [
        "stage2.gate and stage3.gate look alike from here.",
        "stage1.gate collapses to a few positions.",
        "The mask of stage3.gate stays flat.",
    ]
    for title in MARKED:
        assert chart(page, title).marks == [
            (1, 0.5, texts[0]),
            (2, 1.0, texts[1]),
            (3, 1.5, texts[2]),
        ]
    assert chart(page, "Divergence from the final map").marks == []
    assert [one for one in listed(page) if one[0].isdigit()] == [
        f"1. epoch 0.5, 50 % accuracy: {texts[0]}",
        f"2. epoch 1, 50 % accuracy: {texts[1]}",
        f"3. epoch 1.5, 50 % accuracy: {texts[2]}",
    ]


def test_a_second_run_is_marked_as_well_and_its_numbers_go_on(tmp_path: Path) -> None:
    page = opened(eventful(tmp_path / "first.attn"), collapsing(tmp_path / "second.attn"))
    (narrows, again) = [mark for mark in chart(page, MARKED[0]).marks if "collapses" in mark[2]]
    assert narrows == (2, 1.0, "stage1.gate collapses to a few positions.")
    assert again == (4, 1.0, "gate collapses to a few positions.")
    # Both happen at one epoch: one number stands below the other.
    numbers = [one for one in chart(page, MARKED[0]).parts if one.mark["type"] == "text"]
    assert [[row["run"] for row in one.rows] for one in numbers] == [["first"] * 3, ["second"]]
    assert numbers[1].mark["dy"] - numbers[0].mark["dy"] >= 12
    told = listed(page)
    at = told.index("4. epoch 1, 50 % accuracy: gate collapses to a few positions.")
    assert told[at - 1] == "**second**"
    assert [one.split(".")[0] for one in told[at - 4 : at - 1]] == ["1", "2", "3"]
    assert told[at - 5] == "**first**"


def attentive(path: Path, even: list[float], effect: float = 0) -> Path:
    """Two layers of self-attention with two heads each; `even`: what each one's distance would be
    if it were even. effect: what is added to that of each block.
    """
    names = ("blocks.0.attn", "blocks.1.attn")
    numbers: dict[tuple[str, str], list[list[float]]] = {}
    for number, name in enumerate(names):
        numbers["effect", name] = [[0.5 + number + effect], [0.25 + number + effect]]
        numbers["entropy", name] = [[1.0, 0.9], [0.75, 0.25]]
        numbers["distance", name] = [[16.0, 12.0], [8.0 + number, 2.0]]
        numbers["even-distance", name] = [[even[number]]] * 2
    maps = {("raw-attention", name): [EVEN / 4, HALVES / 2] for name in names}
    return made(path, maps, numbers)


def test_accuracy_and_loss_of_both_runs_stand_on_top(tmp_path: Path) -> None:
    maps = {("soft-mask", "gate"): [EVEN, HALVES, CORNER]}
    first = made(tmp_path / "a.attn", maps, measured=[(0.25, 2.5), (math.nan, 2), (0.75, 0.5)])
    second = made(tmp_path / "b.attn", maps, measured=[(0.5, math.nan)] * 3)
    page = opened(first, second)
    accuracy, loss = chart(page, "Accuracy").lines, chart(page, "Loss").lines
    assert [(row["epoch"], row["value"], row["run"]) for row in accuracy.rows] == [
        (0, 0.25, "a"),
        (1, 0.75, "a"),
        (0, 0.5, "b"),
        (0.5, 0.5, "b"),
        (1, 0.5, "b"),
    ]
    assert [(row["epoch"], row["value"], row["run"]) for row in loss.rows] == [
        (0, 2.5, "a"),
        (0.5, 2, "a"),
        (1, 0.5, "a"),
    ]
    assert accuracy.encoding["y"]["axis"] == {"format": "%"}
    # Down the left column, then down the right one: each begins with one of them.
    assert [one.title for one in charts(page)] == [
        "Accuracy",
        *("Entropy, 1 is even", "Standard deviation", "Divergence from the final map"),
        "Loss",
        *("Spread, share of the side", "Mean value"),
    ]


def test_maps_are_measured_in_numbers_with_a_line_for_an_even_one(tmp_path: Path) -> None:
    path = made(tmp_path / "run.attn", {("soft-mask", "gate"): [EVEN, HALVES, CORNER]})
    page = opened(path)
    entropy, spread, flat, strength, drift = (
        chart(page, title) for title in (*MARKED, "Mean value", "Divergence from the final map")
    )
    assert entropy.lines.values() == pytest.approx([1, 0.5, 0])
    assert entropy.levels == [(1, "an even map")]
    even = math.sqrt(2) / 4
    assert spread.lines.values() == pytest.approx([even, 0.25, 0], abs=1e-5)
    assert spread.levels == [(pytest.approx(even), "an even map")]
    assert flat.lines.values() == pytest.approx([0, 0.5, math.sqrt(3) / 4], abs=1e-5)
    assert flat.levels == [(0.02, "flat")]
    assert strength.lines.values() == pytest.approx([1, 0.5, 0.25])
    assert strength.levels == drift.levels == []
    assert drift.lines.values() == pytest.approx([0.548795, 0.311278, 0], abs=1e-5)


def test_heads_are_thin_lines_around_their_mean_and_a_second_run_is_dashed(tmp_path: Path) -> None:
    first = attentive(tmp_path / "first.attn", [16.7, 16.7])
    second = attentive(tmp_path / "second.attn", [16.7, 16.7], effect=4)
    page = opened(first, second)
    entropy, distance, effect, drift = (
        chart(page, title)
        for title in (
            "Entropy, 1 is even",
            "Distance, px of the input",
            "Relative effect",
            "Divergence from the final map",
        )
    )
    for run in ("first", "second"):
        block = {"layer": "blocks.1", "run": run}
        assert entropy.lines.values(**block) == pytest.approx([0.95, 0.5])
        assert entropy.thin.values(head=1, **block) == pytest.approx([1, 0.75])
        assert entropy.thin.values(head=2, **block) == pytest.approx([0.9, 0.25])
        assert distance.lines.values(**block) == pytest.approx([14, 5.5])
        assert distance.thin.values(head=2, **block) == pytest.approx([12, 2])
        assert drift.lines.values(**block) == pytest.approx([0.311278, 0], abs=1e-5)
    assert entropy.levels == [(1, "even attention")]
    assert effect.lines.values(layer="blocks.0", run="first") == pytest.approx([0.5, 0.25])
    assert effect.lines.values(layer="blocks.1", run="second") == pytest.approx([5.5, 5.25])
    for one in (entropy, distance, effect, drift):
        dash = one.lines.encoding["strokeDash"]
        assert dash["field"] == "run"
        assert dash["scale"] == {"domain": ["first", "second"], "range": [[1, 0], [5, 4]]}
    assert "Mean value" not in {one.title for one in charts(page)}  # shares of one whole
    # The mean of the heads falls from 0.95 to 0.5: both layers narrow, in both runs.
    assert all("blocks.1.attn collapses" in mark[2] for mark in entropy.marks)
    assert [mark[:2] for mark in entropy.marks] == [(1, 0.5), (2, 0.5)]


def test_even_attention_has_a_line_for_each_window_and_each_size_of_input(tmp_path: Path) -> None:
    same = attentive(tmp_path / "same.attn", [16.7, 16.7])
    windows = attentive(tmp_path / "windows.attn", [5.25, 16.7])
    distance = "Distance, px of the input"
    assert chart(opened(same), distance).levels == [(16.7, "even attention")]
    assert chart(opened(windows, same), distance).levels == [
        (5.2, "even attention of blocks.0.attn in windows"),
        (
            16.7,
            "even attention of blocks.1.attn in windows, blocks.0.attn in same, "
            "blocks.1.attn in same",
        ),
    ]
