"""Recording attention in anybody's training loop: three lines around it."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from attnviz.errors import TrainingError
from attnviz.models.preprocess import Preprocess, pixels_to_tensor
from attnviz.pictures import Picture
from attnviz.training.data.data import squashed
from attnviz.training.recording.attention import read_attention
from attnviz.training.recording.checks import MOST_PICTURES
from attnviz.training.recording.file import Recording
from attnviz.training.recording.recorder import AttentionRecorder
from attnviz.training.recording.size import shown_pixels
from attnviz.training.versions import versions
from attnviz.types import Pixels


class LoopRecorder:
    """What `record` hands to a training loop."""

    def __init__(self, module: nn.Module, recorder: AttentionRecorder) -> None:
        self._module = module
        self._recorder = recorder
        shots = recorder.recording.snapshots
        self._next = shots[-1].step + 1 if shots else 0
        self._gone_on = bool(shots)  # until the first step, which may lie before the file's last

    def step(
        self,
        epoch: float,
        *,
        accuracy: float = math.nan,
        loss: float = math.nan,
        step: int | None = None,
    ) -> None:
        """Record the network as it is now.

        epoch: how far training is. accuracy, loss: to be drawn beside the maps, as they were
        measured. step: of the optimiser; one more than the last one's if None. It must rise; only
        the first one of a loop that is gone on with may be any, for its own checkpoint may be older
        than the file. What the file has from there on is then recorded anew.

        Raises TrainingError if it does not, if the file cannot be written, or if the network gives
        NaN or infinity; what was recorded before stays readable.
        """
        number = self._next if step is None else step
        if number < self._next and not self._gone_on:
            raise TrainingError(
                f"Step {number} comes after step {self._next - 1}. Steps must rise."
            )
        self._recorder.record(self._module, step=number, epoch=epoch, accuracy=accuracy, loss=loss)
        self._next, self._gone_on = number + 1, False


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
) -> Iterator[LoopRecorder]:
    """Keep how the attention of `module` grows while it trains, in the file at `path`.

        with attnviz.record(model, probes, "run.attn") as r:
            for epoch in range(epochs):
                ...
                r.step(epoch, accuracy=accuracy)

    The file is written as a whole at each step, so it can be read at any time, also after a kill;
    open it on the page "Training", or with `Recording.load`. Of more than 80 steps those that tell
    least are left out; very fine maps are averaged down, so that 40 steps stay below 10 MB. The
    network is left as it was: its mode, its gradients, its hooks.

    Args:
        module: any network with soft masks or self-attention.
        probes: pictures, or inputs float [pictures, 3, h, w] as the network takes them.
        path: of the file; one that is there already is replaced at the first step.
        preprocess: what makes inputs of pictures; 224 px and ImageNet's colours if None.
        classes: names of the outputs; numbers if None.
        recipe: facts about the run that JSON can hold.
        resume: go on behind what the file holds, if there is one: for a loop that was killed and
            goes on from its own checkpoint. A file that is not of these pictures (as they look, not
            by name alone), classes, layers and input size is not replaced but gets another name,
            with a warning that says so.

    Raises:
        TrainingError: there are no probes or too many, or the network has no attention to record.
    """
    if not 1 <= len(probes) <= MOST_PICTURES:
        raise TrainingError(
            f"{len(probes)} pictures cannot be recorded: give at least one picture and at most "
            f"{MOST_PICTURES}; 16 are plenty."
        )
    preprocess = preprocess or Preprocess(size=224)
    inputs, names, pixels = _prepared(probes, preprocess)
    seen = read_attention(module, inputs.to(next(module.parameters()).device))  # or raises
    count = seen.logits.shape[1]
    labels = tuple(classes) if classes else tuple(f"class {n}" for n in range(count))
    if len(labels) != count:
        raise TrainingError(f"The network tells {count} classes apart, not {len(labels)}.")
    facts = json.dumps({"model": type(module).__name__, **(recipe or {})})
    empty = Recording(labels, names, facts, versions(), pixels=shown_pixels(pixels))
    recorder = AttentionRecorder(Path(path), inputs, empty, _warn)
    if resume:
        recorder.resume(module)
    yield LoopRecorder(module, recorder)


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=6)  # whoever wrote the `with`


def _prepared(
    probes: Sequence[Picture] | Tensor, preprocess: Preprocess
) -> tuple[Tensor, tuple[str, ...], Pixels]:
    if isinstance(probes, Tensor):
        names = tuple(f"picture {number}" for number in range(1, len(probes) + 1))
        return probes, names, _shown(probes)
    squares = np.stack([squashed(one.pixels, preprocess.size) for one in probes])
    return (
        preprocess.normalised(pixels_to_tensor(squares)),
        tuple(one.name for one in probes),
        squares,
    )


def _shown(inputs: Tensor) -> Pixels:
    """Inputs of an unknown normalisation as pictures: each stretched from its darkest value."""
    values = inputs.detach().float().cpu()
    low, high = values.amin((1, 2, 3), keepdim=True), values.amax((1, 2, 3), keepdim=True)
    shares = (values - low) / (high - low).clamp_min(1e-12)
    return (shares * 255).round().byte().permute(0, 2, 3, 1).numpy()
