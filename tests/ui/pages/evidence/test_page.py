"""The skeleton of the page "Evidence": its sections, its layer, its address, its errors."""

from __future__ import annotations

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnviz.errors import EvidenceError
from attnviz.registry import Registry
from attnviz.ui.kit.sanity_warnings import record_sanity
from attnviz.ui.pages.evidence import page as page_module
from attnviz.ui.pages.evidence.map_under_test import MapUnderTest
from attnviz.ui.pages.evidence.section import SECTIONS, Section
from tests.ui.pages.evidence.evidence_pages import assert_fine, evidence_page

VIT = [f"blocks.{n}.attention" for n in range(3)]


def told(asked: MapUnderTest) -> None:
    shape = "x".join(map(str, asked.values.shape))
    st.text(f"{asked.layer} | {asked.target} | {asked.asked} | {shape}")


def fail(asked: MapUnderTest) -> None:
    raise EvidenceError("*Nothing* can be <b>said</b>. Choose another layer.")


def find_out(asked: MapUnderTest) -> None:
    record_sanity(asked.explanation, asked.layer, insensitive=st.toggle("insensitive", key="found"))


@pytest.fixture(autouse=True)
def sections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three sections of no cost, added in another order than that of their places."""
    known: Registry[Section] = Registry("section")
    known.add(Section("later", "Later", 99, fail))
    known.add(Section("first", "First", 1, told))
    known.add(Section("check", "Check", 50, find_out))
    monkeypatch.setattr(page_module, "SECTIONS", known)


def said(page: AppTest) -> list[str]:
    (text,) = page.text
    return [part.strip() for part in str(text.value).split("|")]


def test_the_first_section_is_shown_and_the_address_tells_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = evidence_page(monkeypatch, "vit").run()
    assert_fine(page)
    assert said(page)[0] == page.selectbox(key="evidence layer").value
    assert page.query_params["evidence"] == "first"
    assert page.query_params["evidence layer"] == said(page)[0]
    assert page.query_params["picture"] == "sample:china"


def test_the_section_of_the_address_is_shown_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    page = evidence_page(monkeypatch, "vit", evidence="check").run()
    assert_fine(page)
    assert page.session_state["evidence"] == "check"
    page.toggle(key="found").set_value(True).run()
    page.selectbox(key="evidence layer").set_value(VIT[0]).run()
    assert_fine(page)
    assert page.session_state["evidence"] == "check"
    assert page.query_params["evidence"] == "check"
    stranger = evidence_page(monkeypatch, "vit", evidence="no such").run()
    assert_fine(stranger)
    assert stranger.session_state["evidence"] == "first"


def test_a_picked_layer_is_the_one_that_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    page = evidence_page(monkeypatch, "vit", evidence_layer=VIT[1]).run()
    assert said(page)[0] == VIT[1]
    page.selectbox(key="evidence layer").set_value("all layers").run()
    assert_fine(page)
    assert said(page)[0] == "all layers"
    assert page.query_params["evidence layer"] == "all layers"


def test_a_network_without_attention_is_asked_by_its_decision(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = evidence_page(monkeypatch, "none").run()
    assert_fine(page)
    assert page.selectbox(key="look").value == "decision"
    layer, target, index, _ = said(page)
    assert layer.startswith("features.")
    assert target == f"thing {index}"


def test_a_class_that_is_not_there_falls_back_to_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = evidence_page(monkeypatch, "none", target="class 99 <b>").run()
    assert_fine(page)
    best = page.selectbox(key="target").options[0]
    assert best == f"{said(page)[1]} (a guess)"
    other = page.selectbox(key="target").options[2]
    page.selectbox(key="target").set_value(other).run()
    assert said(page)[1] == other
    assert page.query_params["target"] == other


def test_what_a_section_refuses_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    page = evidence_page(monkeypatch, "vit", evidence="later").run()
    assert not page.exception
    (error,) = page.error
    assert "Choose another layer" in error.value
    assert "<b>" not in error.value
    assert "\\*Nothing\\*" in error.value


def test_an_insensitive_method_is_marked_in_every_section(monkeypatch: pytest.MonkeyPatch) -> None:
    page = evidence_page(monkeypatch, "vit", evidence="check").run()
    assert not page.warning
    page.toggle(key="found").set_value(True).run()
    (warning,) = page.warning
    assert "insensitive to this model" in warning.value
    layer = str(page.selectbox(key="evidence layer").value)
    assert layer in warning.value.replace("\\", "")
    page.session_state["evidence"] = "first"
    page.run()
    assert_fine(page)
    (warning,) = page.warning
    page.session_state["evidence"] = "check"
    page.run()
    page.toggle(key="found").set_value(False).run()
    assert not page.warning


def test_sections_have_places_of_their_own() -> None:
    places = [section.order for section in SECTIONS]
    assert len(set(places)) == len(places)
    assert {"regions", "sanity"} <= {one.name for one in SECTIONS}
