"""Where the weights of timm's and OpenCLIP's networks are published, and what their files must be.

The Hugging Face hub names no sums in its addresses. Revisions and sums in the tables of
`timm_models.json`, `backbones_source` and `words_source` are those that public projects on GitHub
state which pin the same files: most by several that agree, and some after comparing them with what
the hub itself records. Weights that their authors publish elsewhere too are taken from there where
the file's name tells the first digits of its sum, or others state the whole one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from attnviz.models.known_sums import sum_in_name
from attnviz.models.spec import StateDict, WeightsRef

_HUB = "https://huggingface.co/{}/resolve/{}/{}"
_LATEST = "main"


@dataclass(frozen=True)
class PublishedFile:
    """A file of weights, as far as others vouch for it.

    Attributes
    ----------
    revision
        Commit of the hub's repository; empty if none is known, and its latest state is taken.
    sha256
        SHA-256 of the file; empty if its name tells the first digits, or nobody states it.
    address
        Address of a file elsewhere, if that one is taken.
    file
        Name of the file in the hub's repository.
    """

    revision: str = ""
    sha256: str = ""
    address: str = ""
    file: str = "model.safetensors"

    def weights(
        self, name: str, repository: str, adapt: Callable[[StateDict], StateDict]
    ) -> WeightsRef:
        """Return where a network's weights can be obtained.

        Parameters
        ----------
        name
            The network's name, and that of the file on this computer.
        repository
            Of the Hugging Face hub.
        adapt
            As in `WeightsRef`.

        Returns
        -------
        WeightsRef
        """
        url = self.address or _HUB.format(repository, self.revision or _LATEST, self.file)
        sha256 = self.sha256 or sum_in_name(url)
        pinned = bool(sha256) and bool(self.address or self.revision)
        return WeightsRef(
            name + PurePosixPath(url).suffix,
            url if pinned else None,
            sha256,
            adapt=adapt,
            variants=True,
            unpinned_url="" if pinned else url,
        )
