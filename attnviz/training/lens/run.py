"""One training of `lens` in a folder: checkpoint, recording, weights and card."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file

from attnviz.errors import DivergedError
from attnviz.files import write_atomically
from attnviz.models.lite0_source import NAME, build_lite0
from attnviz.models.loading import load_model
from attnviz.models.zoo.lens import LensNetwork
from attnviz.training.lens.pictures import LensPictures
from attnviz.training.lens.trainer import LensRecipe, LensTrainer, decoder_state, is_finite
from attnviz.training.recording.file import Recording
from attnviz.training.recording.probes import sample_probes
from attnviz.training.recording.recorder import AttentionRecorder
from attnviz.training.versions import versions

_FIRST_SNAPSHOTS = 10  # steps
_GROWTH = 1.3  # from one recorded step to the next


class LensRun:
    """Trains `lens`, records it, and writes what is shipped.

    Parameters
    ----------
    folder
        Of all files; a checkpoint in it is continued.
    pictures
        To train on.
    recipe
        How to train.
    say
        Called with a line of progress.
    """

    def __init__(
        self,
        folder: Path,
        pictures: LensPictures,
        recipe: LensRecipe,
        say: Callable[[str], None],
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.recipe, self.say = folder, recipe, say
        base = load_model(NAME, "cpu")
        self.labels = base.labels
        # The network as it is shown: whole, in single precision, with averaged weights.
        self.shown = LensNetwork(base.module).eval()
        trunk = build_lite0()
        trunk.load_state_dict(base.module.state_dict())
        self.trainer = LensTrainer(
            LensNetwork(trunk.eval()), pictures, base.preprocess, recipe, folder
        )
        self.trainer.resume()
        probes = sample_probes(base.preprocess)
        facts = json.dumps({"model": "lens", **dataclasses.asdict(recipe)})
        empty = Recording(base.labels, probes.names, facts, versions(), pixels=probes.pixels)
        self.recorder = AttentionRecorder(folder / "lens.attn", probes.inputs, empty, say)
        if self.trainer.step:
            self.recorder.resume(self.shown)
        self.next_snapshot = self.trainer.step

    def finish(self) -> Path:
        """Train to the end, and return the folder."""
        self._record(float("nan"))
        self.trainer.run(self._report)
        self._record(float("nan"))
        self._write()
        return self.folder

    def _report(self, step: int, progress: float, terms: dict[str, float]) -> None:
        if not is_finite(terms):
            raise DivergedError("The training of lens diverged. Start again with a lower rate.")
        parts = ", ".join(f"{name} {value:.3f}" for name, value in terms.items())
        self.say(f"step {step} ({progress:.0%}): {parts}")
        if step >= self.next_snapshot:
            self._record(terms["kept"] + terms["taken"])

    def _record(self, loss: float) -> None:
        step = self.trainer.step
        self.shown.load_state_dict(decoder_state(self.trainer.average.module), strict=False)
        seen = step * self.recipe.batch
        with self.shown.asking(lambda logits: logits.argmax(1)):
            self.recorder.record(self.shown, step=step, epoch=seen / 1000, loss=loss)
        self.next_snapshot = int(step * _GROWTH) + _FIRST_SNAPSHOTS

    def _write(self) -> None:
        state = decoder_state(self.trainer.average.module)
        half = {
            name: value.half().contiguous() if value.is_floating_point() else value
            for name, value in state.items()
        }
        path = self.folder / "lens.safetensors"
        write_atomically(path, lambda partial: save_file(half, partial))
        trained = sum(value.numel() for value in self.trainer.decoder)
        card = {
            "classes": list(self.labels),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "input_side": self.trainer.preprocess.side,
            "parameters": trained,
            "data": "photos without labels; the network's own answers serve",
            "recipe": dataclasses.asdict(self.recipe),
            "steps": self.trainer.step,
            "pictures_seen": self.trainer.step * self.recipe.batch,
            "seconds": round(self.trainer.seconds),
            "machine": f"CPU, {torch.get_num_threads()} threads ({platform.machine()})",
            "versions": json.loads(versions()),
        }
        text = json.dumps(card, indent=1) + "\n"
        write_atomically(path.with_suffix(".json"), lambda partial: partial.write_text(text))
