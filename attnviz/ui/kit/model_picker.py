"""Choosing a network, its device and its input size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.errors import AttnvizError
from attnviz.hosting import Hosting
from attnviz.models.catalogue import missing_default
from attnviz.models.device import DeviceInfo, list_devices
from attnviz.models.spec import ModelSpec
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import is_downloadable, is_here
from attnviz.models.words_source import missing_words
from attnviz.models.zoo_source import damaged_cards
from attnviz.ui.kit.guard import plain_text, show_error
from attnviz.ui.kit.input_size import pick_side
from attnviz.ui.kit.model_cache import cached_model, fetch_weights, weights_key
from attnviz.ui.kit.model_list import (
    listed_models,
    model_facts,
    model_title,
    start_title,
)
from attnviz.ui.kit.own_weights import offer_own_weights
from attnviz.ui.kit.url_state import start_choice
from attnviz.words import file_size

MODEL = "model"
_WANTED = "model wanted"  # name that the visitor chose; a link alone starts no download
_SHOWN = "model shown"  # name of the last one that could be loaded
_MISSING = "model missing"
_OFFERED = 3  # networks on this computer that are offered instead


@dataclass(frozen=True)
class _Missing:
    """A network that was asked for and is not on this computer.

    Attributes
    ----------
    name
        Its name.
    reason
        Why it could not be downloaded; empty if only a link asked for it.
    """

    name: str
    reason: str = ""


def pick_device() -> str:
    """Let the user choose a device in the sidebar; the fastest is the default.

    Returns
    -------
    str
        The device, as for `torch.device`.
    """
    devices = {device.key: device for device in list_devices()}
    chosen = st.sidebar.selectbox(
        "Device",
        list(devices),
        format_func=lambda key: _device_title(devices[key]),
        key="device",
        persist_state="session",
        help="Default: CUDA, then MPS, then CPU.",
    )
    return str(chosen)


def _device_title(device: DeviceInfo) -> str:
    memory = device.memory_bytes
    return f"{device.name} · {memory / 1e9:.0f} GB" if memory else device.name


def pick_model() -> VisionModel | None:
    """Let the user choose a model, its device and its input size, and load it.

    Returns
    -------
    VisionModel or None
        The chosen model; the last one if the chosen one cannot be downloaded. None if it cannot be
        loaded; a message says why.
    """
    device = pick_device()
    specs = listed_models()
    start_choice(MODEL, specs)
    row, below = st.container(horizontal=True, vertical_alignment="bottom"), st.container()
    with below:
        _fetch_or_step_back(specs)
    first = next(iter(specs))
    with row:
        name = st.selectbox(
            "Model",
            list(specs),
            format_func=lambda key: (start_title if key == first else model_title)(specs[key]),
            key=MODEL,
            persist_state="session",
            on_change=choose_model,
            help="Those on this computer come first; \N{DOWNWARDS ARROW} marks a download, and "
            "*file to add* a file that you have to get yourself. Type spatial, channel or context "
            "to see one kind of attention only.",
        )
        side = pick_side(specs[str(name)])
    with below:
        if missing := missing_default():
            st.info(missing, icon=":material/download:")
        _show_damaged()
        _show_facts(specs[str(name)], specs)
    model = ready_model(specs[str(name)], device, side)
    if model is not None:
        st.session_state[_SHOWN] = str(name)
    return model


def _show_damaged() -> None:
    """Say which networks that come along are damaged; visitors need not know the server's paths."""
    hosted = Hosting.from_environment().hosted
    for name, error in damaged_cards().items():
        told = f"The card of {name} on this server is damaged. Tell whoever runs it."
        st.warning(plain_text(told if hosted else str(error)))


