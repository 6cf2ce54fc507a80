"""Lists and sizes in sentences, and the names that stand among those of layers."""

from __future__ import annotations

from collections.abc import Sequence

FUSED = "all layers"
"""Name of the map of all layers fused among the names of layers."""


def listed(names: Sequence[str], most: int | None = None, noun: str = "others") -> str:
    """Join names for a sentence.

    Parameters
    ----------
    names
        What to list; may be empty.
    most
        How many are named at most; the others are counted.
    noun
        What is counted.

    Returns
    -------
    str

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b", "c"]), listed("abcde", 3, "layers")
    ('a', 'a, b and c', 'a, b, c and 2 more layers')
    """
    if most is not None and len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more {noun}"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def file_size(count: int) -> str:
    """Return the size of a file for a sentence, in MB; of less than one in kB.

    Parameters
    ----------
    count
        Bytes.

    Examples
    --------
    >>> file_size(46_830_571), file_size(1_000_000), file_size(999_499), file_size(12)
    ('47 MB', '1 MB', '999 kB', '1 kB')
    """
    whole = round(count / 1e3)
    return f"{count / 1e6:.0f} MB" if whole >= 1000 else f"{max(whole, 1)} kB"
