"""What is said of each picture and of all: lines for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

from attnviz.analysis.explanation import Explanation, Prediction
from attnviz.cli.terminal import path_text
from attnviz.errors import AttnvizError, OutputError, PictureError
from attnviz.json_lines import json_line
from attnviz.models.scores import PLAIN_LOGITS, Scores
from attnviz.targets.text import format_target

_NAMES_SHOWN = 10


@dataclass(eq=False)
class PictureReport:
    """What was computed and written for one picture, as far as it came.

    Attributes
    ----------
    path
        The picture's file.
    model
        Name of the model.
    result
        Its explanation.
    layers
        The layers that were to be written.
    folder
        Where.
    files
        The files that were written.
    failure
        Why the rest is missing.
    """

    path: Path
    model: str
    result: Explanation | None = None
    layers: tuple[str, ...] = ()
    folder: Path | None = None
    files: list[Path] = field(default_factory=list)
    failure: AttnvizError | None = None

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON object; it has the same keys for every picture."""
        result = self.result
        predictions, classes = (result.predictions, result.classes) if result else ((), ())
        return {
            "picture": str(self.path),
            "model": self.model,
            "predictions": [
                {"class": index, **_as_json(prediction, PLAIN_LOGITS)}
                for index, prediction in zip(classes, predictions, strict=True)
            ],
            "sure": result.certainty.sure if result and result.certainty else None,
            "target": _as_json(result.target, result.scores) if result and result.target else None,
            "asked": [
                {"text": format_target(one.target), "share": one.share}
                for one in (result.asked if result else ())
            ],
            "method": result.method if result else None,
            "layers": list(result.layers) if result else [],
            "best_layer": result.best_layer if result else None,
            "geometry": _geometry(result) if result else None,
            "files": [str(path) for path in self.files],
            "notes": list(result.notes) if result else [],
            "error": str(self.failure) if self.failure else None,
        }

    def as_line(self) -> str:
        """The report of a picture without failure as one line."""
        if self.result is None or self.folder is None:
            return path_text(self.path)
        best = ", ".join(
            f"{one.label} {one.probability:.2f}" for one in self.result.predictions[:3]
        )
        best = best if self.result.sure else f"not sure, perhaps {best}"
        count = f"{len(self.layers)} layer" + "s" * (len(self.layers) != 1)
        done = f"{count} by {self.result.method} in {path_text(self.folder)}"
        return f"{path_text(self.path)}: {best or 'no classes'}. {done}"


@dataclass(eq=False)
class Reporter:
    """Prints reports as they come, and a summary.

    Attributes
    ----------
    quiet
        Print problems only.
    json_lines
        Print JSON instead of lines.
    total
        Number of reports so far.
    failures
        Those of pictures that failed; the others are let go, with their maps.
    """

    quiet: bool = False
    json_lines: bool = False
    total: int = 0
    failures: list[PictureReport] = field(default_factory=list)

    def add(self, report: PictureReport) -> None:
        """Print a report: results to standard output, problems to standard error."""
        self.total += 1
        if self.json_lines:
            typer.echo(json_line(report.as_json()))
        if report.failure:
            self.failures.append(report)
            typer.echo(str(report.failure), err=True)
        elif not self.quiet and not self.json_lines:
            typer.echo(report.as_line())
            for note in report.result.notes if report.result else ():
                typer.echo(f"  {note}")

    def summarise(self) -> None:
        """Print how many pictures were explained, and which were not, where there are several."""
        total, failures = self.total, self.failures
        if total < 2 or ((self.quiet or self.json_lines) and not failures):
            return
        text = f"{total - len(failures)} of {total} looked at"
        reasons = {"opened": PictureError, "written": OutputError}
        rest = failures
        for verb, kind in reasons.items():
            some = [report for report in rest if isinstance(report.failure, kind)]
            rest = [report for report in rest if report not in some]
            text += _listed(some, f"could not be {verb}")
        typer.echo(text + _listed(rest, "failed") + ".", err=bool(failures))


def _listed(reports: Sequence[PictureReport], what: str) -> str:
    if not reports:
        return ""
    names = [path_text(report.path) for report in reports]
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"; {len(names)} {what}: {', '.join(names[:_NAMES_SHOWN])}{more}"


def _as_json(prediction: Prediction, scores: Scores) -> dict[str, Any]:
    """Of features, a component has no probability, but a value."""
    number = "probability" if scores.has_classes else "value"
    return {"label": prediction.label, number: prediction.probability}


def _geometry(result: Explanation) -> dict[str, Any]:
    """Sizes as [height, width], the box as [top, left, bottom, right], in pixels."""
    geometry = result.geometry
    return {
        "picture_size": list(geometry.picture_size),
        "box": list(geometry.box),
        "input_size": list(geometry.input_size),
    }
