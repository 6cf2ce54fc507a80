"""`attnviz explain`: write focus pictures, maps and their values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.models import DEFAULT_HELP, as_prepared, open_model
from attnviz.cli.options import InputSize, MethodName, Pictures, Radius
from attnviz.cli.presented import Channels, Slice, Window, opener
from attnviz.training.cli import AsJson, Device

if TYPE_CHECKING:
    from attnviz.targets import Target


def explain(
    pictures: Pictures,
    model: Annotated[
        str | None,
        typer.Option(
            help="A name from `attnviz models`, a .safetensors file, or a black box: an .onnx, .pt "
            f"(TorchScript) or .pt2 file, or the http(s) address of a service {DEFAULT_HELP}."
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Text file with the labels of a black box, one a line.")
    ] = None,
    agreement_with: Annotated[
        str | None,
        typer.Option(help="A model that should be the same network; says how far both agree."),
    ] = None,
    method: MethodName = "auto",
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="What to explain: a class, by label or index, contrast:cat|dog, patch:.4,.6 or "
            "alike:other.jpg (default: the top prediction). Repeated, the targets compete."
        ),
    ] = None,
    layers: Annotated[
        str, typer.Option("--layers", "--layer", help="Layers to write: best, all, or a name.")
    ] = "all",
    input_size: InputSize = None,
    channels: Channels = "",
    window: Window = "",
    slice_: Slice = "",
    radius: Radius = 24.0,
    save: Annotated[
        list[str] | None,
        typer.Option(
            "--save",
            "--export",
            help="What to write: names from `attnviz exports`, with commas between them "
            "(default: focus,overlay,npz).",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("out"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Report problems only.")] = False,
    json: AsJson = False,
    device: Device = "auto",
) -> None:
    """Write the focus picture and the map of every layer, and the maps' values as .npz.

    `--save focus,figure,gif` writes others: `attnviz exports` lists what there is. A larger
    --input-size gives finer maps, and takes more memory and time. A picture that fails does not
    stop the others; the exit code is 1 then.
    """
    from attnviz.cli.explain_pictures import Order, explain_pictures
    from attnviz.cli.inputs import input_pictures
    from attnviz.cli.options import listed_names
    from attnviz.cli.output import check_folder
    from attnviz.cli.reports import Reporter
    from attnviz.export.base import exports

    check_folder(out)
    open_file = opener(channels, window, slice_)
    known = exports()
    names = listed_names(save or ()) or [one.name for one in known if one.by_default]
    formats = tuple(known.get(name)() for name in names)
    listed = input_pictures(pictures, out)
    other = None if agreement_with is None else open_model(agreement_with, device)
    loaded = open_model(model, device, input_size=input_size, labels=labels, like=other)
    other = None if other is None else as_prepared(other, loaded)
    asked = as_asked(target or (), loaded.labels)
    order = Order(method, asked, layers, radius, formats, out, other, open_file)
    reporter = Reporter(quiet=quiet, json_lines=json)
    explain_pictures(loaded, listed, order, reporter)
    reporter.summarise()
    if reporter.failures:
        raise typer.Exit(1)


def as_asked(texts: Sequence[str], labels: Sequence[str]) -> tuple[Target, ...]:
    """Return what the texts of `--target` ask for; see `parse_targets`."""
    from attnviz.pictures import open_picture
    from attnviz.targets import TextContext
    from attnviz.targets.text import as_targets, parse_targets

    context = TextContext(labels, open_picture)
    targets = [target for text in texts for target in parse_targets(text, context)]
    return as_targets(targets) if targets else ()
