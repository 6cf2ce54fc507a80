"""The bars beside the picture, for networks with classes and without."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def panel() -> None:
    import streamlit as st

    from attnviz.analysis.explanation import Prediction
    from attnviz.ui.pages.focus.panels import show_predictions

    names = {"church": 0.75, "boat": 0.5} if st.checkbox("classes", value=True) else {}
    told = [Prediction(name, chance) for name, chance in names.items()]
    show_predictions(told, told)


def test_a_network_of_features_names_no_classes() -> None:
    page = AppTest.from_function(panel, default_timeout=60).run()
    assert not page.exception
    assert page.caption[0].value.startswith("Probabilities.")
    page.checkbox[0].uncheck().run()
    assert not page.exception
    assert [one.value for one in page.caption] == [
        "This network returns features. It names no classes."
    ]
