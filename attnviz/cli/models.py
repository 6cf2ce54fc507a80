"""`attnviz models`: the available models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from attnviz.errors import ModelError
from attnviz.training.cli import AsJson

if TYPE_CHECKING:
    from attnviz.models.vision_model import VisionModel
    from attnviz.pictures.geometry import Fit

DEFAULT_HELP = "(default: the first of `attnviz models`)"


def model_or_default(name: str | None) -> str:
    """Return the name of a model, or of the one to begin with, and say if another is missing."""
    from attnviz.models.catalogue import default_model, missing_default

    if name is not None:
        return name
    chosen = default_model()
    if missing := missing_default():
        typer.echo(f"{missing} {chosen} is used instead.", err=True)
    return chosen


def open_model(
    name: str | None,
    device: str,
    *,
    input_size: int | None = None,
    labels: Path | None = None,
    like: VisionModel | None = None,
) -> VisionModel:
    """Load a model of the catalogue, or take a file or a service for a black box.

    Parameters
    ----------
    name
        As `--model` takes it; the model to begin with if None.
    device
        Where networks of the catalogue run.
    input_size
        Side of the input in pixels.
    labels
        File with one label a line, for a black box.
    like
        Of the same network, whose preprocessing and labels a black box gets.

    Raises
    ------
    ModelError
        It cannot be loaded, or labels were given for a model that has its own.
    """
    from attnviz.models.black_box.door import black_box, is_black_box_file
    from attnviz.models.labels import read_labels
    from attnviz.models.loading import load_model

    if name is not None and is_black_box_file(name):
        names = read_labels(labels) or (() if like is None else like.labels)
        preprocess = None if like is None else replace(like.preprocess, fit=_square(like))
        return black_box(name, names, input_size=input_size, preprocess=preprocess)
    if labels is not None:
        raise ModelError("--labels is for black boxes. A model of the catalogue has its own.")
    return load_model(model_or_default(name), device, input_size=input_size)


def as_prepared(model: VisionModel, like: VisionModel) -> VisionModel:
    """Return a model that prepares its inputs as another one does."""
    return replace(model, spec=replace(model.spec, preprocess=like.preprocess))


def _square(model: VisionModel) -> Fit:
    """How a model's inputs become squares, which exported networks usually are made for."""
    from attnviz.pictures.geometry import Fit

    fit = Fit(model.preprocess.fit)
    return Fit.SQUASH if fit is Fit.WHOLE else fit


def models(json: AsJson = False) -> None:
    """List the available models, the attention they have, and their download size."""
    from attnviz.json_lines import json_line
    from attnviz.models.catalogue import list_models
    from attnviz.models.weights import is_downloadable

    for spec in list_models():
        size = 0 if spec.embedded else spec.download_bytes or 0
        if json:
            record = {
                "name": spec.name,
                "title": spec.title,
                "kinds": [str(kind) for kind in spec.kinds],
                "embedded": spec.embedded,
                "download_bytes": size,
            }
            typer.echo(json_line(record))
            continue
        how = "to download" if is_downloadable(spec) else "to add by hand"
        cost = "ships with attnviz" if spec.embedded else f"{size / 1e6:.0f} MB {how}"
        typer.echo(f"{spec.name:28} {', '.join(spec.kinds):20} {cost}")
