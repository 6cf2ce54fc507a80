"""How far into a network the sites reach that were found in it, as sentences for the user."""

from __future__ import annotations

from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import attention_left_out, find_sites
from attnviz.capture.discovery.steps import steps_of
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.site import Form, Kind
from attnviz.words import listed

_MIN_BEHIND = 3
_MAX_NAMED = 3


def reach_notes(
    module: nn.Module, kind: Kind, example: Tensor, *, attention: bool = False
) -> tuple[str, ...]:
    """Say when the sites of one kind are far from what the network's output is computed from.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    kind
        Kind of the sites.
    example
        [N, C, H, W], an input that the network accepts.
    attention
        Whether self-attention would have been read too, had there been any.

    Returns
    -------
    tuple of str
        A sentence if attention was left out because it could not be placed over the picture, and
        one if more than half of the network's work on positions follows the last site; empty if
        all is well.

    Raises
    ------
    NoSitesError, ModelError
        As from `find_sites`.
    """
    notes = []
    wanted = attention or kind is Kind.CONTEXT
    left_out = attention_left_out(module, example) if wanted else ()
    if left_out:
        notes.append(
            f"The attention of {listed(left_out, _MAX_NAMED, 'layers')} could not be placed over "
            "the picture, so it is left out."
        )
    sites = find_sites(module, kind, example)
    if not sites:
        return tuple(notes)
    module, example = prepare_for_hooks(module, example)
    steps = steps_of(module, example[:1])
    last = sites[-1]
    ends = steps.before_end.get(last.module, [steps.total])
    read = ends[min(last.call, len(ends) - 1)] if last.form is Form.MODULE else ends[-1]
    behind = steps.total - read
    if behind >= _MIN_BEHIND and behind > read:
        notes.append(
            f"{last.layer} is the last layer that could be read over the picture, but {behind} of "
            f"the network's {steps.total} steps on more than one position follow it. Its map may "
            "show an early stage, and not what the output rests on."
        )
    return tuple(notes)
