"""Do networks without classes look at things, and do their features show where things end?

    ATTNVIZ_WEIGHTS=FOLDER python -m benchmarks.objects --data FOLDER [--out docs/objects.md]

FOLDER ($ATTNVIZ_DATA if not given) holds `coco128` and `osie`. Thresholds, sides and layers were
chosen on the first half of each set (every other photo); the tables are of the second.

CorLoc     share of photos in which the box of the object found first has an intersection over union
           of at least .5 with the box of any annotated object (COCO).
best IoU   mean over photos of that intersection over union, with the object that fits best.
focus IoU  mean over photos of the intersection over union of what is sharp (a focus above .5) with
           the outline of the object that fits best (COCO): of the soft field, and of the object's
           matte that is cut from it.
NSS        normalised scanpath saliency at all viewers' fixations (OSIE).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from attnviz.analysis.explain import explain
from attnviz.analysis.features import PatchFeatures, features
from attnviz.analysis.inference import run_inference
from attnviz.analysis.objects import Corners, box_of
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.methods.base import METHODS
from attnviz.methods.fuse import FUSED, fuse_layers
from attnviz.methods.inference import Inference
from attnviz.methods.trace_method import TraceMethod
from attnviz.metrics.bootstrap import bootstrap_interval
from attnviz.metrics.normalised_cut import CutSettings, cut_objects
from attnviz.metrics.saliency import nss
from attnviz.models.loading import load_model
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import Fit, PictureGeometry
from attnviz.render.focus import Edges, FocusSettings
from attnviz.types import BoolArray, FloatArray
from benchmarks.data import boxes_of_objects, outlines_of_objects, parsed, with_fixations

ATTENTION = (
    "carried-attention",
    "head-consensus",
    "attention-value-norm",
    "raw-attention",
    "rollout",
)
LAST = 3  # layers of which single maps are measured
Row = tuple[str, str]


@dataclass
class Measured:
    """Values of each row, photo by photo."""

    values: dict[Row, list[float]] = field(default_factory=dict)

    def add(self, row: Row, value: float) -> None:
        """Add the value of one photo."""
        self.values.setdefault(row, []).append(value)

    def cell(self, row: Row, least: float | None = None) -> str:
        """Mean with its 95 % interval, of the values or of how many reach `least`."""
        found = np.asarray(self.values[row])
        interval = bootstrap_interval(found if least is None else (found >= least).astype(float))
        return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def overlap(one: Corners, other: Corners) -> float:
    """Intersection over union of two boxes."""
    across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    down = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return across * down / (areas - across * down)


def measure_objects(model: VisionModel, data: Path, half: int, places: int) -> Measured:
    """Overlap of the first object's box with the annotated box that fits best."""
    measured = Measured()
    photos = list(boxes_of_objects(data))[half::2][:places]
    for picture, boxes in tqdm(photos, desc="boxes"):
        seen = features(model, picture)
        attention = attention_on(model, seen)
        for row, mask in candidates(seen, attention):
            box = box_of(mask, seen.geometry)
            measured.add(row, max(overlap(box, other) for other in boxes))
    return measured


def measure_focus(model: VisionModel, data: Path, half: int, places: int) -> Measured:
    """Overlap of what is sharp with the object that fits best."""
    measured = Measured()
    photos = list(outlines_of_objects(data))[half::2][:places]
    for picture, outlines in tqdm(photos, desc="focus"):
        for name in ("carried-attention", "head-consensus", "normalised-cut"):
            result = explain(model, picture, name)
            layer = result.layers[0] if name == "normalised-cut" else None
            for edges in Edges:
                sharp = result.focus(layer, FocusSettings(edges=edges)).values > 0.5
                overlaps = [(sharp & one).sum() / (sharp | one).sum() for one in outlines]
                measured.add((name, str(edges)), float(max(overlaps)))
    return measured


def attention_on(model: VisionModel, seen: PatchFeatures) -> FloatArray | None:
    """The attention of the last layers on the features' grid; None if the network has none."""
    if "context" not in model.spec.kinds:
        return None
    values = explain(model, seen.picture, "head-consensus").maps[-1]
    return values if values.shape == seen.values.shape[:2] else None


