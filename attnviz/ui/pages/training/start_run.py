"""Starting a training from the page."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import streamlit as st

from attnviz.errors import TrainingError
from attnviz.hosting import Hosting
from attnviz.models.catalogue import list_models
from attnviz.models.spec import FEATURES
from attnviz.models.zoo.registry import zoo_networks
from attnviz.training.data.class_folders import count_pictures
from attnviz.training.data.data import held_out_share
from attnviz.training.data.shapes import PER_CLASS, SHAPES
from attnviz.training.jobs.runs import start_run
from attnviz.training.recipe import Phase, Recipe, batch_for, epochs_for
from attnviz.ui.kit.background_runs import start_or_confirm
from attnviz.ui.kit.guard import guarded
from attnviz.ui.kit.visitor_folders import own_runs_folder
from attnviz.ui.pages.training.pictures import (
    ensure_shapes,
    pick_pictures,
    picture_count,
    shapes_folder,
)

_SIDES = (32, 48, 64, 96, 128)
_EPOCHS, _MOST_EPOCHS = 12, 60  # unless the pictures are few
_BATCH = 16


def show_form() -> None:
    """Show the form of a new training; starts it when the button is pressed."""
    data = pick_pictures()
    pictures = training_pictures(data)
    networks = trainable()
    usual = max(_EPOCHS, epochs_for(pictures, batch_for(pictures, _BATCH))) if pictures else _EPOCHS
    with st.form("live training", border=False):
        first, second, third = st.columns(3)
        network = first.selectbox(
            "Network", list(networks), format_func=lambda name: networks[name],
            help="attnviz's own networks with attention; those that ship with trained weights come "
            "first.",
        )  # fmt: skip
        epochs = second.slider(
            "Epochs", 1, max(_MOST_EPOCHS, 2 * usual), usual, key=f"live epochs {usual}",
            help="Few pictures make few steps an epoch, and so need more epochs: the default gives "
            "at least 400 steps.",
        )  # fmt: skip
        side = third.select_slider("Picture side, px", _SIDES, 64)
        first, second, third = st.columns(3, vertical_alignment="bottom")
        tuned = third.toggle(
            "Fine-tune", True, key="live tuned",
            help="Starts from the network's trained weights, where it ships with them: little data "
            "then goes a long way. Switch it off to watch attention develop from random weights.",
        )  # fmt: skip
        seed = first.number_input(
            "Seed", 0, 9999, 0,
            help="Decides the initial weights and the order of the pictures. What two runs with "
            "different seeds have in common is not a coincidence: train twice, and compare the "
            "runs above.",
        )  # fmt: skip
        mixed = second.toggle(
            "CutMix",
            help="Pastes a patch of one picture into another; the target mixes both classes by "
            "area (Yun et al., ICCV 2019). The last quarter of the epochs, at least one, trains "
            "without it. Train once with it and once without, and see which masks stay flat.",
        )
        started = st.form_submit_button("Train", type="primary", icon=":material/school:")
    if not started:
        return
    with guarded():
        if data is None:
            raise TrainingError("No pictures were chosen. Choose some, or use the four shapes.")
        if data == shapes_folder():
            ensure_shapes()
        counts = count_pictures(data)
        recipe = live_recipe(
            str(network), int(epochs), int(side), seed=int(seed), mixed=bool(mixed),
            tuned=bool(tuned), pictures=training_pictures(data),
        )  # fmt: skip
        counted = f"{sum(counts.values()):,} pictures of {len(counts)} classes"
        start_or_confirm(
            f"Train {network} on {counted}",
            partial(
                start_run,
                recipe,
                data.resolve(),
                size=int(side),
                into=own_runs_folder(),
                minutes=Hosting.from_environment().training_minutes,
            ),
        )


def trainable() -> dict[str, str]:
    """Return titles of all networks with attention by name, those with shipped weights first."""
    ship = _shipped()
    titles = {
        network.name: network.title for network in zoo_networks() if network.kinds != FEATURES
    }
    return {name: titles[name] for name in dict.fromkeys([*ship, *titles]) if name in titles}


def _shipped() -> list[str]:
    return [spec.name for spec in list_models() if spec.embedded]


def training_pictures(data: Path | None) -> int:
    """Return how many of the pictures in a folder are trained on; 0 if they cannot be counted."""
    if data is None:
        return 0
    count = PER_CLASS * len(SHAPES) if data == shapes_folder() else picture_count(data)
    return round(count * (1 - held_out_share(count)))


def live_recipe(
    network: str,
    epochs: int,
    side: int,
    *,
    seed: int = 0,
    mixed: bool = False,
    tuned: bool = False,
    pictures: int = 0,
) -> Recipe:
    """Make a recipe for few pictures, with small batches and a moderate learning rate.

    Parameters
    ----------
    network : str
        Name in the zoo.
    epochs : int
        Number of epochs.
    side : int
        Picture side, px.
    seed : int
        Decides the initial weights and the order of the pictures.
    mixed : bool
        Whether to use CutMix, except in the last quarter of the epochs.
    tuned : bool
        Whether to start from the weights that the network ships with, if it does; the learning rate
        is then a fifth.
    pictures : int
        Number of training pictures; few are trained in smaller batches.

    Returns
    -------
    Recipe
        For `begin`.
    """
    transformer = "context" in zoo_networks().get(network).kinds
    tuned = tuned and network in _shipped()
    batch = batch_for(pictures, _BATCH) if pictures else _BATCH
    rate = (5e-4 if transformer else 0.03) * batch / _BATCH * (0.2 if tuned else 1.0)
    return Recipe(
        model=network,
        phases=(Phase(epochs, side),),
        store=side,
        batch=batch,
        optimizer="adamw" if transformer else "sgd",
        rate=rate,
        warm_up=min(1.0, epochs / 4),
        crop=0.6,
        average=0.9,
        seed=seed,
        cutmix=1.0 if mixed else 0.0,
        unmixed=min(math.ceil(epochs / 4), epochs - 1) if mixed else 0,
        start=network if tuned else "",
    )
