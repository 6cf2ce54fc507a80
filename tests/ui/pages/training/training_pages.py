"""The page "Training" on recordings whose numbers are known, and its charts read back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from streamlit.testing.v1 import AppTest

from attnviz.training.recording.file import Recording, Snapshot
from tests.paths import PAGES

PAGE = PAGES / "7_Training.py"
EVEN = np.ones((2, 2), np.float32)
CORNER = np.array([[1, 0], [0, 0]], np.float32)
HALVES = np.array([[1, 0], [1, 0]], np.float32)

Key = tuple[str, str]


def assert_fine(page: AppTest) -> None:
    assert not page.exception
    assert not page.error


def made(
    path: Path,
    maps: Mapping[Key, Sequence[npt.ArrayLike]],
    numbers: Mapping[Key, Sequence[Sequence[float]]] | None = None,
    measured: Sequence[tuple[float, float]] | None = None,
    pixels: npt.NDArray[np.uint8] | None = None,
) -> Path:
    """A recording of one picture, a checkpoint each half epoch.

    maps: by (method, layer), one [h, w] a checkpoint. numbers: by (what, layer), [k] each.
    measured: accuracy and loss.
    """
    if pixels is None:
        pixels = np.full((32, 32, 3), 128, np.uint8)
    held = Recording(("a", "b"), ("one",), pixels=pixels[None])
    for step in range(len(next(iter(maps.values())))):
        accuracy, loss = measured[step] if measured else (0.5, 1.0)
        held = held.with_snapshot(
            Snapshot(
                step,
                step / 2,
                {key: np.asarray(values[step], np.float32)[None] for key, values in maps.items()},
                np.full((1, 2), 0.5, np.float32),
                accuracy,
                loss,
                {key: np.asarray(values[step], "f") for key, values in (numbers or {}).items()},
            )
        )
    held.save(path)
    return path


def opened(*files: Path) -> AppTest:
    """The page on the first of the recordings, the second beside it."""
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.query_params["run"] = "cifar-naive"  # the smallest one that ships
    page.run()
    page.file_uploader(key="recordings").set_value(
        [(one.name, one.read_bytes(), "application/octet-stream") for one in files]
    ).run()
    keys = [hashlib.sha256(one.read_bytes()).hexdigest() for one in files]
    assert page.selectbox(key="run").value == keys[0]  # whoever brings one sees it at once
    if len(files) > 1:
        page.selectbox(key="run beside").set_value(keys[1]).run()
    assert_fine(page)
    return page


@dataclass(frozen=True)
class Part:
    """A layer of a chart."""

    mark: dict[str, Any]
    rows: list[dict[str, Any]]
    encoding: dict[str, Any]

    def values(self, **which: object) -> list[float]:
        """Of its rows for which that holds, in their order."""
        return [
            row["value"]
            for row in self.rows
            if all(row[name] == value for name, value in which.items())
        ]


class Chart:
    """A chart as the browser gets it."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.parts = list(_parts(spec))
        (self.lines,) = self._all("line", strokeWidth=2)
        self.title = str(self.lines.encoding["y"]["title"])

    def _all(self, kind: str, **how: object) -> list[Part]:
        wanted = {"type": kind, **how}
        return [one for one in self.parts if wanted.items() <= one.mark.items()]

    @property
    def thin(self) -> Part:
        """The heads' lines."""
        (found,) = self._all("line", strokeWidth=0.8)
        return found

    @property
    def levels(self) -> list[tuple[float, str]]:
        """The level lines, and what they say when they are pointed at."""
        rules = [one for one in self._all("rule") if "y" in one.encoding]
        return [(row["value"], row["meaning"]) for one in rules for row in one.rows]

    @property
    def marks(self) -> list[tuple[int, float, str]]:
        """Number, epoch and text of what is marked; each number has its line."""
        lines = [one for one in self._all("rule") if "text" in one.rows[0]]
        numbers = self._all("text")
        assert [one.rows for one in lines] == [one.rows for one in numbers]
        return [(row["number"], row["epoch"], row["text"]) for one in numbers for row in one.rows]


def _parts(spec: dict[str, Any]) -> Iterator[Part]:
    for one in spec.get("layer", ()):
        yield from _parts(one)
    if "mark" in spec:
        yield Part(spec["mark"], spec["data"]["values"], spec["encoding"])


def charts(page: AppTest) -> list[Chart]:
    """In the order of the page: down the left column, then down the right one."""
    return [Chart(json.loads(one.proto.spec)) for one in page.get("vega_lite_chart")]


def chart(page: AppTest, title: str) -> Chart:
    """The one whose axis has that title."""
    (found,) = [one for one in charts(page) if one.title == title]
    return found
