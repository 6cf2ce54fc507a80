"""What the app knows of a look and its server does not: if a text tells it, and how it is added."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from attnviz.analysis.provenance import pass_provenance
from attnviz.errors import TargetError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.targets import Target
from attnviz.targets.base import TextContext
from attnviz.targets.text import parse_targets


def tells_whole(text: str, targets: tuple[Target, ...], model: VisionModel) -> bool:
    """Return whether who reads the text gets the same targets."""
    if not targets:
        return True
    try:
        return parse_targets(text, TextContext(model.labels)) == targets
    except TargetError:
        return False


def as_here(
    parts: dict[str, Any], model: VisionModel, picture: Picture, targets: tuple[Target, ...]
) -> dict[str, Any]:
    """Return the parts of an explanation, with what the server was not told."""
    here = pass_provenance(model, picture, parts["geometry"])
    others = {name: text for name, text in parts["provenance"].items() if name not in here}
    asked = parts["asked"]
    if len(asked) == len(targets):
        asked = tuple(
            replace(one, target=target) for one, target in zip(asked, targets, strict=True)
        )
    return parts | {"provenance": here | others, "asked": asked}
