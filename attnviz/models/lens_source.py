"""The catalogue entry of `lens`: EfficientNet-Lite0 with masks that were trained here."""

from __future__ import annotations

from functools import partial

from attnviz.assets import assets_folder
from attnviz.errors import WeightsError
from attnviz.models.card import read_card
from attnviz.models.lite0_source import build_lite0, lite0_specs
from attnviz.models.spec import SPATIAL_AND_FEATURES, ModelSpec, Source, StateDict, WeightsRef
from attnviz.models.weights import read_weights
from attnviz.models.zoo.lens import LensNetwork

NAME = "lens"


def lens_specs() -> tuple[ModelSpec, ...]:
    """Describe `lens`; empty without the package of its trunk, or where its card is damaged."""
    weights = assets_folder() / "weights" / f"{NAME}.safetensors"
    if not weights.is_file():
        return ()
    try:
        card = read_card(weights.with_suffix(".json"))
    except WeightsError:  # `damaged_cards` says why
        return ()
    return tuple(
        ModelSpec(
            name=NAME,
            title="Lens (EfficientNet-Lite0 with masks)",
            source=Source.ATTNVIZ,
            kinds=SPATIAL_AND_FEATURES,
            embedded=True,
            download_bytes=None,
            parameters=(trunk.parameters or 0) + (card.parameters or 0),
            build=build_lens,
            weights=WeightsRef(
                weights.name,
                sha256=card.sha256,
                bytes=weights.stat().st_size,
                embedded=weights,
                adapt=partial(_with_trunk, trunk),
            ),
            preprocess=trunk.preprocess,
            labels=trunk.labels,
            note=f"Knows the {len(trunk.labels):,} classes of ImageNet; its masks say what a class "
            "needs to stay sharp.",
            answers=card.answers,
            class_masks=True,
            certainty=trunk.certainty,  # the trunk decides
            licence="MIT, trunk Apache-2.0",
        )
        for trunk in lite0_specs()
    )


def build_lens() -> LensNetwork:
    """Build the network with random weights."""
    return LensNetwork(build_lite0())


def _with_trunk(trunk: ModelSpec, state: StateDict) -> StateDict:
    """Add the trunk's tensors, from its package, to the masks' own."""
    if trunk.weights is None:
        return state
    tensors, _ = read_weights(trunk.weights)
    return {f"trunk.{name}": value for name, value in tensors.items()} | state
