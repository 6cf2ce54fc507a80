"""The maps of some consecutive frames, and the folder that keeps them until all are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from attnviz.export.array_archive import read_arrays
from attnviz.files import replace_whole
from attnviz.types import AnyArray, FloatArray, IntArray

# Frames of a file: what an interruption costs at most.
FRAMES = 64


@dataclass(frozen=True, eq=False)
class FrameMaps:
    """Maps of consecutive frames.

    Attributes
    ----------
    maps
        float32 [n, h, w].
    ticks, lasts
        int64 [n], when each frame is shown and for how long, in ticks.
    changes
        float32 [n], how much each differs from the frame before it.
    """

    maps: FloatArray
    ticks: IntArray
    lasts: IntArray
    changes: FloatArray

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.maps)


def joined(parts: Sequence[FrameMaps]) -> FrameMaps:
    """Return maps of consecutive frames as one."""
    return FrameMaps(
        np.concatenate([one.maps for one in parts]),
        np.concatenate([one.ticks for one in parts]),
        np.concatenate([one.lasts for one in parts]),
        np.concatenate([one.changes for one in parts]),
    )


@dataclass(frozen=True)
class Shelf:
    """Where maps are kept; nowhere without a folder.

    Attributes
    ----------
    folder
        An existing folder, for one video and one question alone.
    """

    folder: Path | None = None

    def kept(self) -> list[FrameMaps]:
        """The maps that are there from the beginning on; what is damaged is looked at anew."""
        found: list[FrameMaps] = []
        while self.folder is not None and (path := self._path(len(found))).is_file():
            try:
                with path.open("rb") as file:
                    one = _checked(read_arrays(file, {np.dtype(np.float32), np.dtype(np.int64)}))
            except (OSError, ValueError, KeyError):
                break
            found.append(one)
        return found

    def keep(self, number: int, maps: FrameMaps) -> None:
        """Write maps as a whole or not at all."""
        if self.folder is not None:
            replace_whole(self._path(number), lambda partial: _write(partial, maps))

    def _path(self, number: int) -> Path:
        return Path(self.folder or "", f"maps-{number:06d}.npz")


def _write(path: Path, maps: FrameMaps) -> None:
    with path.open("wb") as file:  # given a path, NumPy would add a suffix to it
        np.savez(file, **vars(maps))


def _checked(arrays: Mapping[str, AnyArray]) -> FrameMaps:
    """Maps out of a file; raises ValueError or KeyError for anything else."""
    one = FrameMaps(*(arrays[name] for name in FrameMaps.__dataclass_fields__))
    kinds = [values.dtype.kind for values in (one.maps, one.ticks, one.lasts, one.changes)]
    lengths = {values.shape for values in (one.ticks, one.lasts, one.changes)}
    if kinds != ["f", "i", "i", "f"] or one.maps.ndim != 3 or lengths != {one.maps.shape[:1]}:
        raise ValueError("these are no maps of frames")
    return one
