"""The charts of the page "Training", number for number, on made recordings."""

from __future__ import annotations

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests.ui.training_pages import CORNER, EVEN, HALVES, chart, made, opened

MARKED = ("Entropy, 1 is even", "Spread, share of the side", "Deviation over places")


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
        "stage1.gate narrows at once to a few places.",
        "The mask of stage3.gate stays flat.",
    ]
    for title in MARKED:
        assert chart(page, title).marks == [
            (1, 0.5, texts[0]),
            (2, 1.0, texts[1]),
            (3, 1.5, texts[2]),
        ]
    assert chart(page, "Divergence from the end").marks == []
    assert [one for one in listed(page) if one[0].isdigit()] == [
        f"1. epoch 0.5, 50 % right: {texts[0]}",
        f"2. epoch 1, 50 % right: {texts[1]}",
        f"3. epoch 1.5, 50 % right: {texts[2]}",
    ]


def test_a_second_run_is_marked_as_well_and_its_numbers_go_on(tmp_path: Path) -> None:
    page = opened(eventful(tmp_path / "first.attn"), collapsing(tmp_path / "second.attn"))
    (narrows, again) = [mark for mark in chart(page, MARKED[0]).marks if "narrows" in mark[2]]
    assert narrows == (2, 1.0, "stage1.gate narrows at once to a few places.")
    assert again == (4, 1.0, "gate narrows at once to a few places.")
    # Both happen at one epoch: one number stands below the other.
    numbers = [one for one in chart(page, MARKED[0]).parts if one.mark["type"] == "text"]
    assert [[row["run"] for row in one.rows] for one in numbers] == [["first"] * 3, ["second"]]
    assert numbers[1].mark["dy"] - numbers[0].mark["dy"] >= 12
    told = listed(page)
    at = told.index("4. epoch 1, 50 % right: gate narrows at once to a few places.")
    assert told[at - 1] == "**second**"
    assert [one.split(".")[0] for one in told[at - 4 : at - 1]] == ["1", "2", "3"]
    assert told[at - 5] == "**first**"


def attentive(path: Path, even: list[float]) -> Path:
    """Two layers of self-attention with two heads each; `even`: what each one's distance would be
    if it were even.
    """
    names = ("blocks.0.attn", "blocks.1.attn")
    numbers: dict[tuple[str, str], list[list[float]]] = {}
    for number, name in enumerate(names):
        numbers["effect", name] = [[0.5 + number], [0.25 + number]]
        numbers["entropy", name] = [[1.0, 0.9], [0.75, 0.25]]
        numbers["distance", name] = [[16.0, 12.0], [8.0 + number, 2.0]]
        numbers["even-distance", name] = [[even[number]]] * 2
    maps = {("raw-attention", name): [EVEN / 4, HALVES / 2] for name in names}
    return made(path, maps, numbers)


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
