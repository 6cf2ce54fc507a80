"""How an explanation leaves Python: as a report, as a live viewer, as pictures in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, cast

from attnviz.errors import AttnvizError, OutputError
from attnviz.export.base import ExportSource
from attnviz.export.explanation_file import explanation_bytes
from attnviz.export.finding import Finding
from attnviz.export.notebook_html import notebook_html
from attnviz.export.report_page.page import report_page
from attnviz.files import replace_whole
from attnviz.render.focus import FocusSettings

if TYPE_CHECKING:
    from attnviz.analysis.explanation import Explanation
    from attnviz.export.paper_figure import PaperFigure
    from attnviz.notebook.widget import ViewerWidget


class ShowsItself:
    """What `Explanation` can do to be seen elsewhere."""

    def save_report(
        self,
        path: str | PathLike[str],
        *,
        layer: int | str | None = None,
        settings: FocusSettings | None = None,
        radius: float = 24.0,
        findings: Sequence[Finding] = (),
    ) -> Path:
        """Write a report: one HTML file with the live viewer, for readers without attnviz.

        It holds photo, maps of all layers, predictions and provenance, opens offline, and prints.

        Parameters
        ----------
        path
            The file, such as "dog.html"; one that exists is replaced.
        layer, settings
            What the viewer begins with, as in `focus`.
        radius
            Largest circle of confusion, as a radius in pixels of the picture, 0..1000.
        findings
            What was found out about the map, from `attnviz.evidence.findings.find_evidence`.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        UnknownNameError
            There is no such layer.
        OutputError
            The file cannot be written.
        """
        source = self._source(layer, settings, radius)
        return _written(path, report_page([replace(source, findings=tuple(findings))]))

    def save(self, path: str | PathLike[str]) -> Path:
        """Write everything into one NPZ file, which `load` opens again, without the network.

        It holds picture, maps, predictions, what was asked, geometry and provenance; `numpy.load`
        reads its maps by the names of their layers. Of a picture of many channels it holds what is
        shown, and of a target that is a function its name alone.

        Parameters
        ----------
        path
            The file, such as "dog.npz"; one that exists is replaced.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        return _written(path, explanation_bytes(cast("Explanation", self)))

    def show(
        self,
        layer: int | str | None = None,
        settings: FocusSettings | None = None,
        radius: float = 24.0,
    ) -> ViewerWidget:
        """Return the live viewer, which a notebook shows where it is a cell's last line.

        Parameters
        ----------
        layer, settings, radius
            What it begins with, as for `save_report`.

        Returns
        -------
        ViewerWidget
            Its `layer` and `picked` are what is shown and was clicked.

        Raises
        ------
        UnknownNameError
            There is no such layer.
        AttnvizError
            The extra `attnviz[notebook]` is not installed.
        """
        try:
            from attnviz.notebook.widget import ViewerWidget
        except ModuleNotFoundError as error:
            if error.name not in ("anywidget", "traitlets"):
                raise
            raise AttnvizError(
                "The live viewer needs anywidget: pip install 'attnviz[notebook]'. Without it the "
                "result shows itself as still pictures, and save_report() writes a page with it."
            ) from error
        return ViewerWidget(self._source(layer, settings, radius))

    def figure(
        self,
        layers: Sequence[int | str] = (),
        style: str = "paper",
        settings: FocusSettings | None = None,
        radius: float = 24.0,
    ) -> PaperFigure:
        """Draw a figure with matplotlib: the photo, and maps with their values over their focus.

        Parameters
        ----------
        layers
            Indices or names of the layers (default: up to four, the best among them).
        style
            "paper", 6.9 inches wide with serifs, or "slides", 13.3 inches wide without.
        settings, radius
            How maps become focus pictures, as for `save_report`.

        Returns
        -------
        matplotlib.figure.Figure
            `figure.savefig("dog.pdf")` writes it; its text stays text in PDF and SVG.

        Raises
        ------
        UnknownNameError
            There is no such layer or style.
        """
        from attnviz.export.paper_figure import paper_figure  # with matplotlib, which takes long

        names = [cast("Explanation", self).name_of(layer) for layer in layers]
        return paper_figure(self._source(None, settings, radius), names, style)

    def _source(
        self, layer: int | str | None, settings: FocusSettings | None, radius: float
    ) -> ExportSource:
        explanation = cast("Explanation", self)
        return ExportSource(
            explanation.picture,
            explanation,
            explanation.name_of(explanation.best_layer if layer is None else layer),
            settings or FocusSettings(),
            radius=radius,
        )

    def _repr_html_(self) -> str:
        """Show the focus picture and the map of the best layer, in a notebook."""
        return notebook_html(self._source(None, None, 24.0))


def _written(path: str | PathLike[str], content: bytes) -> Path:
    file = Path(path)
    try:
        replace_whole(file, lambda partial: partial.write_bytes(content))
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{file} cannot be written ({reason}). Choose another place.") from error
    return file
