"""Names of the folders of runs: when they started, the network, and what sets them apart."""

from __future__ import annotations

import time
from pathlib import Path

from attnviz.training.recipe import Recipe


def new_run_folder(parent: Path, recipe: Recipe) -> Path:
    """Make the folder of a new run below `parent`, with a name that no other one has."""
    name = f"{time.strftime('%Y-%m-%d %H.%M.%S')} {_run_title(recipe)}"
    folder = parent / name
    number = 1
    while folder.exists():
        number += 1
        folder = parent / f"{name} {number}"
    folder.mkdir(parents=True)
    return folder


def _run_title(recipe: Recipe) -> str:
    """The network, and what distinguishes the run from others of that network in a list."""
    details = ["fine-tuned"] if recipe.start else []
    details += ["CutMix"] if recipe.cutmix else []
    details += [f"seed {recipe.seed}"] if recipe.seed else []
    return ", ".join([recipe.model, *details])
