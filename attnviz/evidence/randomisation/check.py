"""The sanity check for a model and a photo, on a copy of the network."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial
from threading import RLock
from typing import Any

from torch import nn

from attnviz.analysis.explain import explain, predict
from attnviz.errors import EvidenceError, OutOfMemoryError
from attnviz.evidence.baseline_maps import phase_randomised
from attnviz.evidence.randomisation.cascade import SanityCheck, cascading_randomisation
from attnviz.models.device import is_out_of_memory
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.progress import Progress, report_progress
from attnviz.types import FloatArray

CONTROLS = 3


def check_sanity(
    model: VisionModel,
    picture: Picture,
    method: str,
    layer: str,
    target: Any = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> SanityCheck:
    """Check whether the map of `method` at `layer` depends on what the network has learned.

    The network itself is only copied. The control are the trained network's maps of three
    phase-randomised photos (`phase_randomised`).

    Parameters
    ----------
    model : VisionModel
        From `load_model` or `wrap`.
    picture : Picture
        From `open_picture`.
    method : str
        Name of a method.
    layer : str
        One of its layers, or "all layers".
    target : optional
        What to explain at every step, as in `attnviz.explain`; None for methods without a class, or
        for the top prediction of the network in its current state.
    seed : int
        Seed of the shuffled weights and the control pictures.
    progress : Progress, optional
        Called with the number of maps, or of passes for methods that need many; what it raises
        stops the work.

    Returns
    -------
    SanityCheck

    Raises
    ------
    EvidenceError
        If the map is flat, or the network cannot be copied or has no weights.
    UnknownNameError, MethodError, ModelError, OutOfMemoryError
        As `explain` does.
    """
    with model.lock:
        module = _copy_network(model)
    copied_model = replace(model, module=module, lock=RLock())
    map_progress = _MapProgress(progress)

    def make_map(photo: Picture) -> FloatArray:
        return explain(copied_model, photo, method, target, map_progress.passes_done).map_of(layer)

    geometry = model.preprocess.geometry(picture)
    small = picture.reduced(2 * max(geometry.input_size))
    others = [
        Picture(phase_randomised(small.pixels, seed + n), f"control {n}", f"{picture.sha256} {n}")
        for n in range(CONTROLS)
    ]
    return cascading_randomisation(
        module,
        partial(make_map, picture),
        geometry.input_size,
        [partial(make_map, other) for other in others],
        run=partial(predict, copied_model, picture, 1),
        seed=seed,
        progress=map_progress.maps_done,
    )


def _copy_network(model: VisionModel) -> nn.Module:
    """Copy the network; explain what to do where that fails."""
    module = getattr(model.module, "_orig_mod", model.module)  # of a compiled network
    try:
        return copy.deepcopy(module)
    except Exception as error:
        if is_out_of_memory(error):
            raise OutOfMemoryError(
                f"There is not enough memory on {model.device} for a copy of {model.name}, which "
                "the check needs. Close other programs, or choose a smaller network."
            ) from error
        raise EvidenceError(
            f"{model.name} cannot be copied ({error}), and the check randomises a copy. "
            "Choose another network."
        ) from error


class _MapProgress:
    """Progress over many maps, each of which may itself need many passes."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._made, self._maps, self._each = 0, 1, 1

    def maps_done(self, done: int, total: int | None) -> None:
        """Report the number of maps done."""
        self._made, self._maps = done, total or 1
        self._report(0)

    def passes_done(self, done: int, total: int | None) -> None:
        """Report the number of the current map's passes done."""
        self._each = total or 1
        if self._each > 1:  # a map of one pass is told by `maps_done`
            self._report(done)

    def _report(self, more: int) -> None:
        report_progress(self._progress, self._made * self._each + more, self._maps * self._each)
