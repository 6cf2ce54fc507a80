"""The table of faithfulness: means with bootstrap intervals, and how far methods are apart."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from attnviz.metrics.bootstrap import bootstrap_interval
from attnviz.models.vision_model import VisionModel
from benchmarks.contestants import Contestant

SCORES = ("grid", "kept", "taken", "ins - del", "ROAD", "drop", "rise", "point", "box")
LOW_IS_GOOD = ("taken", "drop")


@dataclass
class Results:
    """Values of each score for each method, picture by picture, in the same order for all."""

    values: dict[tuple[str, str], list[float]]
    failed: dict[str, str]

    def add(self, name: str, score: str, values: Sequence[float]) -> None:
        """Add the values of one picture."""
        self.values.setdefault((name, score), []).extend(values)

    def add_all(self, names: Sequence[str], score: str, value: float) -> None:
        """Add the value of one picture for several methods with the same map."""
        for name in names:
            self.add(name, score, [value])

    def of(self, name: str, score: str) -> npt.NDArray[np.float64]:
        """All values, float64 [n]; empty where it was not measured, or the method has failed."""
        return np.asarray(self.values.get((name, score), []), np.float64)


@dataclass(frozen=True)
class Report:
    """What was measured on one half of the pictures, as Markdown."""

    model: VisionModel
    methods: Sequence[Contestant]
    results: Results
    half: int
    bf16: bool = False

    def markdown(self) -> str:
        """The whole report."""
        today = datetime.datetime.now(datetime.UTC).date()
        counts = ", ".join(f"{score} {self._count(score)}" for score in SCORES)
        lines = [
            f"# How faithful maps of {self.model.name} are",
            "",
            f"{('First', 'Second')[self.half]} half of the pictures; values behind each score: "
            f"{counts}. Weights sha256 `{self.model.weights_sha256[:16]}`, input "
            f"{self.model.preprocess.side} px. Made by `python -m benchmarks.faithfulness`, which "
            f"says what the scores mean, on {today} ({platform.machine()}, torch "
            f"{torch.__version__}). In brackets the 95 % interval of the mean, by bootstrap over "
            "pictures. Peers' methods run in their own code at the same block as ours."
            + (" Changed pictures were judged in bfloat16." if self.bf16 else ""),
            "",
            *self._table(),
            "",
            "## Against the best peer of each score",
            "",
            "Mean difference, picture by picture, and its 95 % interval: all pictures are the same "
            "for both. Above 0 is better for ours, also where low is good. Finalists were measured "
            "on more photos than others: the counts say on how many of them both were.",
            "",
            *self._differences(),
        ]
        if self.results.failed:
            lines += ["", "## Not measured", ""]
            lines += [f"- {name}: {why}" for name, why in self.results.failed.items()]
        return "\n".join(lines) + "\n"

    def _count(self, score: str) -> int:
        return max((len(self.results.of(name, score)) for name in self._names()), default=0)

    def _names(self, *, peer: bool | None = None) -> list[str]:
        return [one.label for one in self.methods
                if one.label not in self.results.failed and peer in (None, one.peer)]  # fmt: skip

    def _table(self) -> list[str]:
        names = sorted(self._names(), key=lambda name: -self._mean(name, "ins - del"))
        rows = [f"| {name} | {' | '.join(self._cell(name, s) for s in SCORES)} |" for name in names]
        return [f"| method | {' | '.join(SCORES)} |", "|---" * (len(SCORES) + 1) + "|", *rows]

    def _cell(self, name: str, score: str) -> str:
        values = self.results.of(name, score)
        if not len(values):
            return ""
        found = bootstrap_interval(values)
        return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"

    def _mean(self, name: str, score: str) -> float:
        values = self.results.of(name, score)
        return float(values.mean()) if len(values) else -np.inf

    def _differences(self) -> list[str]:
        scores = [score for score in SCORES if self._best_peer(score)]
        if not scores:
            return ["No peer was measured."]
        heads = [f"{score}: {self._best_peer(score)}" for score in scores]
        rows = [
            f"| {name} | {' | '.join(self._apart(name, score) for score in scores)} |"
            for name in self._names(peer=False)
        ]
        return [f"| method | {' | '.join(heads)} |", "|---" * (len(scores) + 1) + "|", *rows]

    def _best_peer(self, score: str) -> str:
        return best_peer(self.methods, self.results, score)

    def _apart(self, name: str, score: str) -> str:
        own, other = (self.results.of(one, score) for one in (name, self._best_peer(score)))
        both = min(len(own), len(other))
        if not both:
            return ""
        gain = (other[:both] - own[:both]) * (1 if score in LOW_IS_GOOD else -1)
        found = bootstrap_interval(gain)
        text = f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
        return f"{f'**{text}**' if found.low > 0 else text} ({both})"


def best_peer(methods: Sequence[Contestant], results: Results, score: str) -> str:
    """Label of the peer that is best on the pictures on which all were measured; empty if none."""
    found = {
        one.label: results.of(one.label, score)
        for one in methods
        if one.peer and one.label not in results.failed
    }
    measured = {label: values for label, values in found.items() if len(values)}
    common = min(map(len, measured.values()), default=0)
    sign = -1 if score in LOW_IS_GOOD else 1
    return max(measured, key=lambda one: sign * measured[one][:common].mean(), default="")
