"""The training loop: steps, checkpoints, snapshots of attention, and a bar with the time left."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn
from tqdm import tqdm

from attnviz.errors import DivergedError, TrainingError
from attnviz.models.device import move_inputs, move_module
from attnviz.models.preprocess import Preprocess
from attnviz.training.data.augment import Batch, epoch_order, training_batch
from attnviz.training.data.data import ClassFolder
from attnviz.training.data.memory import keep_freed_memory
from attnviz.training.loop.average import MovingAverage
from attnviz.training.loop.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from attnviz.training.loop.distillation import find_teacher
from attnviz.training.loop.evaluate import Score, evaluate
from attnviz.training.loop.optimizers import build_optimizer, set_rate
from attnviz.training.recipe import Recipe
from attnviz.training.recording.recorder import AttentionRecorder, snapshot_steps

# Told how far it is and how many steps there are; False stops the run after a checkpoint.
Watch = Callable[["TrainingState", int], bool]

CHECKPOINT_SECONDS = 120.0
QUICK_SCORE = 1000


@dataclass(frozen=True)
class Trained:
    """What a run leaves: the averaged network, how far it came, and its score on `side` px."""

    module: nn.Module
    progress: TrainingState
    score: Score
    side: int


class PausedError(TrainingError):
    """A run was stopped by whoever watches it; it can be gone on with."""


@dataclass
class Trainer:
    """Trains `module` on `data` by `recipe`; everything that lasts lies in the folder `out`.

    A run that was killed goes on from `out/checkpoint.safetensors` and ends with the same weights
    as an unbroken one: every random choice depends on (seed, epoch, step) alone.
    """

    module: nn.Module
    data: ClassFolder
    recipe: Recipe
    preprocess: Preprocess
    out: Path
    device: torch.device
    recorder: AttentionRecorder | None = None
    show: bool = True
    stop_after: int | None = None
    watch: Watch | None = None
    between: Callable[[], None] | None = None  # may stop the last scoring, by what it raises

    def run(self) -> Trained:
        """Train to the end (or to step `stop_after`) and score the averaged network.

        Raises PausedError where `watch` says so, with everything saved, and DivergedError where
        numbers become NaN or infinite.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        keep_freed_memory()
        torch.manual_seed(self.recipe.seed)
        move_module(self.module, self.device)
        self._teacher = find_teacher(self.recipe, self.data.classes, self.device)
        self._average = MovingAverage(self.module, self.recipe.average)
        self._optimizer = build_optimizer(self.module, self.recipe)
        self._identity = self._run_identity()
        self._per_epoch = len(epoch_order(self.recipe, 0, len(self.data.training)))
        self._snapshots = set(snapshot_steps(self._per_epoch, self.recipe.epochs))
        progress = self._resumed()
        with self._bar(progress) as bar:
            for epoch in range(progress.step // self._per_epoch, self.recipe.epochs):
                progress = self._epoch(epoch, progress, bar)
                if self._stopped(progress):
                    break
        round_to_half(self._average.module)
        side = self.preprocess.size
        score = self._score(side, len(self.data.validation), self.between)
        return Trained(self._average.module, progress, score, side)

    def _run_identity(self) -> str:
        """Changes with all that decides what a checkpoint and a recording mean."""
        probes = self.recorder.recording.pictures if self.recorder else ()
        facts = [self.recipe.to_json(), str(self.preprocess), self.data.classes, probes]
        return f"{json.dumps(facts)} {self.data.digest()}"

    def _epoch(self, epoch: int, progress: TrainingState, bar: tqdm[None]) -> TrainingState:
        side = self.recipe.side_at(epoch)
        first = progress.step - epoch * self._per_epoch
        self._snapshot(progress)
        started = saved = time.monotonic()
        before = progress.seconds
        self.module.train()
        for batch in self._batches(epoch, first):
            loss = self._step(batch, progress.step / self._per_epoch)
            seconds = before + time.monotonic() - started
            smooth = loss if math.isnan(progress.loss) else 0.98 * progress.loss + 0.02 * loss
            progress = replace(progress, step=progress.step + 1, seconds=seconds, loss=smooth)
            self._average.update(self.module, progress.step)
            bar.update(side * side)
            bar.set_postfix_str(
                f"epoch {epoch + 1}, loss {smooth:.3f}, top-1 {progress.accuracy:.3f}",
                refresh=False,
            )
            if self._stopped(progress):
                break
            if progress.step % self._per_epoch == 0:
                continue  # the score comes first: whoever goes on from here needs it
            self._tell(progress)
            self._snapshot(progress)
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                self._save(progress)
                saved = time.monotonic()
        ended = progress.step % self._per_epoch == 0
        if ended:
            quick = self._score(scored_side(side, self.recipe.crop), QUICK_SCORE)
            progress = replace(progress, accuracy=quick.top1)
            self._snapshot(progress)
        self._save(progress)
        if ended and not self._stopped(progress):
            self._tell(progress)
        return progress

    def _step(self, batch: Batch, epoch: float) -> float:
        set_rate(self._optimizer, self.recipe.rate_at(epoch))
        views = move_inputs(batch.inputs, self.device)
        inputs = self.preprocess.normalised(views)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.half):
            logits = self.module(inputs)
        loss = nn.functional.cross_entropy(
            logits.float(), batch.targets.to(self.device), label_smoothing=self.recipe.smoothing
        )
        if self._teacher is not None:
            loss = self._teacher.loss(views, logits.float(), loss)
        if not torch.isfinite(loss):
            raise DivergedError(
                f"The loss became {float(loss)} in epoch {epoch:.2f}: the training has diverged. "
                f"What was written before stays in {self.out}."
            )
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        return float(loss.detach())

    def _batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """The batches of an epoch from step `first` on; the next one is made while one is used."""
        order = epoch_order(self.recipe, epoch, len(self.data.training))

        def make(step: int) -> Batch:
            classes = len(self.data.classes)
            return training_batch(
                self.data.training, order[step], self.recipe, epoch, step, classes
            )

        with ThreadPoolExecutor(1) as worker:
            coming = [
                worker.submit(make, step) for step in range(first, min(first + 2, len(order)))
            ]
            for step in range(first + 2, len(order) + 2):
                if not coming:
                    return
                batch = coming.pop(0).result()
                if step < len(order):
                    coming.append(worker.submit(make, step))
                yield batch

    def _score(self, side: int, most: int, between: Callable[[], None] | None = None) -> Score:
        return evaluate(
            self._average.module, self.data.validation.spread_sample(most), self.preprocess,
            side=side, device=self.device, between=between,
        )  # fmt: skip

    def _snapshot(self, progress: TrainingState) -> None:
        """Record the averaged network's attention, where the plan has a snapshot at this step."""
        if self.recorder is None or progress.step not in self._snapshots:
            return
        if any(shot.step == progress.step for shot in self.recorder.recording.snapshots):
            return
        self.recorder.record(
            self._average.module,
            step=progress.step,
            epoch=progress.step / self._per_epoch,
            accuracy=progress.accuracy,
            loss=progress.loss,
        )

    def _resumed(self) -> TrainingState:
        path = self.out / "checkpoint.safetensors"
        if not path.exists():
            if self.recorder is not None:
                self.recorder.begin_anew(self._average.module, self._per_epoch)
            return TrainingState()
        progress = load_checkpoint(
            path, self._identity, self.module, self._average.module, self._optimizer
        )
        if self.recorder is not None:
            self.recorder.resume(self._average.module, progress.step)
        return progress

    def _save(self, progress: TrainingState) -> None:
        save_checkpoint(
            self.out / "checkpoint.safetensors",
            self._identity,
            progress,
            self.module,
            self._average.module,
            self._optimizer,
        )

    def _tell(self, progress: TrainingState) -> None:
        if self.watch is None or self.watch(progress, self._per_epoch * self.recipe.epochs):
            return
        self._save(progress)
        raise PausedError(f"The training was stopped after step {progress.step}.")

    def _stopped(self, progress: TrainingState) -> bool:
        return self.stop_after is not None and progress.step >= self.stop_after

    def _bar(self, progress: TrainingState) -> tqdm[None]:
        """A bar whose unit is a pixel, so that the time left knows small pictures are cheap."""
        costs = [
            self.recipe.side_at(epoch) ** 2
            for epoch in range(self.recipe.epochs)
            for _ in range(self._per_epoch)
        ]
        return tqdm(
            total=sum(costs),
            initial=sum(costs[: progress.step]),
            desc=f"Training {self.recipe.model}",
            bar_format="{desc} {percentage:5.1f} % |{bar}| {elapsed} < {remaining} {postfix}",
            disable=not self.show,
            mininterval=2.0,
        )


def round_to_half(module: nn.Module) -> None:
    """Round all weights to what float16 can hold, for they are scored as they are shipped."""
    for value in module.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half())


def scored_side(side: int, crop: float) -> int:
    """The side at which a network trained on crops of `side` px is scored: a quarter larger.

    A random crop shows objects larger than the whole picture does at the same size; scoring at a
    larger size makes up for it (Touvron et al. 2019, arXiv 1906.06423). Where the crop is always
    the whole picture there is nothing to make up for.
    """
    return side if crop == 1 else side * 5 // 4
