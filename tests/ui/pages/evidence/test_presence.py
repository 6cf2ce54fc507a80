"""The section "Presence and absence": words by hand, and the page on small networks."""

from __future__ import annotations

import base64
import json
import re
from functools import partial
from typing import Any

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnviz.evidence.faithfulness.confidence_drop import ConfidenceDrop
from attnviz.evidence.faithfulness.insertion_deletion import InsertionDeletion, ScoreCurve
from attnviz.evidence.faithfulness.presence_text import describe_presence
from attnviz.evidence.faithfulness.verdict import FaithfulnessTest, measure_faithfulness
from attnviz.methods.occlusion import occlusion_patches
from attnviz.ui.pages.evidence import presence_run
from attnviz.ui.pages.evidence.occlusion import describe_occlusion, describe_similarity
from attnviz.ui.pages.evidence.presence_chart import curve_chart, gains_chart
from attnviz.ui.pages.evidence.presence_numbers import (
    answer_text,
    describe_confidence,
    number_rows,
)
from attnviz.ui.pages.evidence.presence_pictures import filmstrip, picture_pair
from attnviz.ui.pages.evidence.presence_run import (
    SHARES,
    ModifiedPictures,
    picture_count,
    steps_within,
)
from tests.ui.pages.evidence.evidence_pages import assert_fine, evidence_page, html_of

MINUS = "\N{MINUS SIGN}"
QUICK = partial(measure_faithfulness, controls=2)


def removal(
    gain: float, margin_gain: float | None = None, *, empty: float = -1.0
) -> InsertionDeletion:
    """Level curves at 0.5 ∓ gain / 2, margins ∓ half of theirs; empty: the margin of no picture."""
    shares = np.array(SHARES, np.float32)
    half = (gain if margin_gain is None else margin_gain) / 2
    level = np.ones(len(shares), np.float32)
    first = np.ones(len(shares), np.int64)
    down = level * -half
    down[-1] = empty
    low, high = level * (0.5 - gain / 2), level * (0.5 + gain / 2)
    low[0] = 0.5  # or no probability would ever change
    return InsertionDeletion(
        ScoreCurve(shares, low, down, first), ScoreCurve(shares, high, level * half, first)
    )


def trial(
    gain: float, *controls: float, fill: str = "blur", centre: float = 0.2, empty: float = -1.0
) -> FaithfulnessTest:
    others = tuple(map(removal, controls))
    return FaithfulnessTest(fill, removal(gain, empty=empty), others, removal(centre))


def both(first: FaithfulnessTest, second: FaithfulnessTest) -> dict[str, FaithfulnessTest]:
    return {"blur": first, "road": second}


BETTER, ALIKE, WORSE = trial(0.5, 0.1, 0.0), trial(0.05, 0.1, 0.0), trial(-0.3, 0.1, 0.0)


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        (
            both(BETTER, BETTER),
            "Better than chance: the regions this map marks matter more for '<b>' than",
        ),
        (
            both(ALIKE, ALIKE),
            "Not distinguishable from chance: some of 2 equally smooth random maps",
        ),
        (both(WORSE, WORSE), "Worse than chance: the regions that any of 2 equally smooth random"),
        (
            both(BETTER, ALIKE),
            "Not robust, the fills disagree: better than chance with strong blur, "
            "not distinguishable from chance with ROAD's guess.",
        ),
        (both(WORSE, BETTER), "Not robust, the fills disagree: worse than chance with strong"),
    ],
)
def test_the_headline_says_where_the_map_stands(
    trials: dict[str, FaithfulnessTest], words: str
) -> None:
    assert describe_presence(trials, "<b>", "<b>").headline.startswith(words)


def test_the_details_say_what_qualifies_the_verdict() -> None:
    plain = " ".join(describe_presence(both(BETTER, BETTER), "cat", "cat").details)
    assert "By luck alone, a map would beat all 2 once in 3 times" in plain
    assert "It beats a centred disc too, with every fill." in plain
    assert "unmodified picture" not in plain
    assert "margin" not in plain
    other = " ".join(describe_presence(both(BETTER, BETTER), "cat", "dog").details)
    assert "On the unmodified picture the network says 'dog', not 'cat'" in other
    near = trial(0.5, 0.1, centre=0.6)
    assert "A centred disc does as well or better with every fill" in " ".join(
        describe_presence(both(near, near), "cat", "cat").details
    )
    assert "the map does better with strong blur, but not with ROAD's guess" in " ".join(
        describe_presence(both(BETTER, near), "cat", "cat").details
    )
    hidden = trial(0.5, 0.1, empty=0.4)
    assert "With strong blur, 'cat' comes first even when everything is removed" in " ".join(
        describe_presence(both(hidden, BETTER), "cat", "cat").details
    )


