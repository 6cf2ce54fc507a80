"""The field "Look for ..." beside the map of a network that reads words."""

from __future__ import annotations

from functools import cache

from streamlit.testing.v1 import AppTest

from tests.targets.test_words import reader

same_reader = cache(reader)


def words_page() -> None:
    import streamlit as st

    from attnviz.ui.kit.explain_picture import explain_photo
    from attnviz.ui.kit.guard import guarded
    from attnviz.ui.kit.picture_cache import shown_sample
    from attnviz.ui.kit.url_state import restore_link, share
    from tests.ui.kit.test_words_field import same_reader

    restore_link()
    look = st.radio("Show", ["decision", "grad-cam", "eigen-cam"], key="look")
    with guarded():
        found = explain_photo(shown_sample("coffee"), same_reader(), look)
    st.text("; ".join(one.prediction.label for one in found.asked) if found else "")
    st.text(found.target_text if found else "")
    share("target")


def opened(**link: str) -> AppTest:
    page = AppTest.from_function(words_page, default_timeout=120)
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def looked_for(page: AppTest) -> str:
    assert not page.exception
    assert not page.error
    return str(page.text[0].value)


def link_of(page: AppTest) -> str:
    found = page.query_params.get("target", "")
    return found if isinstance(found, str) else "".join(found)


def test_what_is_written_is_looked_for_and_several_compete() -> None:
    page = opened()
    assert looked_for(page) == ""
    page.text_input(key="look for").set_value("something red").run()
    assert looked_for(page) == "something red"
    assert link_of(page) == "words:something red"
    page.text_input(key="look for").set_value(" green ;blue;; green").run()
    assert looked_for(page) == "green; blue"
    page.pills(key="look for suggested").set_value(["a dog"]).run()
    assert looked_for(page) == "green; blue; a dog"
    assert link_of(page) == "words:green;words:blue;words:a dog"
    page.text_input(key="look for").set_value("").run()
    page.pills(key="look for suggested").set_value([]).run()
    assert looked_for(page) == ""
    assert link_of(page) == ""


def test_a_link_opens_with_its_words() -> None:
    page = opened(target="words:red;words:a car")
    assert looked_for(page) == "red; a car"
    assert page.text_input(key="look for").value == "red"
    assert page.pills(key="look for suggested").value == ["a car"]


def test_impossible_words_are_told_and_lose_nothing() -> None:
    page = opened(target="words:red")
    page.text_input(key="look for").set_value("red " * 2500).run()
    assert looked_for(page) == ""
    (said,) = [one.value for one in page.info if "characters" in one.value]
    assert "9,999 characters" in said
    page.text_input(key="look for").set_value("\N{PARTY POPPER}").run()
    (error,) = page.error
    assert "cannot read" in error.value
    page.text_input(key="look for").set_value("red").run()
    assert looked_for(page) == "red"


def test_a_wording_is_chosen_typed_and_linked() -> None:
    page = opened(target="words:red")
    wording = page.selectbox(key="look for wording")
    assert wording.options == ["as written", "captions in English"], "its vocabulary is small"
    wording.set_value("en").run()
    assert link_of(page) == "words:red%7Cen"
    typed = AppTest.from_function(words_page, default_timeout=120)
    typed.query_params["target"] = "words:red"
    typed.session_state["look for wording"] = "no place"
    (said,) = [one.value for one in typed.run().info if "template" in one.value]
    assert "'no place' is neither" in said
    again = opened(target="words:red|photo {}|{} photo")
    assert again.selectbox(key="look for wording").value == "photo {}|{} photo"
    assert looked_for(again) == "red"
    assert link_of(again) == "words:red%7Cphoto {}%7C{} photo"


def test_the_field_is_there_only_where_maps_can_follow_it() -> None:
    page = opened()
    page.radio(key="look").set_value("eigen-cam").run()
    assert not page.exception
    assert [one.key for one in page.text_input] == []
