"""A whole training run: data in; weights, card and recording out."""

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
from torch import Tensor, nn

from attnviz.errors import UnknownNameError
from attnviz.files import write_whole
from attnviz.models.device import choose_device, list_devices
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.gain_layers import fit_whitening
from attnviz.models.zoo.registry import build_network
from attnviz.pictures.geometry import Fit
from attnviz.training.data.data import ClassFolder, load_class_folder
from attnviz.training.loop.evaluate import whole_pictures
from attnviz.training.loop.trainer import PausedError, Trained, Trainer, Watch
from attnviz.training.recipe import Recipe
from attnviz.training.recording.attention import recorded_sites
from attnviz.training.recording.file import Recording
from attnviz.training.recording.probes import Probes, choose_probes
from attnviz.training.recording.recorder import AttentionRecorder
from attnviz.training.versions import versions

# Two by two pixels have 144 second moments: many more pictures than this change them little.
_FITTED, _AT_ONCE = 2000, 64


def train_and_export(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    size: int,
    device: str = "auto",
    half: str = "auto",
    probes: str = "val",
    watch: Watch | None = None,
    wanted: Callable[[], bool] | None = None,
    say: Callable[[str], None] = print,
) -> str:
    """Train by `recipe` and write `<model>.safetensors`, its card and its recording into `out`.

    A network without attention has no recording.

    Args:
        recipe: all that decides the result; its `half` is set here.
        data: a folder of class folders.
        out: where everything is written; a run found there is gone on with.
        size: side in pixels of the inputs at which the network is scored and used.
        device: as for `load_model`.
        half: "on", "off", or "auto": bf16 where the device computes with it natively.
        probes: which pictures to record, "samples" or "val".
        watch: told after each step how far it is; False stops the run (PausedError).
        wanted: asked between pictures that are read, or scored at the end, where there is no step
            to tell of; False stops the run as well.
        say: told in sentences what a user should know, such as pictures that were left out.

    Returns a sentence that says what came out.
    """
    chosen = choose_device(device)
    recipe = dataclasses.replace(recipe, half=_half(half, chosen))
    preprocess = Preprocess(size=size, fit=Fit.SQUASH)
    folder = load_class_folder(
        data, side=recipe.store, seed=recipe.seed, noise=recipe.noise, say=say,
        between=_listening(wanted, "while its pictures were read"),
    )  # fmt: skip
    torch.manual_seed(recipe.seed)
    module = build_network(recipe.model, len(folder.classes))
    fit_whitening(module, _some_inputs(folder, preprocess, recipe.phases[-1].side))
    chosen_probes = choose_probes(probes, folder, preprocess)
    recorder = None
    if any(recorded_sites(module, chosen_probes.inputs).values()):
        recording = _empty_recording(folder, chosen_probes, recipe)
        recorder = AttentionRecorder(
            out / f"{recipe.model}.attn", chosen_probes.inputs, recording, say
        )
    else:
        say(f"{recipe.model} has no attention to record, so there will be no recording.")
    trainer = Trainer(
        module, folder, recipe, preprocess, out, chosen, recorder, watch=watch,
        between=_listening(wanted, "at its last score; all that it learned is saved"),
    )  # fmt: skip
    trained = trainer.run()
    path = out / f"{recipe.model}.safetensors"
    export(trained, path, recipe, folder, data.name, chosen)
    score = trained.score
    return (
        f"{path}: top-1 {score.top1:.2%} ± {score.margin:.2%} on {score.pictures} pictures "
        f"at {size} px, after {trained.progress.seconds / 60:.0f} minutes."
    )


def export(
    trained: Trained,
    path: Path,
    recipe: Recipe,
    data: ClassFolder,
    source: str,
    device: torch.device,
) -> None:
    """Write the weights in half precision, and beside them the card as JSON."""
    write_whole(path, lambda partial: save_file(half_precision(trained.module), partial))
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
    write_whole(path.with_suffix(".json"), lambda partial: partial.write_text(text, "utf-8"))


def half_precision(module: nn.Module) -> dict[str, torch.Tensor]:
    """The state of a network with floating-point tensors as float16; counters stay whole."""
    return {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in module.state_dict().items()
    }


def _listening(wanted: Callable[[], bool] | None, when: str) -> Callable[[], None]:
    """Raises PausedError, called when the run is not `wanted` any more."""

    def listen() -> None:
        if wanted is not None and not wanted():
            raise PausedError(f"The training was stopped {when}.")

    return listen


def _some_inputs(data: ClassFolder, preprocess: Preprocess, side: int) -> Iterator[Tensor]:
    """Training pictures as the network sees them, for what it takes from the data beforehand."""
    part = data.training.spread_sample(_FITTED)
    for start in range(0, len(part), _AT_ONCE):
        yield preprocess.normalised(whole_pictures(part, slice(start, start + _AT_ONCE), side))


def _empty_recording(folder: ClassFolder, probes: Probes, recipe: Recipe) -> Recording:
    """A recording that has no checkpoint yet."""
    return Recording(
        folder.classes, probes.names, recipe.to_json(), versions(), pixels=probes.pixels
    )


def _half(wish: str, device: torch.device) -> bool:
    if wish not in ("auto", "on", "off"):
        raise UnknownNameError("setting of half precision", wish, ("auto", "on", "off"))
    if wish != "auto":
        return wish == "on"
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    # Without instructions for it, bf16 is emulated and some ten times slower than float32.
    known: Any = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(known.get("avx512_bf16") or known.get("amx_bf16") or known.get("bf16"))


def _machine(device: torch.device) -> str:
    names = {info.key: info.name for info in list_devices()}
    return f"{names.get(str(device), str(device))} ({platform.machine()})"
