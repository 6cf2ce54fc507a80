"""Rows of a comparison: on a page, back from it, and as comma-separated values."""

from __future__ import annotations

import csv
import io
import json

import pytest

from attnviz.metrics.fixations import FixationSet
from attnviz.people.dataset import OTHER_OBSERVERS, AgreementResults
from attnviz.people.ground_truth import AUC, BITS, KL, NSS, SCORES, SHUFFLED
from attnviz.people.rows import PRIOR, AgreementRow, csv_table, read_rows, row_json, rows_of
from attnviz.people.table import markdown
from tests.paths import ROOT


def results() -> AgreementResults:
    found = AgreementResults()
    for nss in (1.0, 3.0):
        found.add(PRIOR, {NSS: nss - 1, AUC: 0.7})
        found.add("net (mine.pth), decision", {NSS: nss, AUC: 0.6, KL: 1.25})
        found.add("worse", {NSS: -nss})
        found.add(OTHER_OBSERVERS, {NSS: nss + 3, AUC: 0.9})
    found.sources["net (mine.pth), decision"] = "grad-cam at layer4"
    return found


def test_rows_hold_means_and_how_far_each_comes() -> None:
    rows = {row.name: row for row in rows_of(results())}
    assert list(rows)[-1] == OTHER_OBSERVERS
    assert rows["net (mine.pth), decision"].cells[NSS] == (2.0, 1.0, 3.0)
    # from 1, the centre of other pictures, to 5, other people
    assert [row.share for row in rows.values()] == [0, 25, -75, 100]


def test_without_a_ceiling_or_with_none_above_the_centre_there_is_no_share() -> None:
    found = results()
    found.values[OTHER_OBSERVERS][NSS] = found.values[PRIOR][NSS]
    assert {row.share for row in rows_of(found)} == {None}
    del found.values[OTHER_OBSERVERS]
    assert {row.share for row in rows_of(found)} == {None}


def test_a_page_is_read_back_as_it_was_written() -> None:
    page = markdown(results(), FixationSet((), 0, ()), data="d", pixels_per_degree=24, device="cpu")
    assert read_rows(page) == rows_of(results())
    assert read_rows("# Something else\n\n| a | b |\n|---|---|\n| 1 | 2 |\n") == []
    assert read_rows("") == []


def test_a_name_cannot_break_the_table() -> None:
    found = AgreementResults()
    found.add("a|b", {NSS: 1.0})
    page = markdown(found, FixationSet((), 0, ()), data="d", pixels_per_degree=24, device="cpu")
    assert [row.name for row in read_rows(page)] == ["a/b"]


def test_csv_has_a_column_for_each_end_and_no_formula() -> None:
    rows = [*rows_of(results()), AgreementRow("=cmd()", "@x", {}, None)]
    lines = list(csv.DictReader(io.StringIO(csv_table(rows))))
    net = lines[1]
    assert net["map"] == "net (mine.pth), decision"
    assert net["method and layer"] == "grad-cam at layer4"
    ends = [float(net[f"NSS {end}"]) for end in ("mean", "low", "high")]
    assert ends == [2.0, 1.0, 3.0]
    assert net["CC mean"] == ""
    assert net["percent to people"] == "25"
    assert (lines[-1]["map"], lines[-1]["method and layer"]) == ("'=cmd()", "'@x")
    assert len(net) == 3 + 3 * len(SCORES)


def test_a_row_as_json_has_the_same_numbers() -> None:
    net = json.loads(row_json(rows_of(results())[1]))
    assert net["map"] == "net (mine.pth), decision"
    assert net["source"] == "grad-cam at layer4"
    assert net["share"] == 25
    assert net["scores"][NSS] == {"mean": 2.0, "low": 1.0, "high": 3.0}
    assert set(net["scores"]) == {AUC, NSS, KL}


def test_the_table_in_the_documents_keeps_what_it_claims() -> None:
    """People are ahead of every map, and a centre is chance where the middle earns nothing."""
    rows = {row.name: row for row in read_rows((ROOT / "docs" / "people.md").read_text("utf-8"))}
    people = rows.pop(OTHER_OBSERVERS)
    assert len(rows) >= 10
    for row in rows.values():
        for score in (NSS, AUC, SHUFFLED, BITS):
            assert people.cells[score].low > row.cells[score].high, (row.name, score)
    chance = rows["centre, a Gaussian"].cells[SHUFFLED]
    assert chance.low < 0.5 < chance.high
    assert rows[PRIOR].share == 0
    assert people.share == pytest.approx(100)
