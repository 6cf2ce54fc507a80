"""The networks that pages offer, from one source: the catalogue's and the visitor's own."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from attnviz.errors import SettingError
from attnviz.hosting import MODELS_VARIABLE, Hosting
from attnviz.models.catalogue import list_models
from attnviz.models.spec import Kinds, ModelSpec
from attnviz.models.weights import is_downloadable, is_here
from attnviz.ui.kit.trainings import trained_networks
from attnviz.words import file_size

_OWN_FILES = "own weights opened"
_KINDS = ("spatial", "channel", "context")
NO_ATTENTION = "no attention of its own"
DOWNLOAD = "\N{DOWNWARDS ARROW}"
_TO_ADD = "file to add"


def listed_models() -> dict[str, ModelSpec]:
    """List all networks to choose from, by name.

    Returns
    -------
    dict of str to ModelSpec
        The one to start with; the visitor's own; those on this computer; those to download; those
        whose file is to be added by hand. Each group by kind of attention: spatial, channel,
        context, none.
    """
    hosting = Hosting.from_environment()
    offered = [spec for spec in list_models() if hosting.may_use(spec.name, here=is_here(spec))]
    if hosting.hosted:  # its visitors can add no files
        offered = [spec for spec in offered if is_here(spec) or is_downloadable(spec)]
    if not offered:
        raise SettingError(
            f"{MODELS_VARIABLE} names no network that is here or can be downloaded: attnviz models"
        )
    start, *others = offered
    own = {spec.name: spec for spec in (*opened_weights(), *trained_networks())}
    ordered = [start, *own.values(), *sorted(_by_kind(others), key=_distance)]
    return {spec.name: spec for spec in ordered}


def _distance(spec: ModelSpec) -> int:
    """How far its weights are: here, to download, or to be added by hand."""
    return 0 if is_here(spec) else 2 - is_downloadable(spec)


def _by_kind(specs: Sequence[ModelSpec]) -> list[ModelSpec]:
    order = (*_KINDS, "features")
    return sorted(specs, key=lambda spec: min(map(order.index, spec.kinds), default=len(order)))


def opened_weights() -> list[ModelSpec]:
    """Return the networks whose weights were opened in this session; may be changed."""
    opened: list[ModelSpec] = st.session_state.setdefault(_OWN_FILES, [])
    return opened


def model_title(spec: ModelSpec) -> str:
    """Return a line of the list: name, kind, whether it names classes, and size of a download.

    Examples
    --------
    >>> from attnviz.models.catalogue import find_model
    >>> model_title(find_model("vit-small"))
    'Vision transformer, small · context'
    """
    mark = "" if is_here(spec) else f" · {_source(spec)}"
    answers = "" if spec.has_classes else " · no classes"
    if spec.outputs is not None:
        answers = " · finds things" if spec.finds_things else " · finds regions"
    kinds = kind_title(spec.kinds) + answers
    return f"{spec.title} · {kinds}{mark}"


def start_title(spec: ModelSpec) -> str:
    """Return the line of the network to start with."""
    return f"{model_title(spec)} · start here"


def kind_title(kinds: Kinds) -> str:
    """Name the kinds of attention: `("spatial", "channel", "features")` -> "spatial + channel"."""
    return " + ".join(kind for kind in _KINDS if kind in kinds) or NO_ATTENTION


def model_facts(spec: ModelSpec) -> str:
    """Say in one line where a network's weights are, how large, and under which licence."""
    size = spec.download_bytes or (spec.weights.bytes if spec.weights else None)
    elsewhere = "to download" if is_downloadable(spec) else _TO_ADD
    where = "on this computer" if is_here(spec) else elsewhere
    facts = [f"{_size(size)} {where}".strip()]
    if spec.licence:
        facts.append(f"licence {spec.licence}")
    return " · ".join(facts)


def _source(spec: ModelSpec) -> str:
    """Where the weights come from that are not here."""
    if not is_downloadable(spec):
        return _TO_ADD
    return f"{DOWNLOAD} {_size(spec.download_bytes)}".rstrip()


def _size(count: int | None) -> str:
    return file_size(count) if count else ""
