"""What can be saved of the map under test; a report has what was found out about it so far."""

from __future__ import annotations

import streamlit as st

from attnviz.export.base import ExportSource
from attnviz.export.finding import Finding
from attnviz.ui.kit.save_menu import Savable, save_menu, stem_of
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest

_FOUND = "evidence found"


def offer_files(tested: MapUnderTest, finding: Finding) -> None:
    """Show what can be saved, with this finding and with those of the other sections.

    Parameters
    ----------
    tested : MapUnderTest
        The map.
    finding : Finding
        What the section that is shown has found out.
    """
    findings = {**_found_before(tested), finding.title: finding}
    st.session_state[_FOUND] = (tested.key, findings)

    def source() -> ExportSource:
        found = tuple(findings.values())
        return ExportSource(tested.photo.whole(), tested.explanation, tested.layer, findings=found)

    stem = stem_of(tested.photo.title, tested.explanation.asked_text)
    save_menu([Savable(ExportSource, source, stem, model=tested.model)], key="evidence-files")


def _found_before(tested: MapUnderTest) -> dict[str, Finding]:
    """What was found out about this very map, by title."""
    key, findings = st.session_state.get(_FOUND, ((), {}))
    return dict(findings) if key == tested.key else {}
