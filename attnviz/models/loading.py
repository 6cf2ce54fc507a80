"""Load a network by name or spec, or wrap any module."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import nn

from attnviz.errors import ModelError, OutOfMemoryError
from attnviz.models.catalogue import default_model, find_model, missing_default
from attnviz.models.device import choose_device, is_out_of_memory, move_module
from attnviz.models.digest import weights_digest
from attnviz.models.inferred import infer_inputs
from attnviz.models.module_inputs.hugging_face_module import has_processor
from attnviz.models.outputs.infer import outputs_of
from attnviz.models.scores import ScoreKind, score_kind
from attnviz.models.spec import (
    FEATURES,
    SPATIAL_AND_FEATURES,
    ModelSpec,
    Source,
    WeightsRef,
    as_given,
)
from attnviz.models.state import load_state
from attnviz.models.tasks import task_named
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import read_weights
from attnviz.models.words_network import (
    Tokenizer,
    WordsNetwork,
    image_preprocess,
    reads_words,
)
from attnviz.models.wrappable import check_wrappable
from attnviz.models.zoo.lens import LensNetwork
from attnviz.models.zoo.residual_attention import SoftMaskGate
from attnviz.progress import Progress


def load_model(
    model: str | ModelSpec | None = None,
    device: str | torch.device = "auto",
    *,
    input_size: int | None = None,
    progress: Progress | None = None,
) -> VisionModel:
    """Load a network with its weights, in evaluation mode and without parameter gradients.

    The same name always gives the same outputs, and the global random state is not changed.

    Parameters
    ----------
    model
        A name from `list_models`, or a spec. `lens` if None: EfficientNet-Lite0 with ImageNet's
        1,000 classes, and masks; the next that comes along where its package is missing, with a
        warning.
    device
        "auto", "cuda", "cuda:1", "mps" or "cpu".
    input_size
        Side of the input in pixels; the network's default if None. Larger inputs give finer maps;
        vision transformers interpolate their position embeddings.
    progress
        Called during a download with bytes done and in all; a bar on stderr if None.

    Returns
    -------
    VisionModel

    Raises
    ------
    UnknownNameError
        There is no such model or device.
    ModelError
        The device is not available, the network has no weights, or it does not accept inputs of
        that size.
    WeightsError
        The weights are damaged or unavailable.
    OutOfMemoryError
        The network does not fit into the device's memory.

    Examples
    --------
    >>> model = load_model("ran-small", "cpu")
    >>> model.preprocess.size
    160
    """
    if model is None:
        model = default_model()
        if missing := missing_default():
            warnings.warn(f"{missing} {model} is used instead.", stacklevel=2)
    spec = find_model(model) if isinstance(model, str) else model
    chosen = choose_device(device)
    if spec.weights is None:
        raise ModelError(f"{spec.name} has no published weights. Train it, or use `wrap`.")
    if not spec.observable:  # it holds what it needs, and runs where it runs
        if input_size not in (None, spec.preprocess.size):
            raise _other_size(spec, input_size)
        return VisionModel(spec, spec.build(), torch.device("cpu"), spec.weights.sha256)
    try:
        module, digest = _built(spec, spec.weights, progress)
        if input_size is not None and input_size != spec.preprocess.size:
            module, spec = _resized(module, spec, input_size)
        return VisionModel(spec, move_module(module, chosen), chosen, digest)
    except Exception as error:
        if is_out_of_memory(error):
            raise OutOfMemoryError(
                f"{spec.name} does not fit into memory on {chosen}. "
                "Close other programs, or choose a smaller network."
            ) from error
        raise


def _resized(module: nn.Module, spec: ModelSpec, side: int) -> tuple[nn.Module, ModelSpec]:
    preprocess = spec.preprocess
    least = min(preprocess.side, preprocess.multiple) if preprocess.any_size else 1
    if side < least:
        raise ModelError(f"{spec.name} takes inputs of {least} pixels and more, not {side}.")
    if not preprocess.any_size:
        if spec.resize is None:
            raise _other_size(spec, side)
        with torch.random.fork_rng(devices=[]):
            module = spec.resize(module, side).eval().requires_grad_(False)
    return module, replace(spec, preprocess=replace(preprocess, size=side))


def _other_size(spec: ModelSpec, side: int | None) -> ModelError:
    size = spec.preprocess.size
    return ModelError(f"{spec.name} takes inputs of {size} pixels only, not {side}.")


def _built(spec: ModelSpec, ref: WeightsRef, progress: Progress | None) -> tuple[nn.Module, str]:
    state, file = read_weights(ref, progress)
    with torch.random.fork_rng(devices=[]):  # building draws random weights
        module = spec.build()
    load_state(module, state, file.path)
    return module.eval().requires_grad_(False), file.sha256


def wrap(
    module: nn.Module,
    preprocess: Any = None,
    labels: Sequence[str] | None = None,
    *,
    name: str | None = None,
    task: str | None = None,
    scores: str | None = None,
    weights: Any = None,
    processor: Any = None,
    channels: int | None = None,
    outputs: str | None = None,
    tokenizer: Tokenizer | None = None,
) -> VisionModel:
    """Make any network usable here; it is not moved or changed.

    It is not copied either, unless a size is asked for to which its position embeddings have to be
    interpolated, which timm and torchvision's ViT can; a note tells so.

    Parameters
    ----------
    module
        Maps [N, C, h, w] to scores [N, classes]; stays on its device.
    preprocess
        Its preprocessing, which also says how many channels C it takes, or anything that
        `Preprocess.of` reads, such as the transforms of its evaluation. If None, it is inferred:
        from timm's `pretrained_cfg`, Hugging Face's configuration and the image processor that lies
        beside it on this computer, the class and size of torchvision's networks, and else from its
        patches and positions. `notes` tells so, and `preprocess` of what is returned has it.
    labels
        Name of each class, in order; those of the network's library if None and they are as many as
        its outputs, and else "class 17" and the like. A network of one output takes one label, or
        two: of what it means when it is low, and when it is high.
    name
        Name to show; the name of its class if None.
    task
        What it is for, which decides how its output is read, be it logits or probabilities:
        "classes" (one of several), "binary" (one output, or two), "multi-label" (each label by
        itself) or "features" (no classes: then none are told). If None, it is inferred when the
        module first runs, from its last step and its settings, and told in `notes`.
    scores
        The form of its output, where that is to be said too. "softmax": logits of classes of which
        one is true. "sigmoid": logits of labels that are true or false each by itself.
        "probabilities": those, of either kind; they are told as they are, and maps explain their
        log-odds, which do not saturate. "none": features, as an embedding; then methods that
        explain a class take the index of a component.
    weights
        The entry of torchvision's weights that the network was loaded with, such as
        `ResNet50_Weights.IMAGENET1K_V2`; says preprocessing and labels.
    processor
        Hugging Face's image processor, which says the preprocessing.
    channels
        How many channels it takes, if its first convolution does not say it. Pictures that were
        opened with as many (`attnviz.open_channels`) give it the file's own values.
    outputs
        What `module` returns where it is no classifier: "boxes" (a dictionary of `boxes`, `scores`
        and `labels` for each picture, or `logits` and `pred_boxes` of queries), "masks" (of
        queries, as Mask2Former) or "dense" (logits [N, classes, h, w]). If None, it is known of the
        detectors and segmenters of torchvision and transformers.
    tokenizer
        Of a network with a text tower, such as OpenCLIP's or Hugging Face's CLIP and SigLIP: then
        it can be asked for `Words`. Its image tower is what runs.

    Returns
    -------
    VisionModel

    Raises
    ------
    ModelError
        `module` is no module, has no weights yet, or is quantized; or no preprocessing can be read
        from what is given for it.
    UnknownNameError
        There is no such task, `scores` is none of the four, or `outputs` none of the three.
    """
    check_wrappable(module)
    name = name or type(module).__name__
    if tokenizer is not None or reads_words(module):
        if preprocess is None and processor is None and not has_processor(module):
            preprocess = image_preprocess(module)
        module, scores = WordsNetwork(module, tokenizer), scores or ScoreKind.NONE
    soft_masks = any(isinstance(sub, SoftMaskGate) for sub in module.modules())
    parameters = list(module.parameters())
    kind = score_kind(scores)
    inputs = infer_inputs(
        module, name, preprocess=preprocess, weights=weights, processor=processor, channels=channels
    )
    module = inputs.module or module
    names = inputs.labels if labels is None else tuple(labels)
    found = outputs_of(module, outputs, len(names))
    spec = ModelSpec(
        name=name,
        title=name,
        source=Source.USER,
        kinds=SPATIAL_AND_FEATURES if soft_masks else FEATURES,
        embedded=False,
        download_bytes=None,
        parameters=sum(parameter.numel() for parameter in parameters),
        build=partial(as_given, module),
        weights=None,
        preprocess=inputs.preprocess,
        labels=names,
        scores=kind if found is None else ScoreKind.NONE,
        task=task_named(task, kind),
        outputs=found,
        class_masks=any(isinstance(sub, LensNetwork) for sub in module.modules()),
    )
    first = next(chain(parameters, module.buffers()), None)
    device = torch.device("cpu") if first is None else first.device
    notes = (inputs.note,) if inputs.note else ()
    return VisionModel(
        spec,
        module,
        device,
        weights_digest(module),
        notes=notes,
        inferred=preprocess is None and bool(notes),
    )
