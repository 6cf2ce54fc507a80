"""Cells with maps that are known, for the parts of the page "Compare"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch

from attnviz.analysis.explain import explain
from attnviz.analysis.explanation import Explanation
from attnviz.models.catalogue import find_model
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.pages.compare.cells import Cell, cell_key
from attnviz.ui.pages.compare.fitting import choice_for
from tests.conftest import TinyCnn


def picture(height: int = 40, width: int = 60, name: str = "a.png") -> Picture:
    random = np.random.default_rng(height + width)
    return open_picture(random.integers(0, 255, (height, width, 3)).astype(np.uint8), name=name)


@cache
def _explained(height: int, width: int) -> Explanation:
    torch.manual_seed(0)
    model = wrap(TinyCnn(4).eval(), Preprocess(size=32, multiple=8), name="tiny")
    return explain(model, picture(height, width), "grad-cam")


def cell(
    maps: Sequence[Any], look: str = "decision", model: str = "ran-small", size: Any = (40, 60)
) -> Cell:
    """A cell whose layers have these maps; of a question, on a network of the catalogue."""
    shown = picture(*size)
    values = tuple(np.asarray(one, np.float32) for one in maps)
    names = tuple(f"layer {number}" for number in range(len(values)))
    base = _explained(*size)
    spec = find_model(model)
    choice = replace(choice_for(spec, look), layer=None)
    found = replace(base, layers=names, maps=values, choice=choice)
    photo = Photo(shown, lambda: shown, shown.name)
    return Cell(cell_key(shown.sha256[:4], spec, look), photo, spec, look, found)


def without_maps(look: str = "decision", sentence: str = "It failed.") -> Cell:
    """A cell that says why there is nothing in it."""
    one = cell([[[1.0]]], look)
    return replace(one, explanation=None, sentence=sentence, failed=True)
