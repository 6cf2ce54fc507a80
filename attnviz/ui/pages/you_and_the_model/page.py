"""The page "You and the model": the same blurred picture, for a person and for a network."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import streamlit as st

from attnviz.errors import VisionError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.ui.components.bubble_game.component import play_round
from attnviz.ui.kit.guard import show_error
from attnviz.ui.kit.input_size import SIZE
from attnviz.ui.kit.model_picker import MODEL, pick_model
from attnviz.ui.kit.page_frame import SHOWN, page_frame
from attnviz.ui.kit.pickers import Photo, pick_picture
from attnviz.ui.kit.url_state import share, start_choice
from attnviz.ui.pages.you_and_the_model.choosing import (
    choose_for,
    own_picture,
    show_if_unknown,
)
from attnviz.ui.pages.you_and_the_model.limits import DEFAULT_LIMIT, LIMITS, RoundLimit
from attnviz.ui.pages.you_and_the_model.packing import blob_id, pack_round
from attnviz.ui.pages.you_and_the_model.result import PlayedRound, show_outcome
from attnviz.ui.pages.you_and_the_model.saved_rounds import show_saved_rounds
from attnviz.ui.pages.you_and_the_model.state import (
    PICTURE,
    SIDE,
    attempt_number,
    next_picture,
    session_round,
    store_round,
    was_revealed,
)
from attnviz.ui.pages.you_and_the_model.texts import STEPS, TASKS, TOO_FEW
from attnviz.vision.bubbleview.bubbles import check_size
from attnviz.vision.bubbleview.rounds import LEAST_CLICKS, Task, parse_round

_STEPS = "".join(f"<li>{html.escape(step)}</li>" for step in STEPS)
_TITLE = "You and the model"
_TASK, _LIMIT = "bubbles task", "bubbles limit"


def show() -> None:
    """Draw the page."""
    lead = "Look at a blurred photo through a few sharp spots. Then the model does the same."
    stays = st.session_state.get(SHOWN) == _TITLE
    with page_frame(_TITLE, lead):
        choice = st.expander("Choose a picture, or bring your own")
        left, middle, right = st.columns([4, 5, 5])
        with left:
            task = _pick_task()
        with middle:
            limit = _pick_limit()
        with right:
            model = pick_model()
        with own_picture(stays=stays) as elsewhere:
            choose_for(model, elsewhere)
            with choice:
                st.caption(
                    "Thumbnails are sharp. A round is fair only with a picture you do not know."
                )
                photo = pick_picture()
        share(PICTURE, MODEL, SIZE, _TASK, _LIMIT)
        if photo is None:
            st.info("Choose a picture to play.")
        else:
            _show_photo(photo, task, limit, model)
            show_if_unknown(st.session_state[PICTURE], model)
    show_saved_rounds()


def _pick_task() -> Task:
    names = [str(task) for task in Task]
    start_choice(_TASK, names)
    chosen = st.segmented_control(
        "Your task",
        names,
        format_func=lambda name: TASKS[Task(name)],
        key=_TASK,
        persist_state="session",
        required=True,
        help="It decides which of the model's maps is a fair comparison: what its decision rests "
        "on, or what it attends to.",
    )
    return Task(str(chosen))


def _pick_limit() -> RoundLimit:
    start_choice(_LIMIT, LIMITS, default=DEFAULT_LIMIT)
    chosen = st.segmented_control(
        "The round ends after this many clicks or seconds",
        list(LIMITS),
        format_func=lambda name: LIMITS[name].short,
        key=_LIMIT,
        persist_state="session",
        required=True,
    )
    return LIMITS[str(chosen)]


def _show_photo(photo: Photo, task: Task, limit: RoundLimit, model: VisionModel | None) -> None:
    """The round, or its result once it was played; no map is shown before."""
    picture = photo.shown.reduced(SIDE)
    check_size(picture.pixels)
    played = session_round(picture.sha256, task)
    if played is None:
        _play(picture, task, limit)
    else:
        show_outcome(PlayedRound(photo, picture, played), model)


def _play(picture: Picture, task: Task, limit: RoundLimit) -> None:
    blob = pack_round(picture.pixels, task, limit, attempt_number(picture.sha256, task))
    main, side = st.columns([10, 3], gap="medium")
    with main:
        message = play_round(blob, key="bubbles play")
    with side:
        st.html(f'<div class="av-title">How it works</div><ol class="av-steps">{_STEPS}</ol>')
        st.button("Another picture", on_click=next_picture, icon=":material/skip_next:")
    if message is None:
        return
    try:
        _check_origin(message, blob)
        played = parse_round(message, task, seen=was_revealed(picture.sha256))
        if len(played.clicks) < LEAST_CLICKS:
            raise VisionError(f"{TOO_FEW} This one has {len(played.clicks)} inside the picture.")
    except VisionError as error:
        show_error(error)
        return
    store_round(picture.sha256, played)
    st.rerun()


def _check_origin(message: Any, blob: bytes) -> None:
    """Raise VisionError for a message that does not belong to this round."""
    if not isinstance(message, Mapping) or message.get("id") != blob_id(blob):
        raise VisionError("The result belongs to another picture or task. Play it again.")
