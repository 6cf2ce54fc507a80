"""What a picture costs in each step of `attnviz batch`, and how two workers do over one.

    python -m benchmarks.scaling [--data ...] [--model ran-small] [--pictures 128] [--repeats 5]

Each worker is a process with one thread, and all do the same. Scaling is told by the clock, and by
processor time a picture, which says what two cost each other where no processor is idle.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

from attnviz.analysis.explain_together import Asked
from attnviz.batch.decoding import Decoder, PictureOrders
from attnviz.batch.engine import BatchEngine
from attnviz.batch.part_work import PartOrder, PartWork
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.models.loading import load_model
from benchmarks.data import parsed

BATCH = 16
Spent = tuple[float, float]
"""Seconds by the clock, and of processor time."""


def decode(model: str, paths: Sequence[str]) -> None:
    """Open pictures and make inputs of them."""
    decoder = Decoder(load_model(model, "cpu").preprocess)
    for order in enumerate(paths):
        decoder[order]


def forward(model: str, paths: Sequence[str]) -> None:
    """Run the network alone, on as many inputs."""
    loaded = load_model(model, "cpu")
    inputs = torch.randn(BATCH, 3, *2 * (loaded.preprocess.side,))
    with torch.inference_mode():
        for _ in range(0, len(paths), BATCH):
            loaded.module(inputs)


def explain(model: str, paths: Sequence[str]) -> None:
    """Open and explain them."""
    engine = BatchEngine(load_model(model, "cpu"), Asked(), BATCH, 0)
    for _ in engine(PictureOrders.of(paths)):
        pass


def write(model: str, paths: Sequence[str]) -> None:
    """Open and explain them, and write their results."""
    files = tuple(map(PictureFile, paths))
    engine = BatchEngine(load_model(model, "cpu"), Asked(), BATCH, 0, len(files))
    with tempfile.TemporaryDirectory() as place:
        work = PartWork(engine, ResultFolder(Path(place)), len(files))
        for _ in work([PartOrder(0, 0, files)]):
            pass


WORKS: Mapping[str, Callable[[str, Sequence[str]], None]] = {
    "decode": decode,
    "forward": forward,
    "explain": explain,
    "write": write,
}


def spent(work: str, model: str, paths: Sequence[str]) -> Spent:
    """What a work takes in this process, after a first time."""
    torch.set_num_threads(1)
    WORKS[work](model, paths[:BATCH])
    clock, processor = time.perf_counter(), time.process_time()
    WORKS[work](model, paths)
    return time.perf_counter() - clock, time.process_time() - processor


def side_by_side(pool: ProcessPoolExecutor, workers: int, *work: object) -> Spent:
    """The slowest worker's clock, and the mean of their processor time."""
    found = [job.result() for job in [pool.submit(spent, *work) for _ in range(workers)]]  # type: ignore[arg-type]
    return max(clock for clock, _ in found), statistics.mean(own for _, own in found)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="ran-small")
    parser.add_argument("--pictures", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=5)
    wish = parsed(parser)
    paths = [str(path) for path in sorted(wish.data.rglob("coco128/**/*.jpg"))]
    paths = [paths[index % len(paths)] for index in range(wish.pictures)]
    print(f"{wish.model}, {len(paths)} photos, load {os.getloadavg()[0]:.1f}\n")
    print("| work | ms a picture, one worker | by the clock, two over one | by processor time |")
    print("|---|---|---|---|")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for work in WORKS:
            runs = {1: [], 2: []}  # type: dict[int, list[Spent]]
            for _ in range(wish.repeats):
                for workers, found in runs.items():
                    found.append(side_by_side(pool, workers, work, wish.model, paths))
            (clock1, own1), (clock2, own2) = (
                [statistics.median(values) for values in zip(*runs[count], strict=True)]
                for count in (1, 2)
            )
            each = 1000 * own1 / len(paths)
            print(f"| {work} | {each:.2f} | {2 * clock1 / clock2:.2f} | {2 * own1 / own2:.2f} |")


if __name__ == "__main__":
    main()
