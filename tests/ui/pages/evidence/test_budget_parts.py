"""The blur budget's sentences, its chart, and what travels to the browser."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from attnviz.evidence.faithfulness.blur_budget import BlurBudget, ScoreTable
from attnviz.evidence.faithfulness.budget_text import circle, describe_budget, percent
from attnviz.ui.components.budget_table import pack
from attnviz.ui.pages.evidence.budget_charts import curves_chart, share_bars
from attnviz.viewer.blob import unpack_blob
from tests.ui.pages.evidence.budgets import LABELS, RADII, SHARES, SIZE, known_budget


@pytest.fixture(scope="module")
def budget() -> BlurBudget:
    return known_budget()


def table(rows: list[str]) -> ScoreTable:
    """Answers from rows of "x" (first) and "." (not), from the smallest radius on."""
    kept = np.array([[one == "x" for one in row] for row in rows])
    margin = np.where(kept, 1, -1).astype(np.float32)
    return ScoreTable(1 / (1 + np.exp(-margin)), margin, kept.astype(np.int64), 1)


def said(budget: BlurBudget, rows: list[str], label: str = "ship") -> tuple[str, str]:
    words = describe_budget(replace(budget, scores=table(rows)), label, "sea", 10.0)
    return words.headline, " ".join(words.details)


def test_the_sentence_names_share_and_circle(budget: BlurBudget) -> None:
    headline, details = said(budget, ["xxxxxx", "xxxxxx", "..xxxx", "...xxx"])
    assert headline == (
        "With 30 % of the picture sharp, the network still says 'ship'. With the whole picture "
        "blurred, it gives up at a circle of confusion with a radius of 4.0 px, 5.0 % of the "
        "diagonal."
    )
    assert details.startswith("Everything else was blurred by 9.0 px (90 px of the photo as shown)")
    assert "other regions may be enough too" in details
    assert "again" not in details


def test_what_is_lost_and_found_again_is_said(budget: BlurBudget) -> None:
    _, details = said(budget, ["xxxxxx", "......", "xxxxxx", ".x.x.x"])
    assert "At some larger shares the decision changes again; from 100 % on" in details
    assert "At a stronger blur, up to 4.0 px" in details


def test_a_network_that_needs_nothing_sharp_is_no_success(budget: BlurBudget) -> None:
    headline, details = said(budget, ["xxxxxx", "xxxxxx", "xxxxxx", "x..xxx"])
    assert "the network still says 'ship': nothing needs to be sharp" in headline
    assert "says nothing about the map" in details
    assert "only from 30 % on" in details
    assert "change the decision" not in said(budget, ["xxxxxx"] * 4)[1]


def test_a_class_that_was_never_first_has_no_numbers(budget: BlurBudget) -> None:
    headline, details = said(budget, ["......"] * 4, label="<b>")
    assert headline == (
        "On the sharp picture the network says 'sea', not '<b>': there is no decision to keep."
    )
    assert "nan" not in (headline + details).lower()


def test_numbers_are_short() -> None:
    assert [percent(one) for one in (0.0, 0.01, 0.125, 1.0, float("nan"))] == [
        "0 %",
        "1 %",
        "12.5 %",
        "100 %",
        "–",
    ]
    assert circle(12.4, 100) == "12 px, 12.4 % of the diagonal"
    assert circle(2, 100, 3.5) == "2.0 px (7 px of the photo as shown), 2.0 % of the diagonal"


def test_the_blob_holds_exactly_what_the_network_was_given(budget: BlurBudget) -> None:
    blob = pack(budget, LABELS.__getitem__)
    assert blob == pack(budget, LABELS.__getitem__)
    header, arrays = unpack_blob(blob)
    assert arrays["colours"].shape == (256, 3)
    steps = arrays["steps"]
    assert steps.shape == SIZE
    pictures = [
        np.asarray(Image.open(io.BytesIO(arrays[f"picture {index}"].tobytes())))
        for index in range(4)
    ]
    assert len(arrays) == 2 + len(pictures)
    for radius in range(4):
        for share in range(6):
            shown = np.where((steps <= share)[..., None], pictures[0], pictures[radius])
            np.testing.assert_array_equal(shown, budget.variant(radius, share))
            assert (
                header["names"][header["says"][radius][share]]
                == (LABELS[budget.scores.first[radius, share]])
            )
    assert (header["radii"], header["shares"]) == ([0, *RADII], list(SHARES))
    assert header["diagonal"] == 80
    assert header["label"] == LABELS[1]
    np.testing.assert_array_equal(np.array(header["recognised"]) == 1, budget.scores.class_is_first)
    np.testing.assert_array_equal(np.array(header["firm"]) == 1, budget.confident)
    np.testing.assert_allclose(header["probability"], budget.scores.probability, atol=1e-4)
    assert budget.scores.class_is_first[3].tolist() == [False, False, True, True, True, True]
    assert header["start"] == [3, 2]
    other = pack(known_budget(target=0), LABELS.__getitem__)
    assert unpack_blob(other)[0]["id"] != header["id"]


def test_the_chart_holds_the_curves_and_the_band(budget: BlurBudget) -> None:
    for margin, own in ((False, budget.scores.probability), (True, budget.scores.margin)):
        band, lines = curves_chart(budget, margin=margin).to_dict()["layer"]
        points = lines["data"]["values"]
        assert {one["name"] for one in points} == {
            "this map",
            "random, as smooth",
            "centred disc",
            "the map inverted",
        }
        ours = [one["value"] for one in points if one["name"] == "this map"]
        np.testing.assert_allclose(ours, own[-1], atol=1e-4)
        random = budget.controls["random"]
        seeds = random.margin if margin else random.probability
        edges = band["data"]["values"]
        np.testing.assert_allclose([one["low"] for one in edges], seeds.min(0), atol=1e-4)
        np.testing.assert_allclose([one["high"] for one in edges], seeds.max(0), atol=1e-4)


def test_bars_show_the_smallest_shares_and_the_spread_of_chance(budget: BlurBudget) -> None:
    text = share_bars(budget)
    shares = [budget.smallest_share[-1], np.median(budget.control_smallest_share("random"))]
    shares += [
        budget.control_smallest_share("centred")[0],
        budget.control_smallest_share("inverted")[0],
    ]
    for share in shares:
        assert f"width:{100 * share:.1f}%" in text
    assert text.count("av-track") == 4
    uneven = replace(budget.controls["random"], margin=budget.controls["random"].margin.copy())
    uneven.margin[:] = 1
    uneven.first[:] = 1
    uneven.first[0, :3] = 0
    changed = replace(budget, controls={**budget.controls, "random": uneven})
    assert "0 % (0 % to 30 %)" in share_bars(changed)


def test_where_blur_hides_nothing_bars_tell_from_where_on_it_is_kept(budget: BlurBudget) -> None:
    rows = ["xxxxxx", "xxxxxx", "xxxxxx", "x..xxx"]
    controls = {"centred": table(["x...xx"]), "random": table(["xxxxxx", "x.xxxx", "xxx.xx"])}
    text = share_bars(replace(budget, scores=table(rows), controls=controls))
    assert "from which on" in text
    assert re.findall(r"av-num\">([^<]*)<", text) == ["30 %", "60 %", "10 % (0 % to 60 %)"]
