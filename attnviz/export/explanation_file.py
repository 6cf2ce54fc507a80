"""A whole explanation as one file, which `attnviz.Explanation.load` opens again.

It is an NPZ file with a float32 [h, w] for each layer, named after it, as the recipe of the maps'
values writes them, and beside them

    attnviz/explanation   uint8, JSON in UTF-8: everything that is no array
    attnviz/picture       uint8, the picture as a PNG file
    attnviz/pointed       float32 [h, w], if there is one
    attnviz/asked/k/n     float32 [h, w], the map of the kth target alone at the nth layer
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from attnviz.export.array_archive import pack_arrays
from attnviz.export.base import EXPORTS, Export, ExportSource, Group
from attnviz.pictures.png import png
from attnviz.types import AnyArray, plain
from attnviz.version import __version__

if TYPE_CHECKING:
    from attnviz.analysis.explanation import Explanation

FORMAT = "attnviz-explanation"
VERSION = 1
FACTS, PICTURE, POINTED_MAP = "attnviz/explanation", "attnviz/picture", "attnviz/pointed"


@EXPORTS.add
@dataclass(frozen=True)
class ExplanationFile(Export[ExportSource]):
    """NPZ with picture, maps, predictions, geometry and provenance."""

    name: ClassVar[str] = "explanation"
    title: ClassVar[str] = "Everything, to open in Python"
    suffix: ClassVar[str] = ".npz"
    mime: ClassVar[str] = "application/octet-stream"
    group: ClassVar[Group] = Group.NUMBERS
    per_layer: ClassVar[bool] = False

    def write(self, source: ExportSource) -> bytes:
        """See `Export`; with the picture at its own size."""
        picture, explanation = source.picture, source.explanation
        geometry = explanation.geometry.resized((picture.height, picture.width))
        return explanation_bytes(replace(explanation, picture=picture, geometry=geometry))


def asked_map(target: int, layer: int) -> str:
    """Return the name of the map of one of several targets."""
    return f"attnviz/asked/{target}/{layer}"


def explanation_bytes(explanation: Explanation, *, with_picture: bool = True) -> bytes:
    """Encode an explanation; of a picture's own channels only what is shown is in it.

    Parameters
    ----------
    explanation
        Of any picture.
    with_picture
        Whether it is included; not for whoever has it already.
    """
    facts = json.dumps(plain(_facts(explanation)), allow_nan=False).encode()
    arrays: dict[str, AnyArray] = {
        FACTS: np.frombuffer(facts, np.uint8),
        **dict(zip(explanation.layers, explanation.maps, strict=True)),
    }
    if with_picture:
        arrays[PICTURE] = np.frombuffer(png(explanation.picture.pixels), np.uint8)
    for number, asked in enumerate(explanation.asked):
        for layer, values in enumerate(asked.maps):
            arrays[asked_map(number, layer)] = values
    if explanation.pointed is not None:
        arrays[POINTED_MAP] = explanation.pointed
    return pack_arrays(arrays)


def _facts(explanation: Explanation) -> dict[str, Any]:
    picture, choice = explanation.picture, explanation.choice
    return {
        "format": FORMAT,
        "version": VERSION,
        "attnviz": __version__,
        "picture": {"name": picture.name, "sha256": picture.sha256, "notes": picture.notes},
        "method": {
            "name": choice.method.name,
            "layer": choice.layer,
            "question": choice.question,
            "measured": choice.measured,
        },
        "layers": explanation.layers,
        "predictions": explanation.predictions,
        "classes": explanation.classes,
        "target": explanation.target,
        "geometry": asdict(explanation.geometry),
        "provenance": explanation.provenance,
        "notes": explanation.notes,
        "scores": asdict(explanation.scores),
        "asked": [
            {"text": one.text, "prediction": one.prediction, "kind": one.kind, "share": one.share}
            for one in explanation.asked
        ],
        "certainty": explanation.certainty and asdict(explanation.certainty),
    }
