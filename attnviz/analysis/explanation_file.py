"""Reading a saved explanation, which may come from anybody."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from attnviz.analysis.certainty import Certainty, Doubt
from attnviz.analysis.prediction import AskedTarget, Prediction
from attnviz.errors import AttnvizError, ExplanationError, TargetError
from attnviz.export.array_archive import MOST_FILE_BYTES, read_arrays
from attnviz.export.explanation_file import (
    FACTS,
    FORMAT,
    PICTURE,
    POINTED_MAP,
    VERSION,
    asked_map,
)
from attnviz.methods.base import METHODS
from attnviz.methods.questions import Choice, Question
from attnviz.models.scores import ScoreKind, Scores
from attnviz.pictures import Picture, PictureLimits, open_picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.pictures.interpolations import INTERPOLATIONS
from attnviz.pictures.names import visible
from attnviz.targets import Target
from attnviz.targets.base import TextContext
from attnviz.targets.saved import SavedTarget
from attnviz.targets.text import MOST as MOST_TARGETS
from attnviz.targets.text import parse_target
from attnviz.types import AnyArray, FloatArray
from attnviz.untrusted.values import (
    UNREADABLE,
    checked_list,
    checked_number,
    checked_object,
    parse_json,
    reason_of,
    sendable,
)

_MOST_LAYERS = 2048
_LONGEST_SIDE = 8192
_LONGEST_TEXT = 4000
_MOST_TEXTS = 200
_MOST_FACTS = 32_000_000  # bytes

Source = str | os.PathLike[str] | bytes
"""A path, or the bytes of a file."""


def explanation_parts(source: Source, picture: Picture | None = None) -> dict[str, Any]:
    """Read what an explanation is made of, checked.

    Parameters
    ----------
    source
        What `Explanation.save` has written.
    picture
        The picture that it is of, where it comes without one.

    Returns
    -------
    dict of str to Any
        Fields of `Explanation`.

    Raises
    ------
    ExplanationError
        The file cannot be read, is damaged or too large, or was made by a method that is not
        known here.
    """
    given = isinstance(source, bytes)
    name = "This file" if given else visible(Path(os.fsdecode(source)).name)
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as file:
            return _parts(_arrays(file), picture)
    except OSError as error:
        raise ExplanationError(f"{name} cannot be read ({error.strerror or error}).") from error
    except (AttnvizError, *UNREADABLE) as error:
        raise ExplanationError(
            f"{name} cannot be opened as an explanation: {reason_of(error)}. Save it again with "
            "`Explanation.save`."
        ) from error


def _arrays(file: IO[bytes]) -> dict[str, AnyArray]:
    arrays = read_arrays(file)
    if FACTS not in arrays or arrays[FACTS].nbytes > _MOST_FACTS:
        raise ValueError("it holds no explanation, perhaps the values of its maps alone")
    return arrays


def _parts(arrays: Mapping[str, AnyArray], given: Picture | None) -> dict[str, Any]:
    facts = checked_object(parse_json(_bytes(arrays[FACTS]), nan=True))
    if facts.get("format") != FORMAT:
        raise ValueError("it is of another format")
    if facts.get("version") != VERSION:
        raise ValueError(f"it is of version {facts.get('version')!r:.20}, and this reads {VERSION}")
    picture = given or _picture(facts["picture"], arrays[PICTURE])
    layers = _texts(facts["layers"], _MOST_LAYERS)
    if not layers or len(set(layers)) < len(layers):
        raise ValueError("its layers have no names of their own")
    predictions = tuple(_prediction(one) for one in checked_list(facts["predictions"], _MOST_TEXTS))
    classes = tuple(int(one) for one in checked_list(facts["classes"], _MOST_TEXTS))
    pointed = arrays.get(POINTED_MAP)
    return {
        "picture": picture,
        "choice": _choice(facts["method"]),
        "layers": layers,
        "maps": tuple(_map(arrays, name) for name in layers),
        "predictions": predictions,
        "classes": classes,
        "target": None if facts["target"] is None else _prediction(facts["target"]),
        "geometry": _geometry(facts["geometry"], picture),
        "provenance": _provenance(facts["provenance"]),
        "notes": _texts(facts["notes"], _MOST_TEXTS),
        "scores": _scores(facts["scores"]),
        "asked": _asked(facts["asked"], layers, arrays),
        "certainty": _certainty(facts["certainty"]),
        "pointed": None if pointed is None else _map(arrays, POINTED_MAP),
    }


def _bytes(values: AnyArray) -> bytes:
    if values.dtype != np.uint8 or values.ndim != 1:
        raise ValueError("a part of it has another type")
    return values.tobytes()


def _map(arrays: Mapping[str, AnyArray], name: str) -> FloatArray:
    values = arrays[name]
    if values.dtype != np.float32 or values.ndim != 2 or not values.size >= 1:
        raise ValueError(f"the map of {name[:80]} is no float32 [h, w]")
    if max(values.shape) > _LONGEST_SIDE or not np.isfinite(values).all():
        raise ValueError(f"the map of {name[:80]} is too large, or holds NaN or infinity")
    return values


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ValueError("a text is too long, or is none")
    return sendable(value)


def _texts(value: Any, most: int) -> tuple[str, ...]:
    return tuple(map(_text, checked_list(value, most)))


def _prediction(value: Any) -> Prediction:
    label, probability = checked_list(value, 2)
    return Prediction(_text(label), checked_number(probability))


def _picture(facts: Any, coded: AnyArray) -> Picture:
    limits = PictureLimits(MOST_FILE_BYTES, PictureLimits.from_environment().max_pixels)
    opened = open_picture(_bytes(coded), name=_text(facts["name"]), limits=limits)
    sha256 = _text(facts["sha256"])
    if not re.fullmatch(r"[0-9a-f ]{0,80}", sha256):
        raise ValueError("the picture's checksum is none")
    return replace(opened, sha256=sha256, notes=_texts(facts["notes"], _MOST_TEXTS))


def _choice(facts: Any) -> Choice:
    name, layer, question = (facts[key] for key in ("name", "layer", "question"))
    return Choice(
        METHODS.get(_text(name))(),
        None if layer is None else _text(layer),
        None if question is None else Question(question),
        bool(facts["measured"]),
    )


def _geometry(facts: Any, picture: Picture) -> PictureGeometry:
    sizes = [
        [int(side) for side in checked_list(facts[key], 2)]
        for key in ("picture_size", "input_size")
    ]
    (height, width), (rows, columns) = sizes
    top, left, bottom, right = map(checked_number, checked_list(facts["box"], 4))
    interpolation = facts["interpolation"]
    if (height, width) != (picture.height, picture.width):
        raise ValueError("its picture has another size than its maps say")
    if not (1 <= min(rows, columns) <= max(rows, columns) <= 100_000):
        raise ValueError("the network's input has no such size")
    if bottom <= top or right <= left or interpolation not in (None, *INTERPOLATIONS):
        raise ValueError("what the network saw of the picture is not said")
    box = (top, left, bottom, right)
    return PictureGeometry((height, width), box, (rows, columns), interpolation)


def _provenance(facts: Any) -> dict[str, str]:
    if not isinstance(facts, dict) or len(facts) > _MOST_TEXTS:
        raise ValueError("its provenance is none")
    return {_text(name): _text(value) for name, value in facts.items()}


def _scores(facts: Any) -> Scores:
    span = facts["span"]
    flags = ("exclusive", "pair", "logarithms", "flat", "alone")
    return Scores(
        ScoreKind(facts["kind"]),
        **{name: bool(facts[name]) for name in flags},
        note=_text(facts["note"]),
        span=None
        if span is None
        else (checked_number(checked_list(span, 2)[0]), checked_number(span[1])),
    )


def _certainty(facts: Any) -> Certainty | None:
    if facts is None:
        return None
    doubt = facts["doubt"]
    return Certainty(
        checked_number(facts["margin"]),
        checked_number(facts["energy"]),
        None if doubt is None else Doubt(doubt),
    )


def _asked(
    facts: Any, layers: tuple[str, ...], arrays: Mapping[str, AnyArray]
) -> tuple[AskedTarget, ...]:
    return tuple(
        AskedTarget(
            _target(_text(one["text"])),
            _prediction(one["prediction"]),
            ScoreKind(one["kind"]),
            checked_number(one["share"]),
            tuple(_map(arrays, asked_map(number, layer)) for layer in range(len(layers))),
        )
        for number, one in enumerate(checked_list(facts, MOST_TARGETS))
    )


def _target(text: str) -> Target:
    try:
        return parse_target(text, TextContext())
    except TargetError:  # a function, or another picture
        return SavedTarget(text)