def test_a_margin_that_says_otherwise_is_told() -> None:
    other = FaithfulnessTest("blur", removal(0.5, -3.0), (removal(0.1, 1.0),), removal(0.2))
    details = " ".join(describe_presence(both(other, BETTER), "cat", "cat").details)
    assert "By the logit margin, which does not saturate, it is worse than chance" in details


def test_numbers_and_answers() -> None:
    rows = number_rows(both(BETTER, ALIKE))
    assert [row["Fill"] for row in rows] == ["Strong blur"] * 3 + ["Imputed (ROAD)"] * 3
    assert [row["Map"] for row in rows[:3]] == ["this map", "centred disc", "2 random, mean"]
    assert rows[0]["Insertion"] == pytest.approx(0.75)
    assert rows[0]["Deletion"] == pytest.approx(0.256, abs=1e-3)  # its first place is at 0.5
    assert rows[0]["MoRF"] == pytest.approx(0.25)
    assert rows[0]["LeRF"] == pytest.approx(0.75)
    assert rows[0]["(LeRF − MoRF) / 2"] == pytest.approx(0.25)
    curve = BETTER.curves.deletion
    names = {1: "dog", 0: "cat"}
    assert (
        answer_text(curve, 5, "cat", names) == f"cat 0.25, margin {MINUS}0.25: the network says dog"
    )
    assert answer_text(BETTER.curves.insertion, 5, "cat", names) == "cat 0.75, margin +0.25"
    assert "drops by 75 % (0.80 → 0.20)" in describe_confidence(ConfidenceDrop(0.8, 0.2), "cat")
    assert "an increase in confidence" in describe_confidence(ConfidenceDrop(0.2, 0.8), "cat")


def test_pictures_are_escaped_and_the_chosen_one_is_outlined() -> None:
    coded = tuple(str(index).encode() for index in range(len(SHARES)))
    pictures, names = ModifiedPictures(coded, coded[::-1]), {1: "<i>dog"}
    shown = picture_pair(BETTER, pictures, 4, "<b>cat", names, 1.5)
    assert base64.b64encode(b"4").decode() in shown
    assert base64.b64encode(b"16").decode() in shown
    assert "Highest 20 % removed" in shown
    assert "<b>cat" not in shown
    assert "&lt;b&gt;cat 0.25" in shown
    assert "the network says &lt;i&gt;dog" in shown
    assert shown.count("aspect-ratio:1.5000") == 2
    strip = filmstrip("Taken away", coded, BETTER.curves.deletion, 4, "<b>cat", 1.5)
    assert strip.count("<figure") == 8
    (chosen,) = re.findall(r'class="av-on" title="([^"]*)"', strip)
    assert chosen == "20 %: &lt;b&gt;cat 0.25, lost"


def test_charts_hold_the_curves_and_every_control() -> None:
    drawn = curve_chart(BETTER, back=True, margin=False, at=0.2).to_dict()
    lines = next(one for one in drawn["layer"] if one["mark"].get("type") == "line")
    values = lines["data"]["values"]
    means = {row["name"]: row["value"] for row in values if row["share"] == 50}
    assert means == {"this map": 0.75, "random, as smooth": 0.525, "centred disc": 0.6}
    area = next(one for one in drawn["layer"] if one["mark"].get("type") == "area")
    assert (area["data"]["values"][3]["low"], area["data"]["values"][3]["high"]) == (0.5, 0.55)
    assert drawn["layer"][-1]["data"]["values"] == [{"share": 20.0}]
    gains = gains_chart(both(BETTER, ALIKE), margin=False).to_dict()["layer"][1]["data"]["values"]
    assert len(gains) == 2 * 4
    own = [row["gain"] for row in gains if row["name"] == "this map"]
    assert own == pytest.approx([0.49375, 0.04937], abs=1e-2)


def test_occlusion_in_words() -> None:
    worth = np.zeros((6, 6), np.float32)
    worth[2, 3] = 2.5
    assert describe_occlusion(worth) == "up to 2.50 logits are lost"
    worth[0, 0] = -1
    assert "up to 1.00 are gained where the picture spoke against the class" in describe_occlusion(
        worth
    )
    values = np.arange(36, dtype=np.float32).reshape(6, 6)
    said = describe_similarity(values, {"blur": values, "grey": np.zeros((6, 6), np.float32)})
    assert "Strong blur: +1.00, 1.00." in said
    assert "Mean grey: one of the two maps is flat." in said


