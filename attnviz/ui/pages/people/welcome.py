"""What the page shows before a folder is chosen: the file format, and results on OSIE."""

from __future__ import annotations

from functools import cache

import streamlit as st

from attnviz.assets import project_folder
from attnviz.people.rows import AgreementRow, read_rows
from attnviz.ui.kit.findings import show_verdict
from attnviz.ui.pages.people.bars import row_bars, rows_verdict
from attnviz.ui.pages.people.folder import FORMAT


def show_welcome() -> None:
    """Show the format of a folder, and the bars of the comparison that attnviz ships."""
    with st.expander("Format of the folder", icon=":material/folder_open:"):
        st.markdown(FORMAT)
    rows, measured = shipped_table()
    if not rows:
        return
    st.markdown("##### How close models come, measured on OSIE")
    st.caption(
        f"{measured} The photos and fixations are those of Xu et al., Journal of Vision 2014: "
        "15 viewers looked freely at each photo for three seconds. The photos are not included."
    )
    show_verdict(rows_verdict(rows))
    st.html(row_bars(rows))


@cache
def shipped_table() -> tuple[list[AgreementRow], str]:
    """Read the comparison that attnviz ships.

    Returns
    -------
    rows : list of AgreementRow
        Empty if the file is missing.
    measured : str
        How it was measured.
    """
    try:
        page = (project_folder() / "docs" / "people.md").read_text(encoding="utf-8")
    except OSError:
        return [], ""
    measured = next((line for line in page.splitlines() if "pixels to a degree" in line), "")
    return read_rows(page), measured.partition(" Mean over")[0].replace(" osie,", " OSIE,")
