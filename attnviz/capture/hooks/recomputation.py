"""Run checkpointed parts of a network once, as if they were not checkpointed.

Activation checkpointing (Chen et al., arXiv 1604.06174; `torch.utils.checkpoint`) saves memory in a
training: a part runs without a graph, and again during the backward pass. What is captured in the
first run has no gradients then, and hooks would be called a second time in the other. A pass over
one picture needs no saving, so here the part runs once, and its graph is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from torch.utils import checkpoint

_HOOK = "_checkpoint_hook"  # of the kind without reentrance, which replaces what a graph saves


class _Switch:
    """Replaces two parts of `torch.utils.checkpoint` as long as any thread wants it.

    Other threads, such as a training, keep their checkpoints: what replaces the parts asks in which
    thread it is called.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._here = threading.local()
        self._hook: Any = None
        self._own: Any = None

    @contextmanager
    def off(self) -> Iterator[None]:
        with self._lock:
            if not self._users:
                self._replace()
            self._users += 1
        self._here.depth = self._depth() + 1
        try:
            yield
        finally:
            self._here.depth -= 1
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._restore()

    def _depth(self) -> int:
        return getattr(self._here, "depth", 0)

    def _replace(self) -> None:
        function = checkpoint.CheckpointFunction
        apply: Callable[..., Any] = function.apply
        self._own = vars(function).get("apply")  # None where it is inherited, as it should be

        def run(part: Callable[..., Any], preserve: bool, *args: Any) -> Any:
            return part(*args) if self._depth() else apply(part, preserve, *args)

        function.apply = run
        self._hook = hook = getattr(checkpoint, _HOOK, None)
        if hook is not None:
            switched = lambda frame: nullcontext() if self._depth() else hook(frame)  # noqa: E731
            setattr(checkpoint, _HOOK, switched)

    def _restore(self) -> None:
        if self._own is None:
            del checkpoint.CheckpointFunction.apply
        else:
            checkpoint.CheckpointFunction.apply = self._own
        if self._hook is not None:
            setattr(checkpoint, _HOOK, self._hook)


_SWITCH = _Switch()


@contextmanager
def without_recomputation() -> Iterator[None]:
    """Run checkpointed parts once inside the block, in this thread.

    Yields
    ------
    None
    """
    with _SWITCH.off():
        yield
