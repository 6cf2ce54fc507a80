"""The menu of files: under which names they are saved, and that they are made on demand."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import streamlit as st

import attnviz
from attnviz.errors import ModelError
from attnviz.export.base import ExportSource, exports, in_order
from attnviz.ui.kit import save_menu as menu
from tests.conftest import TinyCnn
from tests.export.examples import example_source

Files = dict[str, dict[str, Any]]


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Files:
    """What each button of the menu was given, by its label."""
    files: Files = {}
    monkeypatch.setattr(st, "download_button", lambda label, **given: files.update({label: given}))
    monkeypatch.setattr(st, "container", lambda **_: nullcontext())
    monkeypatch.setattr(st, "popover", lambda *_, **__: nullcontext())
    preprocess = attnviz.Preprocess(size=32)
    model = attnviz.wrap(TinyCnn(), preprocess, labels=["church", "tower", "sea", "sky"])
    stem = menu.stem_of("IMG 1.jpg", "contrast:a|b")
    menu.save_menu([menu.Savable(ExportSource, _source, stem, model=model)], key="here")
    return files


def _source() -> ExportSource:
    _source.asked += 1  # type: ignore[attr-defined]
    return example_source()


@pytest.fixture(autouse=True)
def counted() -> None:
    _source.asked = 0  # type: ignore[attr-defined]


def test_every_export_is_there_under_the_photos_name(offered: Files) -> None:
    assert len(offered) == len(exports())
    names = [given["file_name"] for given in offered.values()]
    assert names == [f"IMG 1-contrast-a-b-{kind.ending()}" for kind in in_order(exports())]
    assert len({given["key"] for given in offered.values()}) == len(offered)


def test_files_are_made_when_they_are_wanted(offered: Files) -> None:
    assert _source.asked == 0  # type: ignore[attr-defined]
    assert offered["Focus picture"]["data"]()[:4] == b"\x89PNG"
    assert _source.asked == 1  # type: ignore[attr-defined]


def test_for_a_report_the_network_is_asked_again(
    offered: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "→" in offered["Save as a report"]["data"]().decode()

    def fails(*_: object) -> None:
        raise ModelError("It is gone.")

    monkeypatch.setattr(menu, "asked_again", fails)
    assert "→" not in offered["Save as a report"]["data"]().decode()
