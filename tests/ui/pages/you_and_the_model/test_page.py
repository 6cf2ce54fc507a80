"""The page "You and the model" run by Streamlit's own test runner; its scripts never run here."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

from attnviz.analysis.explain import probabilities
from attnviz.errors import ModelError
from attnviz.pictures import Picture
from attnviz.ui.kit import model_picker
from attnviz.ui.kit.pickers import SAMPLE_PREFIX
from attnviz.ui.kit.picture_cache import shown_sample
from attnviz.ui.pages.you_and_the_model import page as you_page
from attnviz.ui.pages.you_and_the_model import result as outcome
from attnviz.vision.bubbleview.bubbles import blur_picture
from attnviz.vision.bubbleview.stored_rounds import list_rounds
from tests.ui import menus
from tests.ui.pages.layers.layers_pages import small_network, without_classes
from tests.ui.pages.you_and_the_model.you_pages import (
    CLICKS,
    PAGE,
    Browser,
    charts,
    html_of,
    opened,
    parts,
    played,
    press,
    texts,
)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Browser:
    st.cache_resource.clear()
    st.cache_data.clear()
    monkeypatch.setenv("ATTNVIZ_ROUNDS", str(tmp_path / "rounds"))
    made = Browser()
    monkeypatch.setitem(you_page.__dict__, "real play", you_page.play_round)
    monkeypatch.setattr(you_page, "play_round", made)
    return made


def test_nothing_of_the_model_is_shown_before_the_person_has_played(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    page = opened(monkeypatch)
    assert not page.exception
    assert not page.error
    (sent,) = parts(page, "play")
    assert (sent["most"], sent["seconds"], sent["asks"]) == (10, None, True)
    assert sent["size"] == [400, 600]
    assert sent["radius"] == 30
    assert sent["task"] == "Click where you need to look to tell what it is"
    assert parts(page, "replay") == charts(page) == page.session_state["passes"] == []
    assert "thing" not in texts(page)
    page.segmented_control(key="bubbles task").set_value("look").run()
    page.segmented_control(key="bubbles limit").set_value("20 seconds").run()
    (other,) = parts(page, "play")
    assert (other["most"], other["seconds"], other["asks"]) == (30, 20, False)
    assert other["id"] != sent["id"]
    assert "look" in page.query_params["bubbles task"]


def test_a_round_gets_both_sides_both_curves_and_all_scores(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    things = menus.offered(monkeypatch)
    page = played(opened(monkeypatch), browser, answer="<b>cup</b>")
    assert not page.exception
    mine, model = things[-2:]
    stored = json.loads(menus.written(mine, "round"))
    assert (stored["answer"], len(stored["x"])) == ("<b>cup</b>", len(CLICKS))
    assert stored["picture"]["height"] == 400, "its own pixels, not those on the page"
    assert model.make().explanation.method
    assert not page.error
    assert parts(page, "play") == []
    (replay,) = parts(page, "replay")
    mine, other = replay["sides"]
    assert mine["places"] == [one[:2] for one in CLICKS]
    assert len(other["places"]) == 3
    assert len(replay["arrays"]) == 3, "with the model's map"
    recognition, *scores = charts(page)
    points = recognition["layer"][-1]["data"]["values"]
    for side, name in ((mine, "you"), (other, "the model")):
        line = [one["value"] for one in points if one["name"] == name]
        np.testing.assert_allclose(line, side["probability"], atol=1e-4)
    assert mine["probability"][0] == other["probability"][0]
    assert len([one for one in points if one["name"] == "at random"]) == 4
    assert len(scores) == 3
    for chart in scores:
        names = {one["map"] for one in chart["layer"][1]["data"]["values"]}
        assert names == {"chance", "centre prior", "spectral residual", "the model"}
    said = html_of(page)
    assert "Your answer: &lt;b&gt;cup&lt;/b&gt;." in said
    assert "One person and one picture: an illustration, not a measurement." in said
    assert "NaN" not in said
    assert "nan" not in json.dumps(charts(page))


def test_without_classes_only_the_looking_is_compared(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    page = opened(monkeypatch, "vit")
    without_classes(model_picker.cached_model())  # type: ignore[call-arg]
    page = played(page, browser)
    assert not page.exception
    assert not page.error
    (replay,) = parts(page, "replay")
    assert [len(side["places"]) for side in replay["sides"]] == [3, 3]
    assert not any(side["probability"] for side in replay["sides"])
    assert len(charts(page)) == 3, "scores of maps alone"
    assert any("names no classes, so what is compared" in one.value for one in page.info)


def test_the_ends_of_the_curves_are_what_the_model_says_of_the_pictures(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    page = played(opened(monkeypatch), browser)
    (replay,) = parts(page, "replay")
    model, _ = small_network("cbam")
    shown = shown_sample("coffee").reduced(800)
    target = int(replay["label"].removeprefix("thing "))
    soft = Picture(blur_picture(shown.pixels), "soft", "0" * 64)
    expected = float(probabilities(model, soft)[target])
    assert replay["sides"][0]["probability"][0] == pytest.approx(expected, abs=1e-3)
    (sharp,) = charts(page)[0]["layer"][1]["data"]["values"]
    whole = float(probabilities(model, shown)[target])
    assert sharp["value"] == pytest.approx(whole, abs=1e-3)


def test_a_round_is_played_again_and_then_counts_as_seen(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    page = opened(monkeypatch)
    (first,) = parts(page, "play")
    played(page, browser)
    assert "had seen this picture" not in texts(page)
    press(page, "Play again")
    (second,) = parts(page, "play")
    assert second["id"] != first["id"]
    assert parts(page, "replay") == []
    played(page, browser)
    assert "You had seen this picture sharp before" in texts(page)
    press(page, "Next picture")
    assert parts(page, "play")[0]["size"] != first["size"]
    press(page, "Another picture")
    assert page.session_state["bubbles picture"] == SAMPLE_PREFIX + "chelsea"


@pytest.mark.parametrize(
    "forged",
    [
        "round", 7, [], {"id": "other"}, {"clicks": "x"}, {"clicks": [[0.5, 0.5, float("nan")]]},
        {"clicks": CLICKS * 40}, {"ms": -1}, {"answer": 3},
    ],
)  # fmt: skip
def test_a_forged_round_gets_a_sentence_and_can_be_played_again(
    monkeypatch: pytest.MonkeyPatch, browser: Browser, forged: Any
) -> None:
    page = opened(monkeypatch)
    good = {"clicks": CLICKS, "ms": 4000.0, "answer": ""}
    browser.next = good | forged if isinstance(forged, dict) else forged
    page.run()
    assert not page.exception
    (error,) = page.error
    assert "Play it again." in error.value
    assert len(parts(page, "play")) == 1
    assert parts(page, "replay") == []


def test_too_few_clicks_are_no_round_and_those_outside_are_named(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    page = opened(monkeypatch)
    played(page, browser, clicks=[*CLICKS[:1], [2.0, 0.5, 900.0]])
    assert not page.exception
    (error,) = page.error
    assert "two bubbles" in error.value.lower()
    assert len(parts(page, "play")) == 1
    played(page, browser, clicks=[*CLICKS, [2.0, 0.5, 3000.0]])
    assert not page.error
    assert "1 of your clicks lay outside the picture" in texts(page)


def test_when_the_model_refuses_the_rest_is_shown_and_the_round_is_kept(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ModelError("The network *failed* here. Choose another.")

    page = opened(monkeypatch)
    monkeypatch.setattr(outcome, "cached_explanation", refuse)
    monkeypatch.setattr(outcome, "run_experiment", refuse)
    played(page, browser)
    assert not page.exception
    assert {one.value for one in page.error} == {r"The network \*failed\* here. Choose another."}
    (replay,) = parts(page, "replay")
    (mine,) = replay["sides"]
    assert mine["probability"] == []
    assert len(charts(page)) == 3, "the maps that need no model are scored"
    assert "The model has no map to score here." in texts(page)
    monkeypatch.undo()


class Even(nn.Module):
    """A network in which no place differs from another."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 4, 3, padding=1)
        nn.init.zeros_(self.features.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x).relu().mean((2, 3))


