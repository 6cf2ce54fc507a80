"""Many pictures through `attnviz batch`: are all rows there, does memory stay flat, how fast is it?

    python -m benchmarks.big_run cifar --out /tmp/unbroken
    python -m benchmarks.big_run cifar --out /tmp/killed --kills 2 --like /tmp/unbroken
    python -m benchmarks.big_run photos --out /tmp/ray --engine ray --kills 2 --like /tmp/photos

A killed run (kill -9) is started again until it is whole. With `--like`, its table, maps and small
pictures must be those of an earlier run. The rate is told by the clock, and by processor time,
which a busy machine changes less: seconds of the network alone over those of the whole command.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow
import torch

from attnviz.batch.parts import ResultFolder
from attnviz.models.loading import load_model
from benchmarks.data import parsed
from benchmarks.many_pictures import SETS
from benchmarks.timing import HEADER, Budget
from benchmarks.watched_run import WatchedRun, watch

PART = 512
MEMORY, RATE = 1.05, 0.85


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--engine", default="local")
    parser.add_argument("--pictures", type=int)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--like", type=Path)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=16)
    wish = parsed(parser)
    chosen = SETS[wish.set]
    count = wish.pictures or chosen.count
    parts = -(-count // PART)
    kills = [parts * number // (wish.kills + 1) for number in range(1, wish.kills + 1)]
    place = wish.out.parent / f"{wish.set}-{count}"  # the same for all runs: paths are results
    place.mkdir(parents=True, exist_ok=True)
    source, broken = chosen.lay(wish.data, place, count)
    command = [
        *(sys.executable, "-m", "attnviz", "batch", str(source), "--out", str(wish.out)),
        *("--model", chosen.model, "--device", "cpu", "--quiet"),
        *(("--engine", wish.engine) if wish.engine != "local" else ()),
        *("--batch-size", str(wish.batch_size), "--workers", str(wish.workers)),
    ]
    log = wish.out.with_suffix(".log")
    run = watch(command, wish.out / "parts", kills, log)
    folder = ResultFolder(wish.out)
    if not folder.is_whole:
        sys.exit(f"It ended with code {run.code} and is not whole. See {log}.")
    print(f"{count} pictures, {chosen.model}, engine {wish.engine}, {len(run.kills)} kills\n")
    print(HEADER)
    rate = rate_of(run, count, bare_seconds(chosen.model, wish.batch_size), wish)
    for one in (*_rows(folder, count, broken), *_memory(run), *rate):
        print(one.line())
    if run.left_over:
        print(f"\nOutlived the command: {', '.join(run.left_over)}")
    own = digest(folder)
    print(f"\nsha256 of the results: {own}")
    if wish.like is not None:
        same = own == digest(ResultFolder(wish.like))
        print("The same as those of", wish.like) if same else sys.exit("Not those of --like")


def _rows(folder: ResultFolder, count: int, broken: int) -> Iterator[Budget]:
    scores = folder.scores()
    once = scores["index"].to_pylist() == list(range(count))
    yield Budget("rows, each picture once and in order", len(scores) if once else 0, count, True)
    failed = len(scores) - scores["error"].null_count
    yield Budget("pictures with an error", failed, broken)
    yield Budget("the same, broken ones left out", broken - failed, 0)


def _memory(run: WatchedRun) -> Iterator[Budget]:
    halves = run.halves()
    if halves is None:
        return
    first, second = halves
    peak = max(one.resident for one in run.samples) / 2**20
    name = f"memory of the second half over the first (peak {peak:.0f} MiB)"
    yield Budget(name, second / first, MEMORY)


def rate_of(run: WatchedRun, count: int, bare: float, wish: argparse.Namespace) -> Iterator[Budget]:
    """Rates between the first part after the start and the last, over `bare` seconds a picture."""
    working = [one for one in run.samples if one.parts > run.samples[0].parts]
    if len({one.parts for one in working}) < 2:  # too little was left after the last kill
        return
    first, last = working[0], working[-1]
    last = next(one for one in working if one.parts == last.parts)
    if last.processor[1] <= first.processor[1]:  # the last parts appeared as the command ended
        return
    done = min(last.parts * PART, count) - first.parts * PART
    clock = done / (last.seconds - first.seconds)
    own, all_of_them = (
        (after - before) / done
        for before, after in zip(first.processor, last.processor, strict=True)
    )
    name = f"network alone, {1000 * bare:.2f} ms a picture, over all work ({clock:.1f}/s)"
    yield Budget(name, bare / all_of_them, RATE, at_least=True)
    if wish.workers and wish.engine == "local":
        name = "the same over the process that runs it, opening of pictures left out"
        yield Budget(name, bare / own, RATE, at_least=True)


def bare_seconds(model: str, batch_size: int, repeats: int = 40) -> float:
    """Processor time of the network alone for a picture, in batches."""
    loaded = load_model(model, "cpu")
    inputs = torch.randn(batch_size, 3, *2 * (loaded.preprocess.side,))
    with torch.inference_mode():
        loaded.module(inputs)
        begin = time.process_time()
        for _ in range(repeats):
            loaded.module(inputs)
    return (time.process_time() - begin) / (repeats * batch_size)


def digest(folder: ResultFolder) -> str:
    """sha256 of all results that do not depend on time: the table, the maps, the small pictures."""
    found = hashlib.sha256()
    for table in (folder.scores().drop_columns(["seconds"]), *folder.maps()):
        for batch in _plain(table):
            found.update(batch)
    for script in sorted((folder.path / "index").glob("0*.js")):
        found.update(script.read_bytes())
    return found.hexdigest()


def _plain(table: pyarrow.Table) -> Sequence[bytes]:
    """The table as bytes, whatever pieces it was read in."""
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return (sink.getvalue().to_pybytes(),)


if __name__ == "__main__":
    main()
