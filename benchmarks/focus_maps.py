"""Which map should drive the focus? Scores every map of a network on fixations, boxes and decision.

    python -m benchmarks.focus_maps --data FOLDER [--model ran-small] [--out docs/focus-maps.md]

FOLDER ($ATTNVIZ_DATA if not given) holds `imagenette-144.tar` or, for networks with ImageNet's
classes, `imagenet-100`, then `coco128` and `osie`. Maps are chosen on one half of each set and
reported on the other:

sufficiency   mean probability of the top prediction, with only the top 5, 10, 20, 30, 50 % of the
              map sharp (Imagenette's validation pictures, or centre squares of ImageNet's); chooses
              the answer to "decision".
              Every map is screened on some pictures, and the best are measured on all.
NSS           normalised scanpath saliency at all viewers' fixations (OSIE).
box gain      share of the map inside the objects' boxes over the boxes' share of the area (COCO).
              NSS and box gain together choose the answer to "attention".
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from attnviz.assets import assets_folder
from attnviz.capture.discovery.find_sites import find_kinds, find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.errors import VisionError
from attnviz.evidence.faithfulness.sufficiency import sufficiency
from attnviz.methods import METHODS, Inference, TraceMethod
from attnviz.methods.base import Nature
from attnviz.methods.fuse import FUSED, fuse_layers
from attnviz.methods.inference import LayerMaps
from attnviz.methods.pytorch_grad_cam.cams import LibraryCam
from attnviz.metrics.saliency import box_gain, centre_prior, nss
from attnviz.models.device import move_inputs
from attnviz.models.loading import load_model
from attnviz.models.spec import RecommendedMap
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.training.data.memory import keep_freed_memory
from attnviz.vision.spectral_residual import spectral_residual
from benchmarks.data import (
    IMAGENET,
    Annotated,
    imagenet,
    imagenette,
    parsed,
    with_boxes,
    with_fixations,
)
from benchmarks.mosaics import classifier_of, covering
from benchmarks.scores import Scores, Table

SIGMA_SHARE = 0.075  # of the input's side: 12 px at 160
BATCH = 20
BLOCKS = 5  # layers of a kind that are measured, counted from the last; all are fused
SHORTLIST = 6  # maps that are measured on all pictures after the screening
Key = tuple[str, str]
MULTI_CHANNEL_METHODS = ("mask-spread", "mask-channel")  # redundant for a mask with one channel
WEIGHING_METHODS = ("mask-effect", "mask-gain")  # the masks of `lens` weigh no features
# The score that is reported with each answer.
CHOSEN_BY = {"attention": "NSS", "decision": "sufficiency"}
BASELINES = ("centre prior", "random smooth mask", "spectral residual")


def all_maps(
    model: VisionModel, inputs: Tensor, only: Sequence[str] = ()
) -> tuple[dict[Key, list[np.ndarray]], Tensor]:
    """Maps of a batch by all methods (or `only` some), at all layers and fused; top predictions."""
    maps: dict[Key, list[np.ndarray]] = {}
    with model.lock:
        for kind in find_kinds(model.module, inputs):
            sites = find_sites(model.module, kind, inputs)
            # No logit comes from the masks of `lens`, so they have no gradients.
            gradients = kind is not Kind.SPATIAL or not model.spec.class_masks
            trace = capture(model.module, inputs, sites, gradients=gradients)
            single = all(mask.mask.shape[1] == 1 for mask in trace.soft_masks)
            for method in METHODS:
                if method.kind is not kind or not method.fits(model.spec):
                    continue
                if only and method.name not in only:
                    continue
                if issubclass(method, LibraryCam) or method.nature is Nature.SIMILARITY:
                    continue
                if single and method.name in MULTI_CHANNEL_METHODS:
                    continue
                if model.spec.class_masks and method.name in WEIGHING_METHODS:
                    continue
                made = method()
                if isinstance(made, TraceMethod):  # one pass serves all of them
                    layers = made(trace)
                else:
                    layers = made.run(Inference.of(model.module, inputs)).layer_maps
                _collect(maps, method.name, layers)
    return maps, trace.logits.argmax(1)


def _collect(maps: dict[Key, list[np.ndarray]], method: str, layers: tuple[LayerMaps, ...]) -> None:
    for layer_maps in layers[-BLOCKS:]:
        maps[method, layer_maps.layer] = list(layer_maps.values)
    count = len(layers[0].values)
    maps[method, FUSED] = [fuse_layers([layer.values[n] for layer in layers]) for n in range(count)]


def baseline(name: str, picture: np.ndarray, seed: int) -> np.ndarray:
    """A map that does not depend on the network, float32 at the picture's size."""
    height, width = picture.shape[:2]
    if name == "centre prior":
        return centre_prior(height, width)
    if name == "spectral residual":
        return spectral_residual(picture)
    coarse = np.random.default_rng(seed).random((7, 7), dtype=np.float32)
    return covering((height, width)).spread(coarse)


