"""Objects that are asked for in words, on the page "Objects"."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.ui.kit.picture_cache import shown_sample
from attnviz.ui.pages.objects.state import TOGETHER
from tests.targets.test_words import reader
from tests.ui import menus
from tests.ui.pages.layers.test_page import assert_fine
from tests.ui.pages.objects.test_page import names, open_page


def test_what_is_asked_for_competes_and_nothing_asked_for_is_cut_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = reader()
    things = menus.offered(monkeypatch)
    page = open_page(monkeypatch, model, target="words:red;words:green")
    assert_fine(page)
    assert page.text_input(key="look for").value == "red; green"
    assert names(page) == ["red", "green", TOGETHER]
    words = [attnviz.Words("red"), attnviz.Words("green")]
    found = attnviz.explain(model, shown_sample("china"), "decision", words)
    saved = things[-1].make().explanation
    assert saved.layers == ("red", "green", TOGETHER)
    assert saved.asked_text == found.asked_text
    cards = "".join(str(one.proto.body) for one in page.get("html"))
    for one in found.asked:
        assert f"Its share of the focus: {100 * one.share:.0f} %." in cards
    page.text_input(key="look for").set_value("blue").run()
    assert_fine(page)
    assert names(page) == ["blue"]
    assert np.ravel(page.query_params["target"]).tolist() == ["words:blue"]
    page.text_input(key="look for").set_value("").run()
    assert_fine(page)
    assert "red" not in names(page)