def candidates(
    seen: PatchFeatures, attention: FloatArray | None
) -> Iterator[tuple[Row, BoolArray]]:
    """The first object by several rules; the whole picture where none is found."""
    whole = np.ones(seen.values.shape[:2], bool)
    rules = {
        ("normalised cut", "as it comes"): (attention, CutSettings()),
        ("normalised cut", "cosine of 0.2"): (attention, CutSettings(threshold=0.2)),
        ("normalised cut", "cosine of 0.4"): (attention, CutSettings(threshold=0.4)),
        ("normalised cut", "side by magnitude, as in TokenCut"): (None, CutSettings()),
    }
    for row, (guide, settings) in rules.items():
        yield row, next(iter(cut_objects(seen.values, guide, settings)), whole)
    if attention is not None:
        yield ("attention alone", "above twice its mean"), attention > 2 * attention.mean()
    yield ("the whole picture", ""), whole


def measure_attention(model: VisionModel, data: Path, half: int, places: int) -> Measured:
    """NSS of attention, layer by layer and fused."""
    measured = Measured()
    for photo in tqdm(list(with_fixations(data))[half::2][:places], desc="NSS"):
        maps, geometry = run_inference(model, photo.picture, all_attention)[0]
        for row, values in maps.items():
            measured.add(row, nss(geometry.spread(values), photo.rows, photo.columns))
    return measured


def all_attention(inference: Inference) -> tuple[dict[Row, FloatArray], PictureGeometry]:
    """The maps of the last layers and of all fused, by each method, from one pass."""
    module, inputs = inference.module, inference.inputs
    trace = capture(module, inputs, find_sites(module, Kind.CONTEXT, inputs))
    found: dict[Row, FloatArray] = {}
    for name in ATTENTION:
        method = METHODS.get(name)()
        if isinstance(method, TraceMethod):
            layers = method(trace)
        else:
            layers = method.run(inference).layer_maps
        found |= {(name, one.layer): one.values[0] for one in layers[-LAST:]}
        found[name, FUSED] = fuse_layers([one.values[0] for one in layers])
    return found, inference.geometry


def squashed(model: VisionModel) -> VisionModel:
    """The same network on squares, because its sites are found anew for each shape of input."""
    preprocess = replace(model.preprocess, fit=Fit.SQUASH)
    return replace(model, spec=replace(model.spec, preprocess=preprocess))


def report(
    model: VisionModel, objects: Measured, focus: Measured | None, attention: Measured | None
) -> list[str]:
    """The tables of one network, as Markdown."""
    side = model.preprocess.size
    lines = [
        f"## {model.spec.title}",
        "",
        f"Weights sha256 `{model.weights_sha256[:16]}`, pictures squashed to {side} x {side} px.",
        "",
        *table(objects, ("object", "", "CorLoc", "best IoU"), (0.5, None)),
    ]
    if focus is not None:
        lines += table(focus, ("focus", "follows", "focus IoU"))
    if attention is not None:
        lines += table(attention, ("attention", "layer", "NSS"))
    return lines


def table(
    measured: Measured, heads: Sequence[str], least: Sequence[float | None] = (None,)
) -> list[str]:
    """A table in Markdown, with a column for each of `least`, as `Measured.cell` has it."""
    photos = max(map(len, measured.values.values()))
    head = [f"{heads[0]} ({photos} photos)", *heads[1:]]
    rows = [[*row, *(measured.cell(row, one) for one in least)] for row in measured.values]
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return [lines[0], "|---" * len(heads) + "|", *lines[1:], ""]


def run(names: Sequence[str], data: Path, half: int, places: int) -> str:
    """The report on some networks."""
    lines = [
        "# Objects and attention without labels",
        "",
        f"Made by `python -m benchmarks.objects`, which says what the scores mean, on the "
        f"{('first', 'second')[half]} half of the photos. In brackets the 95 % interval of the "
        "mean, by bootstrap over photos. For networks that learned without labels the normalised "
        "cut finds things; features that were learned for classes do not keep them together.",
        "",
    ]
    for name in names:
        model = squashed(load_model(name, "cpu"))
        objects = measure_objects(model, data, half, places)
        looks = "context" in model.spec.kinds and not model.has_classes
        focus = measure_focus(model, data, half, places) if looks else None
        attention = measure_attention(model, data, half, places) if looks else None
        lines += report(model, objects, focus, attention)
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Print the report, and write it where requested."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["dinov2-small", "lens"])
    parser.add_argument("--half", type=int, choices=(0, 1), default=1)
    parser.add_argument("--places", type=int, default=10**9, help="Most photos of each set.")
    parser.add_argument("--out", type=Path, help="File to write the report to as well.")
    options = parsed(parser)
    text = run(options.models, options.data, options.half, options.places)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
