"""What is kept beside the widgets while another page is shown."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def one_page() -> None:
    import streamlit as st

    from attnviz.ui.kit.url_state import share, start_choice, start_value

    start_choice("model", ["ran-small", "vit-small"])
    if not st.toggle("Elsewhere", key="elsewhere"):
        start_value("names", ["one"])
        start_value("degree", 24.0)
        st.multiselect("Names", ["one", "two", "three"], key="names", persist_state="session")
        st.number_input("Degree", 1.0, 99.0, key="degree", persist_state="session")
        models = ["ran-small", "vit-small"]
        st.selectbox("Model", models, key="model", persist_state="session", format_func=str.title)
    share("model")


def test_lists_and_numbers_come_back_as_they_were_left_and_stay_out_of_the_address() -> None:
    page = AppTest.from_function(one_page).run()
    assert page.multiselect[0].value == ["one"]
    assert page.number_input[0].value == 24.0
    page.multiselect[0].set_value(["two", "three"]).run()
    page.number_input[0].set_value(7.5).run()
    page.toggle[0].set_value(True).run()
    assert not page.multiselect
    page.toggle[0].set_value(False).run()
    assert page.multiselect[0].value == ["two", "three"]
    assert page.number_input[0].value == 7.5
    assert dict(page.query_params) == {"model": "ran-small"}


def test_an_emptied_list_stays_empty() -> None:
    page = AppTest.from_function(one_page).run()
    page.multiselect[0].set_value([]).run()
    page.toggle[0].set_value(True).run()
    page.toggle[0].set_value(False).run()
    assert page.multiselect[0].value == []


def test_a_link_gives_the_first_choice_by_its_name_and_the_session_the_later_ones() -> None:
    page = AppTest.from_function(one_page)
    page.query_params["model"] = "vit-small"
    page.query_params["degree"] = "3"
    page.run()
    assert page.selectbox[0].value == "vit-small"
    assert page.number_input[0].value == 24.0
    page.selectbox[0].set_value("ran-small").run()
    page.toggle[0].set_value(True).run()
    page.toggle[0].set_value(False).run()
    assert page.selectbox[0].value == "ran-small"
    assert dict(page.query_params) == {"model": "ran-small"}


def test_a_choice_that_is_no_option_is_replaced_by_the_default() -> None:
    page = AppTest.from_function(one_page)
    page.query_params["model"] = "../secret"
    page.run()
    assert page.selectbox[0].value == "ran-small"
