"""Catalogue entries of the project's own networks with shipped or user-trained weights."""

from __future__ import annotations

import dataclasses
import math
from contextlib import suppress
from functools import partial
from pathlib import Path

from attnviz.assets import assets_folder
from attnviz.errors import WeightsError
from attnviz.models.card import ModelCard, read_card, read_limits
from attnviz.models.spec import ModelSpec, Source, WeightsRef
from attnviz.models.zoo.registry import ZooNetwork, zoo_networks

_LICENCE = "MIT"  # of this project


def zoo_specs() -> tuple[ModelSpec, ...]:
    """List the networks whose weights and cards are shipped in `assets/weights`.

    Returns
    -------
    tuple of ModelSpec
        Networks with measured maps first, by the agreement of their attention with people's
        fixations; the others by input size, then accuracy, largest first.
        Those whose card is damaged are left out (`damaged_cards`).
    """
    folder = assets_folder() / "weights"
    ranked: list[tuple[tuple[float, ...], ModelSpec]] = []
    for network in zoo_networks():
        weights = folder / f"{network.name}.safetensors"
        if weights.is_file() and weights.with_suffix(".json").is_file():
            with suppress(WeightsError):  # one damaged card costs its own network alone
                card = read_card(weights.with_suffix(".json"))
                spec = _trained(network, weights, name=network.name)
                ranked.append((_rank(card), dataclasses.replace(spec, licence=_LICENCE)))
    ranked.sort(key=lambda pair: pair[0])
    return tuple(spec for _, spec in ranked)


def damaged_cards() -> dict[str, WeightsError]:
    """Say which networks that come along cannot be described, and why.

    Returns
    -------
    dict of str to WeightsError
        By the network's name. What a card alone says of it is not known then, and a network of this
        project is left out of the catalogue.
    """
    found = {}
    for path in sorted((assets_folder() / "weights").glob("*.json")):
        try:
            if path.with_suffix(".safetensors").is_file():
                read_card(path)
            else:
                read_limits(path)
        except WeightsError as error:
            found[path.stem] = error
    return found


def _rank(card: ModelCard) -> tuple[float, ...]:
    """Lower comes first."""
    answer = card.answers.get("attention")
    agreement = math.inf if answer is None or answer.score is None else -answer.score
    return agreement, -card.input_side, -(card.top1 or 0.0)


def trained_spec(weights: Path) -> ModelSpec:
    """Describe weights that a user trained.

    Parameters
    ----------
    weights
        `<network>.safetensors` with its card beside it.

    Returns
    -------
    ModelSpec

    Raises
    ------
    UnknownNameError
        The file is not named after a network of the zoo.
    WeightsError
        File or card are missing or not valid.
    """
    if not weights.is_file():
        raise WeightsError(f"There is no file {weights}. Use the path that training printed.")
    return _trained(zoo_networks().get(weights.stem), weights, name=str(weights))


def _trained(network: ZooNetwork, weights: Path, *, name: str) -> ModelSpec:
    card = read_card(weights.with_suffix(".json"))
    return ModelSpec(
        name=name,
        title=network.title,
        source=Source.ATTNVIZ,
        kinds=network.kinds,
        embedded=True,
        download_bytes=None,
        parameters=card.parameters,
        build=partial(network.build, len(card.classes)),
        weights=WeightsRef(
            weights.name, sha256=card.sha256, bytes=weights.stat().st_size, embedded=weights
        ),
        preprocess=dataclasses.replace(network.preprocess, size=card.input_side),
        labels=card.classes,
        note=_note(card),
        answers=card.answers,
        layout=network.layout,
        certainty=card.certainty,
    )


def _note(card: ModelCard) -> str:
    """Describe what the network classifies in one sentence."""
    count = len(card.classes)
    names = ", ".join(card.classes[:12]) + (", ..." if count > 12 else "")
    accuracy = (
        "" if card.top1 is None else f"; names {card.top1:.0%} of held-out pictures correctly"
    )
    source = f" (trained on {card.data})" if card.data else ""
    return f"Knows only {count} classes{source}: {names}{accuracy}."
