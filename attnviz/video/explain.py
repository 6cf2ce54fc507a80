"""Explaining a video: the maps of one layer in all frames."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from attnviz.analysis.explain import explain
from attnviz.analysis.explanation import Explanation
from attnviz.batch.explain_many import explain_many
from attnviz.errors import VideoError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.progress import Progress, report_progress
from attnviz.types import FloatArray
from attnviz.video.cuts import change_between, thumbnail
from attnviz.video.film import Frame, Video
from attnviz.video.frame_maps import FRAMES, FrameMaps, Shelf, joined
from attnviz.video.maps_over_time import MapsOverTime
from attnviz.video.opening import open_video

# Longer side of the frames that are looked at and shown, unless asked otherwise.
LONGEST = 1280
# What the provenance of the first frame says of all.
_OF_ALL = ("model", "weights sha256", "input", "preprocessing", "method", "paper")


def explain_video(
    model: VisionModel,
    video: Video | str | os.PathLike[str],
    method: str = "auto",
    target: Any = None,
    *,
    layer: str | None = None,
    steady: bool = True,
    longest: int | None = LONGEST,
    progress: Progress | None = None,
    shelf: Path | None = None,
) -> MapsOverTime:
    """Explain all frames of a video by the map of one layer.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    video
        From `open_video`, or a path that it opens.
    method, target
        As in `explain`. Method and layer are chosen for the first frame, and stay; without a
        target, the top prediction of each frame is explained.
    layer
        Name of the layer, or "all layers" (default: the one that answers best).
    steady
        Whether the focus is steadied over time, within each scene.
    longest
        Larger frames are reduced to this longer side in pixels; None leaves them as they are.
    progress
        Called after each frame; what it raises stops the work, and comes out as it is.
    shelf
        An existing folder in which maps are kept, a file for each 64 frames, so that interrupted
        work goes on. It must be used for this video and this question alone.

    Returns
    -------
    MapsOverTime
        A map for each frame, and the scale that all share.

    Raises
    ------
    VideoError
        The video cannot be read.
    AttnvizError
        As `explain` raises it for a frame.
    """
    film = video if isinstance(video, Video) else open_video(video)
    frames = film.frames(film.reduced_size(longest))
    first = next(frames, None)
    if first is None:
        raise VideoError(f"{film.name} has no frames in it. Choose another video.")
    shown = explain(model, _picture(film, first), method, target)
    question = _Settled(model, film, shown, shown.name_of(layer or shown.best_layer), target)
    keeping = Shelf(shelf)
    parts = keeping.kept()
    done = sum(map(len, parts))
    if not parts or len(parts[-1]) == FRAMES:
        looked = question.looked_at(chain([first], frames), done)
        told = _told(looked, progress, film.count, done)
        while part := list(islice(told, FRAMES)):
            parts.append(_maps_of(part, question.grid))
            keeping.keep(len(parts) - 1, parts[-1])
    return question.answer(joined(parts), steady=steady)


@dataclass(frozen=True, eq=False)
class _Looked:
    """A frame that was looked at."""

    values: FloatArray
    tick: int
    lasts: int
    change: float


@dataclass(frozen=True, eq=False)
class _Settled:
    """What is asked of every frame, as it was settled for the first."""

    model: VisionModel
    film: Video
    first: Explanation
    layer: str
    target: Any = field(repr=False)

    @property
    def grid(self) -> tuple[int, int]:
        height, width = self.first.map_of(self.layer).shape
        return height, width

    def looked_at(self, frames: Iterable[Frame], done: int) -> Iterator[_Looked]:
        """Look at all frames but those that are done; they are decoded, for the times' sake."""
        waiting: deque[tuple[Frame, float]] = deque()

        def pictures() -> Iterator[Picture]:
            for frame, change in islice(_with_changes(frames), done, None):
                waiting.append((frame, change))
                yield _picture(self.film, frame)

        for explanation in self._explained(pictures()):
            frame, change = waiting.popleft()
            yield _Looked(explanation.map_of(self.layer), frame.tick, frame.lasts, change)

    def _explained(self, pictures: Iterable[Picture]) -> Iterator[Explanation]:
        # Only this layer is read, but for a map that is made of several.
        only = [self.layer] if self.layer in self.first.layers else None
        results = explain_many(self.model, pictures, self.first.method, self.target, layers=only)
        for result in results:
            if result.explanation is None:
                raise result.error or VideoError(f"{self.film.name} could not be explained.")
            yield result.explanation

    def answer(self, all_frames: FrameMaps, *, steady: bool) -> MapsOverTime:
        first = self.first
        return MapsOverTime(
            all_frames.maps,
            all_frames.ticks,
            int(all_frames.lasts[-1]),
            self.film.time_base,
            all_frames.changes,
            first.geometry,
            self.layer,
            first.title if first.asked else str(first.choice.method.nature).capitalize(),
            steady,
            {
                **{name: first.provenance[name] for name in _OF_ALL if name in first.provenance},
                "video": self.film.name,
                "video sha256": self.film.sha256,
                "layer": self.layer,
                "target": first.asked_text or "top prediction of each frame",
            },
            first.notes,
        )


def _picture(film: Video, frame: Frame) -> Picture:
    return Picture(frame.pixels, film.name, film.sha256)


def _with_changes(frames: Iterable[Frame]) -> Iterator[tuple[Frame, float]]:
    """Frames, and how much each differs from the one before it."""
    before = None
    for frame in frames:
        now = thumbnail(frame.pixels)
        yield frame, 0.0 if before is None else change_between(before, now)
        before = now


def _told(
    looked: Iterator[_Looked], progress: Progress | None, total: int | None, done: int
) -> Iterator[_Looked]:
    for number, one in enumerate(looked, done + 1):
        yield one
        report_progress(progress, number, total and max(total, number))


def _maps_of(part: list[_Looked], grid: tuple[int, int]) -> FrameMaps:
    return FrameMaps(
        np.stack([_on(one.values, grid) for one in part]),
        np.asarray([one.tick for one in part], np.int64),
        np.asarray([one.lasts for one in part], np.int64),
        np.asarray([one.change for one in part], np.float32),
    )


def _on(values: FloatArray, grid: tuple[int, int]) -> FloatArray:
    """A map on the grid of the first; a retry on a smaller input gives a coarser one."""
    if values.shape == grid:
        return values
    return np.asarray(cv2.resize(values, grid[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
