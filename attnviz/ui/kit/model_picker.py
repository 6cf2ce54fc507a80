"""Choosing a network, its device and its input size."""

from __future__ import annotations

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.models.catalogue import list_models
from attnviz.models.device import DeviceInfo, list_devices
from attnviz.models.spec import ModelSpec
from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit.cache import cached_model, fetch_weights
from attnviz.ui.kit.guard import show_error
from attnviz.ui.kit.input_size import pick_side
from attnviz.ui.kit.url_state import start_choice


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
        None if it cannot be downloaded or loaded; a message says why.
    """
    device = pick_device()
    specs = {spec.name: spec for spec in list_models()}
    start_choice("model", specs)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Model",
            list(specs),
            format_func=lambda key: model_title(specs[key]),
            key="model",
            persist_state="session",
            help="Models that do not ship with attnviz are downloaded on first use.",
        )
        side = pick_side(specs[str(name)])
    return ready_model(str(name), device, side)


def ready_model(name: str, device: str, side: int | None = None) -> VisionModel | None:
    """Download and load a network.

    Parameters
    ----------
    name : str
        Name of the model in the catalogue.
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

    def show(done: int, total: int | None) -> None:
        text = f"Downloading {name}: {done / 1e6:.0f} MB"
        if total:
            bar.progress(min(done / total, 1.0), f"{text} of {total / 1e6:.0f} MB")
        else:
            bar.info(text)

    try:
        fetch_weights(name, show)
        return cached_model(name, device, side)
    except AttnvizError as error:
        show_error(error)
        return None
    finally:
        bar.empty()


def model_title(spec: ModelSpec) -> str:
    """Return a model's name with the size of its download, if any."""
    if spec.embedded:
        return f"{spec.title} · ships with attnviz"
    size = f" · {spec.download_bytes / 1e6:.0f} MB" if spec.download_bytes else ""
    return f"{spec.title}{size}"
