"""What a blur budget comes to, in sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attnviz.evidence.faithfulness.blur_budget import CENTRED, INVERTED, RANDOM, BlurBudget
from attnviz.ui.kit import charts as contest

# As they are called beside their curves.
TITLES = {RANDOM: contest.RANDOM, CENTRED: contest.CENTRED, INVERTED: contest.INVERTED}


@dataclass(frozen=True)
class ResultText:
    """Plain text, to be escaped where it is shown: the main sentence, and what qualifies it."""

    headline: str
    details: tuple[str, ...]


def describe_budget(budget: BlurBudget, label: str, named: str, scale: float) -> ResultText:
    """What the budget says.

    Args:
        budget: from `blur_budget`.
        label: the class that was asked about.
        named: the class that comes first on the sharp picture.
        scale: pixels of the shown picture for one of the network's input.
    """
    if not budget.recognised:
        return _without_decision(label, named)
    if not budget.hidden_by_blur:
        return _without_need(budget, label, scale)
    share = percent(budget.smallest_share[-1])
    given_up = float(budget.failure_radius[0])
    headline = (
        f"With {share} of the picture sharp it still says '{label}'. Blurred all over it gives up "
        f"at a circle of confusion with a radius of {circle(given_up, budget.diagonal)}."
    )
    rest = circle(budget.radii[-1], budget.diagonal, scale)
    details = [
        f"Everything else was blurred by {rest}. The region is enough for the decision; it is not "
        "the only one, and others may be smaller.",
        *_lost_again(budget),
        *_recovered_again(budget),
    ]
    return ResultText(headline, tuple(details))


def _without_decision(label: str, named: str) -> ResultText:
    headline = f"On the sharp picture it says '{named}', not '{label}': there is nothing to keep."
    detail = f"Ask about '{named}', or choose another picture. The table shows how '{label}' fares."
    return ResultText(headline, (detail,))


def _without_need(budget: BlurBudget, label: str, scale: float) -> ResultText:
    rest = circle(budget.radii[-1], budget.diagonal, scale)
    headline = f"Blurred all over by {rest}, it still says '{label}': nothing needs to be sharp."
    details = [
        "Colours and large shapes are enough for it here, so the smallest sharp share says nothing "
        "about the map."
    ]
    if budget.stable_share[-1] > 0:
        always = percent(budget.stable_share[-1])
        details.append(
            f"A little sharpness can still turn it over: only from {always} on does it say so for "
            "every larger share."
        )
    return ResultText(headline, tuple(details))


def _lost_again(budget: BlurBudget) -> list[str]:
    first, always = float(budget.smallest_share[-1]), float(budget.stable_share[-1])
    if first == always:
        return []
    return [f"Some larger shares lose it again; from {percent(always)} on it is always kept."]


def _recovered_again(budget: BlurBudget) -> list[str]:
    last = float(budget.largest_radius[0])
    if last == float(budget.critical_radius[0]):
        return []
    return [f"Stronger blur finds it again, up to {circle(last, budget.diagonal)}: odd, but so."]


def percent(share: float) -> str:
    """A share of the picture; an en dash where there is none."""
    return "–" if math.isnan(share) else f"{100 * share:.3g} %"


def circle(radius: float, diagonal: float, scale: float | None = None) -> str:
    """A radius of blur: in px of the input and of the photo, and as a share of the diagonal."""
    shown = f" ({radius * scale:.0f} px of the photo as shown)" if scale is not None else ""
    digits = 1 if radius < 10 else 0
    return f"{radius:.{digits}f} px{shown}, {100 * radius / diagonal:.1f} % of the diagonal"
