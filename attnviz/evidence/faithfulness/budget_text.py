"""The result of a blur budget in sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attnviz.evidence import curve_names
from attnviz.evidence.faithfulness.blur_budget import CENTRED, INVERTED, RANDOM, BlurBudget

# Names of the baseline maps, as in the legends.
TITLES = {
    RANDOM: curve_names.RANDOM,
    CENTRED: curve_names.CENTRED,
    INVERTED: curve_names.INVERTED,
}


@dataclass(frozen=True)
class ResultText:
    """Unescaped plain text: the main sentence, and sentences that qualify it."""

    headline: str
    details: tuple[str, ...]


def describe_budget(budget: BlurBudget, label: str, top_label: str, scale: float) -> ResultText:
    """Say what a budget means.

    Parameters
    ----------
    budget : BlurBudget
        From `blur_budget`.
    label : str
        The target class.
    top_label : str
        The class that comes first on the sharp picture.
    scale : float
        Pixels of the displayed picture per pixel of the network's input.

    Returns
    -------
    ResultText
        Unescaped plain text.
    """
    if not budget.recognised:
        return _without_decision(label, top_label)
    if not budget.hidden_by_blur:
        return _without_need(budget, label, scale)
    share = percent(budget.smallest_share[-1])
    given_up = float(budget.failure_radius[0])
    headline = (
        f"With {share} of the picture sharp, the network still says '{label}'. With the whole "
        "picture blurred, it gives up at a circle of confusion with a radius of "
        f"{circle(given_up, budget.diagonal)}."
    )
    rest = circle(budget.radii[-1], budget.diagonal, scale)
    details = [
        f"Everything else was blurred by {rest}. This region is enough for the decision, but other "
        "regions may be enough too, and smaller.",
        *_lost_again(budget),
        *_recovered_again(budget),
    ]
    return ResultText(headline, tuple(details))


def _without_decision(label: str, top_label: str) -> ResultText:
    headline = (
        f"On the sharp picture the network says '{top_label}', not '{label}': there is no decision "
        "to keep."
    )
    detail = (
        f"Choose '{top_label}' as the target, or another picture. The table shows the score of "
        f"'{label}'."
    )
    return ResultText(headline, (detail,))


def _without_need(budget: BlurBudget, label: str, scale: float) -> ResultText:
    rest = circle(budget.radii[-1], budget.diagonal, scale)
    headline = (
        f"With the whole picture blurred by {rest}, the network still says '{label}': nothing "
        "needs to be sharp."
    )
    details = [
        "Colours and large shapes are enough here, so the smallest sharp share says nothing about "
        "the map."
    ]
    if budget.stable_share[-1] > 0:
        always = percent(budget.stable_share[-1])
        details.append(
            f"A small sharp region can still change the decision: it is kept at every share only "
            f"from {always} on."
        )
    return ResultText(headline, tuple(details))


def _lost_again(budget: BlurBudget) -> list[str]:
    first, always = float(budget.smallest_share[-1]), float(budget.stable_share[-1])
    if first == always:
        return []
    return [
        f"At some larger shares the decision changes again; from {percent(always)} on it is always "
        "kept."
    ]


def _recovered_again(budget: BlurBudget) -> list[str]:
    last = float(budget.largest_radius[0])
    if last == float(budget.critical_radius[0]):
        return []
    return [
        f"At a stronger blur, up to {circle(last, budget.diagonal)}, the decision comes back, "
        "which is odd but real."
    ]


def percent(share: float) -> str:
    """Format a share of the picture in 0..1 as a percentage; NaN gives an en dash."""
    return "–" if math.isnan(share) else f"{100 * share:.3g} %"


def circle(radius: float, diagonal: float, scale: float | None = None) -> str:
    """Format a blur radius in px, and as a share of the diagonal.

    Parameters
    ----------
    radius, diagonal : float
        In px of the network's input.
    scale : float, optional
        Pixels of the displayed photo per pixel of the input; adds the radius on the photo.

    Returns
    -------
    str
        For example `"12 px, 3.8 % of the diagonal"`.
    """
    shown = f" ({radius * scale:.0f} px of the photo as shown)" if scale is not None else ""
    digits = 1 if radius < 10 else 0
    return f"{radius:.{digits}f} px{shown}, {100 * radius / diagonal:.1f} % of the diagonal"
