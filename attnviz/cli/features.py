"""`attnviz features`: write the features of patches, and their components as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from attnviz.cli.models import DEFAULT_HELP, model_or_default
from attnviz.cli.options import InputSize, Pictures
from attnviz.cli.presented import Channels, Slice, Window, opener
from attnviz.training.cli import AsJson, Device

if TYPE_CHECKING:
    from attnviz.analysis.features import PatchFeatures

_KEPT_SIDE = 16


def features(
    pictures: Pictures,
    model: Annotated[
        str | None,
        typer.Option(help=f"A name from `attnviz models`, or a .safetensors file {DEFAULT_HELP}."),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Layer whose features are read (default: the last one).")
    ] = None,
    input_size: InputSize = None,
    each: Annotated[
        bool, typer.Option("--each", help="Find the components of each picture by itself.")
    ] = False,
    channels: Channels = "",
    window: Window = "",
    slice_: Slice = "",
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("out"),
    json: AsJson = False,
    device: Device = "auto",
) -> None:
    """Write the features of each patch as .npz, and their first three components as colours.

    The components are found for all pictures together, so that equal colours mean equal features in
    all of them. A picture that fails does not stop the others; the exit code is 1 then.
    """
    from attnviz.analysis.features import features as features_of
    from attnviz.cli.inputs import input_pictures
    from attnviz.cli.output import check_folder, output_folders
    from attnviz.errors import ModelError, NoSitesError, PictureError
    from attnviz.json_lines import json_line
    from attnviz.models.loading import load_model

    check_folder(out)
    open_file = opener(channels, window, slice_)
    listed = input_pictures(pictures, out)
    loaded = load_model(model_or_default(model), device, input_size=input_size)
    found: list[_FileFeatures] = []
    for picture, folder in zip(listed, output_folders([one.place for one in listed]), strict=True):
        try:
            if picture.problem is not None:
                raise picture.problem
            one = features_of(loaded, open_file(picture.path), layer)
            # Of a thousand photos the pixels would fill the memory; nothing needs them any more.
            one = replace(one, picture=one.picture.reduced(_KEPT_SIDE))
            found.append(_FileFeatures(picture.path, out / folder, one))
        except NoSitesError:
            raise
        except (PictureError, ModelError) as error:
            typer.echo(str(error), err=True)
            if json:
                typer.echo(json_line(_record(picture.path, error=str(error))))
    for group in [[one] for one in found] if each else [found]:
        _write(group, json=json)
    if len(found) < len(listed):
        raise typer.Exit(1)


@dataclass(frozen=True, eq=False)
class _FileFeatures:
    """The features of a file, and the folder for what is made of them."""

    path: Path
    folder: Path
    features: PatchFeatures


def _write(group: list[_FileFeatures], *, json: bool) -> None:
    """Write the pictures that share one basis."""
    from attnviz.analysis.features import shared_basis
    from attnviz.cli.output import write_file
    from attnviz.cli.terminal import path_text
    from attnviz.export.feature_files import components_png, features_npz
    from attnviz.json_lines import json_line
    from attnviz.metrics.feature_space import principal_colours

    if not group:
        return
    basis = shared_basis([found.features for found in group])
    components = [basis.components(found.features.values) for found in group]
    colours = principal_colours(*components)
    for found, values, painted in zip(group, components, colours, strict=True):
        one, folder = found.features, found.folder
        facts = one.provenance | {"basis": f"of {len(group)} pictures" if group[1:] else "its own"}
        write_file(folder / "components.png", components_png(painted, one.geometry, facts))
        write_file(folder / "features.npz", features_npz(one.values, values, facts))
        if json:
            typer.echo(json_line(_record(found.path, one, facts, folder)))
            continue
        rows, columns, width = one.values.shape
        what = f"{rows} x {columns} patches of {width:,} numbers from {one.layer}"
        typer.echo(f"{path_text(Path(one.picture.name))}: {what} in {path_text(folder)}")


def _record(
    path: Path,
    one: PatchFeatures | None = None,
    facts: Mapping[str, str] | None = None,
    folder: Path | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    """What is said of a picture, for programs; the same keys for every picture."""
    names = ("components.png", "features.npz")
    return {
        "picture": str(path),
        "layer": one.layer if one else None,
        "shape": list(one.values.shape) if one else None,
        "files": [str(folder / name) for name in names] if folder else [],
        "provenance": dict(facts or {}),
        "error": error,
    }