def measure_sufficiency(
    model: VisionModel, pixels: np.ndarray, scores: Scores, only: Sequence[str] = ()
) -> None:
    """Add the sufficiency of every map and baseline on pictures uint8 [N, s, s, 3]."""
    side = model.preprocess.side
    sigma, judge = SIGMA_SHARE * side, classifier_of(model.module)
    for start in tqdm(range(0, len(pixels), BATCH), desc="sufficiency"):
        batch = [Picture(square, "", "") for square in pixels[start : start + BATCH]]
        inputs = torch.cat([model.preprocess.tensor(picture)[0] for picture in batch])
        inputs = move_inputs(inputs, model.device)
        maps, classes = all_maps(model, inputs, only)
        for name in BASELINES:
            maps[name, ""] = [
                baseline(name, picture.pixels, start + n) for n, picture in enumerate(batch)
            ]
        for key, values in maps.items():
            if not scores.wants(key):
                continue
            grid = covering((side, side))
            resized = torch.from_numpy(np.stack([grid.spread(single) for single in values]))
            probabilities = sufficiency(
                judge, inputs, resized.to(model.device), classes, sigma=sigma
            )
            scores.add(key, "sufficiency", probabilities.tolist())


def measure_localisation(
    model: VisionModel,
    pictures: Iterable[Annotated],
    score: str,
    scores: Scores,
    only: Sequence[str] = (),
) -> None:
    """Add NSS or box gain of every map and baseline on annotated photos."""
    for number, photo in enumerate(tqdm(list(pictures), desc=score)):
        inputs, geometry = model.preprocess.tensor(photo.picture)
        maps, _ = all_maps(model, move_inputs(inputs, model.device), only)
        resized = {key: geometry.spread(values[0]) for key, values in maps.items()}
        for name in BASELINES:
            resized[name, ""] = baseline(name, photo.picture.pixels, number)
        for key, values in resized.items():
            if not scores.wants(key):
                continue
            value = _nss(values, photo) if score == "NSS" else box_gain(values, photo.inside)
            scores.add(key, score, [value])


def _nss(values: np.ndarray, photo: Annotated) -> float:
    """NSS of a map; 0, which is chance, for a constant one."""
    try:
        return nss(values, photo.rows, photo.columns)
    except VisionError:
        return 0.0


def choose(scores: Scores, candidates: set[Key]) -> dict[str, Key]:
    """The answers: attention by NSS and box gain (mean rank), decision by sufficiency."""
    attention = [key for key in scores.maps() if _nature(key) is Nature.ATTENTION]
    relevance = [key for key in candidates if _nature(key) is Nature.RELEVANCE]

    def rank(key: Key) -> float:
        ranks = (
            sum(scores.mean(other, name) > scores.mean(key, name) for other in attention)
            for name in ("NSS", "box gain")
        )
        return sum(ranks)

    answers = {"decision": max(relevance, key=lambda key: scores.mean(key, "sufficiency"))}
    return {"attention": min(attention, key=rank), **answers} if attention else answers


