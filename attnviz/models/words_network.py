"""Networks that place pictures and sentences in one space, as CLIP and SigLIP do.

The image tower is what is run and explained; the text tower turns sentences into the directions of
that space which a picture can be asked about. The modules of OpenCLIP and of Hugging Face are known
by what they can do, so neither has to be installed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attnviz.errors import AttnvizError, ModelError, TargetError
from attnviz.models.device import is_out_of_memory
from attnviz.models.preprocess import CLIP_MEAN, CLIP_STD, HALF, Preprocess
from attnviz.pictures.geometry import Fit

Tokenizer = Callable[..., Any]
"""From sentences to token indices [n, length]: OpenCLIP's, Hugging Face's, or any function."""

_TOWERS = (("encode_image", "encode_text"), ("get_image_features", "get_text_features"))
_REMEMBERED = 256
_MANY_TOKENS = 100_000
_LENGTH_HELD: ContextVar[bool] = ContextVar("length_held", default=False)


class WordsNetwork(nn.Module):
    """Embeddings [N, d] of pictures [N, C, H, W], and of sentences in the same space.

    Parameters
    ----------
    joint
        With both towers, as OpenCLIP's `CLIP` or Hugging Face's `CLIPModel` and `SiglipModel`.
    tokenizer
        Made for its text tower; without one it can be asked for no words.
    """

    def __init__(self, joint: nn.Module, tokenizer: Tokenizer | None = None) -> None:
        super().__init__()
        self.joint = joint
        self._image, self._text = (getattr(joint, name) for name in _tower_names(joint))
        inside = getattr(tokenizer, "tokenizer", None) if _is_processor(tokenizer) else None
        self.tokenizer: Any = inside or tokenizer
        self._known: dict[tuple[Any, ...], Tensor] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Return the embeddings of pictures, as the image tower gives them."""
        side = _patch_side(self.joint)
        return _embedding(self._image(**_in_patches(x, side)) if side else self._image(x))

    @property
    def scale(self) -> float:
        """By what the cosine of picture and sentence is multiplied, as learned."""
        found = getattr(self.joint, "logit_scale", None)
        return 1.0 if found is None else float(found.detach().exp())

    @property
    def bias(self) -> float | None:
        """What is added then, so that a sigmoid is the probability; None if softmax was learned."""
        found = getattr(self.joint, "logit_bias", None)
        return None if found is None else float(found.detach())

    @property
    def knows_languages(self) -> bool:
        """Whether it reads several languages, by the size of its vocabulary.

        Those of English have 30,000 to 50,000 tokens, those of many languages 250,000 (XLM-R, mT5,
        NLLB, Gemma).
        """
        tables = (one for one in self.joint.modules() if isinstance(one, nn.Embedding))
        return max((one.num_embeddings for one in tables), default=0) >= _MANY_TOKENS

    def sentences(self, texts: Sequence[str]) -> Tensor:
        """Return the direction that several wordings of one thing share.

        Parameters
        ----------
        texts
            Wordings, one at least.

        Returns
        -------
        Tensor
            float [d] of length one: the mean of the wordings' directions.

        Raises
        ------
        TargetError
            There is no tokenizer, or tokenizer or text tower fail on the texts.
        """
        key = (*texts, sum(one._version for one in self.joint.parameters()))
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            each = F.normalize(self._embedded(list(texts)).float(), dim=-1)
            self._known[key] = F.normalize(each.mean(0), dim=0)
        return self._known[key]

    def _embedded(self, texts: list[str]) -> Tensor:
        name = type(self.joint).__name__
        if self.tokenizer is None:
            raise TargetError(
                f"{name} has a text tower, but was wrapped without its tokenizer. Pass it, as in "
                "`wrap(model, tokenizer=open_clip.get_tokenizer(...))`."
            )
        try:
            tokens = _tokens(self.tokenizer, texts, self.joint)
            device = next(self.joint.parameters()).device
            tokens = {key: value.to(device) for key, value in tokens.items()}
            with torch.no_grad():
                arguments = tokens if len(tokens) > 1 else {}
                only = () if arguments else (next(iter(tokens.values())),)
                return _embedding(self._text(*only, **arguments))
        except Exception as error:
            if isinstance(error, AttnvizError) or is_out_of_memory(error):
                raise
            raise TargetError(
                f"The text tower of {name} cannot read {_short(texts[0])!r} "
                f"({type(error).__name__}: {_short(str(error))}). Use other words."
            ) from error


def words_network(module: nn.Module) -> WordsNetwork | None:
    """Return the network that reads words, also of a compiled one; None if it reads none."""
    module = getattr(module, "_orig_mod", module)
    return module if isinstance(module, WordsNetwork) else None


