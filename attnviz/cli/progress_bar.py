"""The bar that long commands show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.progress import Progress


@contextmanager
def bar(title: str, quiet: bool, unit: str = " frames") -> Iterator[Progress]:
    """Show a bar of steps on standard error, with their speed and the time left.

    It begins with the first step, because what an earlier run did counts for no speed.

    Parameters
    ----------
    title, unit
        What is done, and to what.
    quiet
        Show nothing; so it is too where standard error is no terminal.

    Yields
    ------
    Progress
    """
    from tqdm import tqdm

    bars: list[tqdm[None]] = []

    def tell(done: int, total: int | None) -> None:
        if not bars:  # frames of an earlier run count for no speed
            bars.append(tqdm(desc=title, initial=done - 1, disable=quiet or None, unit=unit))
        bars[0].total = total
        bars[0].update(done - bars[0].n)

    yield tell
    for bar in bars:
        bar.close()
