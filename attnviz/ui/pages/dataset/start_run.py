"""Starting a run over many pictures from the page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from attnviz.batch.jobs.set_run import SetJob, SetRun, start_set_run
from attnviz.errors import PictureError
from attnviz.hosting import Hosting
from attnviz.methods.questions import methods_for, questions_for
from attnviz.models.catalogue import list_models
from attnviz.models.spec import ModelSpec
from attnviz.models.weights import is_here
from attnviz.ui.kit.background_runs import start_or_confirm
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.method_picker import QUESTION_TITLES, method_title
from attnviz.ui.kit.model_list import listed_models, model_title
from attnviz.ui.kit.url_state import start_choice
from attnviz.ui.kit.visitor_folders import own_sets_folder
from attnviz.ui.pages.dataset.pictures import count_text, pick_source

_NETWORK, _LOOK, _TARGET = "set network", "set look", "set target"


def show_form(runs: Sequence[SetRun]) -> None:
    """Show what a run is made of; starts it when the button is pressed.

    Parameters
    ----------
    runs : sequence of SetRun
        Runs whose pictures are still needed.
    """
    source = pick_source(runs)
    counted = count_text(source) if source else ""
    if counted:
        st.caption(plain_text(f"{counted}. They are only read."))
    first, second = st.columns(2)
    with first:
        spec = _pick_network()
    with second:
        look = _pick_look(spec)
    target = st.text_input(
        "Explain", key=_TARGET, placeholder="the top prediction of each", max_chars=300,
        persist_state="session",
        help="A class, such as tabby, or two in contrast: contrast:tabby|tiger cat. "
        "The same is asked about every picture.",
    )  # fmt: skip
    if not st.button("Start", type="primary", icon=":material/play_arrow:", key="set start"):
        return
    with guarded():
        if source is None or not counted:
            raise PictureError("No pictures were chosen. Choose a folder or a ZIP file with some.")
        job = SetJob(
            str(source), _stored(spec), look, (target or "").strip(),
            minutes=Hosting.from_environment().training_minutes,
        )  # fmt: skip
        start = partial(start_set_run, job, own_sets_folder())
        start_or_confirm(f"Look at {counted} with {spec.name}", start)


def _pick_network() -> ModelSpec:
    """Let the user choose a network whose weights are here, and which a process can load alone."""
    specs = listed_models()
    specs = {name: spec for name, spec in specs.items() if is_here(spec) and _stored(spec)}
    start_choice(_NETWORK, specs)
    chosen = st.selectbox(
        "Network", list(specs), format_func=lambda name: model_title(specs[name]), key=_NETWORK,
        persist_state="session",
        help="Networks on this computer. Another one is downloaded on the page Focus.",
    )  # fmt: skip
    return specs[str(chosen)]


def _stored(spec: ModelSpec) -> str:
    """What the run's process loads: a name of the catalogue, or a file of weights."""
    if spec.name in {one.name for one in list_models()}:
        return spec.name
    weights = spec.weights.embedded if spec.weights else None
    return str(Path(weights).absolute()) if weights and Path(weights).is_file() else ""


def _pick_look(spec: ModelSpec) -> str:
    methods = sorted(methods_for(spec), key=lambda method: method.many_passes)
    titles = {str(question): QUESTION_TITLES[question] for question in questions_for(spec)}
    titles |= {method.name: method_title(method) for method in methods}
    start_choice(_LOOK, titles)
    return str(
        st.selectbox(
            "Show", list(titles), format_func=titles.__getitem__, key=_LOOK,
            persist_state="session",
            help="Methods of many passes take minutes for a hundred pictures.",
        )
    )  # fmt: skip