def _nature(key: Key) -> Nature | None:
    return None if key[0] in BASELINES else METHODS.get(key[0]).nature


def halves(count: int, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the even and the odd half, shuffled by a fixed seed, at most `limit` of each."""
    random = np.random.default_rng(0)
    first, second = (random.permutation(np.arange(start, count, 2))[:limit] for start in (0, 1))
    return first, second


def shortlist(scores: Scores) -> set[Key]:
    """Maps to measure on all pictures: those of highest sufficiency, Grad-CAM and the baselines."""
    maps = [key for key in scores.maps() if key[0] not in BASELINES]
    best = sorted(maps, key=lambda key: -scores.mean(key, "sufficiency"))[:SHORTLIST]
    return {*best, _grad_cam_at_last_block(scores), *((name, "") for name in BASELINES)}


def run(
    model: VisionModel,
    data: Path,
    limit: int,
    screen: int,
    places: int,
    only: Sequence[str] = (),
) -> tuple[str, dict[str, RecommendedMap]]:
    """The report as Markdown, and the chosen answers with their scores on the other half."""
    knows_imagenet = len(model.labels) >= IMAGENET
    pixels = imagenet(data, model.preprocess.side) if knows_imagenet else imagenette(data)
    osie, coco = list(with_fixations(data)), list(with_boxes(data))
    first, second = Scores(), Scores()
    for half, scores in enumerate((first, second)):
        measure_localisation(model, osie[half::2][:places], "NSS", scores, only)
        measure_localisation(model, coco[half::2][:places], "box gain", scores, only)
    choosing, reporting = halves(len(pixels), limit)
    measure_sufficiency(model, pixels[choosing[:screen]], first, only)
    candidates = shortlist(first)
    first.only = candidates
    measure_sufficiency(model, pixels[choosing[screen:]], first, only)
    answers = choose(first, candidates)
    second.only = candidates | set(answers.values())
    measure_sufficiency(model, pixels[reporting], second, only)
    scored = {
        question: RecommendedMap(*key, round(second.mean(key, CHOSEN_BY[question]), 3))
        for question, key in answers.items()
    }
    return Table(first, second, answers).markdown(model), scored


def _grad_cam_at_last_block(scores: Scores) -> Key:
    """Grad-CAM at the last block whose map is not flat, the usual choice."""
    keys = [key for key in scores.maps() if key[0] == "grad-cam" and key[1] != FUSED]
    return [key for key in keys if math.isfinite(scores.mean(key, "box gain"))][-1]


def write_answers(model: VisionModel, answers: dict[str, RecommendedMap]) -> Path:
    """Write the chosen maps into the card of the weights."""
    path = assets_folder() / "weights" / f"{model.name}.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    card["answers"] = {question: dataclasses.asdict(answer) for question, answer in answers.items()}
    path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return path


def main() -> None:
    """Print the report, and write it and the card where requested."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="ran-small")
    parser.add_argument("--device", default="auto")
    parser.add_argument(
        "--limit", type=int, default=10**9, help="Most pictures per half for sufficiency."
    )
    parser.add_argument(
        "--screen", type=int, default=400, help="Of them, how many screen every map."
    )
    parser.add_argument(
        "--places", type=int, default=10**9, help="Most photos per half for NSS and box gain."
    )
    parser.add_argument(
        "--methods", default="", help="Names of methods, separated by commas, if not all."
    )
    parser.add_argument("--out", type=Path, help="File to write the report to as well.")
    parser.add_argument(
        "--write-card",
        action="store_true",
        help="Write the best maps into the model's card as its answers.",
    )
    options = parsed(parser)
    keep_freed_memory()
    model = load_model(options.model, options.device)
    limits = options.limit, options.screen, options.places
    only = options.methods.split(",") if options.methods else ()
    report, answers = run(model, options.data, *limits, only)
    print(report)
    if options.out:
        options.out.write_text(report, encoding="utf-8")
    if options.write_card:
        print("Answers written to", write_answers(model, answers))


if __name__ == "__main__":
    main()
