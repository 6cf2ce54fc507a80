"""Data augmentation that depends on (seed, epoch, step) alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from attnviz.models.preprocess import pixels_to_tensor
from attnviz.training.data.data import PictureSet
from attnviz.training.recipe import Recipe
from attnviz.types import IntArray, Pixels


@dataclass(frozen=True)
class Batch:
    """A training batch.

    Attributes
    ----------
    inputs
        float32 [N, 3, s, s] in 0..1, not yet normalised.
    targets
        float32 [N, classes]; rows sum to 1.
    """

    inputs: Tensor
    targets: Tensor


def random_source(*key: int) -> np.random.Generator:
    """A generator that depends on `key` alone, so that resumed runs draw the same numbers."""
    return np.random.default_rng(np.random.SeedSequence(key))


def epoch_order(recipe: Recipe, epoch: int, count: int) -> IntArray:
    """Draw the order of the pictures in an epoch; an incomplete last batch is dropped.

    Parameters
    ----------
    recipe
        Seed and batch size.
    epoch
        From 0.
    count
        Number of pictures.

    Returns
    -------
    IntArray
        int64 [steps, batch], indices.
    """
    order = random_source(recipe.seed, epoch).permutation(count)
    batch = min(recipe.batch, count)
    steps = count // batch
    return order[: steps * batch].reshape(steps, batch)


def training_batch(
    part: PictureSet,
    chosen: IntArray,
    recipe: Recipe,
    epoch: int,
    step: int,
    classes: int,
) -> Batch:
    """Make a batch: cropped, flipped, recoloured, erased, mixed.

    Parameters
    ----------
    part
        Training pictures.
    chosen
        int64 [N], indices of the pictures.
    recipe
        Kind and strength of the augmentation.
    epoch, step
        Decide, with the recipe's seed, all random choices.
    classes
        Number of classes.
    """
    random = random_source(recipe.seed, epoch, step)
    side = recipe.side_at(epoch)
    views = np.stack([_view(part.pixels[index], side, recipe, random) for index in chosen])
    inputs = _recoloured(pixels_to_tensor(views), recipe.colour, random)
    _erase(inputs, recipe.erase, random)
    targets = torch.nn.functional.one_hot(torch.from_numpy(part.labels[chosen]), classes).float()
    if epoch < recipe.epochs - recipe.unmixed:
        inputs, targets = _mixed(inputs, targets, recipe, random)
    return Batch(inputs, targets)


def _view(pixels: Pixels, side: int, recipe: Recipe, random: np.random.Generator) -> Pixels:
    """A random crop, stretched to the square and mirrored with probability 1/2."""
    if recipe.pad:
        pixels = _moved(pixels, recipe.pad, random)
    height, width = pixels.shape[:2]
    area = random.uniform(recipe.crop, 1.0)
    stretch = math.exp(random.uniform(-1, 1) * math.log(recipe.aspect))
    rows = min(height, max(1, round(height * math.sqrt(area / stretch))))
    columns = min(width, max(1, round(width * math.sqrt(area * stretch))))
    top = int(random.integers(height - rows + 1))
    left = int(random.integers(width - columns + 1))
    crop = pixels[top : top + rows, left : left + columns]
    shrinks = rows >= side and columns >= side
    view = cv2.resize(
        crop, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    )
    return np.asarray(view[:, ::-1] if random.random() < 0.5 else view, dtype=np.uint8)


def _moved(pixels: Pixels, pad: int, random: np.random.Generator) -> Pixels:
    """Shifted by up to `pad` pixels each way; the border is filled by reflection."""
    height, width = pixels.shape[:2]
    top, left = random.integers(0, 2 * pad + 1, 2)
    padded = np.pad(pixels, ((pad, pad), (pad, pad), (0, 0)), mode="reflect")
    return padded[top : top + height, left : left + width]


def _recoloured(inputs: Tensor, most: float, random: np.random.Generator) -> Tensor:
    """Brightness, contrast and saturation scaled by factors within 1 - most .. 1 + most."""
    if most == 0:
        return inputs
    factors = torch.from_numpy(
        random.uniform(1 - most, 1 + most, (3, len(inputs), 1, 1, 1)).astype(np.float32)
    )
    brightness, contrast, saturation = factors
    mean = inputs.mean((1, 2, 3), keepdim=True)
    inputs = (inputs - mean) * contrast + mean * brightness
    grey = inputs.mean(1, keepdim=True)
    recoloured: Tensor = ((inputs - grey) * saturation + grey).clamp_(0, 1)
    return recoloured


def _erase(inputs: Tensor, share: float, random: np.random.Generator) -> None:
    """Cutout (DeVries 2017, arXiv 1708.04552): a square of each picture in the batch's mean colour.

    Unlike there, the square always lies inside the picture.
    """
    if share == 0:
        return
    height, width = inputs.shape[-2:]
    rows, columns = (min(max(1, round(share * side)), side - 1) for side in (height, width))
    mean = inputs.mean((0, 2, 3))[:, None, None]
    tops = random.integers(height - rows + 1, size=len(inputs))
    lefts = random.integers(width - columns + 1, size=len(inputs))
    for view, top, left in zip(inputs, tops, lefts, strict=True):
        view[:, top : top + rows, left : left + columns] = mean


def _mixed(
    inputs: Tensor, targets: Tensor, recipe: Recipe, random: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang 2018) or CutMix (Yun 2019), chosen at random where both are on."""
    kinds = [name for name in ("mixup", "cutmix") if getattr(recipe, name) > 0]
    if not kinds:
        return inputs, targets
    kind = kinds[int(random.integers(len(kinds)))]
    share = float(random.beta(getattr(recipe, kind), getattr(recipe, kind)))
    partner = torch.from_numpy(random.permutation(len(inputs)))
    if kind == "mixup":
        inputs = inputs.lerp(inputs[partner], 1 - share)
    else:
        inputs, share = _pasted(inputs, partner, share, random)
    return inputs, targets.lerp(targets[partner], 1 - share)


def _pasted(
    inputs: Tensor, partner: Tensor, share: float, random: np.random.Generator
) -> tuple[Tensor, float]:
    """A rectangle of about 1 - share of the area from the partner; returns the exact share."""
    height, width = inputs.shape[-2:]
    cut = math.sqrt(1 - share)
    centre_y, centre_x = random.uniform(0, height), random.uniform(0, width)
    top, bottom = (round(max(0, min(height, centre_y + s * cut * height / 2))) for s in (-1, 1))
    left, right = (round(max(0, min(width, centre_x + s * cut * width / 2))) for s in (-1, 1))
    inputs = inputs.clone()
    inputs[:, :, top:bottom, left:right] = inputs[partner, :, top:bottom, left:right]
    return inputs, 1 - (bottom - top) * (right - left) / (height * width)
