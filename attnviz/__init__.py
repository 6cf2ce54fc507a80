"""attnviz: see where vision models look.

What a model attends to stays sharp, and the surround falls into bokeh. The names below are all that
a user needs; they are imported when first used, so `import attnviz` itself is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from attnviz.version import __version__ as __version__

if TYPE_CHECKING:
    from attnviz import evidence as evidence
    from attnviz.analysis.attention import Attention as Attention
    from attnviz.analysis.attention import attention as attention
    from attnviz.analysis.compare import compare as compare
    from attnviz.analysis.counterparts import Likeness as Likeness
    from attnviz.analysis.counterparts import likeness as likeness
    from attnviz.analysis.detect import Detection as Detection
    from attnviz.analysis.detect import detect as detect
    from attnviz.analysis.explain import explain as explain
    from attnviz.analysis.explanation import Explanation as Explanation
    from attnviz.analysis.features import PatchFeatures as PatchFeatures
    from attnviz.analysis.features import features as features
    from attnviz.analysis.method_list import MethodInfo as MethodInfo
    from attnviz.analysis.method_list import list_methods as list_methods
    from attnviz.analysis.network_agreement import network_agreement as network_agreement
    from attnviz.analysis.objects import FoundObjects as FoundObjects
    from attnviz.analysis.objects import objects as objects
    from attnviz.batch.engine import ExplainedPicture as ExplainedPicture
    from attnviz.batch.explain_many import explain_many as explain_many
    from attnviz.errors import AttnvizError as AttnvizError
    from attnviz.metrics.map_difference import MapDifference as MapDifference
    from attnviz.models.black_box.door import black_box as black_box
    from attnviz.models.catalogue import list_models as list_models
    from attnviz.models.loading import load_model as load_model
    from attnviz.models.loading import wrap as wrap
    from attnviz.models.preprocess import Preprocess as Preprocess
    from attnviz.models.vision_model import VisionModel as VisionModel
    from attnviz.people.door import Agreement as Agreement
    from attnviz.people.door import agreement as agreement
    from attnviz.pictures import Picture as Picture
    from attnviz.pictures import open_picture as open_picture
    from attnviz.pictures.geometry import Fit as Fit
    from attnviz.pictures.open_channels import open_channels as open_channels
    from attnviz.render.bokeh_photo import bokeh as bokeh
    from attnviz.render.focus import Edges as Edges
    from attnviz.render.focus import FocusMap as FocusMap
    from attnviz.render.focus import FocusSettings as FocusSettings
    from attnviz.render.focus import Scale as Scale
    from attnviz.targets.alike import Alike as Alike
    from attnviz.targets.box import Box as Box
    from attnviz.targets.contrast import Contrast as Contrast
    from attnviz.targets.patch import Patch as Patch
    from attnviz.targets.region import Region as Region
    from attnviz.targets.single_class import Class as Class
    from attnviz.targets.words import Words as Words
    from attnviz.training.recording.file import Recording as Recording
    from attnviz.training.recording.own_loop import record as record
    from attnviz.video.explain import explain_video as explain_video
    from attnviz.video.focus_video import focus_video as focus_video
    from attnviz.video.maps_over_time import MapsOverTime as MapsOverTime
    from attnviz.video.opening import open_video as open_video
    from attnviz.vision.foveate_photo import foveate as foveate

_HOMES = {
    "Agreement": "attnviz.people.door",
    "Alike": "attnviz.targets.alike",
    "Attention": "attnviz.analysis.attention",
    "AttnvizError": "attnviz.errors",
    "Box": "attnviz.targets.box",
    "Class": "attnviz.targets.single_class",
    "Contrast": "attnviz.targets.contrast",
    "Detection": "attnviz.analysis.detect",
    "Edges": "attnviz.render.focus",
    "ExplainedPicture": "attnviz.batch.engine",
    "Explanation": "attnviz.analysis.explanation",
    "Fit": "attnviz.pictures.geometry",
    "FocusMap": "attnviz.render.focus",
    "FocusSettings": "attnviz.render.focus",
    "FoundObjects": "attnviz.analysis.objects",
    "Likeness": "attnviz.analysis.counterparts",
    "MapDifference": "attnviz.metrics.map_difference",
    "MapsOverTime": "attnviz.video.maps_over_time",
    "MethodInfo": "attnviz.analysis.method_list",
    "Patch": "attnviz.targets.patch",
    "PatchFeatures": "attnviz.analysis.features",
    "Picture": "attnviz.pictures",
    "Preprocess": "attnviz.models.preprocess",
    "Recording": "attnviz.training.recording.file",
    "Region": "attnviz.targets.region",
    "Scale": "attnviz.render.focus",
    "VisionModel": "attnviz.models.vision_model",
    "Words": "attnviz.targets.words",
    "agreement": "attnviz.people.door",
    "attention": "attnviz.analysis.attention",
    "black_box": "attnviz.models.black_box.door",
    "bokeh": "attnviz.render.bokeh_photo",
    "compare": "attnviz.analysis.compare",
    "detect": "attnviz.analysis.detect",
    "evidence": "attnviz.evidence",
    "explain": "attnviz.analysis.explain",
    "explain_many": "attnviz.batch.explain_many",
    "explain_video": "attnviz.video.explain",
    "features": "attnviz.analysis.features",
    "focus_video": "attnviz.video.focus_video",
    "foveate": "attnviz.vision.foveate_photo",
    "likeness": "attnviz.analysis.counterparts",
    "list_methods": "attnviz.analysis.method_list",
    "list_models": "attnviz.models.catalogue",
    "load_model": "attnviz.models.loading",
    "network_agreement": "attnviz.analysis.network_agreement",
    "objects": "attnviz.analysis.objects",
    "open_channels": "attnviz.pictures.open_channels",
    "open_picture": "attnviz.pictures",
    "open_video": "attnviz.video.opening",
    "record": "attnviz.training.recording.own_loop",
    "wrap": "attnviz.models.loading",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'attnviz' has no attribute {name!r}")
    home = importlib.import_module(_HOMES[name])
    value = home if home.__name__ == f"attnviz.{name}" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
