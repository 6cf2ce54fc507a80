"""The figures on the card of `lens`, measured on photos that its training does not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from attnviz.errors import TrainingError
from attnviz.methods.class_mask import ClassMask
from attnviz.methods.inference import Inference
from attnviz.methods.soft_mask import SoftMask
from attnviz.metrics.fixations import FixatedPicture, read_fixations
from attnviz.metrics.saliency import nss
from attnviz.models.preprocess import pixels_to_tensor
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import open_picture
from attnviz.pictures.geometry import resample
from attnviz.progress import Progress, report_progress
from attnviz.training.lens.counterfactual import disc_stack
from attnviz.training.lens.objective import SHARES
from attnviz.untrusted.values import UNREADABLE, checked_name, parse_json, read_bounded, reason_of

SUFFICES, NECESSARY = "stride4", "necessary"
_LABELS = "labels.json"
_MOST_BYTES = 10_000_000
_RADIUS = 0.1  # of the blur, as a share of the shorter side
_LONGEST = 400  # side at which a map is compared with fixations


@dataclass(frozen=True)
class LensScores:
    """How good the masks of a network are.

    Attributes
    ----------
    photos, scenes
        Numbers of pictures that were measured.
    top1
        Share of the photos that are named correctly, 0..1.
    kept
        Mean probability of the first answer where the highest 5, 10, 20, 30, 50 % of its mask are
        sharp and the rest falls into bokeh; high is good.
    taken
        The same where the highest part of the mask `necessary` is blurred instead; low is good.
    nss
        Normalised scanpath saliency of the mask `necessary` of the whole answer; 0 by chance.
    """

    photos: int
    scenes: int
    top1: float
    kept: float
    taken: float
    nss: float


def evaluate_lens(
    model: VisionModel, data: Path, *, limit: int | None = None, progress: Progress | None = None
) -> LensScores:
    """Measure `LensScores`; the same pictures always give the same.

    Parameters
    ----------
    model
        A network with masks for its classes.
    data
        Folder with `imagenet-100`, whose `labels.json` has a class index for each photo, and
        `osie`, of which training sees every other picture; the others are measured here.
    limit
        Most pictures of each; all of them if None.
    progress
        Called with the number of pictures done.

    Raises
    ------
    TrainingError
        A folder is missing or has no labels.
    """
    photos = labelled_photos(data / "imagenet-100")[:limit]
    if not (data / "osie").is_dir():
        raise TrainingError(f"{data} has no folder osie, on which the masks are measured.")
    scenes = read_fixations(data / "osie").pictures[1::2][:limit]
    total = len(photos) + len(scenes)
    named, kept, taken, agreement = [], [], [], []
    for number, (path, label) in enumerate(photos, 1):
        first, *shares = _decision(model, path)
        named.append(first == label)
        kept.append(shares[0])
        taken.append(shares[1])
        report_progress(progress, number, total)
    for number, scene in enumerate(scenes, len(photos) + 1):
        agreement.append(_nss(model, scene))
        report_progress(progress, number, total)
    means = (round(float(np.mean(one)), 4) for one in (named, kept, taken, agreement))
    return LensScores(len(photos), len(scenes), *means)


def labelled_photos(folder: Path) -> list[tuple[Path, int]]:
    """Photos and their classes, by name; raises TrainingError."""
    try:
        entries = parse_json(read_bounded(folder / _LABELS, _MOST_BYTES))
        found = [(folder / checked_name(one["file"]), int(one["class_index"])) for one in entries]
    except (OSError, *UNREADABLE) as error:
        raise TrainingError(
            f"{folder / _LABELS} cannot be read ({reason_of(error)}). Give a data folder with "
            "imagenet-100."
        ) from error
    return sorted(found)


@torch.inference_mode()
def _decision(model: VisionModel, path: Path) -> tuple[int, float, float]:
    """The first answer to a photo, and its mean probability kept and taken."""
    picture = open_picture(path)
    geometry = model.preprocess.geometry(picture)
    pixels = pixels_to_tensor(resample(picture.pixels, geometry)[None])
    inputs = model.preprocess.normalised(pixels).to(model.device)
    with model.lock:
        found = ClassMask().run(Inference.of(model.module, inputs))
        first = int(found.logits.argmax(1))
        stack = disc_stack(pixels, _RADIUS * min(geometry.input_size))
        sharp = highest(found.map_of(SUFFICES), geometry.input_size, SHARES)
        gone = highest(found.map_of(NECESSARY), geometry.input_size, SHARES)
        shown = stack.bokeh(torch.cat([sharp, 1 - gone]))
        logits = model.module(model.preprocess.normalised(shown).to(model.device))
    after = logits.float().softmax(1)[:, first]
    kept, taken = (float(part.mean()) for part in after.chunk(2))
    return first, kept, taken


def highest(values: np.ndarray, size: tuple[int, int], shares: Sequence[float]) -> Tensor:
    """Masks [shares, 1, h, w] that are 1 in the highest shares of a map, brought to a size."""
    grid = torch.from_numpy(values)[None, None]
    large = F.interpolate(grid, size=size, mode="bicubic", align_corners=False).flatten()
    order = large.argsort(descending=True, stable=True)
    masks = torch.zeros(len(shares), len(large))
    for mask, share in zip(masks, shares, strict=True):
        mask[order[: round(share * len(order))]] = 1
    return masks.view(-1, 1, *size)


@torch.inference_mode()
def _nss(model: VisionModel, scene: FixatedPicture) -> float:
    picture = open_picture(scene.path).reduced(_LONGEST)
    inputs, geometry = model.preprocess.tensor(picture)
    with model.lock:
        found = SoftMask().run(Inference.of(model.module, inputs.to(model.device)))
    large = geometry.spread(found.map_of(NECESSARY))
    return nss(large, *scene.cells(large.shape))
