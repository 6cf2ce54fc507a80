"""Which of a network's layers are asked for: by their names, or by what their names end in."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import feature_layers, find_sites
from attnviz.capture.site import Kind, Site
from attnviz.errors import AmbiguousNameError, UnknownNameError


def chosen_layers(names: Sequence[str], asked: Sequence[str]) -> tuple[str, ...]:
    """Return the layers that are asked for.

    Parameters
    ----------
    names
        All layers, in forward order.
    asked
        Their names, or the last parts of them where only one name ends so: `"bn2"` for
        `"layer1.0.bn2"`.

    Returns
    -------
    tuple of str
        Full names, each once, in forward order.

    Raises
    ------
    UnknownNameError
        No layer has that name, or nothing is asked for.
    AmbiguousNameError
        Several layers' names end so.

    Examples
    --------
    >>> chosen_layers(("stem.bn1", "head.bn2", "head.fc"), ["fc", "stem.bn1"])
    ('stem.bn1', 'head.fc')
    """
    if not asked:
        raise UnknownNameError("layer", "", names)
    found = {_named(names, one) for one in asked}
    return tuple(name for name in dict.fromkeys(names) if name in found)


def needed(sites: Sequence[Site], layers: Sequence[str] | None) -> Sequence[Site]:
    """Return the sites of some layers alone, as `chosen_layers` chooses them; all if None."""
    if layers is None or not sites:
        return sites
    names = chosen_layers([site.layer for site in sites], layers)
    return [site for site in sites if site.layer in names]


def asked_maps(module: nn.Module, example: Tensor, layers: Sequence[str]) -> tuple[Site, ...]:
    """Return where features of the layers that are asked for can be read.

    Parameters
    ----------
    module, example
        The network and an input; the caller holds its lock.
    layers
        Names of blocks, as for `chosen_layers`, or else of any modules that return feature maps.

    Returns
    -------
    tuple of Site
        Each once.

    Raises
    ------
    UnknownNameError, AmbiguousNameError
        As `chosen_layers`.
    NoSitesError, ModelError
        As `find_sites`.
    """
    blocks = {site.layer: site for site in find_sites(module, Kind.FEATURES, example)}
    found: dict[str, Site] = {}
    if not layers:
        chosen_layers(tuple(blocks), layers)  # raises
    for asked in layers:
        known = blocks
        if not any(name == asked or name.endswith(f".{asked}") for name in blocks):
            known = {site.layer: site for site in feature_layers(module, example)} | blocks
        name = chosen_layers(tuple(known), [asked])[0]
        found[name] = known[name]
    return tuple(found.values())


def _named(names: Sequence[str], asked: str) -> str:
    if asked in names:
        return asked
    ending = [name for name in dict.fromkeys(names) if name.endswith(f".{asked}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise AmbiguousNameError("layer", asked, ending)
    raise UnknownNameError("layer", str(asked), names)
