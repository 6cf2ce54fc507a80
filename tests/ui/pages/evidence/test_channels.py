"""The section "Channels": asked at once, told in a sentence, drawn with two bars a channel."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.evidence.channels import ChannelEvidence
from attnviz.ui.pages.evidence.channels import channel_chart, describe_channels
from tests.ui.pages.evidence.evidence_pages import assert_fine, evidence_page, html_of


def found(*without: float) -> ChannelEvidence:
    alone = np.linspace(0.2, 0.3, len(without), dtype=np.float32)
    names = tuple(f"band {one}" for one in range(len(without)))
    return ChannelEvidence(names, "lake", 0.9, 0.1, np.array(without, np.float32), alone)


def test_the_channel_that_is_missed_most_is_named() -> None:
    assert describe_channels(found(0.8, 0.4, 0.88)) == (
        "The decision rests most on band 1: without it lake falls from 0.90 to 0.40; alone it "
        "gives 0.25."
    )
    assert describe_channels(found(0.89, 0.87, 0.95)) == (
        "No channel is missed by itself: without any one of them lake stays at 0.87 or more, of "
        "0.90."
    )


def test_the_chart_has_two_bars_a_channel_and_two_lines() -> None:
    drawn = channel_chart(found(*np.linspace(0.1, 0.9, 13))).to_dict()
    bars, lines = drawn["layer"]
    assert len(bars["data"]["values"]) == 26
    assert bars["data"]["values"][0] == {"channel": "band 0", "kind": "without it", "value": 0.1}
    assert {row["what"]: row["value"] for row in lines["data"]["values"]} == {
        "all channels": 0.9, "none": 0.1,
    }  # fmt: skip
    assert bars["encoding"]["y"]["sort"] == [f"band {one}" for one in range(13)]
    assert lines["mark"]["type"] == "rule"


def test_a_photo_is_asked_for_its_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    page = evidence_page(monkeypatch, "none", evidence="channels").run()
    assert_fine(page)
    verdict = html_of(page) + " ".join(one.value for one in (*page.markdown, *page.success))
    assert any(words in verdict for words in ("rests most on", "No channel is missed"))
    assert len(page.get("arrow_vega_lite_chart") or page.get("vega_lite_chart")) == 1
