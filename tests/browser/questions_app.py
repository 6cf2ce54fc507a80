"""The app with three more networks: one reads words, one finds boxes, and one finds regions."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

from safetensors.torch import save_file

import attnviz
from attnviz.models import catalogue
from attnviz.models.spec import ModelSpec, WeightsRef
from attnviz.ui.app import run
from tests.targets.test_places_by_hand import LABELS, PLAIN, Halves, wrapped
from tests.targets.test_words import reader


def finder_of_boxes() -> attnviz.VisionModel:
    """Finds something red in the left half of any photo, and something green in the right one."""
    brighter = replace(PLAIN, mean=(-1.0,) * 3, std=(2.0,) * 3)  # above a half in any case
    return attnviz.wrap(Halves(), brighter, LABELS, name="halves", outputs="boxes")


def finder_of_regions() -> attnviz.VisionModel:
    """Finds where a photo is red, where green, and where neither."""
    return wrapped("dense", name="regions")


@cache
def more_specs() -> tuple[ModelSpec, ...]:
    """The networks as entries of the catalogue, their weights in the folder of this run."""
    return tuple(map(_spec, (reader(), finder_of_boxes(), finder_of_regions())))


def _spec(model: attnviz.VisionModel) -> ModelSpec:
    path = Path(os.environ["TORCH_HOME"]) / f"{model.name}.safetensors"
    save_file(model.module.state_dict(), path)
    return replace(model.spec, embedded=True, weights=WeightsRef(path.name, embedded=path))


if __name__ == "__main__":
    # Of the imported module: the script itself is new in each run, and so is what it caches.
    from tests.browser.questions_app import more_specs as same_specs

    catalogue.words_specs = same_specs
    run()
