"""Where does a network's decision begin to be worth naming? Measures the limits in its card.

    python -m benchmarks.certainty --data FOLDER [--model ran-small] [--write-card]

FOLDER ($ATTNVIZ_DATA if not given) holds `coco128` and held-out pictures with their class:
`imagenet-100` for networks with ImageNet's classes, `imagenette-144.tar` for those with
Imagenette's, `cifar10-jpeg.zip` for those with CIFAR's. A decision is *right* if it names the
picture's class; of a COCO photo, if it names one of its boxes (`known_classes`), which few do that
know ten things. Of all pairs of a least margin and a highest energy that let `KEPT` of the right
decisions of one half of the pictures be sure, the pair that lets the fewest others be sure is
chosen, and reported on the other half.
"""

from __future__ import annotations

import argparse
import json
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from attnviz.analysis.certainty import certainty_of
from attnviz.assets import assets_folder
from attnviz.models import lens_source, lite0_source
from attnviz.models.device import move_inputs
from attnviz.models.loading import load_model
from attnviz.models.spec import CertaintyLimits
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_picture
from benchmarks.data import boxes_by_name, parsed
from benchmarks.known_classes import classes_for

KEPT = 0.8  # of the right decisions, at least
STEPS = 80  # margins and energies that are tried, as quantiles of those measured


@dataclass(frozen=True)
class Decisions:
    """Margin and energy of n decisions, float64 [n], and whether they were right, bool [n]."""

    margin: npt.NDArray[np.float64]
    energy: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]

    def half(self, which: int) -> Decisions:
        """Every other decision, from the first or the second."""
        return Decisions(self.margin[which::2], self.energy[which::2], self.right[which::2])

    def within(self, limits: CertaintyLimits) -> npt.NDArray[np.bool_]:
        """Which decisions are sure, bool [n]."""
        return (self.margin >= limits.margin) & (self.energy <= limits.energy)

    def sure(self, limits: CertaintyLimits) -> tuple[float, float]:
        """Share of the right decisions that are sure, and of the others."""
        sure = self.within(limits)
        return float(sure[self.right].mean()), float(sure[~self.right].mean())


def choose_limits(found: Decisions, kept: float = KEPT) -> CertaintyLimits:
    """The limits that call the fewest wrong decisions sure, and at least `kept` of the right."""
    ranks = np.linspace(0, 1, STEPS + 1)
    margins = [0.0, *np.quantile(found.margin, ranks).tolist()]
    energies = [np.inf, *np.quantile(found.energy, ranks[::-1]).tolist()]
    tried = [CertaintyLimits(margin, energy) for margin in margins for energy in energies]
    shares = [found.sure(limits) for limits in tried]
    allowed = [place for place, (right, _) in enumerate(shares) if right >= kept]
    # Of equal ones the first: the least margin, and any energy.
    return tried[min(allowed, key=lambda place: (shares[place][1], -shares[place][0]))]


def known_pictures(data: Path, labels: tuple[str, ...], most: int) -> list[tuple[Picture, int]]:
    """At most `most` held-out pictures of the network's classes, and their classes."""
    if len(labels) == 1000:
        entries = json.loads((data / "imagenet-100" / "labels.json").read_text())
        named = [(data / "imagenet-100" / one["file"], one["class_index"]) for one in entries]
        return [(open_picture(path), index) for path, index in named]
    every = _cifar if "airplane" in labels else _imagenette
    return list(every(data, np.random.default_rng(0), most))


def _imagenette(
    data: Path, random: np.random.Generator, most: int
) -> Iterator[tuple[Picture, int]]:
    with tarfile.open(data / "imagenette-144.tar") as archive:
        names = sorted(name for name in archive.getnames() if "/val/" in name and "." in name)
        for name, index in _drawn(names, random, most):
            file = archive.extractfile(name)
            if file is not None:
                yield open_picture(file.read()), index


