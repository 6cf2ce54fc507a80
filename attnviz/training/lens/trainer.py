"""The training loop of `lens`, which resumes where it was interrupted."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.files import write_atomically
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.lens import LensNetwork, begin_with_classifier
from attnviz.training.data.memory import keep_freed_memory
from attnviz.training.lens.counterfactual import DiscStack, disc_stack
from attnviz.training.lens.folding import fold_batch_norms, unstride_depthwise
from attnviz.training.lens.objective import (
    SHARES,
    calibration,
    cut,
    kept_loss,
    roughness,
    taken_loss,
)
from attnviz.training.lens.pictures import LensPictures
from attnviz.training.lens.questions import Questions
from attnviz.training.loop.average import MovingAverage

Report = Callable[[int, float, dict[str, float]], None]
_LAST = 0.75  # the part of a run after which its last quarter begins


@dataclass(frozen=True)
class LensRecipe:
    """All that decides a training of `lens`, but for its pictures.

    Attributes
    ----------
    steps
        Optimiser steps, unless the time is over before.
    minutes
        Most minutes; the learning rate falls in the last quarter of steps or time.
    batch
        Pictures per step.
    sides, last_sides
        Sides of the pictures in pixels, drawn for each step; in the last quarter they are as large
        as the network is used with.
    rate, weight_decay
        Of AdamW.
    mosaics, absent
        Share of steps with mosaics, and of pictures that are asked for a class at random.
    others, whole
        Shares of the questions for whole pictures, see `Questions`.
    radii
        Radii of the blur as shares of the picture's side.
    other_fills
        Share of steps whose fill is noise, or another picture, instead of the picture's own blur.
    taken, smooth, calibrated
        Weights of the terms beside *kept*.
    average
        Decay of the moving average of the weights.
    seed
        Of pictures, shares and fills.
    """

    steps: int = 4000
    minutes: float = 60.0
    batch: int = 16
    sides: tuple[int, ...] = (160, 160, 192)
    last_sides: tuple[int, ...] = (192, 256)
    rate: float = 2e-3
    weight_decay: float = 1e-4
    mosaics: float = 0.35
    absent: float = 1 / 16
    others: float = 0.25
    whole: float = 0.25
    radii: tuple[float, ...] = (0.06, 0.1, 0.15)
    other_fills: float = 0.3
    taken: float = 3.0
    smooth: float = 0.3
    calibrated: float = 0.05
    average: float = 0.99
    seed: int = 0


class LensTrainer:
    """Trains the decoder of a `LensNetwork`; its trunk stays as it is.

    Parameters
    ----------
    lens
        With the trunk's weights.
    pictures
        To train on.
    preprocess
        Of the trunk.
    recipe
        How to train.
    folder
        For the checkpoint.
    """

    def __init__(
        self,
        lens: LensNetwork,
        pictures: LensPictures,
        preprocess: Preprocess,
        recipe: LensRecipe,
        folder: Path,
    ) -> None:
        torch.manual_seed(recipe.seed)
        begin_with_classifier(lens)
        self.lens = lens.train()
        self.lens.trunk = unstride_depthwise(fold_batch_norms(copy.deepcopy(lens.trunk).eval()))
        self.lens.to(memory_format=torch.channels_last)
        self.pictures, self.preprocess, self.recipe = pictures, preprocess, recipe
        self.decoder = [p for p in lens.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.decoder, lr=recipe.rate, weight_decay=recipe.weight_decay
        )
        self.average = MovingAverage(lens, recipe.average)
        self.step, self.seconds = 0, 0.0
        self.checkpoint = folder / "lens-checkpoint.pt"

    def run(self, report: Report, every: int = 25) -> None:
        """Train until the steps or the minutes are over.

        Parameters
        ----------
        report
            Called every `every` steps with step, progress in 0..1, and the means of the terms.
        every
            How often to report, and to write the checkpoint.
        """
        keep_freed_memory()
        started, sums = time.monotonic() - self.seconds, dict[str, float]()
        while (progress := self._progress()) < 1:
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate_at(progress)
            for name, value in self.one_step().items():
                sums[name] = sums.get(name, 0.0) + value / every
            self.seconds = time.monotonic() - started
            if self.step % every == 0:
                report(self.step, self._progress(), sums)
                sums = {}
                self.save()

    def _progress(self) -> float:
        return max(self.step / self.recipe.steps, self.seconds / (60 * self.recipe.minutes))

    def rate_at(self, progress: float) -> float:
        """The learning rate when a part, 0..1, of the run is over: it rises, stays, and falls."""
        warm = min(1.0, (self.step + 1) / 60)
        return self.recipe.rate * warm * min(1.0, (1 - progress) / (1 - _LAST)) + 1e-6

    def one_step(self) -> dict[str, float]:
        """Do one optimiser step, and return the terms of its loss."""
        terms = self._terms()
        weights = {
            "kept": 1.0,
            "taken": self.recipe.taken,
            "rough": self.recipe.smooth,
            "calibration": self.recipe.calibrated,
        }
        loss = sum((weights[name] * term for name, term in terms.items()), torch.zeros(()))
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.decoder, 1.0)
        self.optimizer.step()
        self.step += 1
        self.average.update(self.lens, self.step)
        return {name: float(term.detach()) for name, term in terms.items()}

    def _terms(self) -> dict[str, Tensor]:
        recipe, random = self.recipe, self.pictures.random
        side = int(random.choice(recipe.sides if self._progress() < _LAST else recipe.last_sides))
        batch = self.pictures.batch(recipe.batch, side, mosaic=random.random() < recipe.mosaics)
        pictures = batch.pictures
        with _half():
            with torch.no_grad():
                features = self.lens.features(self._inputs(pictures))
                before = self.lens.trunk.forward_head(features[-1]).float()
                shown = before if batch.cells is None else self._logits(batch.cells)
            # Of a picture among three others, its first answer is all that is asked for.
            kinds = (recipe.others, recipe.whole) if batch.cells is None else (0.0, 0.0)
            asked, present = Questions(*kinds, recipe.absent).drawn(shown, random)
            scores = self.lens.scores(features, asked)
        sure = before.softmax(1)
        steps = [value.float() for value in scores]
        mask = steps[int(random.choice(4, p=(0.1, 0.15, 0.2, 0.55)))]
        shares = torch.as_tensor(random.choice(SHARES, len(pictures)), dtype=torch.float32)
        shares = shares if batch.cells is None else shares / 2
        # Each score mostly answers for its own question, and a little for the other one's.
        swapped = random.random() < 0.25
        keeps, takes = (mask[:, :1], steps[-1][:, 1:])[:: -1 if swapped else 1]
        stack = self._fill(pictures)
        grid = steps[-1].shape[-1]
        sharp, gone = (
            cut(_enlarged(values, grid)[present], shares[present]) for values in (keeps, takes)
        )
        here = DiscStack(stack.levels[:, present])
        kept, taken = here.bokeh(_enlarged(sharp, side)), here.bokeh(_enlarged(1 - gone, side))
        small = F.adaptive_avg_pool2d(pictures[present], grid)
        return {
            "kept": kept_loss(self._logits(kept), asked[present], sure[present]),
            "taken": taken_loss(self._logits(taken), asked[present], sure[present]),
            "rough": roughness(sharp, small) + roughness(gone, small),
            "calibration": calibration(steps[-1][:, :1], present)
            + calibration(steps[-1][:, 1:], present)
            + calibration(mask[:, :1], present),
        }

    def _inputs(self, pictures: Tensor) -> Tensor:
        inputs = self.preprocess.normalised(pictures)
        return inputs.contiguous(memory_format=torch.channels_last)

    def _logits(self, pictures: Tensor) -> Tensor:
        with _half():
            logits: Tensor = self.lens.trunk(self._inputs(pictures))
        return logits.float()

    def _fill(self, pictures: Tensor) -> DiscStack:
        """The pictures blurred, or, on some steps, noise or another picture in the blur's place."""
        random, side = self.pictures.random, pictures.shape[-1]
        stack = disc_stack(pictures, side * float(random.choice(self.recipe.radii)))
        if random.random() >= self.recipe.other_fills:
            return stack
        if random.random() < 0.5:
            other = stack.levels[-1].roll(1, 0)
        else:
            colour = stack.levels[0].mean((2, 3), keepdim=True)
            coarse = torch.as_tensor(random.random((len(pictures), 3, 6, 6)), dtype=torch.float32)
            noise = F.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=False)
            other = (colour * (0.5 + noise)).clamp(0, 1)
        return DiscStack(torch.stack([stack.levels[0], other]))

    def save(self) -> None:
        """Write the checkpoint."""
        state: dict[str, Any] = {
            "decoder": decoder_state(self.lens),
            "average": decoder_state(self.average.module),
            "optimizer": self.optimizer.state_dict(),
            "random": self.pictures.random.bit_generator.state,
            "step": self.step,
            "seconds": self.seconds,
        }
        write_atomically(self.checkpoint, lambda path: torch.save(state, path))

    def resume(self) -> None:
        """Continue from the checkpoint, if there is one."""
        if not self.checkpoint.is_file():
            return
        state = torch.load(self.checkpoint, weights_only=True)
        self.lens.load_state_dict(state["decoder"], strict=False)
        self.average.module.load_state_dict(state["average"], strict=False)
        self.optimizer.load_state_dict(state["optimizer"])
        self.pictures.random.bit_generator.state = state["random"]
        self.step, self.seconds = state["step"], state["seconds"]


def decoder_state(lens: nn.Module) -> dict[str, Tensor]:
    """The tensors of a `LensNetwork` without its trunk's."""
    state = lens.state_dict()
    return {name: value for name, value in state.items() if not name.startswith("trunk.")}


def _half() -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16)


def _enlarged(values: Tensor, side: int) -> Tensor:
    return F.interpolate(values, size=(side, side), mode="bilinear", align_corners=False)


def is_finite(terms: dict[str, float]) -> bool:
    """Whether no term is NaN or infinite."""
    return all(map(math.isfinite, terms.values()))
