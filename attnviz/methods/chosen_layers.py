"""Which of a network's layers are asked for: by their names, or by what their names end in."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.capture.site import Site
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


def _named(names: Sequence[str], asked: str) -> str:
    if asked in names:
        return asked
    ending = [name for name in dict.fromkeys(names) if name.endswith(f".{asked}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise AmbiguousNameError("layer", asked, ending)
    raise UnknownNameError("layer", str(asked), names)
