"""The button that saves a report."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from attnviz.ui.kit.report_button import report_button
from tests.export.examples import example_source


def test_the_file_is_written_when_it_is_clicked(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(st, "download_button", lambda label, **given: shown.append((label, given)))
    asked = []

    def sources() -> list[object]:
        asked.append(1)
        return [example_source()]

    report_button(sources, "dog", key="one")
    ((label, given),) = shown
    assert (label, given["file_name"], given["mime"]) == (
        "Save as a report", "dog-report.html", "text/html"
    )  # fmt: skip
    assert asked == []
    page = given["data"]().decode()
    assert page.startswith("<!doctype html>")
    assert "a.png" in page
    assert asked == [1]