def presence_page(monkeypatch: pytest.MonkeyPatch, kind: str = "none") -> AppTest:
    monkeypatch.setattr(presence_run, "measure_faithfulness", QUICK)
    return evidence_page(monkeypatch, kind, evidence="presence")


def click(page: AppTest, label: str) -> AppTest:
    (button,) = [one for one in page.button if one.label == label]
    return button.click().run()


def charts(page: AppTest) -> list[dict[str, Any]]:
    found = page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")
    return [json.loads(one.proto.spec) for one in found]


def shown_pictures(page: AppTest) -> list[str]:
    (one,) = [part for part in html_of(page).splitlines() if part.startswith('<div class="av-pair')]
    return re.findall(r"base64,([^\"]*)", one)


def test_the_map_is_taken_apart_on_request_and_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    page = presence_page(monkeypatch).run()
    assert_fine(page)
    assert any(f"{picture_count(2):,} pictures" in one.value for one in page.info)
    assert any("It takes about" in one.value and " s here." in one.value for one in page.info)
    assert any("A first answer, from" in one.value for one in page.caption)
    assert re.search("(chance|Not robust)", html_of(page)), "the first answer is there at once"
    assert "av-pair" not in html_of(page)
    click(page, "Run deletion and insertion")
    assert not any("A first answer" in one.value for one in page.caption)
    assert_fine(page)
    assert re.search("(chance|Not robust)", html_of(page))
    passes = len(page.session_state["passes"])
    before = shown_pictures(page)
    assert len(before) == 2
    assert len(charts(page)) == 3
    page.select_slider(key="presence share").set_value("60 %").run()
    assert_fine(page)
    after = shown_pictures(page)
    assert set(before).isdisjoint(after)
    assert "Highest 60 % removed" in html_of(page)
    page.segmented_control(key="presence fill").set_value("road").run()
    assert_fine(page)
    assert set(after).isdisjoint(shown_pictures(page))
    page.toggle(key="presence margin").set_value(True).run()
    assert "Margin, logits" in json.dumps(charts(page)[1])
    page.toggle(key="presence numbers").set_value(True).run()
    assert_fine(page)
    (table,) = page.dataframe
    assert len(table.value) == 6
    assert len(page.session_state["passes"]) == passes


@pytest.mark.parametrize(
    ("whole", "steps"), [(1.0, 5), (9.0, 5), (11.0, 4), (15.0, 3), (30.0, 2), (900.0, 2)]
)
def test_a_first_answer_takes_as_many_steps_as_two_seconds_allow(whole: float, steps: int) -> None:
    """Of 420 pictures for a fill five steps make 90, four 68, three 46 and two 24."""
    assert steps_within(2.0, whole, 2) == steps
    taken = whole * picture_count(2, steps) / picture_count(2)
    assert taken <= 2.0 or steps == 2


def test_the_picture_shown_is_the_one_the_network_got(monkeypatch: pytest.MonkeyPatch) -> None:
    """All taken away under mean grey is grey; all put back is the photo."""
    page = presence_page(monkeypatch)
    page.session_state["presence fills"] = ["grey", "black"]
    page.session_state["presence share"] = "100 %"
    click(page.run(), "Run deletion and insertion")
    assert_fine(page)
    away, back = (
        cv2.imdecode(np.frombuffer(base64.b64decode(one), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        for one in shown_pictures(page)
    )
    assert np.abs(away.astype(int) - [124, 116, 104]).max() <= 2
    assert back.std() > 40


def test_one_fill_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    page = presence_page(monkeypatch).run()
    page.session_state["presence fills"] = ["grey"]
    page.run()
    assert_fine(page)
    assert [one.value for one in page.info if "Choose at least two fills" in one.value]
    assert not [one for one in page.button if one.label == "Run deletion and insertion"]


def test_a_patch_is_slid_over_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    page = presence_page(monkeypatch).run()
    side, corners = occlusion_patches((128, 192))
    (cost,) = [one for one in page.info if "A patch of" in one.value]
    assert f"A patch of {side} px" in cost.value
    assert f"{len(corners):,} patches for each of 2 fills" in cost.value
    click(page, "Run occlusion")
    assert_fine(page)
    shown = html_of(page)
    assert shown.count("<figcaption><b>") == 3
    assert "logits are lost" in shown
    assert "Rank correlation with this map" in "".join(one.value for one in page.caption)
