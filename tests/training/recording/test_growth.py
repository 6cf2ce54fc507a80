"""Numbers of a recording, against cases worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from attnviz.training.recording.file import Recording, Snapshot
from attnviz.training.recording.growth import (
    growth_events,
    layer_growth,
    layer_maps,
    narrowest_layer,
    recorded_methods,
)

EVEN = np.ones((2, 2), np.float32)
CORNER = np.array([[1, 0], [0, 0]], np.float32)
HALVES = np.array([[1, 0], [1, 0]], np.float32)


def recording(
    method: str = "soft-mask",
    numbers: dict[tuple[str, str], list[list[float]]] | None = None,
    **layers: list[np.ndarray],
) -> Recording:
    """A run of one picture; each layer has a map for each checkpoint, and so have its numbers."""
    count = len(next(iter(layers.values())))
    shots = tuple(
        Snapshot(
            step,
            float(step),
            {(method, name): maps[step][None] for name, maps in layers.items()},
            np.zeros((1, 2), np.float32),
            numbers={key: np.array(held[step], "f") for key, held in (numbers or {}).items()},
        )
        for step in range(count)
    )
    return Recording(("a", "b"), ("one",), snapshots=shots)


def test_entropy_spread_and_drift_of_a_map_that_narrows() -> None:
    (one,) = layer_growth(recording(block=[EVEN, HALVES, CORNER]), "soft-mask")
    assert one.entropy == pytest.approx([1, 0.5, 0])
    # Middles of the cells lie a quarter from the middle, down and across.
    assert one.spread == pytest.approx([math.sqrt(2) / 4, 0.25, 0])
    assert one.even_spread == pytest.approx(math.sqrt(2) / 4)
    assert one.strength == pytest.approx([1, 0.5, 0.25])
    assert one.contrast == pytest.approx([0, 0.5, math.sqrt(3) / 4])
    # Half of the mass is shared: H((3/4, 1/4)) - 1/2 = 0.311278 bits.
    assert one.drift == pytest.approx([0.548795, 0.311278, 0], abs=1e-5)


def test_the_narrowest_layer_is_that_of_the_last_checkpoint() -> None:
    run = recording(wide=[CORNER, EVEN], narrow=[EVEN, CORNER], between=[CORNER, HALVES])
    assert narrowest_layer(run, "soft-mask") == "narrow"


def test_a_map_without_mass_counts_as_even() -> None:
    (one,) = layer_growth(recording(block=[0 * EVEN, -CORNER, CORNER]), "soft-mask")
    assert one.entropy[:2] == pytest.approx([1, 1])
    assert one.spread[0] == pytest.approx(one.even_spread)
    assert np.isfinite(one.drift).all()


def test_pictures_are_averaged() -> None:
    shot = Snapshot(
        0, 0.0, {("soft-mask", "block"): np.stack([EVEN, CORNER])}, np.zeros((2, 2), np.float32)
    )
    run = Recording(("a", "b"), ("one", "two"), snapshots=(shot,))
    (one,) = layer_growth(run, "soft-mask")
    assert one.entropy == pytest.approx([0.5])
    assert layer_maps(run, "soft-mask", 1)["block"].tolist() == [CORNER.tolist()]
    assert recorded_methods(run) == ("soft-mask",)


def test_a_collapse_is_named_where_it_happens() -> None:
    slow = [EVEN, EVEN, EVEN * [[1, 1], [1, 0.6]], EVEN * [[1, 1], [1, 0.5]]]
    fast = [EVEN, EVEN, CORNER, CORNER]
    events = growth_events(recording(slow=slow, fast=fast), "soft-mask")
    (collapse,) = [event for event in events if "collapses" in event.text]
    assert (collapse.checkpoint, collapse.layers) == (2, ("fast",))


def test_recorded_numbers_are_those_of_their_layer() -> None:
    numbers = {
        ("effect", "one"): [[0.5], [0.25]],
        ("effect", "two"): [[3.0], [4.0]],
        ("entropy", "two"): [[1.0, 0.5], [0.75, 0.25]],
        ("distance", "two"): [[16.0, 8.0], [12.0, 2.0]],
        ("even-distance", "two"): [[16.5], [16.5]],
    }
    held = recording("raw-attention", numbers, one=[EVEN, CORNER], two=[EVEN, EVEN])
    one, two = layer_growth(held, "raw-attention")
    assert (one.head_entropy, one.head_distance, one.even_distance) == (None, None, None)
    assert one.effect is not None
    assert one.effect.tolist() == [[0.5], [0.25]]
    assert one.evenness.tolist() == one.entropy.tolist() == [1, 0]
    assert two.effect is not None
    assert two.effect.tolist() == [[3], [4]]
    assert two.head_entropy is not None
    assert two.head_entropy.tolist() == [[1, 0.5], [0.75, 0.25]]
    assert two.head_distance is not None
    assert two.head_distance.tolist() == [[16, 8], [12, 2]]
    assert two.even_distance == 16.5
    assert two.evenness.tolist() == [0.75, 0.5]


def test_a_collapse_is_seen_in_the_heads_where_the_map_does_not_show_it() -> None:
    """The mean of heads that look at places of their own each is as even as before."""
    heads = [[1.0, 0.9], [0.9, 1.0], [0.5, 0.7]]
    held = recording("raw-attention", {("entropy", "block"): heads}, block=[EVEN] * 3)
    (collapse,) = growth_events(held, "raw-attention")
    assert (collapse.checkpoint, collapse.layers) == (2, ("block",))
    # And heads that stay even are believed where the map of the class token narrows.
    still = recording(
        "raw-attention", {("entropy", "block"): [[0.9, 0.9]] * 3}, block=[EVEN, EVEN, CORNER]
    )
    assert growth_events(still, "raw-attention") == ()


def test_a_flat_mask_and_layers_that_become_alike_are_named() -> None:
    first = [CORNER, CORNER, CORNER]
    second = [HALVES.T, CORNER * 3 + 1, CORNER * 6 + 2]
    third = [EVEN, EVEN * 0.99, EVEN]
    events = growth_events(recording(first=first, second=second, third=third), "soft-mask")
    assert [(event.checkpoint, event.layers) for event in events] == [
        (1, ("first", "second")),
        (2, ("third",)),
    ]
    assert "stays flat" in events[1].text


def test_a_mask_is_called_flat_by_its_own_values_whatever_is_shown_of_it() -> None:
    """Its effect varies as the features do that it weights: it is no flatter for a flat mask."""
    masks = recording("soft-mask", flat=[EVEN, 0.99 * EVEN], picks=[EVEN, CORNER])
    effects = recording("mask-effect", flat=[CORNER, HALVES], picks=[0.01 * HALVES, 0.01 * CORNER])
    shots = tuple(
        replace(one, maps=one.maps | other.maps)
        for one, other in zip(masks.snapshots, effects.snapshots, strict=True)
    )
    both = replace(masks, snapshots=shots)
    for method in ("soft-mask", "mask-effect"):
        flat = [one for one in growth_events(both, method) if "stays flat" in one.text]
        assert [(event.checkpoint, event.layers) for event in flat] == [(1, ("flat",))]
        begun = growth_events(both.up_to(0), method)  # one checkpoint: nothing has stayed yet
        assert [one for one in begun if "stays flat" in one.text] == []
    assert [one for one in growth_events(effects, "mask-effect") if "flat" in one.text] == []


def test_relevance_of_small_values_is_not_called_flat() -> None:
    events = growth_events(recording("raw-attention", one=[EVEN / 256] * 2), "raw-attention")
    assert events == ()


def test_layers_on_different_grids_are_compared_on_the_coarser() -> None:
    fine = np.kron(CORNER, np.ones((2, 2), np.float32))
    events = growth_events(recording(fine=[fine, fine], coarse=[EVEN, CORNER]), "soft-mask")
    (alike,) = [event for event in events if "alike" in event.text]
    assert (alike.checkpoint, alike.layers) == (1, ("fine", "coarse"))
