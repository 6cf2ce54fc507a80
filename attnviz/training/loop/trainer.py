"""The training loop: steps, checkpoints, snapshots of attention, and a progress bar."""

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
from attnviz.jobs.worker import StoppedOnRequestError
from attnviz.models.device import move_inputs, move_module
from attnviz.models.preprocess import Preprocess
from attnviz.training.data.augment import Batch, epoch_order, training_batch
from attnviz.training.data.data import ClassFolder
from attnviz.training.data.memory import keep_freed_memory
from attnviz.training.loop.average import MovingAverage
from attnviz.training.loop.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from attnviz.training.loop.distillation import find_teacher
from attnviz.training.loop.evaluate import Score, evaluate, scored_side
from attnviz.training.loop.half_precision import round_to_half
from attnviz.training.loop.optimizers import build_optimizer, set_rate
from attnviz.training.recipe import Recipe
from attnviz.training.recording.recorder import AttentionRecorder, snapshot_steps

# Called with the state and the number of steps; False stops the run after a checkpoint.
StepCallback = Callable[["TrainingState", int], bool]

CHECKPOINT_SECONDS = 120.0
QUICK_SCORE = 1000


@dataclass(frozen=True)
class TrainingResult:
    """Result of a run.

    Attributes
    ----------
    module
        The averaged network, its weights rounded to float16.
    progress
        State at the end.
    score
        Score on the validation pictures.
    side
        Input side in pixels at which it was scored.
    """

    module: nn.Module
    progress: TrainingState
    score: Score
    side: int


class PausedError(TrainingError, StoppedOnRequestError):
    """A run was stopped on request; it can be resumed."""


@dataclass
class Trainer:
    """Trains a network; all files are written into one folder.

    A run that was killed resumes from `out/checkpoint.safetensors` and ends with the same weights
    as an uninterrupted one: every random choice depends on (seed, epoch, step) alone.

    Attributes
    ----------
    module
        The network; it is trained in place.
    data
        Training and validation pictures.
    recipe
        Hyperparameters.
    preprocess
        Makes inputs of pictures; its size is the input side at which the result is scored.
    out
        Folder for checkpoints.
    device
        Where to train.
    recorder
        Records attention at planned steps, if given.
    show
        Whether to show a progress bar.
    stop_after
        Stop after this optimiser step; for tests.
    on_step
        Called after each step; False stops the run after a checkpoint.
    check_stop
        Called before each batch of the last scoring; may raise PausedError.
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
    on_step: StepCallback | None = None
    check_stop: Callable[[], None] | None = None

    def run(self) -> TrainingResult:
        """Train to the end (or to step `stop_after`) and score the averaged network.

        Returns
        -------
        TrainingResult
            The averaged network with its score.

        Raises
        ------
        PausedError
            `on_step` or `check_stop` stopped the run; everything is saved.
        DivergedError
            The loss or a weight became NaN or infinite.
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
        side = self.preprocess.side
        score = self._score(side, len(self.data.validation), self.check_stop)
        return TrainingResult(self._average.module, progress, score, side)

    def _run_identity(self) -> str:
        """A text that differs between runs whose checkpoints must not be mixed up."""
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
                continue  # first comes the score, which a resumed run needs
            self._report(progress)
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
            self._report(progress)
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
        """Yield the batches of an epoch from step `first` on; two are prepared in advance."""
        order = epoch_order(self.recipe, epoch, len(self.data.training))

        def make(step: int) -> Batch:
            classes = len(self.data.classes)
            return training_batch(
                self.data.training, order[step], self.recipe, epoch, step, classes
            )

        with ThreadPoolExecutor(1) as worker:
            pending = [
                worker.submit(make, step) for step in range(first, min(first + 2, len(order)))
            ]
            for step in range(first + 2, len(order) + 2):
                if not pending:
                    return
                batch = pending.pop(0).result()
                if step < len(order):
                    pending.append(worker.submit(make, step))
                yield batch

    def _score(self, side: int, most: int, check_stop: Callable[[], None] | None = None) -> Score:
        return evaluate(
            self._average.module, self.data.validation.spread_sample(most), self.preprocess,
            side=side, device=self.device, check_stop=check_stop,
        )  # fmt: skip

    def _snapshot(self, progress: TrainingState) -> None:
        """Record the averaged network's attention if a snapshot is planned at this step."""
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
                self.recorder.start_over(self._average.module, self._per_epoch)
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

    def _report(self, progress: TrainingState) -> None:
        if self.on_step is None or self.on_step(progress, self._per_epoch * self.recipe.epochs):
            return
        self._save(progress)
        raise PausedError(f"The training was stopped after step {progress.step}.")

    def _stopped(self, progress: TrainingState) -> bool:
        return self.stop_after is not None and progress.step >= self.stop_after

    def _bar(self, progress: TrainingState) -> tqdm[None]:
        """A progress bar that counts pixels, so that its estimate accounts for small pictures."""
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
