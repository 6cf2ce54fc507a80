"""Parquet files from outside: of bounded size, and with the columns that they should have."""

from __future__ import annotations

from pathlib import Path

import pyarrow
import pyarrow.parquet

MOST_ROWS = 50_000_000
MOST_BYTES = 8 * 1024**3
_DAMAGED = "it is damaged, or no Parquet file with such columns"


def read_table(path: Path, schema: pyarrow.Schema | None = None) -> pyarrow.Table:
    """Read a Parquet file.

    Parameters
    ----------
    path
        The file.
    schema
        Columns that are needed, to whose types they are converted; others are left out. All columns
        as they are if None.

    Returns
    -------
    pyarrow.Table
        Its texts are valid.

    Raises
    ------
    ValueError
        It is no Parquet file, is damaged or too large, or lacks a column.
    OSError
        The system refuses.
    """
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            facts = file.metadata
            size = sum(facts.row_group(n).total_byte_size for n in range(facts.num_row_groups))
            if facts.num_rows > MOST_ROWS or size > MOST_BYTES:
                raise ValueError(f"it has more than {MOST_ROWS:,} rows or {MOST_BYTES >> 30} GB")
            names = None if schema is None else schema.names
            table = file.read(names)
            missing = [name for name in names or () if name not in table.column_names]
            if missing:
                raise ValueError(f"it has no column {missing[0]!r}")
            table = table if schema is None else table.select(names).cast(schema)
            table.validate(full=True)
    except pyarrow.ArrowException as error:
        raise ValueError(_DAMAGED) from error
    except OSError as error:
        if error.errno is None:  # Arrow's own
            raise ValueError(_DAMAGED) from error
        raise
    return table
