"""`attnviz report`: photos with live viewers in one HTML file."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.explain import as_asked
from attnviz.cli.models import DEFAULT_HELP, model_or_default
from attnviz.cli.options import InputSize, MethodName, Pictures, Radius
from attnviz.cli.presented import Channels, Slice, Window, opener
from attnviz.training.cli import AsJson, Device

if TYPE_CHECKING:
    from attnviz.cli.inputs import InputPicture
    from attnviz.cli.presented import Opener
    from attnviz.export.base import ExportSource
    from attnviz.models.vision_model import VisionModel
    from attnviz.targets import Target


def report(
    pictures: Pictures,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A name from `attnviz models`, or a .safetensors file; may be repeated "
            f"{DEFAULT_HELP}."
        ),
    ] = None,
    method: MethodName = "auto",
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="What to explain: a class, by label or index, or contrast:cat|dog "
            "(default: the top prediction). Repeated, the targets compete."
        ),
    ] = None,
    input_size: InputSize = None,
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence", help="Also test the map: the network classifies 650 pictures for each."
        ),
    ] = False,
    channels: Channels = "",
    window: Window = "",
    slice_: Slice = "",
    radius: Radius = 24.0,
    title: Annotated[str, typer.Option(help="Heading of the report.")] = "",
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("report.html"),
    json: AsJson = False,
    device: Device = "auto",
) -> None:
    """Write one HTML file with photos, live viewers, predictions and provenance.

    It opens in any browser, needs no network and no attnviz, and prints. Several models look at
    each photo in turn. A picture that fails is left out and named; the exit code is 1 then.
    """
    from attnviz.cli.inputs import input_pictures
    from attnviz.cli.output import check_folder, write_file
    from attnviz.cli.terminal import path_text
    from attnviz.errors import ModelError, NoSitesError, PictureError
    from attnviz.export.report_page.page import report_page
    from attnviz.json_lines import json_line
    from attnviz.models.loading import load_model

    check_folder(out.parent)
    open_file = opener(channels, window, slice_)
    names = dict.fromkeys(model or [model_or_default(None)])
    models = [load_model(name, device, input_size=input_size) for name in names]
    asked = [as_asked(target or (), one.labels) for one in models]
    shown: list[ExportSource] = []
    failures: list[str] = []
    listed = input_pictures(pictures, out)
    for picture, (one, wanted) in product(listed, zip(models, asked, strict=True)):
        try:
            source = _looked_at(one, picture, open_file, method, wanted, radius)
            shown.append(_with_evidence(one, source) if evidence else source)
        except NoSitesError:
            raise
        except (PictureError, ModelError) as error:
            typer.echo(str(error), err=True)
            failures.append(str(error))
    content = report_page(shown, title=title) if shown else b""
    count = len({source.picture.sha256 for source in shown})
    if shown:
        write_file(out, content)
    if json:
        record = {
            "out": str(out) if shown else None,
            "bytes": len(content),
            "photos": count,
            "models": [one.name for one in models],
            "errors": failures,
        }
        typer.echo(json_line(record))
    elif shown:
        photos = "1 photo" if count == 1 else f"{count} photos"
        typer.echo(f"{photos} in {path_text(out)}, {len(content) / 1e6:.1f} MB")
    if failures:
        raise typer.Exit(1)


def _looked_at(
    model: VisionModel,
    picture: InputPicture,
    open_file: Opener,
    method: str,
    asked: tuple[Target, ...],
    radius: float,
) -> ExportSource:
    """A picture with its maps, and the classes of its focus picture."""
    from attnviz.analysis.asked_again import asked_again
    from attnviz.analysis.explain import explain
    from attnviz.export.base import ExportSource

    if picture.problem is not None:
        raise picture.problem
    photo = open_file(picture.path)
    result = explain(model, photo, method, asked or None)
    return asked_again(model, ExportSource(photo, result, result.best_layer, radius=radius))


def _with_evidence(model: VisionModel, source: ExportSource) -> ExportSource:
    """The same with what tests of its map found out; a map that cannot be tested says why."""
    from attnviz.errors import EvidenceError
    from attnviz.evidence.findings import find_evidence

    try:
        return replace(source, findings=find_evidence(model, source.explanation, source.layer))
    except EvidenceError as error:
        typer.echo(str(error), err=True)
        return source
