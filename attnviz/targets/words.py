"""Words: what a network that reads sentences finds like a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self
from urllib.parse import unquote

from torch import Tensor

from attnviz.errors import TargetError
from attnviz.methods.inference import Inference
from attnviz.models.scores import ScoreKind
from attnviz.models.vision_model import VisionModel
from attnviz.models.words_network import WordsNetwork, unit, words_network
from attnviz.targets.base import TARGETS, Part, Passed, Scorer, Target, TextContext
from attnviz.targets.text import escaped, split
from attnviz.targets.wordings import AS_WRITTEN, WORDINGS, parts_of, templates_of

LONGEST = 300
"""Characters of a prompt; text towers read some 70 tokens, and drop the rest."""
TEMPLATES = (
    "a photo of a {}.",
    "a bad photo of the {}.",
    "a close-up photo of the {}.",
    "a photo of the large {}.",
    "a photo of the small {}.",
    "art of the {}.",
)
"""Wordings whose mean is steadier than one of them for a single noun, after those of CLIP."""


@TARGETS.add
@dataclass(frozen=True)
class Words(Target):
    """What is in the picture, in words; for networks that read them, as CLIP and SigLIP do.

    Parameters
    ----------
    prompt
        Such as "a red car", as the network's training captions would say it.
    templates
        Wordings in which `{}` stands for the prompt; the mean of their directions is asked for.
        Also one of them as text, or the code of a language in `WORDINGS`, such as "de".

    Notes
    -----
    S = s cos(f, t) + b, with the picture's embedding f, the direction t of the words, and the
    scale s and offset b that the network has learned (Radford et al., *CLIP*, ICML 2021; Zhai et
    al., *SigLIP*, ICCV 2023). Several compete by softmax of S.

    Examples
    --------
    >>> from attnviz.targets.text import format_target
    >>> format_target(Words("a red car"))
    'words:a red car'
    >>> Words("ein rotes Auto", "de").templates
    ('{}.', 'Foto: {}.', '{} auf einem Foto.', 'Nahaufnahme: {}.')
    """

    prompt: str
    templates: tuple[str, ...] = AS_WRITTEN

    name: ClassVar[str] = "words"
    title: ClassVar[str] = "words"
    parts: ClassVar[Mapping[str, Part]] = {"prompt": Part.TEXT}

    def __init__(self, prompt: str, templates: Sequence[str] | str = AS_WRITTEN) -> None:
        object.__setattr__(self, "prompt", _checked_prompt(prompt))
        given = (templates,) if isinstance(templates, str) else tuple(templates)
        object.__setattr__(self, "templates", _checked_templates(given))

    def score_kind(self, model: VisionModel) -> ScoreKind:
        """See `Target`: log-odds where a sigmoid was learned, as by SigLIP.

        Else a multiple of a cosine, of which only differences mean something.
        """
        return ScoreKind.NONE if _network(model).bias is None else ScoreKind.SIGMOID

    @classmethod
    def fits(cls, model: VisionModel) -> bool:
        """See `Target`."""
        return words_network(model.module) is not None

    @classmethod
    def parse(cls, text: str, context: TextContext) -> Self:
        """See `Target`."""
        del context
        prompt, *templates = map(unquote, split(text, "|"))
        return cls(prompt, templates or AS_WRITTEN)

    def text(self) -> str:
        """See `Target`."""
        return "|".join(map(escaped, [self.prompt, *parts_of(self.templates)]))

    def words(self, model: VisionModel) -> str:
        """See `Target`."""
        del model
        return self.prompt

    def scorer(self, model: VisionModel, inference: Inference) -> Scorer:
        """See `Target`."""
        del inference
        network = _network(model)
        with model.lock:  # long work runs beside it, but the text tower is the network's own
            direction = network.sentences(
                [one.replace("{}", self.prompt) for one in self.templates]
            )
        scale, bias = network.scale, network.bias or 0.0

        def score(passed: Passed) -> Tensor:
            embedding = unit(passed.output)
            return scale * embedding @ direction.to(embedding) + bias

        return score


def _checked_prompt(prompt: str) -> str:
    """The prompt on one line; TargetError if it says nothing, or more than is read."""
    if not isinstance(prompt, str) or not prompt.strip():
        raise TargetError("Words ask for something. Write what to look for, as in a red car.")
    prompt = " ".join(prompt.split())
    if len(prompt) > LONGEST:
        raise TargetError(
            f"These words have {len(prompt):,} characters, and text towers read some {LONGEST} at "
            "most. Say it shorter, as in a red car."
        )
    return prompt


def _checked_templates(given: tuple[str, ...]) -> tuple[str, ...]:
    """The templates, also those of a language; TargetError if one has no place for the prompt."""
    templates = templates_of(given) if given else ()
    odd = [one for one in templates if one.count("{}") != 1]
    if odd:
        raise TargetError(
            f"A template holds {{}} once, where the words go, as in {TEMPLATES[0]!r}, or is the "
            f"code of a language ({', '.join(WORDINGS)}). {odd[0]!r:.80} is neither."
        )
    if not templates:
        raise TargetError("Give one template at least, as in '{}'.")
    return templates


def _network(model: VisionModel) -> WordsNetwork:
    network = words_network(model.module)
    if network is None:
        raise TargetError(f"{model.name} reads no words. Choose a network that does, as CLIP.")
    return network
