"""The result of blurring in words and bars."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnviz.analysis.certainty import Doubt
from attnviz.analysis.explanation import Prediction
from attnviz.analysis.prediction import AskedTarget
from attnviz.models.scores import ScoreKind
from attnviz.targets.contrast import Contrast
from attnviz.targets.patch import Patch
from attnviz.ui.pages.focus import panels
from attnviz.ui.pages.focus.panels import show_predictions
from attnviz.ui.pages.focus.verdict import guessed, verdict


@pytest.mark.parametrize(
    ("before", "kept", "after", "said"),
    [
        (0.90, 0.85, ("church", 0.85), "It still sees a church, 0.90 → 0.85."),
        (0.37, 0.11, ("church", 0.11), "It still sees a church, but far less surely, 0.37 → 0.11."),
        (0.30, 0.30, ("organ", 0.31), "A close call: a church, 0.30 → 0.30, or an organ (0.31)."),
        (0.60, 0.41, ("organ", 0.44), "A close call: a church, 0.60 → 0.41, or an organ (0.44)."),
        (0.30, 0.30, ("organ", 0.45), "It sees a church hardly less, 0.30 → 0.30, but"),
        (0.30, 0.33, ("organ", 0.60), "looks even more like an organ (0.60)."),
        (0.90, 0.10, ("organ", 0.80), "It no longer sees a church, 0.90 → 0.10: the bokeh picture"),
    ],
)
def test_a_class_is_lost_only_if_it_falls_and_another_is_clearly_ahead(
    before: float, kept: float, after: tuple[str, float], said: str
) -> None:
    assert said in verdict(Prediction("church", before), Prediction(*after), kept)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (("church", 0.05), "With the bokeh, it guesses the same (0.05)."),
        (("organ", 0.07), "With the bokeh, it guesses organ (0.07)."),
    ],
)
def test_a_guess_is_not_called_seen(after: tuple[str, float], said: str) -> None:
    before = [Prediction("church", 0.031), Prediction("gong", 0.03)]
    kept = after[1] if after[0] == "church" else 0.01
    sentence = guessed(before, Prediction(*after), kept, Doubt.CLOSE)
    assert sentence == f"Not sure: its best guesses are church (0.03) and gong (0.03). {said}"


def shown(monkeypatch: pytest.MonkeyPatch, *given: object) -> str:
    pieces: list[str] = []
    monkeypatch.setattr(panels.st, "html", pieces.append)
    monkeypatch.setattr(panels.st, "caption", lambda _: None)
    show_predictions(*given)  # type: ignore[arg-type]
    return "".join(pieces)


def predictions(labels: str, *shares: float) -> list[Prediction]:
    return [Prediction(label, share) for label, share in zip(labels, shares, strict=True)]


BEFORE = predictions("abcde", 0.5, 0.2, 0.1, 0.06, 0.04)


def test_every_class_that_a_sentence_names_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    after = predictions("z<abcdef", 0.6, 0.2, *6 * [0.03])
    page = shown(monkeypatch, BEFORE, after, Prediction("f", 0.01))
    assert "looks like a z to it (0.60)" in page
    names = [piece.partition('"')[0] for piece in page.split('<span title="')[1:]]
    assert names == ["a", "b", "c", "d", "z", "f"]
    assert "≤ 0.04 → 0.60" in page, "its share of the photo is below those that are known"
    assert "0.01 → 0.03" in page


def test_guesses_have_their_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    page = shown(monkeypatch, BEFORE, predictions("abcde", *5 * [0.2]), BEFORE[0], Doubt.FAR)
    assert "Not sure: the picture is unlike those it was trained on." in page
    assert "sees" not in page
    assert page.count('class="av-bar"') == 4


def test_a_class_has_one_bar_however_often_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    after = [Prediction(name, 0.2) for name in "eabcd"]
    page = shown(monkeypatch, BEFORE, after, BEFORE[0])
    assert page.count('class="av-bar"') == 5
    assert "0.04 → 0.20" in page


def test_a_network_of_features_has_no_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, [], []) == ""
    said: list[str] = []
    monkeypatch.setattr(panels.st, "caption", said.append)
    show_predictions([], [])
    assert said == ["This network returns features. It names no classes."]


def test_what_was_asked_is_told_with_its_value_and_share(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(panels.st, "markdown", said.append)
    chance = Prediction("a rather than <b>", 0.731)
    contrast = AskedTarget(Contrast("a", "b"), chance, ScoreKind.SIGMOID, 1.0, ())
    panels.show_asked([contrast])
    assert said == ["**a rather than &lt;b\\>**: probability 0.73"]
    patch = AskedTarget(Patch(0.5, 0.5), Prediction("the patch", 1.0), ScoreKind.NONE, 0.25, ())
    panels.show_asked([replace(contrast, share=0.75), patch])
    assert said[1].endswith("probability 0.73, 75 % of the focus")
    assert said[2] == "**the patch**: value 1.00, 25 % of the focus"
