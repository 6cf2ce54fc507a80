"""Beginning a training from the page, and asking where another one is going on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from attnviz.errors import TrainingError
from attnviz.models.device import choose_device
from attnviz.training.class_folders import counted_pictures
from attnviz.training.live import BusyError, begin, runs_folder
from attnviz.training.recipe import Phase as Stage
from attnviz.training.recipe import Recipe
from attnviz.training.shapes import SHAPES, write_shapes
from attnviz.ui.guard import guarded, plain_text

NETWORKS = ("ran-small", "cbam-small", "vit-small")
SHAPES_TITLE = "Four shapes, made here"
OWN_TITLE = "A folder on this computer"
_SIDES = (32, 48, 64, 96, 128)
_QUESTION = "live question"


def ask_or_do(what: str, start: Callable[..., object]) -> None:
    """Start a training; while another one is going, keep it for `show_question` instead.

    what: in words. start: takes `beside`, and raises BusyError without it.
    """
    with guarded():
        try:
            start()
        except BusyError as error:
            st.session_state[_QUESTION] = (what, str(error), start)
        else:
            st.session_state["live seen"] = {}
            st.toast(f"{plain_text(what)}: it goes on when you close this page.")
    st.rerun()


def is_asked() -> bool:
    """Whether a question waits for its answer."""
    return _QUESTION in st.session_state


def show_question() -> None:
    """Whether two trainings shall go on side by side, where somebody has asked for a second."""
    if not is_asked():
        return
    what, why, start = st.session_state[_QUESTION]
    st.warning(f"{plain_text(why)} {_cost()}", icon=":material/warning:")
    with st.container(horizontal=True):
        if st.button(f"{plain_text(what)} beside it", type="primary"):
            del st.session_state[_QUESTION]
            ask_or_do(what, partial(start, beside=True))
        if st.button("Not now"):
            del st.session_state[_QUESTION]
            st.rerun()


def _cost() -> str:
    if choose_device("auto").type == "cpu":
        return "Two at once take turns on this computer's processor: each takes twice as long."
    return "Two at once share the GPU: each takes longer, and its memory may not hold both."


def show_form() -> None:
    """What to train, on what; begins it when the button is pressed."""
    with st.form("live training", border=False):
        source = st.radio("Pictures", (SHAPES_TITLE, OWN_TITLE), horizontal=True)
        path = st.text_input(
            "The folder, if it is your own",
            placeholder="/home/me/pictures, with a folder for each class",
            help="At least two folders of pictures; a tenth of each is set aside for the score.",
        )
        first, second, third = st.columns(3)
        network = first.selectbox("Network", NETWORKS)
        epochs = second.slider("Epochs", 1, 60, 12)
        side = third.select_slider("Picture side, px", _SIDES, 64)
        started = st.form_submit_button("Train", type="primary", icon=":material/school:")
    if not started:
        return
    with guarded():
        data = Path(path.strip()).expanduser() if source == OWN_TITLE else made_shapes()
        if source == OWN_TITLE and not path.strip():
            raise TrainingError("No folder was given. Write its path, or take the four shapes.")
        counts = counted_pictures(data)
        recipe = live_recipe(str(network), int(epochs), int(side))
        pictures = f"{sum(counts.values()):,} pictures of {len(counts)} classes"
        ask_or_do(
            f"Train {network} on {pictures}", partial(begin, recipe, data.resolve(), size=int(side))
        )


def live_recipe(network: str, epochs: int, side: int) -> Recipe:
    """A recipe for few pictures: gentle, in small batches."""
    transformer = network.startswith("vit")
    return Recipe(
        model=network,
        phases=(Stage(epochs, side),),
        store=side,
        batch=16,
        optimizer="adamw" if transformer else "sgd",
        rate=5e-4 if transformer else 0.03,
        warm_up=min(1.0, epochs / 4),
        crop=0.6,
        average=0.9,
    )


def made_shapes() -> Path:
    """The folder of the four shapes, written the first time."""
    folder = runs_folder().parent / "shapes"
    if not all((folder / shape).is_dir() for shape in SHAPES):
        try:
            write_shapes(folder)
        except OSError as error:
            raise TrainingError(
                f"{folder} cannot be written ({error.strerror}). Set ATTNVIZ_RUNS."
            ) from error
    return folder
