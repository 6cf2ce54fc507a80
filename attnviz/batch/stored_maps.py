"""The maps of single pictures, out of the tables that a run has written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow

from attnviz.batch.parts import ResultFolder
from attnviz.batch.result_tables import read_maps
from attnviz.errors import OutputError
from attnviz.types import FloatArray

_KEPT = 8  # tables, of some ten megabytes each


@dataclass(frozen=True, eq=False)
class StoredMaps:
    """The maps of a run's pictures, by their index; a table is read when it is needed.

    Attributes
    ----------
    folder
        The results, whole.
    """

    folder: ResultFolder

    def layers(self, index: int) -> dict[str, FloatArray]:
        """Return the maps of all layers of a picture, in forward order; none of a failed one.

        Parameters
        ----------
        index
            Of the picture, as in the scores.

        Returns
        -------
        dict of str to float32 [h, w]
            Absolute values, as precise as float16 shares of each map's largest.

        Raises
        ------
        OutputError
            The table cannot be read.
        """
        return dict(self._maps(index))

    def of_layer(self, index: int, layer: str) -> FloatArray | None:
        """Return the map of one layer, such as the best; None where there is none."""
        return next((values for name, values in self._maps(index, layer) if name == layer), None)

    @cached_property
    def _part(self) -> int:
        return int(self.folder.manifest()["part"])

    def _maps(self, index: int, only: str | None = None) -> Iterator[tuple[str, FloatArray]]:
        table, indices = _table(self.folder.path / "maps" / f"{index // self._part:06}.parquet")
        first, end = np.searchsorted(indices, [index, index + 1])
        for row in range(int(first), int(end)):
            layer: str = table["layer"][row].as_py()
            if only is None or layer == only:
                yield layer, _grid(table, row)


def _grid(table: pyarrow.Table, row: int) -> FloatArray:
    shares = np.asarray(table["values"][row].values, dtype=np.float32)
    rows, columns, scale = (table[name][row].as_py() for name in ("rows", "columns", "scale"))
    return np.asarray(shares.reshape(rows, columns) * np.float32(scale), np.float32)


@lru_cache(maxsize=_KEPT)
def _read(path: Path, _changed: int) -> tuple[Any, Any]:
    table = read_maps(path)
    return table, table["index"].to_numpy()


def _table(path: Path) -> tuple[Any, Any]:
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise OutputError(
            f"The maps in {path} cannot be read ({error.strerror}). Give the same command again "
            "with another folder as --out."
        ) from error
    return _read(path, changed)
