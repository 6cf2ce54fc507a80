"""Trainings to choose from: the app's own or the visitor's, and those whose folder was opened."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import streamlit as st

from attnviz.assets import pages_folder
from attnviz.errors import AttnvizError
from attnviz.models.spec import ModelSpec
from attnviz.models.zoo_source import trained_spec
from attnviz.training.jobs.runs import TrainingRun, find_run, list_runs
from attnviz.ui.kit.visitor_folders import own_runs_folder

_OPENED = "live opened"
_MOST = 12  # trained networks in the lists of models


def known_runs() -> tuple[TrainingRun, ...]:
    """List the runs opened by folder in this session, the last one first, then the app's own."""
    opened = [
        run for path in reversed(opened_folders()) if (run := find_run(Path(path))) is not None
    ]
    own = list_runs(own_runs_folder())
    return (*(run for run in opened if run not in own), *own)


def trained_network(run: TrainingRun) -> ModelSpec | None:
    """Describe the network that a run has trained, under the name of the run's folder.

    Parameters
    ----------
    run : TrainingRun
        The run.

    Returns
    -------
    ModelSpec or None
        None while the run has written no weights, or if they or their card cannot be read.
    """
    with suppress(AttnvizError, OSError):
        weights = run.recording.with_suffix(".safetensors")
        if weights.is_file():
            return replace(trained_spec(weights), name=run.folder.name, title=run.folder.name)
    return None


def trained_networks() -> tuple[ModelSpec, ...]:
    """List the networks of the newest known runs that have written their weights."""
    found = (trained_network(run) for run in known_runs()[:_MOST])
    return tuple(spec for spec in found if spec is not None)


def use_on_focus(name: str) -> NoReturn:
    """Choose a network of the lists of models, and turn to the page "Focus"."""
    st.session_state["model"] = name
    st.switch_page(pages_folder() / "1_Focus.py")


def forget_folder(folder: Path) -> None:
    """Remove a folder from those that were opened."""
    if str(folder) in opened_folders():
        opened_folders().remove(str(folder))


def opened_folders() -> list[str]:
    """Return the folders opened in this session, the last one at the end; may be changed."""
    opened: list[str] = st.session_state.setdefault(_OPENED, [])
    return opened
