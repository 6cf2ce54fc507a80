"""What the page shows before there is a folder: what it needs, and what was measured on one."""

from __future__ import annotations

import html
from functools import cache

import streamlit as st

from attnviz.agreement.rows import AgreementRow, read_rows
from attnviz.assets import project_folder
from attnviz.ui.pages.people.bars import row_bars, rows_verdict
from attnviz.ui.pages.people.folder import FORMAT


def show_welcome() -> None:
    """The format, and the comparison that comes along as bars."""
    with st.expander("What the folder holds", icon=":material/folder_open:"):
        st.markdown(FORMAT)
    rows, measured = shipped_table()
    if not rows:
        return
    st.markdown("##### How near models come, measured on OSIE")
    st.caption(
        f"{measured} The photos and fixations are those of Xu et al., Journal of Vision 2014: "
        "15 viewers looked freely at each for three seconds. The photos do not come along."
    )
    st.html(f'<p class="av-verdict">{html.escape(rows_verdict(rows))}</p>')
    st.html(row_bars(rows))


@cache
def shipped_table() -> tuple[list[AgreementRow], str]:
    """The rows of the comparison that comes along, and how it was made; empty where it is not."""
    try:
        page = (project_folder() / "docs" / "people.md").read_text(encoding="utf-8")
    except OSError:
        return [], ""
    measured = next((line for line in page.splitlines() if "pixels to a degree" in line), "")
    return read_rows(page), measured.partition(" Mean over")[0].replace(" osie,", " OSIE,")
