"""Catalogue entries of networks that read words, with OpenCLIP's towers and published weights.

The tokenizer of CLIP's first networks comes along with OpenCLIP. That of all others is a few files
of their repository, which are read when words are asked for first: from a folder beside the
weights, or else from Hugging Face's cache, into which they are downloaded. Pictures are squashed to
the square that they learned from, and nothing is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from typing import Any

from torch import nn

from attnviz.errors import ModelError
from attnviz.models.hub_weights import PublishedFile
from attnviz.models.preprocess import CLIP_MEAN, CLIP_STD, HALF, Preprocess
from attnviz.models.scores import ScoreKind
from attnviz.models.spec import ModelSpec, Source, StateDict
from attnviz.models.weights import companion_folder
from attnviz.models.words_network import Tokenizer, WordsNetwork
from attnviz.models.words_tokenizer import INSTALL, PublishedTokenizer, unavailable
from attnviz.pictures.geometry import Fit

_FILE = "open_clip_model.safetensors"
_BYTES = 4  # per parameter, as float32
_LAION2B = "2 billion photos with their captions (Schuhmann et al., 2022)"
_LAION5B = "5 billion photos with captions in many languages (Schuhmann et al., 2022)"
_WEBLI = "photos with their captions, each pair judged by itself (Zhai et al., 2023)"
_WEBLI_ALL = (
    "photos with captions in many languages, each pair judged by itself (Zhai et al., 2023)"
)
_WEBLI2 = (
    "photos with captions in many languages, and where in them things are (Tschannen et al., 2025)"
)
_DROPPED = "embeddings.position_ids"  # counted by newer versions of transformers


@dataclass(frozen=True)
class _Reader:
    """One network: what users call it, what OpenCLIP calls it, and where its weights are."""

    name: str
    title: str
    architecture: str
    tag: str
    repository: str
    parameters: int
    learned: str = _WEBLI
    side: int = 224
    mean: tuple[float, ...] = HALF
    std: tuple[float, ...] = HALF
    licence: str = "Apache-2.0"
    revision: str = ""
    sha256: str = ""


_CLIP: dict[str, Any] = {"mean": CLIP_MEAN, "std": CLIP_STD, "licence": "MIT"}
_READERS = (
    _Reader(
        "clip-words-base32", "CLIP with words, base, patches of 32", "ViT-B-32",
        "laion2b_s34b_b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", 151_277_313, _LAION2B,
        revision="1a25a446712ba5ee05982a381eed697ef9b435cf",
        sha256="ac4f8c4b88af6d963118cbf40ad93176d092abbedfcb752601ae1866352656e6",
        **_CLIP,
    ),
    _Reader(
        "clip-words-base16", "CLIP with words, base, patches of 16", "ViT-B-16",
        "laion2b_s34b_b88k", "laion/CLIP-ViT-B-16-laion2B-s34B-b88K", 149_620_737, _LAION2B,
        revision="7288da5a0d6f0b51c4a2b27c624837a9236d0112",
        **_CLIP,
    ),
    _Reader(
        "clip-words-languages", "CLIP with words in many languages, base, patches of 32",
        "xlm-roberta-base-ViT-B-32", "laion5b_s13b_b90k",
        "laion/CLIP-ViT-B-32-xlm-roberta-base-laion5B-s13B-b90k", 366_121_473, _LAION5B, **_CLIP,
    ),
    _Reader(
        "siglip-words-base16", "SigLIP with words, base, patches of 16", "ViT-B-16-SigLIP",
        "webli", "timm/ViT-B-16-SigLIP", 203_155_970,
    ),
    _Reader(
        "siglip-words-languages", "SigLIP with words in many languages, base, patches of 16",
        "ViT-B-16-SigLIP-i18n-256", "webli", "timm/ViT-B-16-SigLIP-i18n-256", 370_626_050,
        _WEBLI_ALL, 256,
    ),
    _Reader(
        "siglip2-words-base16", "SigLIP 2 with words in many languages, base, patches of 16",
        "ViT-B-16-SigLIP2", "webli", "timm/ViT-B-16-SigLIP2", 375_187_970, _WEBLI2,
        revision="eee10eff6dd8cabae2d7f379d4e8cfcd352030aa",
        sha256="d0a51069d2fa6c95b371b3bffd2a2c765c1815004798ee99f075290dbca73041",
    ),
    _Reader(
        "siglip2-words-base32", "SigLIP 2 with words in many languages, base, patches of 32",
        "ViT-B-32-SigLIP2-256", "webli", "timm/ViT-B-32-SigLIP2-256", 376_856_066, _WEBLI2, 256,
        revision="cd1efb47643f2794413dd79ef24397c175032780",
        sha256="7cdccf256ee0e4a9908c365f8e1c88d5db171980a3350c214f5221d50f8d9927",
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
        build=partial(build_reader, one.architecture, one.name),
        weights=PublishedFile(one.revision, one.sha256, file=_FILE).weights(
            one.name, one.repository, _inside
        ),
        preprocess=Preprocess(
            size=one.side, fit=Fit.SQUASH, any_size=False, mean=one.mean, std=one.std
        ),
        labels=(),
        note="Names no classes, but finds what is asked for in words. It learned from "
        f"{one.learned}.",
        layout="NTC",
        scores=ScoreKind.NONE,
        licence=one.licence,
    )


def build_reader(architecture: str, name: str) -> nn.Module:
    """Build a network of OpenCLIP with random weights, and with its tokenizer.

    Parameters
    ----------
    architecture
        OpenCLIP's name.
    name
        Its name in the catalogue, and that of the folder beside its weights where the tokenizer may
        be, and the configuration of a text tower of Hugging Face.

    Returns
    -------
    nn.Module
        It returns the embeddings of pictures.

    Raises
    ------
    ModelError
        OpenCLIP is not installed.
    WeightsUnavailableError
        The configuration of its text tower cannot be read.
    """
    try:
        import open_clip  # takes seconds
    except ImportError as error:
        raise ModelError(f"Networks that read words need OpenCLIP: `{INSTALL}`.") from error
    config = open_clip.get_model_config(architecture)
    text = dict(config["text_cfg"])
    own_tower = text.get("hf_model_name")
    if own_tower:
        text |= {"hf_model_pretrained": False, "hf_model_name": _place(name, own_tower)}
    kind = open_clip.CustomTextCLIP if config.pop("custom_text", own_tower) else open_clip.CLIP
    try:
        joint = kind(**config | {"text_cfg": text})
    except (OSError, ImportError) as error:
        if not own_tower:
            raise
        raise unavailable(name, "text tower", text["hf_model_name"], error) from error
    return WordsNetwork(joint, _tokenizer(open_clip, architecture, name, text))


def _place(name: str, published: str) -> str:
    """The folder beside the weights where files of a network are, or else their repository."""
    return str(companion_folder(name) or published)


def _tokenizer(open_clip: Any, architecture: str, name: str, text: dict[str, Any]) -> Tokenizer:
    source = text.get("hf_tokenizer_name")
    if not source:
        tokenizer: Tokenizer = open_clip.get_tokenizer(architecture)
        return tokenizer
    length = text.get("context_length", open_clip.tokenizer.DEFAULT_CONTEXT_LENGTH)
    return PublishedTokenizer(name, source, length, text.get("tokenizer_kwargs") or {})


def _inside(state: StateDict) -> StateDict:
    """Give the published tensors the names that they have in `WordsNetwork`."""
    kept = {name: value for name, value in state.items() if not name.endswith(_DROPPED)}
    return {f"joint.{name}": value for name, value in kept.items()}