def test_a_flat_map_has_no_bubbles_and_no_score_in_words(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    torch.manual_seed(0)
    model, _ = small_network("none")
    model.module = Even().eval()
    monkeypatch.setattr(model_picker, "cached_model", lambda *_: model)
    monkeypatch.setattr(model_picker, "fetch_weights", lambda *_: None)
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state["bubbles picture"] = SAMPLE_PREFIX + "coffee"
    played(page.run(), browser)
    assert not page.exception
    (warning,) = page.warning
    assert "no peaks for bubbles and no score" in warning.value
    (replay,) = parts(page, "replay")
    (mine,) = replay["sides"]
    assert len(mine["probability"]) == 4
    for chart in charts(page)[1:]:
        names = {one["map"] for one in chart["layer"][1]["data"]["values"]}
        assert names == {"chance", "centre prior", "spectral residual"}
    assert "nan" not in (json.dumps(charts(page)) + texts(page)).lower().replace("resonan", "")


def test_looking_freely_without_attention_is_said_to_be_unfair(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    page = played(opened(monkeypatch, "none", bubbles_task="look"), browser)
    assert not page.exception
    assert "this model has no spatial attention" in texts(page)
    page = played(opened(monkeypatch, "cbam", bubbles_task="look"), browser)
    assert "shows what it attends to" in texts(page)


def test_a_tiny_picture_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    page = opened(monkeypatch)
    file = io.BytesIO()
    Image.fromarray(np.zeros((9, 12, 3), np.uint8)).save(file, "PNG")
    page.file_uploader(key="uploads").upload("tiny <b>.png", file.getvalue()).run()
    assert not page.exception
    (error,) = page.error
    assert "12 x 9 pixels" in error.value
    assert parts(page, "play") == []


def test_a_round_is_kept_on_request_alone_listed_and_deleted(
    monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    page = played(opened(monkeypatch), browser, answer="*cup*")
    assert list_rounds() == ((), ())
    assert "No round is saved on this computer." in texts(page)
    press(page, "Save this round")
    ((stored,), _) = list_rounds()
    assert stored.picture.name == "coffee.png"
    assert stored.picture.size == (400, 600), "its own pixels, not those on the page"
    assert stored.played.centres == pytest.approx(np.asarray(CLICKS)[:, :2], abs=1e-3)
    assert [one.disabled for one in page.button if "Saved" in one.label] == [True]
    assert r"\*cup\*" in texts(page)
    press(page, "Delete")
    assert list_rounds() == ((), ())
    press(page, "Save this round")
    press(page, "Delete all")
    assert list_rounds() == ((), ())
    assert not page.exception
