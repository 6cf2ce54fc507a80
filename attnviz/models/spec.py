"""Description of a network before it is built."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from torch import Tensor, nn

from attnviz.models.outputs.base import Outputs
from attnviz.models.preprocess import Preprocess
from attnviz.models.scores import ScoreKind
from attnviz.models.tasks import ModelTask

Kinds = tuple[str, ...]
StateDict = dict[str, Tensor]

FEATURES: Kinds = ("features",)
SPATIAL_AND_FEATURES: Kinds = ("spatial", "features")


def as_given(module: nn.Module) -> nn.Module:
    """Return a module that is built already; with it, a description pickles."""
    return module


class Source(StrEnum):
    """Origin of a network: this project, torchvision, timm, or the user; or nothing is known."""

    ATTNVIZ = "attnviz"
    TORCHVISION = "torchvision"
    TIMM = "timm"
    OPEN_CLIP = "open_clip"
    USER = "user"
    BLACK_BOX = "black box"


@dataclass(frozen=True)
class RecommendedMap:
    """The map that scored best for a question on this network.

    Attributes
    ----------
    method, layer
        Names of the method and the layer.
    score
        Measured on pictures that were not used for the choice; None if unknown. Attention:
        normalised scanpath saliency against people's fixations, 0 at chance. Decision: probability
        of the class while only the regions with high values are sharp, 0..1.
    """

    method: str
    layer: str
    score: float | None = None


@dataclass(frozen=True)
class CertaintyLimits:
    """Where a network's decisions begin to be worth naming, measured on right and wrong ones.

    Attributes
    ----------
    margin
        The least margin of a sure decision, in logits.
    energy
        The highest energy of a picture that is like those of training; infinite if not measured.
    """

    margin: float
    energy: float = math.inf


@dataclass(frozen=True)
class WeightsRef:
    """Where a network's weights can be obtained.

    Attributes
    ----------
    file_name
        Name of the file in every place.
    url
        http(s) address for downloads.
    sha256
        SHA-256 in hexadecimal, or its first digits; empty if unknown.
    bytes
        Size of the file; may be rounded.
    embedded
        Path of weights shipped with the package.
    adapt
        Converts the file's state dict to the module's, if their keys differ.
    variants
        Whether the user's own folder may hold these weights in another file, such as in half
        precision or as `.safetensors`; what was loaded is told by its own SHA-256.
    unpinned_url
        In the place of `url`, an address whose file may be replaced, or whose sum nobody states:
        it is downloaded only where the user wants that.
    """

    file_name: str
    url: str | None = None
    sha256: str = ""
    bytes: int | None = None
    embedded: Path | None = None
    adapt: Callable[[StateDict], StateDict] | None = None
    variants: bool = False
    unpinned_url: str = ""


@dataclass(frozen=True)
class ModelSpec:
    """A network that can be loaded.

    Attributes
    ----------
    name, title
        Unique name, and the name to show.
    source
        Where it comes from.
    kinds
        What can be read in it: "spatial" (masks over positions), "channel" (gates), "context"
        (self-attention) and "features" (outputs of blocks).
    embedded
        Whether its weights are stored on this computer.
    download_bytes
        Size of the download if they are not.
    parameters
        Number of parameters.
    build
        Builds it without weights.
    weights
        Where its weights are; None if there are none.
    preprocess
        Preprocessing of its inputs.
    labels
        Name of each class, in order.
    note
        One sentence about what it was trained on.
    answers
        Recommended map for each question.
    resize
        For networks with a fixed input size: adapts a loaded one to another side in pixels by
        interpolating its position embeddings.
    layout
        Layout of the last block's output: "NCHW", "NHWC" or "NTC" (tokens).
    scores
        What it returns; None if that is found out when it first runs.
    task
        What it is for; None if that is not said.
    values
        Whether the value vectors of all its self-attention can be read, not only queries and keys.
    class_masks
        Whether it has a soft mask for any class it is asked for, as `lens` does.
    certainty
        Limits of a sure decision; None if they were not measured.
    outputs
        How its output is read, if it finds boxes or regions; None for a classifier.
    licence
        Of its weights, by the identifier or name that their publisher gives; empty if unknown.
    """

    name: str
    title: str
    source: Source
    kinds: Kinds
    embedded: bool
    download_bytes: int | None
    parameters: int | None
    build: Callable[[], nn.Module]
    weights: WeightsRef | None
    preprocess: Preprocess
    labels: tuple[str, ...]
    note: str = ""
    answers: Mapping[str, RecommendedMap] = field(default_factory=dict, hash=False)
    resize: Callable[[nn.Module, int], nn.Module] | None = None
    layout: str = "NCHW"
    scores: ScoreKind | None = ScoreKind.SOFTMAX
    task: ModelTask | None = None
    values: bool = True
    class_masks: bool = False
    certainty: CertaintyLimits | None = None
    outputs: Outputs | None = None
    licence: str = ""

    def __repr__(self) -> str:
        """Say what it is, in a line: labels and weights would fill pages."""
        own = self.source in (Source.USER, Source.BLACK_BOX)
        where = "on this computer" if self.embedded or own else "to be downloaded"
        return f"<ModelSpec {self.name!r}: {self.described()}; {where}>"

    def described(self) -> str:
        """Say in words what can be read of it, and what it names."""
        classes = f"{len(self.labels):,} named classes" if self.labels else "no named classes"
        kinds = ", ".join(str(kind) for kind in self.kinds) or "scores alone"
        return f"{kinds}; {classes}"

    @property
    def observable(self) -> bool:
        """Whether layers can be looked at; of a black box only the scores are known."""
        return self.source is not Source.BLACK_BOX

    @property
    def has_classes(self) -> bool:
        """Whether it names classes, as far as is known before it first runs."""
        return self.scores is not ScoreKind.NONE

    @property
    def decides(self) -> bool:
        """Whether it names classes, of the picture or of what it finds there."""
        return self.has_classes or self.outputs is not None

    @property
    def finds_things(self) -> bool:
        """Whether it returns boxes or masks of things, as detectors do."""
        return self.outputs is not None and self.outputs.things is not None
