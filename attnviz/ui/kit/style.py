"""The app's style sheet."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_SHEET = Path(__file__).with_name("style.css")


def use_style() -> None:
    """Add the style sheet to the page; its colours come from the theme, light or dark."""
    st.html(_SHEET)
