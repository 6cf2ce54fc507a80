"""D-RISE: random masks for a thing that a detector found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from attnviz.methods.base import METHODS, NetworkTraits
from attnviz.methods.rise import Rise


@METHODS.add
@dataclass(frozen=True)
class DRise(Rise):
    """How well a detector finds a thing again over random masks that leave a position visible.

    Of each masked picture the score is the highest product of overlap and probability of the class
    among the things found in it, see `Box`. Values in 0..1. Finer masks than those of `rise`: a
    thing is smaller than a picture. Parameters as there.

    Notes
    -----
    M_i are the masks, d the thing, and d_ij what is found in the masked picture.

    Examples
    --------
    >>> DRise().grid, Rise().grid
    (16, 7)
    """

    grid: int = 16

    name: ClassVar[str] = "d-rise"
    title: ClassVar[str] = "D-RISE (random masks for detectors)"
    paper: ClassVar[str] = "Petsiuk et al., CVPR 2021, arXiv 2006.03204"
    formula: ClassVar[str] = "sum over i of max over j of IoU(d, d_ij) p_ij M_i / sum over i of M_i"
    needs: ClassVar[str] = "boxes or masks of things"

    @classmethod
    def fits(cls, network: NetworkTraits) -> bool:
        """See `Method`: detectors."""
        return network.finds_things
