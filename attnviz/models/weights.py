"""Find a network's weights on this computer, or download them, and verify them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from attnviz.errors import WeightsError, WeightsUnavailableError
from attnviz.models.download import download
from attnviz.models.known_sums import check_known_sum, first_sum, is_noted, is_whole
from attnviz.models.spec import ModelSpec, StateDict, WeightsRef
from attnviz.models.state import read_state
from attnviz.progress import Progress

WEIGHTS_VARIABLE = "ATTNVIZ_WEIGHTS"
UNPINNED_VARIABLE = "ATTNVIZ_UNPINNED_WEIGHTS"


@dataclass(frozen=True)
class WeightsFile:
    """A verified file of weights, and its SHA-256 in 64 hexadecimal digits."""

    path: Path
    sha256: str


def find_weights(ref: WeightsRef, progress: Progress | None = None) -> WeightsFile:
    """Find a file of weights.

    Searched in this order: the weights shipped with the package, the folder `$ATTNVIZ_WEIGHTS`,
    torch's download cache, and the file's address, from which it is downloaded into that cache, as
    `download_address` tells.

    Parameters
    ----------
    ref
        What to find. If it gives a SHA-256, no other file is accepted, but for a variant in the
        folder of the user's own, or one that was downloaded before the sum was known; if it gives
        a part of one or none, no other than the one that torch's cache had first.
    progress
        Called during a download with bytes done and in all; a bar on stderr if None.

    Returns
    -------
    WeightsFile

    Raises
    ------
    WeightsError
        A file was found or downloaded, but its SHA-256 differs.
    WeightsUnavailableError
        The file is in none of these places.
    """
    stored = stored_weights(ref)
    if stored is not None:
        return _verified(stored, ref)
    cache = _download_cache()
    address = download_address(ref)
    if address is None:
        raise WeightsUnavailableError(_no_address(ref, cache))
    try:
        path, digest = download(ref, address, cache, progress)
    except WeightsUnavailableError as error:
        raise WeightsUnavailableError(
            f"{ref.file_name} could not be downloaded from {address} ({error}): {_remedy(cache)}."
        ) from error
    return WeightsFile(path, digest)


def download_address(ref: WeightsRef) -> str | None:
    """Return the address from which `find_weights` downloads a file.

    Parameters
    ----------
    ref
        What to find.

    Returns
    -------
    str or None
        None if it does not: there is none, or it is not pinned by a lasting address and a sum and
        `ATTNVIZ_UNPINNED_WEIGHTS` is not 1.
    """
    if ref.url is None and os.environ.get(UNPINNED_VARIABLE, "").strip() == "1":
        return ref.unpinned_url or None
    return ref.url


def _no_address(ref: WeightsRef, cache: Path) -> str:
    if not ref.unpinned_url:
        return f"{ref.file_name} is missing and has no download address: {_remedy(cache)}."
    return (
        f"{ref.file_name} is missing, and is not downloaded by itself: the file at "
        f"{ref.unpinned_url} may be replaced, or has no known checksum. If you trust it, "
        f"{_remedy(cache)}, or set {UNPINNED_VARIABLE}=1 to download such files."
    )


def read_weights(
    ref: WeightsRef, progress: Progress | None = None
) -> tuple[StateDict, WeightsFile]:
    """Find the file of a network's weights and read it, under the network's own names.

    Parameters
    ----------
    ref, progress
        As for `find_weights`.

    Returns
    -------
    state : dict of str to Tensor
        On the CPU.
    file : WeightsFile
        From `find_weights`.

    Raises
    ------
    WeightsError
        As `find_weights` and `read_state`.
    """
    file = find_weights(ref, progress)
    state = read_state(file.path)
    return (state if ref.adapt is None else ref.adapt(state)), file


def stored_weights(ref: WeightsRef) -> Path | None:
    """Return the file that `find_weights` would use without a download, unverified; None if absent.

    Parameters
    ----------
    ref
        What to find.

    Returns
    -------
    Path or None
    """
    return next((path for path in _candidates(ref) if path.is_file()), None)


def is_here(spec: ModelSpec) -> bool:
    """Return whether a network's weights are on this computer."""
    return spec.embedded or (spec.weights is not None and stored_weights(spec.weights) is not None)


def is_downloadable(spec: ModelSpec) -> bool:
    """Return whether a network's weights are downloaded where they are missing."""
    return spec.weights is not None and download_address(spec.weights) is not None


def companion_folder(name: str) -> Path | None:
    """Return the folder beside a network's weights with what else it needs, such as a tokenizer.

    Parameters
    ----------
    name
        Of the network, and of the folder in `$ATTNVIZ_WEIGHTS` or torch's download cache.

    Returns
    -------
    Path or None
        None if there is none.
    """
    return next((one for folder in _folders() if (one := folder / name).is_dir()), None)


def companion_remedy(name: str) -> str:
    """Return where such a folder may be, for the sentence of an error."""
    own = f"the folder {name} in the one that {WEIGHTS_VARIABLE} names"
    return f"{_download_cache() / name}, or {own}"


def _folders() -> list[Path]:
    """Where files of weights may be, but for those shipped with the package."""
    return [*_users_folder(), _download_cache()]


def _users_folder() -> list[Path]:
    """The one folder that the user has named, or none."""
    folder = os.environ.get(WEIGHTS_VARIABLE)
    return [Path(folder).expanduser()] if folder else []


def _candidates(ref: WeightsRef) -> Iterator[Path]:
    """Where the file may be, the first first. Lists of networks ask: no note of a sum is read."""
    if ref.embedded:
        yield ref.embedded
    variants = [Path(ref.file_name).with_suffix(".safetensors").name] if ref.variants else []
    yield from (folder / name for folder in _users_folder() for name in (ref.file_name, *variants))
    cache = _download_cache()
    yield cache / ref.file_name
    # Earlier versions downloaded some networks under another name, and kept the sums.
    yield from (cache / name for name in variants if is_noted(cache / name))


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
    in_cache = path.resolve().parent == _download_cache().resolve()
    variant = ref.variants and (not in_cache or first_sum(path) == digest)
    if not variant and not digest.startswith(ref.sha256.lower()):
        raise WeightsError(
            f"{path} is damaged or another file, and was not used: its SHA-256 should begin with "
            f"{ref.sha256}, but is {digest}. Remove it, or put the right file there."
        )
    if in_cache and not is_whole(ref.sha256):
        check_known_sum(path, digest)
    return WeightsFile(path, digest)
