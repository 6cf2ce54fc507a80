"""Names of classes from a text file."""

from __future__ import annotations

from pathlib import Path

from attnviz.errors import ModelError
from attnviz.pictures.names import visible
from attnviz.untrusted.values import MOST_CHARACTERS, read_bounded, reason_of

_MOST_BYTES = 20_000_000
_MOST = 100_000


def read_labels(path: Path | None) -> tuple[str, ...]:
    """Read names of classes.

    Parameters
    ----------
    path
        A text file in UTF-8 with a name in each line, in the order of the network's outputs. None
        for no names.

    Returns
    -------
    tuple of str

    Raises
    ------
    ModelError
        It cannot be read, or has too many lines.
    """
    if path is None:
        return ()
    try:
        return labels_of(read_bounded(path, _MOST_BYTES).decode("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{visible(str(path))} cannot be read as labels ({reason_of(error)}). Give a text file "
            "in UTF-8 with one label a line."
        ) from error


def labels_of(text: str) -> tuple[str, ...]:
    """Return the names in the lines of a text; raises ValueError where they are too many."""
    lines = [visible(line, MOST_CHARACTERS) for line in text.splitlines()]
    labels = tuple(line for line in lines if line)
    if len(labels) > _MOST:
        raise ValueError(f"it has more than {_MOST:,} lines")
    return labels