def unit(embedding: Tensor) -> Tensor:
    """Return embeddings [..., d] as directions, in float32; see also `length_held`."""
    embedding = embedding.float()
    if not _LENGTH_HELD.get():
        return F.normalize(embedding, dim=-1)
    lengths = torch.linalg.vector_norm(embedding.detach(), dim=-1, keepdim=True)
    directions: Tensor = embedding / lengths.clamp_min(1e-12)
    return directions


@contextmanager
def length_held() -> Iterator[None]:
    """Let the length of embeddings be a constant, so that scores of words are linear in them."""
    token = _LENGTH_HELD.set(True)
    try:
        yield
    finally:
        _LENGTH_HELD.reset(token)


def reads_words(module: nn.Module) -> bool:
    """Return whether a module has an image tower and a text tower."""
    return any(all(hasattr(module, one) for one in names) for names in _TOWERS)


def image_preprocess(joint: nn.Module) -> Preprocess:
    """Return the preprocessing that the module itself says; CLIP's numbers where it says none.

    Parameters
    ----------
    joint
        As for `WordsNetwork`.

    Returns
    -------
    Preprocess
        For a square input of one size, onto which pictures are squashed so that nothing is cut off.
    """
    visual, config = getattr(joint, "visual", None), getattr(joint, "config", None)
    vision: Any = getattr(config, "vision_config", None)
    size = getattr(visual, "image_size", None) or getattr(vision, "image_size", None) or 224
    if patch := _patch_side(joint):
        size = patch * math.isqrt(vision.num_patches)
    side = int(max(size) if isinstance(size, (tuple, list)) else size)
    told = getattr(visual, "preprocess_cfg", None) or {}
    half = HALF if _has_bias(joint) else None
    return Preprocess(
        size=side, fit=Fit.SQUASH, any_size=False,
        mean=tuple(told.get("mean") or half or CLIP_MEAN),
        std=tuple(told.get("std") or half or CLIP_STD),
    )  # fmt: skip


def _patch_side(joint: nn.Module) -> int:
    """The side of patches that a network takes instead of pictures, as `Siglip2Model`; or 0."""
    vision: Any = getattr(getattr(joint, "config", None), "vision_config", None)
    of_patches = getattr(vision, "num_patches", None) and not hasattr(vision, "image_size")
    return int(vision.patch_size) if of_patches else 0


def _in_patches(x: Tensor, side: int) -> dict[str, Tensor]:
    """Pictures [N, C, H, W] as rows of patches and their grid, as its processor gives them."""
    count, channels, rows, columns = len(x), x.shape[1], x.shape[2] // side, x.shape[3] // side
    cut = x[:, :, : rows * side, : columns * side]
    cut = cut.reshape(count, channels, rows, side, columns, side).permute(0, 2, 4, 3, 5, 1)
    return {
        "pixel_values": cut.reshape(count, rows * columns, -1),
        "pixel_attention_mask": x.new_ones(count, rows * columns, dtype=torch.int32),
        "spatial_shapes": torch.tensor([[rows, columns]] * count, device=x.device),
    }


def _has_bias(joint: nn.Module) -> bool:
    """Whether its scores have learned an offset, as SigLIP's; OpenCLIP's CLIP has None there."""
    return getattr(joint, "logit_bias", None) is not None


def _is_processor(tokenizer: Any) -> bool:
    """Whether it holds a tokenizer for texts; OpenCLIP's tokenizers hold one for themselves."""
    return hasattr(tokenizer, "image_processor")


def _tower_names(joint: nn.Module) -> tuple[str, str]:
    for names in _TOWERS:
        if all(hasattr(joint, one) for one in names):
            return names
    raise ModelError(
        f"{type(joint).__name__} has not both towers, one for pictures and one for words. Wrap a "
        "network with `encode_image` and `encode_text`, as OpenCLIP's, or Hugging Face's CLIPModel "
        "or SiglipModel."
    )


def _embedding(output: Any) -> Tensor:
    """The embedding in what a tower returns; newer versions of Hugging Face return an object."""
    found: Tensor = output if isinstance(output, Tensor) else output.pooler_output
    return found


def _tokens(tokenizer: Any, texts: list[str], joint: nn.Module) -> dict[str, Tensor]:
    """Token indices, and the mask of those that count where the tokenizer tells it."""
    if not hasattr(tokenizer, "pad_token_id"):
        return {"input_ids": torch.as_tensor(tokenizer(texts))}
    text: Any = getattr(getattr(joint, "config", None), "text_config", None)
    longest = getattr(text, "max_position_embeddings", None)
    found = tokenizer(
        texts, padding="max_length", truncation=True, max_length=longest, return_tensors="pt"
    )
    # SigLIP has learned without a mask: what fills up counts there.
    names = ("input_ids",) if _has_bias(joint) else ("input_ids", "attention_mask")
    return {name: found[name] for name in names if name in found}


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]} …"
