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
from threading import Thread

import cv2

from attnviz.batch.decoding import process_context
from attnviz.batch.stored_results import ResultOrder, StoredResult
from attnviz.private_memory import hide_hosted_memory

_TOGETHER = 16  # pictures that are sent at once
_AHEAD = 3  # such sendings for each process
_READERS = 4  # processes that open pictures, for each that makes what is stored
_LARGEST = 2**20  # pixels: to send a larger picture takes as long as to make what is stored of it


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
        stored meanwhile, but of large pictures, which would fill the memory while they wait. 0
        makes all here.

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
    failure: Exception | None = None
    try:
        for some in _sendings(orders):
            waiting.append(
                ([], _made_here(some)) if _is_large(some[0]) else (some, _sent(pool, some))
            )
            while waiting and (len(waiting) > ahead or waiting[0][1].done()):
                yield from _taken(*waiting.popleft())
    except Exception as error:
        failure = error
    while waiting:
        yield from _taken(*waiting.popleft())
    if failure is not None:
        raise failure


def _sendings(orders: Iterable[ResultOrder]) -> Iterator[list[ResultOrder]]:
    """Orders as they are sent, some together; one of a large picture is alone."""
    some: list[ResultOrder] = []
    try:
        for order in orders:
            if _is_large(order):
                if some:
                    yield some
                some = []
                yield [order]
                continue
            some.append(order)
            if len(some) == _TOGETHER:
                yield some
                some = []
    except Exception:  # what was explained before it is stored first
        if some:
            yield some
        raise
    if some:
        yield some


def _is_large(order: ResultOrder) -> bool:
    found = order.result.explanation
    return found is not None and found.picture.width * found.picture.height > _LARGEST


def _made_here(orders: list[ResultOrder]) -> Future[list[StoredResult]]:
    made = Future[list[StoredResult]]()
    made.set_result(_all_stored(orders))
    return made


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
    hide_hosted_memory()
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
