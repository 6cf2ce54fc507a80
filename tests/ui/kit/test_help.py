"""The help of the pages, from the documentation's own text."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.ui.app import page_scripts
from attnviz.ui.kit.help import page_help, reading
from tests.paths import ROOT

TITLES = [path.stem.partition("_")[2].replace("_", " ") for path in page_scripts()]
TEXTS = {**{title: page_help(title) for title in TITLES}, **reading()}


def helped(title: str) -> AppTest:
    def page(title: str) -> None:
        from attnviz.ui.kit.help import show_help
        from attnviz.ui.kit.tab_title import name_page

        name_page(title)
        show_help()

    return AppTest.from_function(page, kwargs={"title": title}).run()


def test_every_page_has_help_and_the_other_way_round() -> None:
    files = {path.stem for path in (ROOT / "docs" / "help").glob("*.md")}
    assert {title.lower().replace(" ", "-") for title in TITLES} == files
    assert page_help("Brightness") == ""


@pytest.mark.parametrize("title", TEXTS)
def test_nothing_in_it_leads_out_of_the_app(title: str) -> None:
    assert len(TEXTS[title]) > 300
    assert "](" not in TEXTS[title]
    assert not re.search(r"^(# |Read on)", re.sub(r"```.*?```", "", TEXTS[title], flags=re.S), re.M)


def test_a_page_tells_how_to_read_it_and_a_tutorial_can_be_opened_below() -> None:
    page = helped("Eye")
    assert [text.value for text in page.markdown] == [page_help("Eye")]
    page.selectbox(key="help reading").select("Which map should I trust?").run()
    assert page.markdown[1].value == reading()["Which map should I trust?"]
    assert "insertion_deletion" in page.markdown[1].value


def test_a_page_without_help_offers_none() -> None:
    page = helped("Brightness")
    assert not page.exception
    assert not page.markdown
