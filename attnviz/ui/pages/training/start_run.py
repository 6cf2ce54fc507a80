"""Beginning a training from the page, and asking where another one is going on."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import streamlit as st

from attnviz.errors import TrainingError
from attnviz.models.catalogue import list_models
from attnviz.models.device import choose_device
from attnviz.models.spec import FEATURES
from attnviz.models.zoo.registry import zoo_networks
from attnviz.training.data.class_folders import count_pictures
from attnviz.training.jobs.runs import BusyError, start_run
from attnviz.training.recipe import Phase, Recipe
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.pages.training.pictures import ensure_shapes, pick_pictures, shapes_folder

_SIDES = (32, 48, 64, 96, 128)
_PENDING = "live question"


def start_or_confirm(what: str, start: Callable[..., object]) -> None:
    """Start a training; while another one is going, keep it for `show_confirmation` instead.

    what: in words. start: takes `concurrent`, and raises BusyError without it.
    """
    with guarded():
        try:
            start()
        except BusyError as error:
            st.session_state[_PENDING] = (what, str(error), start)
        else:
            st.session_state["live seen"] = {}
            st.toast(f"{plain_text(what)}: it goes on when you close this page.")
    st.rerun()


def is_confirmation_pending() -> bool:
    """Whether a question waits for its answer."""
    return _PENDING in st.session_state


def show_confirmation() -> None:
    """Whether two trainings shall go on side by side, where somebody has asked for a second."""
    if not is_confirmation_pending():
        return
    what, why, start = st.session_state[_PENDING]
    st.warning(f"{plain_text(why)} {_cost()}", icon=":material/warning:")
    with st.container(horizontal=True):
        if st.button(f"{plain_text(what)} beside it", type="primary"):
            del st.session_state[_PENDING]
            start_or_confirm(what, partial(start, concurrent=True))
        if st.button("Not now"):
            del st.session_state[_PENDING]
            st.rerun()


def _cost() -> str:
    if choose_device("auto").type == "cpu":
        return "Two at once take turns on this computer's processor: each takes twice as long."
    return "Two at once share the GPU: each takes longer, and its memory may not hold both."


def show_form() -> None:
    """What to train, on what; begins it when the button is pressed."""
    data = pick_pictures()
    networks = trainable()
    with st.form("live training", border=False):
        first, second, third = st.columns(3)
        network = first.selectbox(
            "Network", list(networks), format_func=lambda name: networks[name],
            help="attnviz's own networks with attention; those that ship trained come first.",
        )  # fmt: skip
        epochs = second.slider("Epochs", 1, 60, 12)
        side = third.select_slider("Picture side, px", _SIDES, 64)
        first, second, _ = st.columns(3, vertical_alignment="bottom")
        seed = first.number_input(
            "Seed", 0, 9999, 0,
            help="Decides the first weights and the order of the pictures. What two runs with "
            "different seeds have in common is no accident: train twice, and put them side by "
            "side above.",
        )  # fmt: skip
        mixed = second.toggle(
            "CutMix",
            help="Pastes a piece of one picture into another and asks for both classes, each by "
            "its share (Yun 2019); the last quarter of the epochs does without, or the last one "
            "of two or three. Train once with it and once without, and see which masks stay flat.",
        )
        started = st.form_submit_button("Train", type="primary", icon=":material/school:")
    if not started:
        return
    with guarded():
        if data is None:
            raise TrainingError("Nothing to train on was chosen. Choose it, or take the shapes.")
        if data == shapes_folder():
            ensure_shapes()
        counts = count_pictures(data)
        recipe = live_recipe(
            str(network), int(epochs), int(side), seed=int(seed), mixed=bool(mixed)
        )
        pictures = f"{sum(counts.values()):,} pictures of {len(counts)} classes"
        start_or_confirm(
            f"Train {network} on {pictures}",
            partial(start_run, recipe, data.resolve(), size=int(side)),
        )


def trainable() -> dict[str, str]:
    """Titles of all networks with attention by name, first those of which trained weights ship."""
    ship = [spec.name for spec in list_models() if spec.embedded]
    found = {one.name: one.title for one in zoo_networks() if one.kinds != FEATURES}
    return {name: found[name] for name in dict.fromkeys([*ship, *found]) if name in found}


def live_recipe(
    network: str, epochs: int, side: int, *, seed: int = 0, mixed: bool = False
) -> Recipe:
    """A recipe for few pictures: gentle, in small batches; `mixed` by CutMix but at the end."""
    transformer = "context" in zoo_networks().get(network).kinds
    return Recipe(
        model=network,
        phases=(Phase(epochs, side),),
        store=side,
        batch=16,
        optimizer="adamw" if transformer else "sgd",
        rate=5e-4 if transformer else 0.03,
        warm_up=min(1.0, epochs / 4),
        crop=0.6,
        average=0.9,
        seed=seed,
        cutmix=1.0 if mixed else 0.0,
        unmixed=min(math.ceil(epochs / 4), epochs - 1) if mixed else 0,
    )
