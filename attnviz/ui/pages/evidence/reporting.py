"""What can be saved of the map under test; a report has what was found out about it so far."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from attnviz.export.base import ExportSource
from attnviz.export.finding import Finding
from attnviz.ui.kit.save_menu import Savable, save_menu, stem_of
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest

_FOUND = "evidence found"


def remember(tested: MapUnderTest, finding: Finding) -> None:
    """Store what a section has found out, for reports that are saved from now on."""
    findings = {**_found_about(tested), finding.title: finding}
    st.session_state[_FOUND] = (tested.key, findings)


def offer_files(tested: MapUnderTest) -> None:
    """Show what can be saved of the map, with what all sections have found out about it."""
    findings = tuple(_found_about(tested).values())

    def source() -> ExportSource:
        return ExportSource(
            tested.photo.whole(), tested.explanation, tested.layer, findings=findings
        )

    stem = stem_of(tested.photo.title, tested.explanation.asked_text)
    save_menu([Savable(ExportSource, source, stem, model=tested.model)], key="evidence-files")


def _found_about(tested: MapUnderTest) -> Mapping[str, Finding]:
    """What was found out about this very map, by title."""
    key, findings = st.session_state.get(_FOUND, ((), {}))
    return dict(findings) if key == tested.key else {}
