"""Results in the order of their pictures, from batches of pictures that are alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class BatchWindow(Generic[In, Out]):
    """Forms batches within a window, and gives the results in order.

    A batch runs as soon as it is full. Where more than `most` items, or `most_bytes` of them, have
    been read whose results were not given yet, the batch of the oldest item runs as it is: so a
    rare size of pictures does not hold up the others, and memory stays flat.

    Attributes
    ----------
    key
        Items of one key form batches; an item of None is a batch of its own.
    size
        How many items of a key form a full batch.
    nbytes
        Memory that an item takes until its result was given.
    run
        Returns the result of each item of a batch.
    most
        Largest number of items in the window.
    most_bytes
        Most memory that they take, unless a single item takes more.
    """

    key: Callable[[In], Hashable | None]
    size: Callable[[Hashable], int]
    nbytes: Callable[[In], int]
    run: Callable[[list[In]], list[Out]]
    most: int
    most_bytes: int

    def __call__(self, items: Iterable[In]) -> Iterator[Out]:
        """Yield the result of each item, in order; items are read as results are taken."""
        waiting: dict[Hashable, dict[int, In]] = {}
        done: dict[int, tuple[Out, int]] = {}
        held = first = 0  # first: the oldest item whose result was not given

        def run(key: Hashable) -> None:
            batch = waiting.pop(key)
            results = self.run(list(batch.values()))
            for (index, item), result in zip(batch.items(), results, strict=True):
                done[index] = result, self.nbytes(item)

        def oldest() -> Hashable:
            return next(key for key, batch in waiting.items() if first in batch)

        read = 0
        for read, item in enumerate(items, 1):
            key = self.key(item)
            waiting.setdefault(key, {})[read - 1] = item
            held += self.nbytes(item)
            del item
            if key is None or len(waiting[key]) >= self.size(key):
                run(key)
            while read - first >= self.most or held >= self.most_bytes or first in done:
                if first not in done:
                    run(oldest())
                result, nbytes = done.pop(first)
                first, held = first + 1, held - nbytes
                yield result
                del result
        while first < read:
            if first not in done:
                run(oldest())
            yield done.pop(first)[0]
            first += 1
