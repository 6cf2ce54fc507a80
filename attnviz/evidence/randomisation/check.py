"""The sanity check on a model and a photo: a copy of the network is made random step by step."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial
from threading import RLock

from torch import nn

from attnviz.analysis.explain import explain, predict
from attnviz.errors import EvidenceError, OutOfMemoryError
from attnviz.evidence.baseline_maps import phase_randomised
from attnviz.evidence.randomisation.cascade import SanityCheck, cascading_randomisation
from attnviz.models.device import is_out_of_memory
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.progress import Progress
from attnviz.types import FloatArray

CONTROLS = 3


def check_sanity(
    model: VisionModel,
    picture: Picture,
    method: str,
    layer: str,
    target: int | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> SanityCheck:
    """Whether the map of `method` at `layer` depends on what the network has learned.

    The network itself is only read, to copy it; also when this is stopped it is as it was. The
    control are the trained network's maps of three phase-randomised photos (`phase_randomised`).

    Args:
        model: from `load_model` or `wrap`.
        picture: from `open_picture`.
        method: a method's name.
        layer: one of its layers, or "all layers".
        target: index of the class that the map speaks for at every step; None for methods that
            speak for none, or for what the network, as random as it is then, sees first.
        seed: of weights and control pictures.
        progress: told how many maps are made, or passes of methods that take many; what it raises
            stops the work.

    Raises:
        EvidenceError: the map is flat, or the network cannot be copied or has no weights.
        UnknownNameError, MethodError, ModelError, OutOfMemoryError: as `explain` does.
    """
    with model.lock:
        module = _copied(model)
    mine = replace(model, module=module, lock=RLock())
    counted = _Counted(progress)

    def look(at: Picture) -> FloatArray:
        return explain(mine, at, method, target, counted.inside).map_of(layer)

    geometry = model.preprocess.geometry(picture)
    small = picture.reduced(2 * max(geometry.input_size))
    others = [
        Picture(phase_randomised(small.pixels, seed + n), f"control {n}", f"{picture.sha256} {n}")
        for n in range(CONTROLS)
    ]
    return cascading_randomisation(
        module,
        partial(look, picture),
        geometry.input_size,
        [partial(look, other) for other in others],
        run=partial(predict, mine, picture, 1),
        seed=seed,
        progress=counted.outside,
    )


def _copied(model: VisionModel) -> nn.Module:
    module = getattr(model.module, "_orig_mod", model.module)  # of a compiled network
    try:
        return copy.deepcopy(module)
    except Exception as error:
        if is_out_of_memory(error):
            raise OutOfMemoryError(
                f"There is no room on {model.device} for a copy of {model.name}, and the check "
                "never touches the network itself. Close other programs, or choose a smaller one."
            ) from error
        raise EvidenceError(
            f"{model.name} cannot be copied ({error}), and the check never touches the network "
            "itself. Choose another network."
        ) from error


class _Counted:
    """Progress of many maps, each of which may itself take many passes."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._made, self._maps, self._each = 0, 1, 1

    def outside(self, done: int, total: int | None) -> None:
        """So many of all maps are made."""
        self._made, self._maps = done, total or 1
        self._tell(0)

    def inside(self, done: int, total: int | None) -> None:
        """So many of the next map's passes are done."""
        self._each = total or 1
        self._tell(done)

    def _tell(self, more: int) -> None:
        if self._progress is not None:
            self._progress(self._made * self._each + more, self._maps * self._each)
