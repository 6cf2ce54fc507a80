"""The command line `attnviz`, also `python -m attnviz`.

Names and options are those of the Python interface. Each command imports what it needs when it
runs, so that `attnviz --help` answers at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from attnviz.assets import app_script
from attnviz.errors import AttnvizError, PictureError
from attnviz.training.cli import evaluate, train
from attnviz.version import __version__

if TYPE_CHECKING:
    from attnviz.export.base import Export
    from attnviz.models.vision_model import VisionModel

Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")]


class Commands(TyperGroup):
    """A group of commands in which our own errors end the program with their one sentence."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an `AttnvizError` goes to standard error, and the exit code is 1."""
        try:
            return super().invoke(ctx)
        except AttnvizError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None


cli = typer.Typer(
    cls=Commands,
    help="See where vision models look.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _show_version(requested: bool) -> None:
    if requested:
        typer.echo(__version__)
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """See where vision models look."""
    del version


@cli.command()
def app(
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8501,
    hosted: Annotated[
        bool, typer.Option(help="Serve other computers too, and open no browser here.")
    ] = False,
) -> None:
    """Start the app and open it in the browser. Without --hosted only this computer reaches it."""
    address = "0.0.0.0" if hosted else "127.0.0.1"  # noqa: S104 - what --hosted asks for
    command = [sys.executable, "-m", "streamlit", "run", str(app_script())]
    command += [f"--server.port={port}", f"--server.address={address}"]
    if hosted:
        command.append("--server.headless=true")
    if os.name == "posix":  # the app takes this process over, so that a signal reaches it
        os.execv(command[0], command)  # noqa: S606 - no part of it comes from outside
    try:
        code = subprocess.call(command)  # noqa: S603 - likewise
    except KeyboardInterrupt:  # Ctrl-C is how the app is stopped
        code = 0
    raise typer.Exit(code)


@cli.command()
def models() -> None:
    """List the available models, the attention they have, and their download size."""
    from attnviz.models.catalogue import list_models

    for spec in list_models():
        cost = "ships with attnviz"
        if not spec.embedded:
            cost = f"{(spec.download_bytes or 0) / 1e6:.0f} MB to download"
        typer.echo(f"{spec.name:28} {', '.join(spec.kinds):20} {cost}")


@cli.command()
def explain(
    pictures: Annotated[list[Path], typer.Argument(help="Photos to explain.")],
    model: Annotated[
        str, typer.Option(help="A name from `attnviz models`, or a .safetensors file.")
    ] = "ran-small",
    method: Annotated[
        str, typer.Option(help="A method's name, or attention, decision or auto.")
    ] = "auto",
    target: Annotated[
        str | None, typer.Option(help="Class to explain (default: the top prediction).")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer to write (default: all layers).")] = None,
    input_size: Annotated[
        int | None, typer.Option(help="Input side in pixels (default: the model's own).")
    ] = None,
    radius: Annotated[float, typer.Option(help="Largest blur radius in pixels.")] = 24.0,
    export: Annotated[
        list[str] | None,
        typer.Option(help="What to write, may be repeated (default: focus, map and maps)."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("out"),
    device: Device = "auto",
) -> None:
    """Write the focus picture and the map of every layer, and the maps' values as .npz.

    A larger --input-size gives finer maps, and takes more memory and time.
    """
    from attnviz.export.base import exports
    from attnviz.models.loading import load_model

    known = exports()
    names = export or [format_.name for format_ in known if format_.by_default]
    formats = [known.get(name)() for name in dict.fromkeys(names)]
    loaded = load_model(model, device, input_size=input_size)
    question = method, int(target) if target is not None and target.isdigit() else target
    failures = 0
    for path, folder in zip(pictures, _output_folders(pictures, out), strict=True):
        try:
            _explain_one(path, loaded, question, layer, radius, formats, folder)
        except PictureError as error:  # the other pictures are still explained
            typer.echo(str(error), err=True)
            failures += 1
    if failures:
        raise typer.Exit(1)


def _output_folders(pictures: list[Path], out: Path) -> list[Path]:
    """A folder for each picture, named after it; further pictures of the same name are numbered."""
    counts: dict[str, int] = {}
    folders = []
    for path in pictures:
        number = counts[path.stem] = counts.get(path.stem, 0) + 1
        folders.append(out / (path.stem if number == 1 else f"{path.stem}-{number}"))
    return folders


def _explain_one(
    path: Path,
    model: VisionModel,
    question: tuple[str, str | int | None],
    layer: str | None,
    radius: float,
    formats: list[Export],
    out: Path,
) -> None:
    from attnviz.analysis.explain import explain as explain_picture
    from attnviz.export.base import ExportSource
    from attnviz.pictures import open_picture

    picture = open_picture(path)
    result = explain_picture(model, picture, *question)
    layers = result.layers if layer is None else (result.layers[result.index_of(layer)],)
    out.mkdir(parents=True, exist_ok=True)
    for export in formats:
        for name in layers if export.per_layer else layers[:1]:
            source = ExportSource(picture, result, name, radius=radius)
            (out / export.file_name(name)).write_bytes(export.write(source))
    best = ", ".join(f"{top.label} {top.probability:.2f}" for top in result.predictions[:3])
    typer.echo(f"{path}: {best}. {len(layers)} layers by {result.method} in {out}")


@cli.command()
def agreement(
    data: Annotated[Path, typer.Option(help="Folder with pictures and a fixations.json.")],
    models: Annotated[
        str,
        typer.Option(
            help="Model names, separated by commas; NAME=FILE loads a model's weights from a file."
        ),
    ] = "ran-small",
    methods: Annotated[
        str, typer.Option(help="Methods as in `explain`, separated by commas.")
    ] = "attention,decision",
    limit: Annotated[
        int | None, typer.Option(help="Number of pictures to use (default: all).")
    ] = None,
    degree: Annotated[float, typer.Option(help="Image pixels per degree of visual angle.")] = 24.0,
    out: Annotated[Path | None, typer.Option(help="Also write the table to this file.")] = None,
    device: Device = "auto",
) -> None:
    """Compare maps of models with people's fixations, and with maps that need no model."""
    from attnviz.agreement.cli import compare_folder

    report = compare_folder(
        data, _names(models), _names(methods), limit=limit, degree=degree, device=device
    )
    typer.echo(report)  # first: it took long, and `out` may not be writable
    if out is not None:
        _write(out, report)


def _names(text: str) -> tuple[str, ...]:
    """The names between commas, without repetitions."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise AttnvizError(f"{path} cannot be written ({error.strerror}).") from error


cli.command()(train)
cli.command()(evaluate)
