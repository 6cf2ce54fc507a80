"""A figure for papers and slides: the photo, and maps with their values beside focus pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from attnviz.errors import UnknownNameError
from attnviz.export.base import ExportSource
from attnviz.pictures.names import visible
from attnviz.render.heat import heat_overlay

_COLOURS = "inferno"
_MOST_COLUMNS = 5
_PANEL_SIDE = 600  # pixels: 300 a printed inch and more
_SHOWN_CLASSES = 3
_SHOWN_LAYERS = 4
_LONGEST = 30  # letters of a name, so that it does not run into its neighbour
# Text stays text: fonts are embedded as TrueType, and an SVG names them.
_ONE_AT_A_TIME = RLock()  # matplotlib's settings are those of the whole process
_AS_TEXT = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": ""}


@dataclass(frozen=True)
class FigureStyle:
    """Size and fonts of a figure.

    Attributes
    ----------
    width : float
        Of the whole figure, in inches.
    size : float
        Of the letters, in points.
    fonts : tuple of str
        Families, the first that has a letter is used; they come with matplotlib.
    """

    width: float
    size: float
    fonts: tuple[str, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """What matplotlib is told."""
        return {
            "font.family": list(self.fonts),
            "font.size": self.size,
            "axes.titlesize": self.size,
            "axes.linewidth": 0.5,
            "xtick.labelsize": 0.85 * self.size,
            "ytick.labelsize": 0.85 * self.size,
            "ytick.major.width": 0.5,
            "ytick.major.size": 2,
        }


STYLES = {
    "paper": FigureStyle(6.9, 8, ("STIXGeneral", "DejaVu Sans")),
    "slides": FigureStyle(13.3, 14, ("DejaVu Sans",)),
}
"""A paper's two columns with its serif letters, and a slide."""


class PaperFigure(Figure):
    """A figure whose text stays text in whatever it is saved as."""

    def savefig(self, *args: Any, **options: Any) -> None:
        """See matplotlib's `Figure.savefig`."""
        with _ONE_AT_A_TIME, matplotlib.rc_context(_AS_TEXT):
            super().savefig(*args, **options)


def shown_layers(source: ExportSource) -> tuple[str, ...]:
    """Choose up to four layers: the shown one, and others evenly spaced in forward order."""
    names = source.explanation.layers
    if len(names) <= _SHOWN_LAYERS:
        chosen = {*names}
    else:
        last = len(names) - 1
        chosen = {names[round(last * at / (_SHOWN_LAYERS - 1))] for at in range(_SHOWN_LAYERS)}
    if source.layer in names and source.layer not in chosen:
        at = names.index(source.layer)
        nearest = min(chosen, key=lambda name: abs(names.index(name) - at))
        chosen = {*(chosen - {nearest}), source.layer}
    ordered = [name for name in names if name in chosen]
    return tuple(ordered if source.layer in names else [*ordered, source.layer])


def paper_figure(
    source: ExportSource, layers: Sequence[str] = (), style: str = "paper"
) -> PaperFigure:
    """Draw the photo, and for each layer its map with a bar of absolute values over its focus.

    Parameters
    ----------
    source : ExportSource
        Photo, maps, and how they are shown.
    layers : sequence of str
        Names of layers (default: those of `shown_layers`).
    style : str
        One of `STYLES`.

    Returns
    -------
    PaperFigure
        Names, values and classes are text, also in PDF and SVG.

    Raises
    ------
    UnknownNameError
        There is no such style or layer.
    """
    if style not in STYLES:
        raise UnknownNameError("style", style, STYLES)
    chosen = STYLES[style]
    small = source.resized(source.picture.reduced(_PANEL_SIDE))
    names = tuple(layers) or shown_layers(source)
    columns = min(_MOST_COLUMNS, len(names) + 1)
    bands = -(-len(names) // (columns - 1))
    shape = small.picture.height / small.picture.width
    cell = chosen.width / columns
    height = 2 * bands * (0.8 * cell * shape + 2 * chosen.size / 72)
    with _ONE_AT_A_TIME, matplotlib.rc_context(chosen.settings):
        figure = PaperFigure(figsize=(chosen.width, height), layout="constrained", dpi=300)
        axes = figure.subplots(2 * bands, columns, squeeze=False)
        for one in axes.flat:
            one.set_axis_off()
        _photo(axes[0, 0], small)
        _predictions(axes[1, 0], small)
        for place, name in enumerate(names):
            band, column = divmod(place, columns - 1)
            pair = axes[2 * band : 2 * band + 2, column + 1]
            _map_and_focus(figure, pair[0], pair[1], small, name)
    return figure


def _photo(axes: Axes, source: ExportSource) -> None:
    axes.imshow(source.picture.pixels)
    _title(axes, "Photo")


def _predictions(axes: Axes, source: ExportSource) -> None:
    """The likeliest classes, and what the maps are, in words."""
    explanation, method = source.explanation, source.explanation.choice.method
    seen = [
        f"{one.label} {one.probability:.2f}" for one in explanation.predictions[:_SHOWN_CLASSES]
    ]
    lines = [visible(text, _LONGEST) for text in (explanation.title, method.title, *seen)]
    axes.text(0, 1, "\n".join(lines), va="top", transform=axes.transAxes, parse_math=False)


def _map_and_focus(
    figure: Figure, above: Axes, below: Axes, source: ExportSource, layer: str
) -> None:
    explanation = source.explanation
    focus = explanation.focus(layer, source.settings).resized(
        (source.picture.height, source.picture.width)
    )
    above.imshow(heat_overlay(source.picture.pixels, focus.scaled, name=_COLOURS))
    _title(above, explanation.name_of(layer))
    colours = ScalarMappable(Normalize(focus.low, focus.high), _COLOURS)
    bar = figure.colorbar(colours, cax=above.inset_axes((1.03, 0, 0.05, 1)))  # as high as the map
    bar.outline.set_linewidth(0.5)
    if focus.flat:
        bar.set_ticks([focus.low])
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}")
    below.imshow(source.blurred(focus))


def _title(axes: Axes, text: str) -> None:
    """Names come from outside: a dollar sign in them begins no formula."""
    axes.set_title(visible(text, _LONGEST), parse_math=False)
