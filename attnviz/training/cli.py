"""The commands `attnviz train` and `attnviz evaluate`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from attnviz.errors import TrainingError
from attnviz.json_lines import json_line
from attnviz.training.recipe import Recipe

Data = Annotated[
    Path, typer.Option(help="Folder with one folder per class, or with train/ and val/ folders.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON, one object on each line, for programs.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]

_FROM_RANDOM, _FINE_TUNING = "18x64,12x96,4x128", "6x96,2x128"


def train(
    data: Data,
    model: Annotated[str, typer.Option(help="Network to train, from the zoo.")] = "ran-small",
    out: Annotated[
        Path, typer.Option(help="Folder for checkpoints, weights and the recording.")
    ] = Path("runs/new"),
    start: Annotated[
        str,
        typer.Option(
            help="Model whose weights to start from, such as ran-small (default: random weights)."
        ),
    ] = "",
    phases: Annotated[
        str,
        typer.Option(
            help="Training phases: epochs x input side in pixels (default: 18x64,12x96,4x128, or "
            "6x96,2x128 from trained weights; longer and in smaller batches for few pictures)."
        ),
    ] = "",
    size: Annotated[
        int | None,
        typer.Option(help="Input side in pixels once trained (default: the network's own)."),
    ] = None,
    store: Annotated[
        int, typer.Option(help="Side in pixels of the training pictures in memory.")
    ] = 144,
    batch: Annotated[int, typer.Option(help="Pictures per batch.")] = 64,
    optimizer: Annotated[str, typer.Option(help="Optimiser: sgd, adamw or muon.")] = "sgd",
    rate: Annotated[
        float | None,
        typer.Option(help="Peak learning rate (default: 0.15, or 0.02 from trained weights)."),
    ] = None,
    warm_up: Annotated[float, typer.Option(help="Epochs of linear warm-up.")] = 2.0,
    weight_decay: Annotated[float, typer.Option(help="Weight decay.")] = 5e-4,
    smoothing: Annotated[float, typer.Option(help="Label smoothing.")] = 0.1,
    crop: Annotated[
        float, typer.Option(help="Smallest share of the area that a random crop covers.")
    ] = 0.35,
    aspect: Annotated[float, typer.Option(help="Largest aspect ratio of a random crop.")] = 4 / 3,
    pad: Annotated[int, typer.Option(help="Largest random shift in pixels.")] = 0,
    erase: Annotated[
        float,
        typer.Option(help="Side of the square erased at random, as a share of the picture's side."),
    ] = 0.0,
    colour: Annotated[float, typer.Option(help="Strength of colour jitter, 0..1.")] = 0.25,
    mixup: Annotated[float, typer.Option(help="Mixup: its beta parameter (0: off).")] = 0.0,
    cutmix: Annotated[float, typer.Option(help="CutMix: its beta parameter (0: off).")] = 0.0,
    unmixed: Annotated[
        int, typer.Option(help="Number of final epochs without mixup and CutMix.")
    ] = 0,
    average: Annotated[
        float, typer.Option(help="Decay of the moving average of the weights.")
    ] = 0.998,
    teacher: Annotated[str, typer.Option(help="Model to distil from (default: none).")] = "",
    distil: Annotated[
        float, typer.Option(help="Share of the loss that comes from the teacher, 0..1.")
    ] = 0.5,
    temperature: Annotated[
        float,
        typer.Option(help="Softmax temperature of the teacher; 0 uses its top prediction only."),
    ] = 0.0,
    noise: Annotated[
        float, typer.Option(help="Share of training labels replaced by wrong ones, 0..1.")
    ] = 0.0,
    half: Annotated[str, typer.Option(help="bfloat16 autocast: auto, on or off.")] = "auto",
    probes: Annotated[
        str, typer.Option(help="Pictures to record: samples (shipped photos) or val.")
    ] = "val",
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    device: Device = "auto",
    beside: Annotated[
        bool, typer.Option(help="Start even while another training is running.")
    ] = False,
) -> None:
    """Train a network on a folder of class folders. An interrupted run resumes where it stopped."""
    from attnviz.models.zoo.registry import zoo_networks
    from attnviz.training.data.class_folders import count_pictures
    from attnviz.training.data.data import held_out_share
    from attnviz.training.jobs.runs import BusyError, run_job
    from attnviz.training.jobs.state import Job
    from attnviz.training.recipe import for_few_pictures, parse_optimizer, parse_phases

    recipe = Recipe(
        model=model,
        phases=parse_phases(phases or (_FINE_TUNING if start else _FROM_RANDOM)),
        store=store,
        batch=batch,
        optimizer=parse_optimizer(optimizer),
        rate=rate or (0.02 if start else 0.15),
        warm_up=warm_up,
        weight_decay=weight_decay,
        smoothing=smoothing,
        crop=crop,
        aspect=aspect,
        pad=pad,
        erase=erase,
        colour=colour,
        mixup=mixup,
        cutmix=cutmix,
        unmixed=unmixed,
        average=average,
        seed=seed,
        teacher=teacher,
        distil=distil,
        temperature=temperature,
        noise=noise,
        start=start,
    )
    if not phases:
        with suppress(TrainingError):  # the run itself says what is wrong with the folder
            pictures = sum(count_pictures(data).values())
            recipe = for_few_pictures(recipe, round(pictures * (1 - held_out_share(pictures))))
    size = size or zoo_networks().get(model).preprocess.side
    job = Job(recipe.to_json(), str(data.absolute()), size, device, half, probes)
    try:
        done = run_job(out, job, concurrent=beside)
    except BusyError as error:
        raise BusyError(f"{error} Add --beside to start anyway.") from error
    typer.echo(done)


def evaluate(
    data: Data,
    model: Annotated[
        str, typer.Option(help="A name from `attnviz models`, or a .safetensors file.")
    ] = "ran-small",
    store: Annotated[
        int, typer.Option(help="Side in pixels of the pictures in memory, as in training.")
    ] = 144,
    mirror: Annotated[
        bool, typer.Option(help="Average over each picture and its mirror image.")
    ] = False,
    json: AsJson = False,
    device: Device = "auto",
) -> None:
    """Reproduce the figures on a model's card.

    Of `lens` they are measured on imagenet-100 and osie in the data folder, of other models on its
    validation part.
    """
    from attnviz.models.loading import load_model
    from attnviz.training.data.data import load_validation
    from attnviz.training.lens.evaluation import evaluate_lens
    from attnviz.training.loop.evaluate import evaluate as score_of

    loaded = load_model(model, device)
    if loaded.spec.class_masks:
        found = evaluate_lens(loaded, data)
        if json:
            typer.echo(json_line({"model": model, **asdict(found)}))
            return
        typer.echo(
            f"{model}: top-1 {found.top1:.4f}, kept {found.kept:.4f}, taken {found.taken:.4f} on "
            f"{found.photos} photos, NSS {found.nss:.4f} on {found.scenes} scenes"
        )
        return
    side = loaded.preprocess.side
    classes, part = load_validation(data, side=store)
    if classes != loaded.labels:
        raise TrainingError(
            f"{data} has the classes {', '.join(classes[:5])} ..., and {model} knows "
            f"{', '.join(loaded.labels[:5])} ...; give a folder with the model's classes."
        )
    score = score_of(
        loaded.module, part, loaded.preprocess, side=side, mirrored=mirror, device=loaded.device
    )
    if json:
        measured = {"model": model, **asdict(score), "margin": score.margin}
        typer.echo(json_line({**measured, "side": side, "mirrored": mirror}))
        return
    typer.echo(
        f"{model}: top-1 {score.top1:.4f} ± {score.margin:.4f}, loss {score.loss:.4f}, "
        f"on {score.pictures} pictures at {side} px{', mirrored too' if mirror else ''}"
    )
