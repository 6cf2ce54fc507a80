"""The blur budget alone, of a picture, a map and a network that the tests know."""

from __future__ import annotations

import streamlit as st

from attnviz.ui.components.budget_table import pack, show_budget
from tests.ui.pages.evidence.budgets import LABELS, known_budget

st.set_page_config(layout="wide")
show_budget(pack(known_budget(), LABELS.__getitem__), key="budget")
