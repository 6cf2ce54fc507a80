"""A recording as a figure: how maps came about, over accuracy and loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from attnviz.errors import TrainingError, UnknownNameError
from attnviz.export.paper_figure import STYLES, PaperFigure
from attnviz.pictures.names import visible
from attnviz.training.recording.growth import layer_maps, recorded_layers, recorded_methods
from attnviz.training.recording.picture import recorded_pixels

if TYPE_CHECKING:
    from attnviz.training.recording.file import Recording

_COLOURS = "inferno"
_MOST_LAYERS = 4
_LONGEST = 28
_STYLE = STYLES["paper"]


def recording_figure(
    recording: Recording,
    picture: int | str = 0,
    layers: Sequence[str] = (),
    method: str | None = None,
    checkpoints: int = 5,
) -> PaperFigure:
    """Draw a recording; see `Recording.plot`."""
    shots = recording.snapshots
    if not shots:
        raise TrainingError("There is nothing to draw: no checkpoint was recorded.")
    number = _number_of(recording, picture)
    name = _known("method", method, recorded_methods(recording)) or recorded_methods(recording)[-1]
    known = recorded_layers(recording, name)
    chosen = [_known("layer", layer, known) or layer for layer in layers] or _spaced(known)
    maps = layer_maps(recording, name, number)
    at = np.unique(np.linspace(0, len(shots) - 1, max(checkpoints, 1)).round().astype(int))
    measured = _measured(recording)
    rows = len(chosen) + bool(measured)
    width = _STYLE.width
    with matplotlib.rc_context(_STYLE.settings):
        figure = PaperFigure(
            figsize=(width, rows * width / (len(at) + 1) + 0.4), layout="constrained", dpi=300
        )
        grid = figure.add_gridspec(rows, len(at) + 1)
        _photo(figure.add_subplot(grid[: len(chosen), 0]), recording, number)
        for row, layer in enumerate(chosen):
            values = maps[layer][at]
            low, high = float(values.min()), float(values.max())
            axes = [figure.add_subplot(grid[row, column + 1]) for column in range(len(at))]
            for one, step, shown in zip(axes, at, values, strict=True):
                drawn = one.imshow(shown, cmap=_COLOURS, vmin=low, vmax=high)
                one.set(xticks=[], yticks=[])
                if row == 0:
                    one.set_title(f"epoch {shots[step].epoch:g}")
            axes[0].set_ylabel(visible(layer, _LONGEST))
            figure.colorbar(drawn, ax=axes, fraction=0.04, pad=0.01, aspect=12)
        if measured:
            _curves(figure.add_subplot(grid[-1, :]), measured)
    return figure


def _photo(axes: Axes, recording: Recording, number: int) -> None:
    axes.imshow(recorded_pixels(recording, number))
    axes.set(xticks=[], yticks=[], anchor="N")
    axes.set_title(visible(recording.pictures[number], _LONGEST))


def _measured(recording: Recording) -> dict[str, tuple[list[float], list[float]]]:
    """Epochs and values of accuracy and loss, where they were measured."""
    found = {}
    for name in ("accuracy", "loss"):
        pairs = [(shot.epoch, getattr(shot, name)) for shot in recording.snapshots]
        known = [(epoch, value) for epoch, value in pairs if np.isfinite(value)]
        if known:
            found[name] = ([epoch for epoch, _ in known], [value for _, value in known])
    return found


def _curves(axes: Axes, measured: dict[str, tuple[list[float], list[float]]]) -> None:
    axes.set_xlabel("epoch")
    colours = {"accuracy": "C0", "loss": "C1"}
    for place, (name, (epochs, values)) in enumerate(measured.items()):
        own = axes if place == 0 else axes.twinx()
        own.plot(epochs, values, colours[name], marker=".", label=name)
        own.set_ylabel(name, color=colours[name])


def _spaced(names: Sequence[str]) -> list[str]:
    """Up to four names, evenly spaced from the first to the last."""
    at = np.linspace(0, len(names) - 1, min(_MOST_LAYERS, len(names))).round().astype(int)
    return [names[index] for index in at]


def _known(what: str, name: str | None, names: Sequence[str]) -> str | None:
    if name is not None and name not in names:
        raise UnknownNameError(what, name, names)
    return name


def _number_of(recording: Recording, picture: int | str) -> int:
    names = recording.pictures
    if isinstance(picture, str):
        _known("picture", picture, names)
        return names.index(picture)
    if not -len(names) <= picture < len(names):
        raise UnknownNameError("picture", str(picture), names)
    return picture % len(names)
