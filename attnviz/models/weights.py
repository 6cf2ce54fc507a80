"""Finding a network's weights on this machine, or downloading them, and making sure of them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import torch

from attnviz.errors import WeightsError, WeightsUnavailableError
from attnviz.models.download import download
from attnviz.models.spec import WeightsRef
from attnviz.progress import Progress

WEIGHTS_VARIABLE = "ATTNVIZ_WEIGHTS"


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights that is what it should be, and its SHA-256 in 64 hexadecimal digits."""

    path: Path
    sha256: str


def find_weights(ref: WeightsRef, progress: Progress | None = None) -> WeightsFile:
    """The file that `ref` means, from the first of four places that has it.

    They are: the one that comes along, the folder that `$ATTNVIZ_WEIGHTS` names, torch's cache of
    downloads, and its address, from where it is fetched into that cache.

    Args:
        ref: what to find. Where it knows the file's SHA-256, no other file is accepted.
        progress: called in a download with (bytes done, bytes in all or None); a bar on
            stderr if None.

    Raises:
        WeightsError: a file was found, or came from the network, but it is another one.
        WeightsUnavailableError: it is in none of these places.
    """
    for path in _places(ref):
        if path.is_file():
            return _verified(path, ref)
    cache = _download_cache()
    if ref.url is None:
        raise WeightsUnavailableError(
            f"{ref.file_name} is missing and has no address to come from: {_remedy(cache)}."
        )
    try:
        path, digest = download(ref, ref.url, cache, progress)
    except WeightsUnavailableError as error:
        raise WeightsUnavailableError(
            f"{ref.file_name} could not be downloaded from {ref.url} ({error}): {_remedy(cache)}."
        ) from error
    return WeightsFile(path, digest)


def _places(ref: WeightsRef) -> list[Path]:
    given = os.environ.get(WEIGHTS_VARIABLE)
    places = [ref.embedded, Path(given).expanduser() / ref.file_name if given else None]
    return [*(place for place in places if place), _download_cache() / ref.file_name]


def _download_cache() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"


def _remedy(cache: Path) -> str:
    return f"put the file into {cache} or into the folder that {WEIGHTS_VARIABLE} names"


def _verified(path: Path, ref: WeightsRef) -> WeightsFile:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read ({error.strerror}). Make it readable, or remove it."
        ) from error
    if not digest.startswith(ref.sha256.lower()):
        raise WeightsError(
            f"{path} is damaged or another file, and is not used: its SHA-256 should begin with "
            f"{ref.sha256}, but is {digest}. Remove it, or put the right file there."
        )
    return WeightsFile(path, digest)
