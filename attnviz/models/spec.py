"""What is known of a network before it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from torch import Tensor, nn

from attnviz.models.preprocess import Preprocess

Kinds = tuple[str, ...]
StateDict = dict[str, Tensor]

FEATURES: Kinds = ("features",)
SPATIAL_AND_FEATURES: Kinds = ("spatial", "features")


class Source(StrEnum):
    """Who a network comes from: this project, torchvision, timm, or the user."""

    ATTNVIZ = "attnviz"
    TORCHVISION = "torchvision"
    TIMM = "timm"
    USER = "user"


@dataclass(frozen=True)
class RecommendedMap:
    """The map that answers a question best on this network: a method's name and a layer's name.

    score: what it reached on pictures that had no part in the choice, None if unknown. Attention:
    normalised scanpath saliency against people's fixations, 0 by chance. Decision: probability of
    the class with only its high places sharp, 0..1.
    """

    method: str
    layer: str
    score: float | None = None


@dataclass(frozen=True)
class WeightsRef:
    """Where a network's weights are to be had.

    file_name: what the file is called, wherever it lies. url: where to download it from, http(s).
    sha256: its SHA-256 in hexadecimal, or the first digits of it; empty if unknown.
    bytes: its size, which may be a rounded figure. embedded: where it lies if it comes along.
    adapt: turns the file's state dict into the module's, where they differ in their keys.
    """

    file_name: str
    url: str | None = None
    sha256: str = ""
    bytes: int | None = None
    embedded: Path | None = None
    adapt: Callable[[StateDict], StateDict] | None = None


@dataclass(frozen=True)
class ModelSpec:
    """A network that can be loaded.

    kinds: what can be read in it, "spatial" (masks over places), "channel" (gates), "context"
    (self-attention) and "features" (outputs of blocks).
    layout: how the last block's output is laid out, "NCHW", "NHWC" or "NTC" (tokens). values:
    whether the value vectors of all its self-attention can be read, beside queries and keys.
    embedded: whether its weights come along; if not, download_bytes is what they cost.
    parameters: how many it has. build: makes it, without weights. labels: a name for each class,
    in order. note: one sentence about what it knows. answers: the measured map for each question.
    resize: for networks with a fixed size of input, makes the loaded one take another side, its
    position embeddings interpolated.
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
    values: bool = True
