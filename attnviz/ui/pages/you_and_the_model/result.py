"""The result of a round: replay of both sides, recognition, and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.analysis.kinds import network_kinds
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
from attnviz.ui.kit.explanation_cache import cached_explanation
from attnviz.ui.kit.findings import margin_toggle, show_verdict
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.page_frame import show_notes
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.sanity_warnings import warn_if_insensitive
from attnviz.ui.kit.savable import ExplainedLater
from attnviz.ui.kit.save_menu import save_menu
from attnviz.ui.pages.you_and_the_model.charts import recognition_bars, recognition_chart
from attnviz.ui.pages.you_and_the_model.packing import ReplaySide, pack_replay
from attnviz.ui.pages.you_and_the_model.saved_rounds import savable_round, show_save_button
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
FLAT = "The model's map is flat, so it has no peaks for bubbles and no score. Choose another model."


@dataclass(frozen=True, eq=False)
class PlayedRound:
    """A round, the chosen photo, and the picture at the size at which it was played."""

    photo: Photo
    picture: Picture
    round: Round


@dataclass(frozen=True, eq=False)
class ModelTurn:
    """The network's side of a round.

    Parameters
    ----------
    question : Question
        What its map shows.
    explanation : Explanation, optional
        Missing if it could not be computed.
    values : float32 [H, W], optional
        Its map at the picture's size; missing if the map is flat.
    places : tuple of BubbleCentre
        Its bubbles, at the peaks of the map.
    """

    question: Question
    explanation: Explanation | None = None
    values: FloatArray | None = None
    places: tuple[BubbleCentre, ...] = ()


def show_outcome(played: PlayedRound, model: VisionModel | None) -> None:
    """Show the result of a round, as far as the network can compute it.

    Parameters
    ----------
    played : PlayedRound
        The person's round.
    model : VisionModel, optional
        The network to compare with.
    """
    turn = None
    recognition = None
    if model is None:
        st.info("Your round is stored for this session. Choose a model to compare with.")
    else:
        turn = _model_turn(played, model)
        if model.has_classes:
            recognition = _recognition(played, model, turn)
        else:
            st.info(
                f"{plain_text(model.spec.title)} names no classes, so what is compared is where "
                "you both looked, and not what it recognises."
            )
    _show_verdict(played, model, turn, recognition)
    _show_replay(played, model, turn, recognition)
    _show_buttons(played, model, turn)
    if recognition is not None:
        _show_recognition(recognition, turn)
    show_scores(played.picture, played.round, None if turn is None else turn.values)
    st.html(f'<p class="av-eye">{CAVEAT}</p>')
    if turn is not None:
        st.caption(plain_text(fairness(played.round.task, turn.question)))
    if model is not None and model.spec.note:
        st.caption(plain_text(model.spec.note))
    if played.photo.credit:
        st.caption(plain_text(played.photo.credit))


def _model_turn(played: PlayedRound, model: VisionModel) -> ModelTurn:
    """The map that fits the person's task, and bubbles at its peaks."""
    shown = played.photo.shown
    question = QUESTIONS[played.round.task]
    try:
        if not model.has_classes:
            question = Question.ATTENTION
        elif not {Kind.SPATIAL, Kind.CONTEXT} & set(network_kinds(model, shown)):
            question = Question.DECISION
        with st.spinner("Computing the model's map …"):
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
    """Curves of the person's bubbles, then of the network's, if any, then of random ones."""
    count = len(played.round.clicks)
    paths: list[Sequence[BubbleCentre]] = [played.round.centres]
    if turn.places:
        paths.append(turn.places)
    paths += [random_bubbles(count, seed) for seed in range(SEEDS)]
    target = None if turn.explanation is None else turn.explanation.classes[0]
    picture = played.picture
    key = (picture.sha256, *model.key, turn.question, repr(paths))

    def experiment(subject: Subject, progress: Progress) -> Recognition:
        geometry = model.preprocess.geometry(picture)
        return recognise(subject, picture.pixels, geometry, paths, progress)

    def work(progress: Progress) -> tuple[Recognition, tuple[str, ...]]:
        return run_experiment(model, picture, partial(experiment, progress=progress), target)

    def describe_cost() -> str:
        return f"The model classifies {2 + sum(map(len, paths))} pictures, bubble by bubble."

    try:
        done = long_work(
            "bubbles", key, describe_cost, work, button="Continue", unit="pictures", at_once=True
        )
    except AttnvizError as error:
        show_error(error)
        return None
    if done is None:
        return None
    show_notes(done[1])
    return done[0]