def _show_facts(spec: ModelSpec, specs: Mapping[str, ModelSpec]) -> None:
    """One line about the model, which opens to more of it and to a form for one's own weights."""
    line = plain_text(model_facts(spec))
    with st.popover(line, type="tertiary", icon=":material/info:"):
        size = f"{spec.parameters / 1e6:.1f} million parameters. " if spec.parameters else ""
        st.caption(plain_text(f"{size}{spec.note}"))
        if install := missing_words():
            st.caption(plain_text(install))
        offer_own_weights(specs, MODEL)


def choose_model(name: str = "") -> None:
    """Choose a network, which may be downloaded; for callbacks.

    Parameters
    ----------
    name : str
        Name of the network; that in the box if empty.
    """
    st.session_state[MODEL] = st.session_state[_WANTED] = name or st.session_state[MODEL]
    st.session_state.pop(_MISSING, None)


def _fetch_or_step_back(specs: Mapping[str, ModelSpec]) -> None:
    """Download the chosen network; if that fails, choose the last one again, and offer others.

    Called before the box is drawn, because a widget's choice cannot be changed after it.
    """
    name = str(st.session_state[MODEL])
    if not is_here(specs[name]):
        wanted = st.session_state.get(_WANTED) == name
        # A link starts no download; where there is none, trying says at once what to do.
        reason = _fetch(specs[name]) if wanted or not is_downloadable(specs[name]) else ""
        if reason or not wanted:
            st.session_state[_MISSING] = _Missing(name, reason)
            shown = specs.get(str(st.session_state.get(_SHOWN)))
            st.session_state[MODEL] = shown.name if shown and is_here(shown) else next(iter(specs))
            st.session_state.pop(_WANTED, None)
    missing: _Missing | None = st.session_state.get(_MISSING)
    if missing is not None and missing.name in specs:
        _offer_others(missing, specs)


def _offer_others(missing: _Missing, specs: Mapping[str, ModelSpec]) -> None:
    shown, asked = specs[str(st.session_state[MODEL])], specs[missing.name]
    size = f" of {file_size(asked.download_bytes)}" if asked.download_bytes else ""
    why = missing.reason or (
        f"The link asks for {asked.title}, a download{size} that has not been made here."
    )
    st.warning(plain_text(f"{why} You still see {shown.title}."), icon=":material/cloud_download:")
    here = [spec for spec in specs.values() if is_here(spec) and spec is not shown][:_OFFERED]
    with st.container(horizontal=True):
        again = "Try again" if missing.reason else f"Download {asked.title}"
        st.button(plain_text(again), on_click=choose_model, args=(asked.name,), type="primary")
        for spec in here:
            st.button(
                plain_text(f"Use {spec.title}"), key=f"use {spec.name}",
                on_click=choose_model, args=(spec.name,),
            )  # fmt: skip


def _fetch(spec: ModelSpec) -> str:
    """Download a network's weights; returns why that failed, or nothing."""
    bar = st.empty()
    try:
        fetch_weights(spec, lambda done, total: _show_download(bar, spec.name, done, total))
    except AttnvizError as error:
        return str(error)
    finally:
        bar.empty()
    return ""


def ready_model(spec: ModelSpec, device: str, side: int | None = None) -> VisionModel | None:
    """Download and load a network.

    Parameters
    ----------
    spec : ModelSpec
        The network.
    device : str
        As for `torch.device`.
    side : int, optional
        Side of the input in px; default: the network's own.

    Returns
    -------
    VisionModel or None
        None if it cannot be downloaded or loaded; a message says why.
    """
    bar = st.empty()
    try:
        fetch_weights(spec, lambda done, total: _show_download(bar, spec.name, done, total))
        return cached_model(spec.name, device, side, weights_key(spec), spec)
    except AttnvizError as error:
        show_error(error)
        return None
    finally:
        bar.empty()


def _show_download(bar: DeltaGenerator, name: str, done: int, total: int | None) -> None:
    text = f"Downloading {name}: {done / 1e6:.0f} MB"
    if total:
        bar.progress(min(done / total, 1.0), f"{text} of {total / 1e6:.0f} MB")
    else:
        bar.info(text)
