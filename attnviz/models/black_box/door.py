"""From anything that returns scores to a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from attnviz.errors import ModelError, UnknownNameError
from attnviz.models.black_box.function import from_function
from attnviz.models.black_box.handed import Handed, Takes
from attnviz.models.black_box.network import BlackBox
from attnviz.models.black_box.onnx_runtime import SUFFIX, from_onnx
from attnviz.models.black_box.service import SCHEMES, from_address
from attnviz.models.black_box.torch_program import EXPORTED, SCRIPTED, from_program
from attnviz.models.outputs.infer import declared_outputs
from attnviz.models.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from attnviz.models.scores import ScoreKind, score_kind
from attnviz.models.spec import ModelSpec, Source, as_given
from attnviz.models.tasks import task_named
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import Fit

_SIDE = 224


def black_box(
    scorer: Callable[[Any], Any] | object,
    labels: Sequence[str] | None = None,
    *,
    input_size: int | None = None,
    preprocess: Preprocess | None = None,
    batch: int | None = None,
    takes: str | None = None,
    task: str | None = None,
    scores: str | None = None,
    outputs: str | None = None,
    name: str | None = None,
) -> VisionModel:
    """Make anything that returns scores of pictures usable here, although nothing is seen inside.

    `explain` answers by methods that need scores alone (`rise`, `occlusion`; `d-rise` for what a
    detector finds), and evidence, blur budget and exports work as for every model.

    Parameters
    ----------
    scorer
        A function from a batch to scores [N, classes]; a session of ONNX Runtime; a TorchScript
        module, an exported program, or any module, also a quantized one; a `Service`; the path of
        an `.onnx`, `.pt` (TorchScript) or `.pt2` (exported) file; or the http(s) address of a
        service that speaks the Open Inference Protocol. Open only files that you trust: they are
        programs.
    labels
        Name of each class, in order; "class 17" and the like if None.
    input_size
        Side of the input in pixels; what `scorer` says, or 224.
    preprocess
        How pictures become inputs; by default they are squashed into a square, and normalised by
        ImageNet's mean and deviation.
    batch
        How many pictures it is given at once, at most; 32 if None and it does not say.
    takes
        What a function is given. "array" (the default): NumPy's float32 [N, C, h, w], normalised.
        "tensor": PyTorch's, likewise. "pictures": a list of uint8 [h, w, 3], RGB, as they are; mean
        and deviation do not apply then.
    task, scores
        What it is for, and what it returns, as for `wrap`; inferred from the values if None.
    outputs
        What a detector or segmenter returns, as for `wrap`, in arrays, tensors or lists: "boxes"
        (a dictionary of `boxes`, in pixels of what it is given, `scores` and `labels` for each
        picture), "masks" or "dense".
    name
        Name to show.

    Returns
    -------
    VisionModel

    Raises
    ------
    ModelError
        It cannot be called, a file cannot be loaded, or its input is none that pictures fit.
    UnknownNameError
        `takes`, `task`, `scores` or `outputs` is none of the names.

    Examples
    --------
    >>> import numpy as np
    >>> def brightness(batch):
    ...     mean = np.stack(batch).mean((1, 2, 3)) / 255
    ...     return np.stack([1 - mean, mean], 1)
    >>> model = black_box(brightness, ["dark", "bright"], takes="pictures", input_size=32)
    >>> from attnviz.analysis.explain import predict
    >>> predict(model, np.full((8, 8, 3), 204, np.uint8))[0]
    Prediction(label='bright', probability=0.800000011920929)
    """
    handed = _handed(scorer)
    if takes is not None:
        if takes not in set(Takes):
            raise UnknownNameError("kind of input", str(takes), Takes)
        handed = replace(handed, takes=Takes(takes))
    if batch is not None and batch < 1:
        raise ModelError(f"A batch has at least one picture, not {batch}.")
    found = None if outputs is None else declared_outputs(outputs, len(labels or ()))
    network = BlackBox(replace(handed, name=name or handed.name), batch, found)
    spec = ModelSpec(
        name=network.name,
        title=network.name,
        source=Source.BLACK_BOX,
        kinds=(),
        embedded=False,
        download_bytes=None,
        parameters=None,
        build=partial(as_given, network),
        weights=None,
        preprocess=_preprocess(handed, preprocess, input_size),
        labels=tuple(labels or ()),
        scores=score_kind(scores) if found is None else ScoreKind.NONE,
        outputs=found,
        task=task_named(task, score_kind(scores)),
        values=False,
    )
    return VisionModel(spec, network, torch.device("cpu"), handed.digest)


def is_black_box_file(word: str) -> bool:
    """Return whether a word is the path of a file, or an address, that `black_box` takes.

    Weights alone, which end in `.pt` as well, come as `network=file.pt` elsewhere.
    """
    suffixes = (SUFFIX, *SCRIPTED, *EXPORTED)
    return word.lower().startswith(SCHEMES) or ("=" not in word and word.lower().endswith(suffixes))


def _handed(scorer: object) -> Handed:
    given = scorer
    if isinstance(given, str) and not given.lower().startswith(SCHEMES):
        given = Path(given).expanduser()
    for adapter in (from_onnx, from_program, from_address):
        found = adapter(given)
        if found is not None:
            return found
    if isinstance(given, Path):
        known = ", ".join((SUFFIX, *SCRIPTED, *EXPORTED))
        raise ModelError(f"{given} is no file that can be handed over. Known are {known}.")
    if not callable(given):
        raise ModelError(
            f"`black_box` takes something that can be called, and {type(given).__name__} cannot. "
            "Pass a function from a batch of pictures to scores."
        )
    return from_function(given)


def _preprocess(handed: Handed, given: Preprocess | None, side: int | None) -> Preprocess:
    """The preprocessing that was asked for, and fits what is known of the input."""
    if handed.any_size and given is None and side is None:
        raise ModelError(
            f"{handed.name} has dynamic axes: it takes inputs of any size. Say which size it was "
            "made for with `input_size` (--input-size on the command line)."
        )
    fixed: int | tuple[int, int] | None = handed.size
    if handed.size is not None and handed.size[0] == handed.size[1]:
        fixed = handed.size[0]
    mean, std = _colours(handed.channels or 3)
    chosen = given or Preprocess(
        fixed or side or _SIDE, Fit.SQUASH, multiple=1, any_size=False, mean=mean, std=std
    )
    if side is not None:
        chosen = replace(chosen, size=side, resize=None)
    if fixed is not None and chosen.size != fixed:
        raise ModelError(
            f"{handed.name} takes inputs of {_sides(fixed)} pixels only, not "
            f"{_sides(chosen.size)}. Leave the size away, or export it for other sizes."
        )
    if fixed is not None and chosen.fit is Fit.WHOLE:
        raise ModelError(
            f"{handed.name} takes inputs of {_sides(fixed)} pixels, and whole pictures of any "
            'shape were asked for. Give `Preprocess(fit="squash")` or "crop".'
        )
    if handed.channels is not None and chosen.channels != handed.channels:
        raise ModelError(
            f"{handed.name} takes {handed.channels} channels, and the preprocessing makes "
            f"{chosen.channels}. Give as many numbers in `mean` and `std`."
        )
    if handed.takes is Takes.PICTURES:
        chosen = chosen.unnormalised()
    return chosen


def _sides(size: int | tuple[int, int]) -> str:
    return str(size) if isinstance(size, int) else f"{size[0]} x {size[1]}"


def _colours(channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """ImageNet's mean and deviation, which it has for RGB alone; elsewhere -1..1."""
    if channels == len(IMAGENET_MEAN):
        return IMAGENET_MEAN, IMAGENET_STD
    return (0.5,) * channels, (0.5,) * channels
