"""Recording attention in a training loop of your own, with three lines."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from attnviz.analysis.score_kind import find_scores
from attnviz.errors import TrainingError
from attnviz.models.classes import index_of_class
from attnviz.models.inferred import infer_inputs
from attnviz.models.preprocess import Preprocess, pixels_to_tensor
from attnviz.pictures import Picture
from attnviz.training.data.data import squash
from attnviz.training.recording.attention import read_attention
from attnviz.training.recording.checks import MOST_PICTURES
from attnviz.training.recording.file import Recording
from attnviz.training.recording.recorder import AttentionRecorder
from attnviz.training.recording.size import stored_pictures
from attnviz.training.versions import versions
from attnviz.types import Pixels


class LoopRecorder:
    """Records snapshots in a training loop; yielded by `record`."""

    def __init__(self, module: nn.Module, recorder: AttentionRecorder) -> None:
        self._module = module
        self._recorder = recorder
        shots = recorder.recording.snapshots
        self._next = shots[-1].step + 1 if shots else 0
        self._resumed = bool(shots)  # until the first step, which may be before the file's last

    def step(
        self,
        epoch: float,
        *,
        accuracy: float = math.nan,
        loss: float = math.nan,
        step: int | None = None,
    ) -> None:
        """Record a snapshot of the network as it is now.

        Parameters
        ----------
        epoch
            Epochs done, may be a fraction.
        accuracy, loss
            Drawn with the maps; NaN where not measured.
        step
            Optimiser step; the last one's plus 1 if None. Steps must rise. Only the first one of a
            resumed loop may be lower, as its checkpoint may be older than the file; later snapshots
            in the file are then recorded again.

        Raises
        ------
        TrainingError
            The step does not rise, the file cannot be written, or the network returns NaN or
            infinity. What was recorded before stays readable.
        """
        number = self._next if step is None else step
        if number < self._next and not self._resumed:
            raise TrainingError(
                f"Step {number} comes after step {self._next - 1}. Steps must rise."
            )
        self._recorder.record(self._module, step=number, epoch=epoch, accuracy=accuracy, loss=loss)
        self._next, self._resumed = number + 1, False


@contextmanager
def record(
    module: nn.Module,
    probes: Sequence[Picture] | Tensor,
    path: Path | str,
    *,
    preprocess: Preprocess | None = None,
    classes: Sequence[str] | None = None,
    recipe: dict[str, object] | None = None,
    resume: bool = False,
    task: str | None = None,
    scores: str | None = None,
    method: str | None = None,
    target: int | str | Sequence[int | str] | None = None,
) -> Iterator[LoopRecorder]:
    """Record how the attention of a network develops while it trains.

    The file is written atomically at each step, so it can be read at any time, also after a kill:
    on the page "Training", or with `Recording.load`. Beyond 80 steps, those that add least are
    dropped; very fine maps are averaged down, so that 40 steps stay below 10 MB. The network's
    mode, gradients and hooks are left as they were.

    Parameters
    ----------
    module
        Any network with soft masks or self-attention; with `method`, any network that it fits.
    probes
        Pictures, or inputs float [pictures, 3, h, w] as the network takes them.
    path
        The recording's file; an existing one is replaced at the first step.
    preprocess
        Makes inputs of pictures; inferred from the network if None, as by `attnviz.wrap`.
    classes
        Names of the outputs; numbers if None.
    recipe
        Facts about the run, JSON-serialisable.
    resume
        Continue the recording in the file, if there is one, for a loop that resumes from its own
        checkpoint. A file with other pictures (by content), classes, layers or input size is
        renamed, with a warning.
    task, scores
        What the network is for, and what it returns, as for `attnviz.wrap`; inferred if None.
    method
        Name of a method that reads one pass, such as "grad-cam": its maps are recorded in the place
        of attention. `attnviz.list_methods` lists them.
    target
        The class that the method explains, by index or label: one for all pictures, or one for each
        (default: what the network takes each picture for at that moment).

    Yields
    ------
    LoopRecorder
        Call its `step` at each moment to record.

    Raises
    ------
    TrainingError
        There are no probes or too many, or the network has no attention to record.
    UnknownNameError, MethodError
        There is no such method, or it needs more than one pass.
    UnknownClassError
        There is no such class.
    ModelError
        The network has nothing that the method reads.

    Examples
    --------
    ::

        with attnviz.record(model, probes, "run.attn") as recorder:
            for epoch in range(epochs):
                ...
                recorder.step(epoch, accuracy=accuracy)
    """
    if not 1 <= len(probes) <= MOST_PICTURES:
        raise TrainingError(
            f"{len(probes)} pictures cannot be recorded: give at least one picture and at most "
            f"{MOST_PICTURES}; 16 are plenty."
        )
    preprocess = preprocess or infer_inputs(module, type(module).__name__).preprocess
    inputs, names, pixels = _prepared(probes, preprocess)
    placed = inputs.to(next(module.parameters()).device)
    read = find_scores(module, placed, len(classes or ()), scores, task)
    targets = _targets(target, len(placed), tuple(classes or ()))
    on_device = None if targets is None else targets.to(placed.device)
    attention = read_attention(module, placed, read, method, on_device)
    count = attention.logits.shape[1]
    labels = tuple(classes) if classes else tuple(f"class {n}" for n in range(count))
    if len(labels) != count:
        raise TrainingError(f"The network has {count} classes, not {len(labels)}.")
    facts = json.dumps({"model": type(module).__name__, **(recipe or {})})
    empty = Recording(labels, names, facts, versions(), pixels=stored_pictures(pixels))
    recorder = AttentionRecorder(Path(path), inputs, empty, _warn, read, method, targets)
    if resume:
        recorder.resume(module)
    yield LoopRecorder(module, recorder)


def _targets(
    target: int | str | Sequence[int | str] | None, pictures: int, labels: tuple[str, ...]
) -> Tensor | None:
    """The class of each picture, int64 [pictures]."""
    if target is None:
        return None
    given = [target] * pictures if isinstance(target, (int, str)) else list(target)
    if len(given) != pictures:
        raise TrainingError(
            f"There are {pictures} pictures and {len(given)} targets. Give one for each picture, "
            "or one for all."
        )
    return torch.tensor([index_of_class(one, labels) for one in given])


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=6)  # points at the caller's `with`


def _prepared(
    probes: Sequence[Picture] | Tensor, preprocess: Preprocess
) -> tuple[Tensor, tuple[str, ...], Pixels]:
    if isinstance(probes, Tensor):
        names = tuple(f"picture {number}" for number in range(1, len(probes) + 1))
        return probes, names, _shown(probes)
    squares = np.stack([squash(picture.pixels, preprocess.size) for picture in probes])
    return (
        preprocess.normalised(pixels_to_tensor(squares)),
        tuple(picture.name for picture in probes),
        squares,
    )


def _shown(inputs: Tensor) -> Pixels:
    """Inputs of unknown normalisation as pictures, each stretched to 0..255."""
    values = inputs.detach().float().cpu()
    low, high = values.amin((1, 2, 3), keepdim=True), values.amax((1, 2, 3), keepdim=True)
    shares = (values - low) / (high - low).clamp_min(1e-12)
    return (shares * 255).round().byte().permute(0, 2, 3, 1).numpy()
