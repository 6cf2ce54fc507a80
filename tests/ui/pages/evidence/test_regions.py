"""The section "Which regions need each other": asked, drawn, and told in words and numbers."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest

from attnviz.evidence.interaction.regions import RegionInteractions, grid_regions
from attnviz.evidence.interaction.shapley import Interactions, PairGains
from attnviz.pictures.geometry import PictureGeometry
from attnviz.ui.pages.evidence.region_graph import region_graph
from attnviz.ui.pages.evidence.region_matrix import flow_matrix, relation_matrix
from attnviz.ui.pages.evidence.region_pairs import (
    describe_regions,
    pair_rows,
    significant_edges,
    strongest_edges,
)
from tests.ui.pages.evidence.evidence_pages import assert_fine, evidence_page, html_of

MINUS = "\N{MINUS SIGN}"


def relations(error: float = 0.0) -> RegionInteractions:
    """Four regions: 1 and 4 need each other, 2 and 3 stand in for each other."""
    interaction = np.zeros((4, 4))
    for first, second, value in ((0, 3, 0.8), (1, 2, -0.5), (0, 1, 0.3), (2, 3, 0.02)):
        interaction[first, second] = interaction[second, first] = value
    errors = np.full((4, 4), error)
    shapley = np.array([0.4, -1.2, 0.0, 0.9])
    found = Interactions(shapley, interaction, np.full(4, error), errors, 0.0, 0.1)
    return RegionInteractions(grid_regions((40, 60), 2, 2), found)


def test_edges_are_sure_strongest_first_and_not_too_weak() -> None:
    found = relations().interactions
    assert [(one.first, one.second) for one in significant_edges(found)] == [
        (0, 3),
        (1, 2),
        (0, 1),
        (2, 3),
    ]
    assert [(one.first, one.second) for one in strongest_edges(found)] == [(0, 3), (1, 2), (0, 1)]
    unsure = relations(error=0.2).interactions
    assert [(one.first, one.second) for one in significant_edges(unsure)] == [(0, 3), (1, 2)]
    unsure.interaction[0, 3] = np.nan
    assert [(one.first, one.second) for one in significant_edges(unsure)] == [(1, 2)]
    rounded = Interactions(
        np.zeros(2), np.full((2, 2), 1e-6), np.zeros(2), np.zeros((2, 2)), 3.0, 4.0
    )
    assert significant_edges(rounded) == []
    assert strongest_edges(relations(error=1.0).interactions) == []


def test_the_words() -> None:
    assert describe_regions(relations(), "church") == (
        f"Region 2 matters most: it lowers the score of church ({MINUS}1.20). "
        "Regions 1 and 4 need each other most (+0.80). "
        f"Regions 2 and 3 can best stand in for each other ({MINUS}0.50)."
    )
    assert "No two regions interact" in describe_regions(relations(error=1.0), "church")


def test_the_graph_lies_on_what_the_network_saw() -> None:
    pixels = np.zeros((100, 200, 3), np.uint8)
    geometry = PictureGeometry((100, 200), (0.0, 50.0, 100.0, 150.0), (40, 60))
    drawn = region_graph(pixels, geometry, relations(), "<b>church</b>")
    assert 'style="left:25.000%;top:0.000%;width:50.000%;height:100.000%"' in drawn
    assert "<b>church" not in drawn
    titles = re.findall(r'title="([^"]*)"', drawn)
    assert "Regions 1 and 4 need each other: +0.80" in titles
    assert f"Regions 2 and 3 stand in for each other: {MINUS}0.50" in titles
    assert f"Region 2: {MINUS}1.20 of the score of &lt;b&gt;church&lt;/b&gt;" in titles
    nodes = re.findall(
        r'<b class="av-(\w+)"[^>]*left:([\d.]+)%;top:([\d.]+)%;--av-size:([\d.]+)"', drawn
    )
    assert [side for side, *_ in nodes] == ["for", "against", "for", "for"]
    assert [float(size) for *_, size in nodes] == pytest.approx([0.58, 1.0, 0.0, 0.87])
    for (_, x, y, _), (left, top) in zip(nodes, ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
        assert 50 * left < float(x) < 50 * (left + 1)
        assert float(y) == pytest.approx(25 + 50 * top, abs=3)
    (coded,) = re.findall(r"svg\+xml;base64,([^\"]*)", drawn)
    svg = base64.b64decode(coded).decode()
    assert svg.count("<line") == 2 * 3
    assert svg.count("stroke-dasharray") == 1
    assert svg.count("<path") == 2 * 4
    assert 'viewBox="0 0 60 40"' in svg


def test_matrices_tell_every_number() -> None:
    drawn = relation_matrix(relations(error=0.2).interactions)
    assert drawn.count('title="Regions 1 and 4: +0.80 ± 0.20"') == 1
    assert drawn.count(">+0.80<") == 2
    assert drawn.count("≈ 0") == 8  # two of the six pairs are sure
    assert f"2<small>{MINUS}1.20</small>" in drawn
    flow = flow_matrix(np.array([[0.5, 0.25], [0.1, 0.6]]))
    assert 'title="Region 2 gets 10.0 % from region 1"' in flow
    assert re.findall(r"#0f8f7f (\d+)%", flow) == ["58", "29", "12", "70"]


def test_the_table_of_pairs() -> None:
    gains = PairGains(np.full((4, 4), 0.25), np.full((4, 4), -0.125))
    rows = pair_rows(relations(), gains)
    assert [row["Regions"] for row in rows[:3]] == ["1 and 4", "2 and 3", "1 and 2"]
    assert rows[1] == {
        "Regions": "2 and 3", "Interaction": -0.5, "Alone": 0.25, "In context": -0.125
    }  # fmt: skip
    many = RegionInteractions(grid_regions((40, 60), 3, 3), Interactions(*_zeros(9), 0.0, 1.0))
    assert "Standard error" in pair_rows(many, PairGains(*np.zeros((2, 9, 9))))[0]


def _zeros(count: int) -> list[np.ndarray]:
    return [np.zeros(count), np.zeros((count, count)), np.zeros(count), np.zeros((count, count))]


def test_six_regions_are_asked_at_once_with_the_flow_of_attention(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = evidence_page(monkeypatch, "vit", evidence="regions").run()
    assert_fine(page)
    shown = html_of(page)
    assert "matters most" in shown
    assert "av-regions" in shown
    assert shown.count('class="av-matrix"') == 2
    shares = [float(one) for one in re.findall(r"gets ([\d.]+) %", shown)]
    count = round(len(shares) ** 0.5)
    assert len(shares) == count**2
    for row in np.reshape(shares, (count, count)).sum(1):
        assert 30 < row < 100
    page.toggle(key="regions numbers").set_value(True).run()
    assert_fine(page)
    (table,) = page.dataframe
    assert list(table.value.columns) == ["Regions", "Interaction", "Alone", "In context"]
    assert len(table.value) == count * (count - 1) // 2
    passes = len(page.session_state["passes"])
    page.run()
    assert len(page.session_state["passes"]) == passes


def test_more_regions_say_their_cost_first_and_have_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = evidence_page(monkeypatch, "none", evidence="regions")
    page.session_state["regions cut"] = "grid"
    page.session_state["regions count"] = "9"
    page.run()
    assert_fine(page)
    (cost,) = page.info
    assert "a sample of the coalitions of 9 regions: up to 866 variants" in cost.value
    assert "av-regions" not in html_of(page)
    (button,) = [one for one in page.button if one.label == "Compute interactions"]
    button.click().run()
    assert_fine(page)
    shown = html_of(page)
    assert shown.count('class="av-matrix"') == 1  # no attention, no flow
    titles = re.findall(r'title="Regions (\d) and (\d): [^"]*?( ± [\d.]+)?" style="back', shown)
    assert {(one, other) for one, other, _ in titles} == {
        (one, other) for one in "123456789" for other in "123456789" if one != other
    }
    assert sum(bool(error) for *_, error in titles) > 60
    page.selectbox(key="regions cut").set_value("superpixels").run()
    assert page.info  # another question, with a cost of its own
