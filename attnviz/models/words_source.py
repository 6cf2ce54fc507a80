"""Catalogue entries of networks that read words, with OpenCLIP's towers and published weights.

Only those are listed whose tokenizer comes along with OpenCLIP, so that a file of weights is all
that is needed. Pictures are squashed to the square that they learned from, and nothing is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec

from torch import nn

from attnviz.errors import ModelError
from attnviz.models.preprocess import CLIP_MEAN, CLIP_STD, Preprocess
from attnviz.models.scores import ScoreKind
from attnviz.models.spec import ModelSpec, Source, StateDict, WeightsRef
from attnviz.models.words_network import WordsNetwork
from attnviz.pictures.geometry import Fit

INSTALL = "pip install 'attnviz[words]'"
_ADDRESS = "https://huggingface.co/laion/{}/resolve/main/open_clip_model.safetensors"
_BYTES = 4  # per parameter, as float32


@dataclass(frozen=True)
class _Reader:
    """One network: what users call it, what OpenCLIP calls it, and where its weights are."""

    name: str
    title: str
    architecture: str
    repository: str
    parameters: int


_READERS = (
    _Reader(
        "clip-words-base32", "CLIP with words, base, patches of 32", "ViT-B-32",
        "CLIP-ViT-B-32-laion2B-s34B-b79K", 151_277_313,
    ),
    _Reader(
        "clip-words-base16", "CLIP with words, base, patches of 16", "ViT-B-16",
        "CLIP-ViT-B-16-laion2B-s34B-b88K", 149_620_737,
    ),
)  # fmt: skip


def words_specs() -> tuple[ModelSpec, ...]:
    """List the networks that read words, without importing OpenCLIP; none where it is missing."""
    return tuple(map(_spec, _READERS)) if find_spec("open_clip") else ()


def missing_words() -> str:
    """Say in one sentence how networks that read words are installed; empty where they can be."""
    if find_spec("open_clip"):
        return ""
    return f"With `{INSTALL}`, CLIP is among the models, and finds what is asked for in words."


def reader_names() -> tuple[str, ...]:
    """Return the names of these networks, also where OpenCLIP is missing."""
    return tuple(one.name for one in _READERS)


@cache
def _spec(one: _Reader) -> ModelSpec:
    return ModelSpec(
        name=one.name,
        title=one.title,
        source=Source.OPEN_CLIP,
        kinds=("context", "features"),
        embedded=False,
        download_bytes=one.parameters * _BYTES,
        parameters=one.parameters,
        build=partial(build_reader, one.architecture),
        weights=WeightsRef(
            f"{one.name}.safetensors", _ADDRESS.format(one.repository), adapt=_inside
        ),
        preprocess=Preprocess(
            size=224, fit=Fit.SQUASH, any_size=False, mean=CLIP_MEAN, std=CLIP_STD
        ),
        labels=(),
        note="Names no classes, but finds what is asked for in words. It learned from 2 billion "
        "photos with their captions (Schuhmann et al., 2022); downloaded on first use.",
        layout="NTC",
        scores=ScoreKind.NONE,
        licence="MIT",
    )


def build_reader(architecture: str) -> nn.Module:
    """Build a network of OpenCLIP with random weights, and with its tokenizer.

    Parameters
    ----------
    architecture
        OpenCLIP's name.

    Returns
    -------
    nn.Module
        It returns the embeddings of pictures.

    Raises
    ------
    ModelError
        OpenCLIP is not installed.
    """
    try:
        import open_clip  # takes seconds
    except ImportError as error:
        raise ModelError(f"Networks that read words need OpenCLIP: `{INSTALL}`.") from error
    config = open_clip.get_model_config(architecture)
    joint = open_clip.CLIP(**{key: value for key, value in config.items() if key != "custom_text"})
    return WordsNetwork(joint, open_clip.get_tokenizer(architecture))


def _inside(state: StateDict) -> StateDict:
    """Give the published tensors the names that they have in `WordsNetwork`."""
    return {f"joint.{name}": value for name, value in state.items()}