def _cifar(data: Path, random: np.random.Generator, most: int) -> Iterator[tuple[Picture, int]]:
    with zipfile.ZipFile(data / "cifar10-jpeg.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("test/"))
        for name, index in _drawn(names, random, most):
            yield open_picture(archive.read(name)), index


def _drawn(names: list[str], random: np.random.Generator, most: int) -> Iterator[tuple[str, int]]:
    """At most `most` files of class folders, and the number of each one's class."""
    folders = [name.split("/")[-2] for name in names]
    classes = sorted(set(folders))
    for place in random.permutation(len(names))[:most]:
        yield names[place], classes.index(folders[place])


def decide(model: VisionModel, picture: Picture) -> tuple[float, float, int]:
    """Margin, energy and top class of a picture."""
    inputs = move_inputs(model.preprocess.tensor(picture)[0], model.device)
    with torch.inference_mode():
        logits = model.module(inputs).float().cpu()[0]
    found = certainty_of(model, logits)
    if found is None:
        raise SystemExit(f"{model.name} names no classes: there is nothing to measure.")
    return found.margin, found.energy, int(logits.argmax())


def measure(model: VisionModel, data: Path, most: int) -> tuple[Decisions, Decisions]:
    """Decisions on pictures of the network's classes, and on COCO photos."""
    known = [
        (*decide(model, picture), {index})
        for picture, index in tqdm(known_pictures(data, model.labels, most), desc="known")
    ]
    unknown = [
        (*decide(model, picture), {n for name in boxes for n in classes_for(name, model.labels)})
        for picture, boxes in tqdm(list(boxes_by_name(data)), desc="COCO")
    ]
    return _decisions(known), _decisions(unknown)


def _decisions(found: list[tuple[float, float, int, set[int]]]) -> Decisions:
    margins, energies, classes, fitting = zip(*found, strict=True)
    right = [one in some for one, some in zip(classes, fitting, strict=True)]
    return Decisions(np.asarray(margins), np.asarray(energies), np.asarray(right))


def both(known: Decisions, unknown: Decisions) -> Decisions:
    """All decisions together."""
    return Decisions(
        np.concatenate([known.margin, unknown.margin]),
        np.concatenate([known.energy, unknown.energy]),
        np.concatenate([known.right, unknown.right]),
    )


def entry(known: Decisions, unknown: Decisions) -> dict[str, object]:
    """What goes into the card: the limits, and what they do on the half that did not choose."""
    limits = choose_limits(both(known.half(0), unknown.half(0)))
    right, wrong = both(known.half(1), unknown.half(1)).sure(limits)
    return {
        "margin": round(limits.margin, 3),
        "energy": round(limits.energy, 3) if np.isfinite(limits.energy) else None,
        "measured": {
            "photos": f"{len(known.right)} of the network's classes, {len(unknown.right)} of COCO; "
            "limits chosen on one half, shares on the other",
            "right decisions that are sure": round(right, 3),
            "others that are sure": round(wrong, 3),
            "COCO photos that are sure": round(float(unknown.within(limits).mean()), 3),
        },
    }


def write_entry(model: VisionModel, found: dict[str, object]) -> Path:
    """Write the limits into the card of the weights; the trunk of `lens` decides for it."""
    name = lite0_source.NAME if model.name == lens_source.NAME else model.name
    path = assets_folder() / "weights" / f"{name}.json"
    card = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps(card | {"certainty": found}, indent=1) + "\n", encoding="utf-8")
    return path


def main() -> None:
    """Print the limits, and write the card where requested."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="ran-small")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--most", type=int, default=800, help="Most pictures of its classes.")
    parser.add_argument("--write-card", action="store_true", help="Write them into the card.")
    options = parsed(parser)
    model = load_model(options.model, options.device)
    found = entry(*measure(model, options.data, options.most))
    print(json.dumps(found, indent=1))
    if options.write_card:
        print("Limits written to", write_entry(model, found))


if __name__ == "__main__":
    main()
