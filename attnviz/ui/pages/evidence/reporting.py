"""A report of the map under test, with everything that was found out about it so far."""

from __future__ import annotations

import streamlit as st

from attnviz.export.base import ExportSource
from attnviz.export.finding import Finding
from attnviz.pictures.names import file_stem
from attnviz.ui.kit.report_button import report_button
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest

_FOUND = "evidence found"


def offer_report(tested: MapUnderTest, finding: Finding) -> None:
    """Show a button that saves a report with this finding, and with those of the other sections.

    Parameters
    ----------
    tested : MapUnderTest
        The map.
    finding : Finding
        What the section that is shown has found out.
    """
    findings = {**_found_before(tested), finding.title: finding}
    st.session_state[_FOUND] = (tested.key, findings)
    source = ExportSource(
        tested.photo.shown,
        tested.explanation,
        tested.layer,
        findings=tuple(findings.values()),
    )
    report_button(lambda: [source], file_stem(tested.photo.title), key="evidence report")


def _found_before(tested: MapUnderTest) -> dict[str, Finding]:
    """What was found out about this very map, by title."""
    key, findings = st.session_state.get(_FOUND, ((), {}))
    return dict(findings) if key == tested.key else {}