def _named_curves(recognition: Recognition, turn: ModelTurn | None) -> dict[str, RecognitionCurve]:
    names = [YOU, MODEL] if turn is not None and turn.places else [YOU]
    return dict(zip(names, recognition.curves, strict=False))


def _show_verdict(
    played: PlayedRound,
    model: VisionModel | None,
    turn: ModelTurn | None,
    recognition: Recognition | None,
) -> None:
    if model is not None and recognition is not None:
        ends = {
            name: float(curve.probability[-1])
            for name, curve in _named_curves(recognition, turn).items()
        }
        random = recognition.curves[-SEEDS:]
        ends[RANDOM] = float(np.mean([curve.probability[-1] for curve in random]))
        sharp = float(recognition.sharp.probability[0])
        soft = float(recognition.curves[0].probability[0])
        label = model.label(recognition.target)
        text = verdict(label, sharp, soft, ends, len(played.round.clicks))
        if played.round.answer:
            text = f"Your answer: {played.round.answer}. {text}"
        show_verdict(text)
    if turn is not None and turn.explanation is not None:
        show_notes(turn.explanation.notes)
        warn_if_insensitive(turn.explanation)
    geometry = turn.explanation.geometry if turn is not None and turn.explanation else None
    places = turn.places if turn is not None else None
    for remark in remarks(played.round, geometry, places):
        st.caption(remark)


def _show_replay(
    played: PlayedRound,
    model: VisionModel | None,
    turn: ModelTurn | None,
    recognition: Recognition | None,
) -> None:
    lines = {} if recognition is None else _named_curves(recognition, turn)
    places: Mapping[str, tuple[BubbleCentre, ...]] = {YOU: played.round.centres}
    heat = None
    if turn is not None and turn.places:
        places = {**places, MODEL: turn.places}
        heat = _heat(played.picture, turn)
    sides = [
        ReplaySide(
            "You" if name == YOU else "The model",
            COLOURS[name],
            bubbles,
            tuple(map(float, lines[name].probability)) if name in lines else (),
        )
        for name, bubbles in places.items()
    ]
    label = "" if model is None or recognition is None else model.label(recognition.target)
    show_replay(pack_replay(played.picture.pixels, sides, label, heat), key="bubbles replay")


def _heat(picture: Picture, turn: ModelTurn) -> Pixels | None:
    if turn.explanation is None:
        return None
    focus = turn.explanation.focus(turn.explanation.best_layer, FocusSettings())
    scaled = focus.resized((picture.height, picture.width)).scaled
    return heat_overlay(picture.pixels, scaled)


def _show_buttons(played: PlayedRound, model: VisionModel | None, turn: ModelTurn | None) -> None:
    shown = [savable_round(played.photo, played.round)]
    if model is not None and turn is not None:
        later = ExplainedLater(played.photo, model, str(turn.question))
        shown.append(later.savable("The model's map"))
    with st.container(horizontal=True):
        st.button(
            "Play again",
            on_click=restart_round,
            args=(played.picture.sha256, played.round.task),
            icon=":material/replay:",
        )
        st.button("Next picture", on_click=next_picture, icon=":material/skip_next:")
        show_save_button(played.photo, played.round)
        save_menu(shown, key="round-files")


@st.fragment
def _show_recognition(recognition: Recognition, turn: ModelTurn | None) -> None:
    st.html('<div class="av-title">How certain the model is</div>')
    margin = margin_toggle("bubbles margin")
    lines, random = _named_curves(recognition, turn), recognition.curves[-SEEDS:]
    curves, bars = st.columns([3, 2], gap="medium")
    with curves:
        chart = recognition_chart(lines, random, recognition.sharp, margin=margin)
        st.altair_chart(chart, width="stretch")
    with bars:
        st.html(recognition_bars(lines, random, recognition.sharp))
        st.caption(
            "For the model, earlier bubbles stay open, because it has no memory. Grey: mean of "
            f"{SEEDS} sequences of random bubbles, with a band from the lowest to the highest. "
            "The model was not trained on half-blurred pictures: trust the order of the curves "
            "more than their height."
        )
