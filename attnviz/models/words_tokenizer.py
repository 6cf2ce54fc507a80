"""Tokenizers that do not come along with OpenCLIP: read when words are asked for first."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from torch import Tensor

from attnviz.errors import AttnvizError, WeightsUnavailableError
from attnviz.models.weights import companion_folder, companion_remedy

INSTALL = "pip install 'attnviz[words]'"


@dataclass(frozen=True)
class PublishedTokenizer:
    """A tokenizer that its publisher keeps on Hugging Face; from sentences to token indices.

    Attributes
    ----------
    model
        Name of the network in the catalogue, and of the folder beside the weights where the
        tokenizer's files may be.
    source
        Name of the repository where they are else downloaded.
    length
        Tokens of a sentence.
    settings
        How OpenCLIP sets it up, such as whether it drops punctuation.
    """

    model: str
    source: str
    length: int = 77
    settings: dict[str, Any] = field(default_factory=dict, hash=False)

    def __call__(self, texts: list[str]) -> Tensor:
        """Return token indices [n, length]; WeightsUnavailableError if its files are not here."""
        indices: Tensor = self._tokenizer(texts)
        return indices

    @cached_property
    def _tokenizer(self) -> Any:
        import open_clip  # here already, as its network is

        place = companion_folder(self.model) or self.source
        try:
            return open_clip.tokenizer.HFTokenizer(
                str(place), context_length=self.length, **self.settings
            )
        except Exception as error:
            raise unavailable(self.model, "tokenizer", place, error) from error


def unavailable(model: str, what: str, place: object, error: Exception) -> AttnvizError:
    """Return the error about files that are read beside a network's weights.

    Parameters
    ----------
    model
        Name of the network.
    what
        What they are.
    place
        The folder, or the repository.
    error
        Why they could not be read.
    """
    if isinstance(error, ImportError):
        return WeightsUnavailableError(
            f"{model} reads words with the package transformers. Install it: `{INSTALL}`."
        )
    reason = f"{str(error).splitlines()[0]:.160}" if str(error) else type(error).__name__
    return WeightsUnavailableError(
        f"The {what} of {model} could not be read from {place} ({reason}). Connect to the network, "
        f"or put the files of its repository into {companion_remedy(model)}."
    )
