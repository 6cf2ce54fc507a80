"""The tests of the page "Evidence" for scripts: a model, a picture, and what is explained.

Each function explains the picture, unless it is given an explanation, and tests the map of one
layer by the very code that the page runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from attnviz.analysis.explain import explain
from attnviz.analysis.explanation import Explanation
from attnviz.evidence.faithfulness.blur_budget import BlurBudget
from attnviz.evidence.faithfulness.blur_budget import blur_budget as budget_of
from attnviz.evidence.faithfulness.insertion_deletion import STEPS, InsertionDeletion
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion as curves_of
from attnviz.evidence.faithfulness.road import RoadScore, road_score
from attnviz.evidence.fills.base import FILLS
from attnviz.evidence.interaction.regions import (
    RegionInteractions,
    cut_regions,
    measure_interactions,
)
from attnviz.evidence.measured import Measured
from attnviz.evidence.randomisation.cascade import SanityCheck
from attnviz.evidence.randomisation.check import check_sanity
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.progress import Progress
from attnviz.types import FloatArray

T = TypeVar("T")
Explained = Explanation | Picture | PictureSource
"""An explanation, or a picture, or anything that opens as one."""


def blur_budget(
    model: VisionModel,
    picture: Explained,
    method: str = "auto",
    target: Any = None,
    *,
    layer: int | str | None = None,
    progress: Progress | None = None,
) -> BlurBudget:
    """Find how little of a picture must stay sharp, and how blurred the rest may be.

    The network classifies about 250 pictures: every sharp share at every blur, and baseline maps.

    Parameters
    ----------
    model : VisionModel
        From `load_model` or `wrap`.
    picture : Explanation, Picture or source
        An explanation of `model` from `attnviz.explain`; or a picture, or anything that opens as
        one, which is explained by `method` for `target`.
    method, target : optional
        As in `attnviz.explain`; of an explanation its own.
    layer : int or str, optional
        Whose map is tested (default: the best one).
    progress : Progress, optional
        Called with the number of pictures scored; what it raises stops the work.

    Returns
    -------
    BlurBudget
        `smallest_share` and `critical_radius` for every blur and share, and those of controls.

    Raises
    ------
    EvidenceError
        If the map is flat, or there is no decision to test.
    UnknownNameError
        If there is no such method or layer.
    AttnvizError
        As `attnviz.explain` does.

    Examples
    --------
    >>> from attnviz.models.loading import load_model
    >>> from attnviz.pictures import open_sample
    >>> budget = blur_budget(load_model("ran-small", "cpu"), open_sample("astronaut"))
    >>> budget.scores.probability.shape == (len(budget.radii), len(budget.shares))
    True
    """
    return _on_map(
        model, picture, method, target, layer,
        lambda subject, values: budget_of(subject, values, progress=progress),
    )  # fmt: skip


def insertion_deletion(
    model: VisionModel,
    picture: Explained,
    method: str = "auto",
    target: Any = None,
    *,
    layer: int | str | None = None,
    fill: str = "blur",
    steps: int = STEPS,
    progress: Progress | None = None,
) -> InsertionDeletion:
    """Remove the highest places of a map first, and put them back first.

    Parameters
    ----------
    model, picture, method, target, layer, progress
        As for `blur_budget`.
    fill : str
        What takes the place of what is removed: "blur", "grey", "black" or "road". None is
        neutral, so use two at least.
    steps : int
        Number of equal steps of area, 1 or more; `2 * steps` pictures are scored.

    Returns
    -------
    InsertionDeletion
        Both curves with their areas, and `gain`, insertion minus deletion.

    Raises
    ------
    EvidenceError, UnknownNameError, AttnvizError
        As `blur_budget`.

    References
    ----------
    Petsiuk et al., *RISE*, BMVC 2018, arXiv 1806.07421.
    """
    filling = FILLS.get(fill)()
    return _on_map(
        model, picture, method, target, layer,
        lambda subject, values: curves_of(subject, values, filling, steps=steps, progress=progress),
    )  # fmt: skip


def road(
    model: VisionModel,
    picture: Explained,
    method: str = "auto",
    target: Any = None,
    *,
    layer: int | str | None = None,
    exact: bool = False,
    progress: Progress | None = None,
) -> RoadScore:
    """Remove and impute: ROAD, whose fill gives the shape of what was removed away the least.

    Parameters
    ----------
    model, picture, method, target, layer, progress
        As for `blur_budget`.
    exact : bool
        Solve the paper's linear system exactly; up to fifty times slower.

    Returns
    -------
    RoadScore
        `score`, (LeRF - MoRF) / 2 over 10, 20 .. 90 % of the picture.

    Raises
    ------
    EvidenceError, UnknownNameError, AttnvizError
        As `blur_budget`.

    References
    ----------
    Rong et al., ROAD, ICML 2022, arXiv 2202.00449.
    """
    return _on_map(
        model, picture, method, target, layer,
        lambda subject, values: road_score(subject, values, exact=exact, progress=progress),
    )  # fmt: skip


def sanity(
    model: VisionModel,
    picture: Explained,
    method: str = "auto",
    target: Any = None,
    *,
    layer: int | str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> SanityCheck:
    """Check whether a map depends on what the network learned, by making its weights random.

    Parameters
    ----------
    model, picture, method, target, layer
        As for `blur_budget`.
    seed : int
        Seed of the shuffled weights and the control pictures.
    progress : Progress, optional
        Called with the number of maps; what it raises stops the work.

    Returns
    -------
    SanityCheck
        `verdict`, and how alike the maps stay as more and more layers become random.

    Raises
    ------
    EvidenceError, UnknownNameError, AttnvizError
        As `blur_budget`.

    References
    ----------
    Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018, arXiv 1810.03292.
    """
    result = _explained(model, picture, method, target)
    name = result.name_of(result.best_layer if layer is None else layer)
    asked = Measured(model, result).asked if result.target else None
    return check_sanity(
        model, result.picture, result.method, name, asked, seed=seed, progress=progress
    )


def regions(
    model: VisionModel,
    picture: Explained,
    target: Any = None,
    *,
    count: int = 6,
    cut: str = "superpixels",
    seed: int = 0,
    progress: Progress | None = None,
) -> RegionInteractions:
    """Find which regions of a picture a decision needs, and which of them need each other.

    Parameters
    ----------
    model, picture, target
        As for `blur_budget`; no map plays a part.
    count : int
        Number of regions at most; up to 8 all coalitions are scored, above a sample.
    cut : str
        How the picture is divided: "superpixels", by colour, or "grid".
    seed : int
        Seed of the sample.
    progress : Progress, optional
        Called with the number of coalitions scored; what it raises stops the work.

    Returns
    -------
    RegionInteractions
        `labels` int64 [h, w] on the network's input; `interactions` with Shapley values, in logits.

    Raises
    ------
    EvidenceError
        If the picture has too little structure for `cut`, or there is no decision to test.
    UnknownNameError, AttnvizError
        As `blur_budget`.

    References
    ----------
    Shapley, 1953; Grabisch & Roubens, "An axiomatic approach to the concept of interaction among
    players in cooperative games", 1999.
    """

    def work(subject: Subject) -> RegionInteractions:
        labels = cut_regions(subject, count, cut)
        return measure_interactions(subject, labels, seed=seed, progress=progress)

    if isinstance(picture, Explanation):
        return run_experiment(model, picture.picture, work, Measured(model, picture).asked)[0]
    return run_experiment(model, as_picture(picture), work, target)[0]


def _explained(model: VisionModel, picture: Explained, method: str, target: Any) -> Explanation:
    if isinstance(picture, Explanation):
        return picture
    return explain(model, picture, method, target)


def _on_map(
    model: VisionModel,
    picture: Explained,
    method: str,
    target: Any,
    layer: int | str | None,
    test: Callable[[Subject, FloatArray], T],
) -> T:
    result = _explained(model, picture, method, target)
    values = result.map_of(result.best_layer if layer is None else layer)
    asked = Measured(model, result).asked
    return run_experiment(model, result.picture, lambda subject: test(subject, values), asked)[0]
