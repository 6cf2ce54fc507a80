"""Explaining pictures one after another: what fails is reported, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from attnviz.analysis.explain import explain
from attnviz.analysis.explanation import Explanation
from attnviz.analysis.network_agreement import network_agreement
from attnviz.cli.inputs import InputPicture
from attnviz.cli.output import output_folders, write_file
from attnviz.cli.reports import PictureReport, Reporter
from attnviz.errors import ModelError, NoSitesError, OutputError, PictureError
from attnviz.export.base import Export, ExportSource
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_picture
from attnviz.targets import Target

ALL, BEST = "all", "best"


@dataclass(frozen=True)
class Order:
    """What to compute for each picture, and what to write.

    Attributes
    ----------
    method
        As in `attnviz.explain`.
    asked
        What to explain; empty for the top prediction.
    layers
        "all", "best", or the name of a layer.
    radius
        Largest circle of confusion, as a radius in pixels.
    exports
        The kinds of files.
    out
        The output folder.
    reference
        A model that should be the same network; what it agrees in is told.
    open
        Opens a picture's file.
    """

    method: str
    asked: tuple[Target, ...]
    layers: str
    radius: float
    exports: tuple[Export[ExportSource], ...]
    out: Path
    reference: VisionModel | None = None
    open: Callable[[Path], Picture] = open_picture


def explain_pictures(
    model: VisionModel, pictures: Sequence[InputPicture], order: Order, reporter: Reporter
) -> None:
    """Explain pictures and report each.

    Parameters
    ----------
    model
        From `load_model`.
    pictures
        From `input_pictures`.
    order
        What to compute and write.
    reporter
        Receives a report for each picture, also for those that failed.

    Raises
    ------
    UnknownNameError, MethodError, NoSitesError
        Method, target or layer are impossible: so they are for every picture.
    """
    folders = output_folders([picture.place for picture in pictures])
    for picture, folder in zip(pictures, folders, strict=True):
        report = PictureReport(picture.path, model.name)
        try:
            _explain_one(model, picture, order, order.out / folder, report)
        except NoSitesError:
            raise
        except (PictureError, ModelError, OutputError) as error:
            report.failure = error
        reporter.add(report)


def _explain_one(
    model: VisionModel, source: InputPicture, order: Order, folder: Path, report: PictureReport
) -> None:
    if source.problem is not None:
        raise source.problem
    picture = order.open(source.path)
    result = explain(model, picture, order.method, order.asked or None)
    if order.reference is not None:
        agreement = network_agreement(result, model, order.reference)
        result = replace(result, notes=(*result.notes, str(agreement)))
    report.result = result
    report.layers = _layers(result, order.layers)
    report.folder = folder
    for export, layer in _files(order.exports, report.layers, result.best_layer):
        content = export.write(ExportSource(picture, result, layer, radius=order.radius))
        path = folder / export.file_name(layer, result.asked_text)
        write_file(path, content)
        report.files.append(path)


def _layers(result: Explanation, wish: str) -> tuple[str, ...]:
    if wish == ALL:
        return result.layers
    if wish == BEST:
        return (result.best_layer,)
    return (result.name_of(wish),)


def _files(
    exports: Sequence[Export[ExportSource]], layers: Sequence[str], best: str
) -> list[tuple[Export[ExportSource], str]]:
    """Each export with the layers for which it gives a file; one of all layers shows the best."""
    return [
        (export, layer) for export in exports for layer in (layers if export.per_layer else (best,))
    ]
