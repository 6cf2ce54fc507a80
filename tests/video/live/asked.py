"""What the tests ask of live frames: where a picture is red."""

from __future__ import annotations

from attnviz.analysis.explain import explain
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.video.live.looking import LiveQuestion
from tests.video.films import drawn


def question_of(model: VisionModel) -> LiveQuestion:
    first = explain(model, Picture(drawn(30, 48), "first", "0" * 64), "attention")
    return LiveQuestion(model, first.method, first.best_layer)
