"""A complete training run: data in; weights, card and recording out."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from attnviz.errors import UnknownNameError
from attnviz.files import write_atomically
from attnviz.models.device import choose_device, list_devices
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.gain_layers import fit_whitening
from attnviz.models.zoo.registry import build_network
from attnviz.pictures.geometry import Fit
from attnviz.training.data.data import ClassFolder, load_class_folder
from attnviz.training.loop.evaluate import (
    Score,
    accuracy_interval,
    chance_accuracy,
    has_learned,
    square_inputs,
)
from attnviz.training.loop.half_precision import half_precision
from attnviz.training.loop.start import start_from
from attnviz.training.loop.trainer import PausedError, StepCallback, Trainer, TrainingResult
from attnviz.training.recipe import Recipe
from attnviz.training.recording.attention import recorded_sites
from attnviz.training.recording.file import Recording
from attnviz.training.recording.probes import ProbePictures, choose_probes
from attnviz.training.recording.recorder import AttentionRecorder
from attnviz.training.versions import versions

# Two by two pixels have 144 second moments: many more pictures than this change them little.
_FITTED_PICTURES, _BATCH = 2000, 64


def train_and_export(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    size: int,
    device: str = "auto",
    half: str = "auto",
    probes: str = "val",
    on_step: StepCallback | None = None,
    keep_running: Callable[[], bool] | None = None,
    notify: Callable[[str], None] = print,
    on_data: Callable[[ClassFolder], None] | None = None,
) -> str:
    """Train a network; write `<model>.safetensors`, its card and its recording into `out`.

    A network without attention gets no recording.

    Parameters
    ----------
    recipe
        Hyperparameters; its `half` is set here.
    data
        Folder of class folders.
    out
        Where everything is written; a run that is there is resumed.
    size
        Input side in pixels at which the network is scored and used.
    device
        As for `load_model`.
    half
        "on", "off", or "auto": bfloat16 where the device supports it natively.
    probes
        Which pictures to record, "samples" or "val".
    on_step
        Called with the state and the number of steps after each step; False stops the run.
    keep_running
        Called between pictures while they are read or scored; False stops the run.
    notify
        Called with messages for the user, such as pictures that were left out.
    on_data
        Called with the data set once it is read.

    Returns
    -------
    str
        A sentence with the result.

    Raises
    ------
    PausedError
        `on_step` or `keep_running` stopped the run.
    TrainingError
        The data, a checkpoint or an output file cannot be used.
    DivergedError
        The loss or a weight became NaN or infinite.
    """
    chosen = choose_device(device)
    recipe = dataclasses.replace(recipe, half=_half(half, chosen))
    preprocess = Preprocess(size=size, fit=Fit.SQUASH)
    folder = load_class_folder(
        data, side=recipe.store, seed=recipe.seed, noise=recipe.noise, notify=notify,
        check_stop=_stop_check(keep_running, "while its pictures were read"),
    )  # fmt: skip
    if on_data is not None:
        on_data(folder)
    torch.manual_seed(recipe.seed)
    module = build_network(recipe.model, len(folder.classes))
    if recipe.start:
        start_from(module, recipe.start)
    else:
        fit_whitening(module, _sample_inputs(folder, preprocess, recipe.phases[-1].side))
    chosen_probes = choose_probes(probes, folder, preprocess)
    recorder = None
    if any(recorded_sites(module, chosen_probes.inputs).values()):
        recording = _empty_recording(folder, chosen_probes, recipe)
        recorder = AttentionRecorder(
            out / f"{recipe.model}.attn", chosen_probes.inputs, recording, notify
        )
    else:
        notify(f"{recipe.model} has no attention to record, so there will be no recording.")
    trainer = Trainer(
        module, folder, recipe, preprocess, out, chosen, recorder, on_step=on_step,
        check_stop=_stop_check(keep_running, "at its last score; all that it learned is saved"),
    )  # fmt: skip
    trained = trainer.run()
    path = out / f"{recipe.model}.safetensors"
    export(trained, path, recipe, folder, data.name, chosen)
    minutes = trained.progress.seconds / 60
    return f"{path}: {_result(trained.score, folder, size)} after {minutes:.0f} minutes."


def _result(score: Score, data: ClassFolder, size: int) -> str:
    """The accuracy, and that it is no better than chance where that is so."""
    text = f"top-1 {score.top1:.2%} ± {score.margin:.2%} on {score.pictures} pictures at {size} px,"
    chance = chance_accuracy(data.validation.labels)
    if has_learned(score.top1, score.pictures, chance):
        return text
    low, high = accuracy_interval(score.top1, score.pictures)
    return (
        f"Nothing learned yet: {text} which may be {low:.0%} to {high:.0%}, and guessing gives "
        f"{chance:.0%};"
    )


def export(
    trained: TrainingResult,
    path: Path,
    recipe: Recipe,
    data: ClassFolder,
    source: str,
    device: torch.device,
) -> None:
    """Write the weights in half precision, and the card beside them as JSON.

    Parameters
    ----------
    trained
        The trained network and its score.
    path
        The weights' file; the card has the suffix `.json`.
    recipe
        Written into the card.
    data
        Classes and numbers of pictures for the card.
    source
        Name of the data set.
    device
        Names the machine in the card.
    """
    write_atomically(path, lambda partial: save_file(half_precision(trained.module), partial))
    card = {
        "classes": list(data.classes),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input_side": trained.side,
        "parameters": sum(weight.numel() for weight in trained.module.parameters()),
        "top1": round(trained.score.top1, 5),
        "top1_margin": round(trained.score.margin, 5),
        "validation_pictures": trained.score.pictures,
        "training_pictures": len(data.training),
        "data": source,
        "recipe": json.loads(recipe.to_json()),
        "epochs": recipe.epochs,
        "seconds": round(trained.progress.seconds),
        "machine": _machine(device),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": json.loads(versions()),
        "answers": {},
    }
    text = json.dumps(card, indent=1) + "\n"
    write_atomically(path.with_suffix(".json"), lambda partial: partial.write_text(text, "utf-8"))


def _stop_check(keep_running: Callable[[], bool] | None, when: str) -> Callable[[], None]:
    """A function that raises PausedError once `keep_running` returns False."""

    def check() -> None:
        if keep_running is not None and not keep_running():
            raise PausedError(f"The training was stopped {when}.")

    return check


def _sample_inputs(data: ClassFolder, preprocess: Preprocess, side: int) -> Iterator[Tensor]:
    """Yield batches of training pictures as inputs, to fit the whitening layer before training."""
    part = data.training.spread_sample(_FITTED_PICTURES)
    for start in range(0, len(part), _BATCH):
        yield preprocess.normalised(square_inputs(part, slice(start, start + _BATCH), side))


def _empty_recording(folder: ClassFolder, probes: ProbePictures, recipe: Recipe) -> Recording:
    """A recording without snapshots."""
    return Recording(
        folder.classes, probes.names, recipe.to_json(), versions(), pixels=probes.pixels
    )


def _half(setting: str, device: torch.device) -> bool:
    if setting not in ("auto", "on", "off"):
        raise UnknownNameError("setting of half precision", setting, ("auto", "on", "off"))
    if setting != "auto":
        return setting == "on"
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    # Without instructions for it, bf16 is emulated and some ten times slower than float32.
    capabilities: Any = (
        torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    )
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _machine(device: torch.device) -> str:
    names = {info.key: info.name for info in list_devices()}
    return f"{names.get(str(device), str(device))} ({platform.machine()})"
