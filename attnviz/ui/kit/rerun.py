"""Running a part of a page again."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st
from streamlit.errors import StreamlitAPIException


def run_again() -> NoReturn:
    """Run this fragment again; the whole page where it is run as a whole already."""
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:
        st.rerun()
