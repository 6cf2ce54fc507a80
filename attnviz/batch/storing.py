"""What is stored of pictures, made here or by processes beside the one that runs the network."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from threading import Thread

import cv2

from attnviz.batch.decoding import process_context
from attnviz.batch.stored_results import ResultOrder, StoredResult

_TOGETHER = 16  # pictures that are sent at once
_AHEAD = 3  # such sendings for each process
_READERS = 4  # processes that open pictures, for each that makes what is stored


def stored_results(
    orders: Iterable[ResultOrder], workers: int
) -> Generator[StoredResult, None, None]:
    """Make what is stored of pictures.

    Parameters
    ----------
    orders
        Read as results are taken, some ahead where other processes make them.
    workers
        Number of processes that open pictures; a quarter as many, and one at least, make what is
        stored meanwhile. 0 makes it here.

    Yields
    ------
    StoredResult
        One for each order, in their order.
    """
    if workers == 0:
        yield from (order.stored() for order in orders)
        return
    processes = -(-workers // _READERS)
    pool = ProcessPoolExecutor(processes, process_context(), initializer=_begin)
    try:
        yield from _made(pool, iter(orders), processes * _AHEAD)
    finally:
        pool.shutdown(cancel_futures=True)


def _made(
    pool: ProcessPoolExecutor, orders: Iterator[ResultOrder], ahead: int
) -> Iterator[StoredResult]:
    waiting: deque[tuple[list[ResultOrder], Future[list[StoredResult]]]] = deque()
    while some := list(islice(orders, _TOGETHER)):
        waiting.append((some, _sent(pool, some)))
        while waiting and (len(waiting) > ahead or waiting[0][1].done()):
            yield from _taken(*waiting.popleft())
    while waiting:
        yield from _taken(*waiting.popleft())


def _sent(pool: ProcessPoolExecutor, orders: list[ResultOrder]) -> Future[list[StoredResult]]:
    try:
        return pool.submit(_all_stored, orders)
    except BrokenProcessPool as error:
        never = Future[list[StoredResult]]()
        never.set_exception(error)
        return never


def _taken(orders: list[ResultOrder], made: Future[list[StoredResult]]) -> list[StoredResult]:
    try:
        return made.result()
    except (BrokenProcessPool, pickle.PicklingError, AttributeError, TypeError):
        # The process was ended, or what was asked is a function, which may not be sendable.
        return _all_stored(orders)


def _all_stored(orders: list[ResultOrder]) -> list[StoredResult]:
    return [order.stored() for order in orders]


def _begin() -> None:
    """Begin a process: it has one thread, and ends with the one that has started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for that one, which then ends it
    cv2.setNumThreads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
