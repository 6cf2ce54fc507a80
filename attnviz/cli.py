"""The commands behind `python -m attnviz`; names and options are those of the Python door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from attnviz.errors import AttnvizError, PictureError, TrainingError
from attnviz.training.recipe import Recipe

if TYPE_CHECKING:
    from attnviz.models.vision_model import VisionModel

cli = typer.Typer(
    help="See where vision models look.", no_args_is_help=True, pretty_exceptions_enable=False
)

Device = Annotated[str, typer.Option(help="auto, cuda, cuda:1, mps or cpu.")]
Data = Annotated[Path, typer.Option(help="A folder of class folders, or of train/ and val/.")]


@contextmanager
def _sentences() -> Iterator[None]:
    """Errors of our own end the command with their one sentence, not with a traceback."""
    try:
        yield
    except AttnvizError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


@cli.command()
def models() -> None:
    """List the models that can be loaded, and what each costs."""
    from attnviz.models.catalog import list_models

    with _sentences():
        specs = list_models()
    for spec in specs:
        cost = "ships with attnviz"
        if not spec.embedded:
            cost = f"{(spec.download_bytes or 0) / 1e6:.0f} MB to download"
        typer.echo(f"{spec.name:28} {', '.join(spec.kinds):20} {cost}")


@cli.command()
def explain(
    pictures: Annotated[list[Path], typer.Argument(help="Photos.")],
    model: Annotated[str, typer.Option(help="From `models`, or a .safetensors.")] = "ran-small",
    method: Annotated[str, typer.Option(help="A method, or attention, decision, auto.")] = "auto",
    target: Annotated[str | None, typer.Option(help="The class to explain; the top one.")] = None,
    layer: Annotated[str | None, typer.Option(help="Only this layer; all of them.")] = None,
    input_size: Annotated[
        int | None, typer.Option(help="Side of the input in pixels; the model's own.")
    ] = None,
    radius: Annotated[float, typer.Option(help="Largest blur, in pixels.")] = 24.0,
    out: Annotated[Path, typer.Option(help="Where to write.")] = Path("out"),
    device: Device = "auto",
) -> None:
    """Write the focus picture and the map of every layer, and the maps' values as .npz.

    A larger --input-size gives finer maps, and takes more memory and time.
    """
    from attnviz.models.loading import load_model

    with _sentences():
        loaded = load_model(model, device, input_size=input_size)
    failed = 0
    chosen = int(target) if target is not None and target.isdigit() else target
    for path, folder in zip(pictures, _folders(pictures, out), strict=True):
        try:
            _explain_one(path, loaded, method, chosen, layer, radius, folder)
        except PictureError as error:  # the other pictures still get theirs
            typer.echo(str(error), err=True)
            failed += 1
        except AttnvizError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
    if failed:
        raise typer.Exit(1)


def _folders(pictures: list[Path], out: Path) -> list[Path]:
    """A folder for each picture, named after it; pictures of one name are numbered."""
    seen: dict[str, int] = {}
    folders = []
    for path in pictures:
        seen[path.stem] = seen.get(path.stem, 0) + 1
        number = seen[path.stem]
        folders.append(out / (path.stem if number == 1 else f"{path.stem}-{number}"))
    return folders


def _explain_one(
    path: Path,
    model: VisionModel,
    method: str,
    target: str | int | None,
    layer: str | None,
    radius: float,
    out: Path,
) -> None:
    from attnviz.analysis.explain import explain as look
    from attnviz.export.png import png_with_provenance
    from attnviz.pictures import open_picture
    from attnviz.render.bokeh import bokeh
    from attnviz.render.heat import heat_overlay

    picture = open_picture(path)
    result = look(model, picture, method, target)
    layers = result.layers if layer is None else (layer,)
    out.mkdir(parents=True, exist_ok=True)
    for name in layers:
        focus = result.focus(name)
        facts = {**result.provenance, "layer": name}
        for kind, pixels in (
            ("focus", bokeh(picture.pixels, focus.values, radius)),
            ("map", heat_overlay(picture.pixels, focus.scaled)),
        ):
            safe = name.replace("/", "_").replace(" ", "-")
            (out / f"{safe}.{kind}.png").write_bytes(png_with_provenance(pixels, facts))
    arrays: dict[str, Any] = dict(zip(result.layers, result.maps, strict=True))
    np.savez_compressed(out / "maps.npz", **arrays)
    best = ", ".join(f"{one.label} {one.probability:.2f}" for one in result.predictions[:3])
    typer.echo(f"{path}: {best}. {len(layers)} layers by {result.method} in {out}")


@cli.command()
def train(
    data: Data,
    model: Annotated[str, typer.Option(help="A network of the zoo.")] = "ran-small",
    out: Annotated[Path, typer.Option(help="Checkpoints, weights, recording.")] = Path("runs/new"),
    phases: Annotated[str, typer.Option(help="Epochs x pixels, in order.")] = "18x64,12x96,4x128",
    size: Annotated[int, typer.Option(help="Side of the inputs after training.")] = 160,
    store: Annotated[int, typer.Option(help="Side of the pictures kept in memory.")] = 144,
    batch: int = 64,
    optimizer: Annotated[str, typer.Option(help="sgd, adamw or muon.")] = "sgd",
    rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 0.15,
    warm_up: Annotated[float, typer.Option(help="Epochs.")] = 2.0,
    weight_decay: float = 5e-4,
    smoothing: Annotated[float, typer.Option(help="Label smoothing.")] = 0.1,
    crop: Annotated[float, typer.Option(help="Least share of the area a crop keeps.")] = 0.35,
    aspect: Annotated[float, typer.Option(help="Most stretch of a crop.")] = 4 / 3,
    pad: Annotated[int, typer.Option(help="Pixels by which pictures are moved at random.")] = 0,
    erase: Annotated[
        float, typer.Option(help="Share of the side that a plain square hides.")
    ] = 0.0,
    colour: Annotated[float, typer.Option(help="Most change of colours, 0..1.")] = 0.25,
    mixup: Annotated[float, typer.Option(help="Its beta parameter; 0 for off.")] = 0.0,
    cutmix: Annotated[float, typer.Option(help="Its beta parameter; 0 for off.")] = 0.0,
    unmixed: Annotated[int, typer.Option(help="Last epochs without mixup and CutMix.")] = 0,
    average: Annotated[float, typer.Option(help="Decay of the weights' average.")] = 0.998,
    teacher: Annotated[str, typer.Option(help="A trained network to learn from as well.")] = "",
    distil: Annotated[float, typer.Option(help="The teacher's share of the loss, 0..1.")] = 0.5,
    temperature: Annotated[
        float, typer.Option(help="Of the teacher's word; 0: its first choice alone.")
    ] = 0.0,
    noise: Annotated[float, typer.Option(help="Share of training labels made wrong.")] = 0.0,
    half: Annotated[str, typer.Option(help="bf16: auto, on or off.")] = "auto",
    probes: Annotated[str, typer.Option(help="Recorded pictures: samples or val.")] = "val",
    seed: int = 0,
    device: Device = "auto",
    beside: Annotated[bool, typer.Option(help="Also while another training is going on.")] = False,
) -> None:
    """Train a network on a folder of class folders; goes on by itself after a kill."""
    from attnviz.training.jobs.runs import BusyError, train_here
    from attnviz.training.jobs.state import Job
    from attnviz.training.recipe import parse_optimizer, parse_phases

    with _sentences():
        recipe = Recipe(
            model=model,
            phases=parse_phases(phases),
            store=store,
            batch=batch,
            optimizer=parse_optimizer(optimizer),
            rate=rate,
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
        )
        job = Job(recipe.to_json(), str(data.absolute()), size, device, half, probes)
        try:
            done = train_here(out, job, beside=beside)
        except BusyError as error:
            raise BusyError(f"{error} --beside does that.") from error
    typer.echo(done)


@cli.command()
def evaluate(
    data: Data,
    model: Annotated[
        str, typer.Option(help="A name from `models`, or a .safetensors file.")
    ] = "ran-small",
    store: Annotated[int, typer.Option(help="As in training.")] = 144,
    mirror: Annotated[
        bool, typer.Option(help="Average over each picture and its mirror image.")
    ] = False,
    device: Device = "auto",
) -> None:
    """Reproduce the accuracy on a model's card, on the validation part of a data folder."""
    from attnviz.models.loading import load_model
    from attnviz.training.data.data import load_validation
    from attnviz.training.loop.evaluate import evaluate as score_of

    with _sentences():
        loaded = load_model(model, device)
        side = loaded.preprocess.size
        classes, part = load_validation(data, side=store)
        if classes != loaded.labels:
            raise TrainingError(
                f"{data} has the classes {', '.join(classes[:5])} ..., and {model} knows "
                f"{', '.join(loaded.labels[:5])} ...; give a folder with the model's classes."
            )
        score = score_of(
            loaded.module, part, loaded.preprocess, side=side, mirrored=mirror, device=loaded.device
        )
    typer.echo(
        f"{model}: top-1 {score.top1:.4f} ± {score.margin:.4f}, loss {score.loss:.4f}, "
        f"on {score.pictures} pictures at {side} px{', mirrored too' if mirror else ''}"
    )


@cli.command()
def agreement(
    data: Annotated[Path, typer.Option(help="Pictures with a fixations.json.")],
    models: Annotated[
        str, typer.Option(help="Names from `models`, commas; NAME=FILE takes weights from a file.")
    ] = "ran-small",
    methods: Annotated[str, typer.Option(help="As in `explain`, commas.")] = "attention,decision",
    limit: Annotated[int | None, typer.Option(help="Only so many pictures.")] = None,
    degree: Annotated[float, typer.Option(help="Pixels of the pictures to a degree.")] = 24.0,
    out: Annotated[Path | None, typer.Option(help="Also write the table there.")] = None,
    device: Device = "auto",
) -> None:
    """Compare maps of models with where people looked, and with what needs no model."""
    from attnviz.agreement.cli import compare_folder

    with _sentences():
        report = compare_folder(
            data, _names(models), _names(methods), limit=limit, degree=degree, device=device
        )
        typer.echo(report)  # first: it took long, and `out` may not be writable
        if out is not None:
            _write(out, report)


def _names(text: str) -> tuple[str, ...]:
    """What stands between commas, each once."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AttnvizError(f"{path} cannot be written ({error.strerror}).") from error
