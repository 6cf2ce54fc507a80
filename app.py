"""attnviz: `streamlit run app.py` shows where vision models look."""

from __future__ import annotations

from attnviz.ui.app import run

run()
