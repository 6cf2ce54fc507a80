"""The parts of a run, computed by Ray on one machine or many."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from attnviz.batch.part_work import PartOrder, PartWork
from attnviz.batch.ray_start import imported_ray, joined_cluster
from attnviz.batch.ray_worker import PartWorker, decoded_beside
from attnviz.errors import ClusterError

_LOSSES = 8  # workers lost without a part in between, beside all that one machine takes with it


@dataclass(frozen=True)
class RayCluster:
    """Computes parts side by side, by workers that each hold a copy of the network.

    A part is the unit: its files are written whole, by the worker, into a folder that all machines
    share. What a lost worker or machine had not written is computed again by another, so no picture
    is lost or doubled.

    Attributes
    ----------
    address
        Of a cluster, as for `ray.init`; None starts one on this machine, which ends with the work.
    networks
        How many copies of the network work side by side; if None, one for each GPU, and on CPUs as
        many as there are with those that open pictures for them.
    gpu_share
        How much of a GPU each copy takes, where the model is on one.
    """

    address: str | None = None
    networks: int | None = None
    gpu_share: float = 1.0

    def __call__(self, work: PartWork, parts: Sequence[PartOrder]) -> Iterator[int]:
        """Write parts; see `SpreadWork`.

        Raises
        ------
        ClusterError
            Ray is not installed, there is no cluster at the address, or its workers all fail.
        OutputError
            A part cannot be written.
        """
        ray = imported_ray(alone=self.address is None)
        with joined_cluster(ray, self.address):
            engine = replace(work.engine, decode=decoded_beside)
            on_gpu = engine.model.device.type == "cuda"
            worker = ray.remote(num_cpus=1, num_gpus=self.gpu_share if on_gpu else 0)(PartWorker)
            count = min(self._networks(ray, on_gpu, engine.workers), len(parts))
            crew = _Crew(ray, worker, ray.put(replace(work, engine=engine)))
            try:
                yield from crew.work(parts, count)
            finally:
                crew.dismiss()

    def _networks(self, ray: Any, on_gpu: bool, workers: int) -> int:
        if self.networks is not None:
            return self.networks
        there = ray.cluster_resources()
        if on_gpu:
            return max(1, int(there.get("GPU", 0) / self.gpu_share))
        return max(1, int(there.get("CPU", 1)) // (1 + workers))


@dataclass(eq=False)
class _Crew:
    """Workers, and what each is at.

    Attributes
    ----------
    ray, worker, shared
        The package, the class of the workers, and where the work lies that each is given.
    busy
        What is waited for: the worker, with its part, or None until it has begun. Only who has
        begun is given a part: on a full cluster a worker may wait for its place for ever.
    idle
        Workers without a part, kept for the parts of those that are lost.
    """

    ray: Any
    worker: Any
    shared: Any
    busy: dict[Any, tuple[Any, PartOrder | None]] = field(default_factory=dict)
    idle: list[Any] = field(default_factory=list)

    def work(self, parts: Sequence[PartOrder], count: int) -> Iterator[int]:
        """Yield the number of pictures of each part that is written."""
        left, losses, done = deque(parts), 0, 0
        for _ in range(count):
            self._hire()
        while done < len(parts):
            while left and self.idle:
                worker, part = self.idle.pop(), left.popleft()
                self.busy[worker.write.remote(part)] = worker, part
            ready, _ = self.ray.wait(list(self.busy), num_returns=1)
            worker, finished = self.busy.pop(ready[0])
            try:
                problem = self.ray.get(ready[0])
            except self.ray.exceptions.RayError as error:  # the worker, or its machine, is lost
                self.ray.kill(worker)  # it may be out of reach only, and hold its place
                losses += 1
                if losses > _LOSSES + count:
                    raise _lost(error) from error
                if finished is not None:
                    left.appendleft(finished)
                self._hire()
                continue
            if problem is not None:
                raise problem
            self.idle.append(worker)
            if finished is not None:
                losses, done = 0, done + 1
                yield len(finished.files)

    def _hire(self) -> None:
        worker = self.worker.remote(self.shared)
        self.busy[worker.begun.remote()] = worker, None

    def dismiss(self) -> None:
        """End all workers, also those that wait for a place."""
        for worker in (*self.idle, *(worker for worker, _ in self.busy.values())):
            self.ray.kill(worker)


def _lost(error: Exception) -> ClusterError:
    reason = str(error).strip().splitlines()[-1]
    return ClusterError(
        f"One worker of the cluster after the other was lost ({reason}). If memory runs out, ask "
        "for fewer --networks, or a smaller --batch-size; the same command goes on from here."
    )
