"""What pages say and offer where a network names no classes."""

from __future__ import annotations

import streamlit as st

from attnviz.assets import pages_folder
from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit.guard import plain_text


def offer_features(model: VisionModel, consequence: str) -> None:
    """Say that a network names no classes, what follows, and lead to the page "Features".

    Parameters
    ----------
    model : VisionModel
        The network.
    consequence : str
        Second half of the sentence, in Markdown.
    """
    st.info(f"{plain_text(model.spec.title)} names no classes{consequence}")
    if st.button("See its features", icon=":material/palette:", key="see features"):
        st.switch_page(pages_folder() / "3_Features.py")
