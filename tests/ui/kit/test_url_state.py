"""What is kept beside the widgets while another page is shown."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def one_page() -> None:
    import streamlit as st

    from attnviz.ui.kit.url_state import keep, keep_value, restore_value, share_choices

    if not st.toggle("Elsewhere", key="elsewhere"):
        restore_value("names", ["one"])
        restore_value("degree", 24.0)
        names = st.multiselect("Names", ["one", "two", "three"], key="names")
        keep_value("names", names)
        keep_value("degree", st.number_input("Degree", 1.0, 99.0, key="degree"))
    keep(model="ran-small")
    share_choices("model", "names", "degree")


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
