"""What came of a round: both sides replayed, recognition, and scores."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from attnviz.analysis.explain import network_kinds
from attnviz.analysis.explanation import Explanation
from attnviz.capture.site import Kind
from attnviz.errors import AttnvizError
from attnviz.evidence.faithfulness.recognition import Recognition, RecognitionCurve, recognise
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.methods.questions import Question
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.progress import Progress
from attnviz.render.focus import FocusSettings, is_flat
from attnviz.render.heat import heat_overlay
from attnviz.types import FloatArray, Pixels
from attnviz.ui.components.bubble_game.component import show_replay
from attnviz.ui.kit.cache import cached_explanation
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.sanity_warnings import warn_if_insensitive
from attnviz.ui.pages.you_and_the_model.charts import recognition_bars, recognition_chart
from attnviz.ui.pages.you_and_the_model.packing import ReplaySide, pack_replay
from attnviz.ui.pages.you_and_the_model.saved_rounds import show_save_buttons
from attnviz.ui.pages.you_and_the_model.scores import show_scores
from attnviz.ui.pages.you_and_the_model.state import next_picture, restart_round
from attnviz.ui.pages.you_and_the_model.texts import (
    CAVEAT,
    COLOURS,
    MODEL,
    QUESTIONS,
    RANDOM,
    YOU,
    fairness,
    remarks,
    verdict,
)
from attnviz.vision.bubbleview.bubbles import BubbleCentre, peak_bubbles, random_bubbles
from attnviz.vision.bubbleview.rounds import Round

SEEDS = 5
FLAT = (
    "The model's map has the same value everywhere, so it has no peaks to look at and no score. "
    "Choose another model."
)


@dataclass(frozen=True, eq=False)
class PlayedRound:
    """A round and its picture, as it was chosen and at the size at which it was played."""

    photo: Photo
    picture: Picture
    round: Round


@dataclass(frozen=True, eq=False)
class ModelTurn:
    """The network's part: its map at the picture's size (None where it has none), its bubbles."""

    question: Question
    explanation: Explanation | None = None
    values: FloatArray | None = None
    places: tuple[BubbleCentre, ...] = ()


def show_outcome(played: PlayedRound, model: VisionModel | None) -> None:
    """All of it; what the network refuses is said, and the rest is shown all the same."""
    turn = None
    found = None
    if model is None:
        st.info("Your round is kept. Choose a model to see how it does.")
    else:
        turn = _model_turn(played, model)
        found = _recognition(played, model, turn)
    _show_verdict(played, model, turn, found)
    _show_replay(played, model, turn, found)
    _show_buttons(played)
    if found is not None:
        _show_recognition(found, turn)
    show_scores(played.picture, played.round, None if turn is None else turn.values)
    st.html(f'<p class="av-eye">{CAVEAT}</p>')
    if turn is not None:
        st.caption(plain_text(fairness(played.round.task, turn.question)))
    if model is not None and model.spec.note:
        st.caption(plain_text(model.spec.note))
    if played.photo.credit:
        st.caption(plain_text(played.photo.credit))


def _model_turn(played: PlayedRound, model: VisionModel) -> ModelTurn:
    """The fair map, and where its peaks are."""
    shown = played.photo.shown
    question = QUESTIONS[played.round.task]
    try:
        if not {Kind.SPATIAL, Kind.CONTEXT} & set(network_kinds(model, shown)):
            question = Question.DECISION
        with st.spinner("The model looks …"):
            explanation = cached_explanation(
                (shown.sha256, shown.name),
                model.key,
                str(question),
                None,
                model,
                shown,
            )
    except AttnvizError as error:
        show_error(error)
        return ModelTurn(question)
    grid = explanation.map_of(explanation.best_layer)
    if is_flat(grid):
        st.warning(FLAT, icon=":material/blur_off:")
        return ModelTurn(question, explanation)
    size = played.picture.height, played.picture.width
    values = explanation.geometry.resized(size).spread(grid)
    return ModelTurn(question, explanation, values, peak_bubbles(values, len(played.round.clicks)))


def _recognition(played: PlayedRound, model: VisionModel, turn: ModelTurn) -> Recognition | None:
    """Curves of the person's bubbles, then the network's if it has any, then random ones."""
    count = len(played.round.clicks)
    paths: list[Sequence[BubbleCentre]] = [played.round.centres]
    if turn.places:
        paths.append(turn.places)
    paths += [random_bubbles(count, seed) for seed in range(SEEDS)]
    target = None if turn.explanation is None else turn.explanation.classes[0]
    picture = played.picture
    key = (picture.sha256, *model.key, turn.question, repr(paths))

    def asked(subject: Subject, progress: Progress) -> Recognition:
        geometry = model.preprocess.geometry(picture)
        return recognise(subject, picture.pixels, geometry, paths, progress)

    def work(progress: Progress) -> tuple[Recognition, tuple[str, ...]]:
        return run_experiment(model, picture, partial(asked, progress=progress), target)

    def say() -> str:
        return f"The model is asked about {2 + sum(map(len, paths))} pictures, bubble by bubble."

    try:
        done = long_work("bubbles", key, say, work, button="Go on", unit="pictures", at_once=True)
    except AttnvizError as error:
        show_error(error)
        return None
    if done is None:
        return None
    for note in done[1]:
        st.warning(plain_text(note))
    return done[0]


def _named_curves(found: Recognition, turn: ModelTurn | None) -> dict[str, RecognitionCurve]:
    names = [YOU, MODEL] if turn is not None and turn.places else [YOU]
    return dict(zip(names, found.curves, strict=False))


def _show_verdict(
    played: PlayedRound,
    model: VisionModel | None,
    turn: ModelTurn | None,
    found: Recognition | None,
) -> None:
    if model is not None and found is not None:
        ends = {
            name: float(one.probability[-1]) for name, one in _named_curves(found, turn).items()
        }
        ends[RANDOM] = float(np.mean([one.probability[-1] for one in found.curves[-SEEDS:]]))
        sharp = float(found.sharp.probability[0])
        soft = float(found.curves[0].probability[0])
        label = model.label(found.target)
        text = verdict(label, sharp, soft, ends, len(played.round.clicks))
        if played.round.answer:
            text = f"You said: {played.round.answer}. {text}"
        st.html(f'<p class="av-verdict">{html.escape(text)}</p>')
    if turn is not None and turn.explanation is not None:
        for note in turn.explanation.notes:
            st.warning(plain_text(note))
        warn_if_insensitive(turn.explanation)
    geometry = turn.explanation.geometry if turn is not None and turn.explanation else None
    places = turn.places if turn is not None else None
    for remark in remarks(played.round, geometry, places):
        st.caption(remark)


def _show_replay(
    played: PlayedRound,
    model: VisionModel | None,
    turn: ModelTurn | None,
    found: Recognition | None,
) -> None:
    lines = {} if found is None else _named_curves(found, turn)
    places: Mapping[str, tuple[BubbleCentre, ...]] = {YOU: played.round.centres}
    heat = None
    if turn is not None and turn.places:
        places = {**places, MODEL: turn.places}
        heat = _heat(played.picture, turn)
    sides = [
        ReplaySide(
            "You" if name == YOU else "The model",
            COLOURS[name],
            where,
            tuple(map(float, lines[name].probability)) if name in lines else (),
        )
        for name, where in places.items()
    ]
    label = "" if model is None or found is None else model.label(found.target)
    show_replay(pack_replay(played.picture.pixels, sides, label, heat), key="bubbles replay")


def _heat(picture: Picture, turn: ModelTurn) -> Pixels | None:
    if turn.explanation is None:
        return None
    focus = turn.explanation.focus(turn.explanation.best_layer, FocusSettings())
    scaled = focus.resized((picture.height, picture.width)).scaled
    return heat_overlay(picture.pixels, scaled)


def _show_buttons(played: PlayedRound) -> None:
    with st.container(horizontal=True):
        st.button(
            "Play it again",
            on_click=restart_round,
            args=(played.picture.sha256, played.round.task),
            icon=":material/replay:",
        )
        st.button("Next picture", on_click=next_picture, icon=":material/skip_next:")
        show_save_buttons(played.photo, played.round)


@st.fragment
def _show_recognition(found: Recognition, turn: ModelTurn | None) -> None:
    st.html('<div class="av-title">How surely the model knows it</div>')
    margin = st.toggle(
        "Margin instead of probability",
        key="bubbles margin",
        help="The class's logit less the strongest other one: above 0 the class comes first. "
        "It does not saturate as a probability does.",
    )
    lines, random = _named_curves(found, turn), found.curves[-SEEDS:]
    curves, bars = st.columns([3, 2], gap="medium")
    with curves:
        chart = recognition_chart(lines, random, found.sharp, margin=margin)
        st.altair_chart(chart, width="stretch")
    with bars:
        st.html(recognition_bars(lines, random, found.sharp))
        st.caption(
            "All bubbles so far stay open for the model, which remembers nothing. "
            f"Grey: the mean of {SEEDS} orders of random places, and the band from the lowest to "
            "the highest. A picture half blurred is unlike any the model was trained on: trust the "
            "order of the curves more than their height."
        )
