"""Scores of many maps, and the table that compares them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from attnviz.models.vision_model import VisionModel

Key = tuple[str, str]
COLUMNS = ("NSS", "box gain", "sufficiency")


@dataclass
class Scores:
    """Values of each score for each map, picture by picture; `only` limits what is measured."""

    values: dict[tuple[Key, str], list[float]] = field(default_factory=dict)
    only: set[Key] | None = None

    def wants(self, key: Key) -> bool:
        """Whether this map is to be measured."""
        return self.only is None or key in self.only

    def add(self, key: Key, score: str, values: Iterable[float]) -> None:
        """Add the values of some pictures; NaN (nothing to score) is left out."""
        kept = [value for value in values if np.isfinite(value)]
        self.values.setdefault((key, score), []).extend(kept)

    def maps(self) -> list[Key]:
        """All maps measured, in the order in which they came."""
        return list(dict.fromkeys(key for key, _ in self.values))

    def mean(self, key: Key, score: str) -> float:
        """Mean over pictures; NaN if there are none."""
        values = self.values.get((key, score), [])
        return float(np.mean(values)) if values else float("nan")

    def interval(self, key: Key, score: str) -> str:
        """Mean ± half the 95 % interval (normal approximation over pictures)."""
        values = self.values.get((key, score), [])
        if len(values) < 2:
            return "-"
        margin = 1.96 * float(np.std(values, ddof=1)) / len(values) ** 0.5
        return f"{np.mean(values):.3f} ± {margin:.3f}"

    def count(self, score: str) -> int:
        """Pictures behind a score."""
        return max((len(v) for (_, name), v in self.values.items() if name == score), default=0)


@dataclass(frozen=True)
class Table:
    """What was measured on the choosing half and on the reporting half."""

    choosing: Scores
    reporting: Scores
    answers: dict[str, Key]

    def markdown(self, model: VisionModel) -> str:
        """The whole report."""
        chosen = "\n".join(
            f"- **{question}**: `{method}` at `{layer}`"
            for question, (method, layer) in self.answers.items()
        )
        return "\n".join(
            [
                f"# Which map drives the focus of {model.name}",
                "",
                f"Weights sha256 `{model.weights_sha256[:16]}`, input {model.preprocess.side} px. "
                "Made by `python -m benchmarks.focus_maps`, which says what the scores mean.",
                "",
                "Chosen on the first half:",
                "",
                chosen,
                "",
                f"## Second half, 95 % intervals ({self._counts(self.reporting)})",
                "",
                *self._rows(self.reporting, self._reported(), intervals=True),
                "",
                f"## First half, means ({self._counts(self.choosing)})",
                "",
                *self._rows(self.choosing, self.choosing.maps(), intervals=False),
                "",
            ]
        )

    def _reported(self) -> list[Key]:
        has_all = [
            key for key in self.reporting.maps() if (key, "sufficiency") in self.reporting.values
        ]
        return has_all

    def _counts(self, scores: Scores) -> str:
        return ", ".join(f"{name}: {scores.count(name)} pictures" for name in COLUMNS)

    def _rows(self, scores: Scores, keys: list[Key], *, intervals: bool) -> list[str]:
        rows = ["| map | layer | NSS | box gain | sufficiency |", "|---|---|---|---|---|"]
        for key in keys:
            cells = [
                scores.interval(key, name) if intervals else f"{scores.mean(key, name):.3f}"
                for name in COLUMNS
            ]
            mark = ", ".join(q for q, answer in self.answers.items() if answer == key)
            name = f"**{key[0]}** ({mark})" if mark else key[0]
            rows.append(f"| {name} | {key[1]} | {' | '.join(cells)} |")
        return rows
