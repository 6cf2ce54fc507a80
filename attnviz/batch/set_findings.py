"""What was found out about a set as a whole, in words, from its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DISAGREEMENTS = "disagreements first"
"""Title of the order by which two networks differ."""


@dataclass(frozen=True)
class SetFinding:
    """A paragraph on the page over a set.

    Attributes
    ----------
    title, text
        What was asked, and what was found.
    order
        Title of the order in which it is seen; empty if there is none.
    """

    title: str
    text: str
    order: str = ""


def findings_of(manifest: Mapping[str, Any]) -> Iterator[SetFinding]:
    """Yield what a manifest tells of the whole set.

    Parameters
    ----------
    manifest
        Of a `ResultFolder`; empty while its results are not whole.

    Yields
    ------
    SetFinding
        What two networks agree on, then whether maps depend on what was learned.
    """
    if against := manifest.get("against"):
        yield _against(against)
    if sanity := manifest.get("sanity"):
        yield _sanity(sanity)


def _against(found: Mapping[str, Any]) -> SetFinding:
    name, other = found["models"]
    told = [f"Pictures in both sets: {found['pictures']:,}."]
    if found["same class"] is not None:
        told.append(f"In {found['same class']:.0%} of them both see the same class.")
    if found["overlap"] is not None:
        told.append(
            "Of the fifth of a picture that each looks at most, they share "
            f"{found['overlap']:.0%} on average; maps that have nothing to do with each other "
            f"share 20%. The rank correlation of their maps is {found['rank correlation']:.2f}."
        )
    if any(found["alone"]):
        told.append(
            f"Pictures in one of them alone: {found['alone'][0]:,} in this one, "
            f"{found['alone'][1]:,} in the other."
        )
    return SetFinding(f"{name} and {other}", " ".join(told), DISAGREEMENTS)


def _sanity(found: Mapping[str, Any]) -> SetFinding:
    title = "Do the maps depend on what the model learned?"
    if found["mean"] is None:
        return SetFinding(title, "None of the pictures that were drawn could be tested.")
    tested = found["tested"]
    told = [
        f"With all weights made random, the rank correlation of a map with the one before is "
        f"{found['mean']:.2f} on average: 1 would be the same map, 0 an unrelated one.",
        f"In {found['verdicts'].get('depends', 0):,} of {tested:,} pictures drawn at random the "
        "map clearly depends on what the model learned.",
    ]
    if missing := found["pictures"] - tested:
        told.append(f"Drawn and not tested, as the map is flat or the file is gone: {missing:,}.")
    return SetFinding(title, " ".join(told))
