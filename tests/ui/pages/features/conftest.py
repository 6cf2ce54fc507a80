"""A small transformer in place of the catalogue's networks."""

from __future__ import annotations

import pytest

from attnviz.models.vision_model import VisionModel
from attnviz.ui.kit import model_picker
from tests.ui.pages.layers.layers_pages import in_place_of_the_catalogue


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> VisionModel:
    in_place_of_the_catalogue(monkeypatch, "vit")
    loaded: VisionModel = model_picker.cached_model()  # type: ignore[call-arg]
    return loaded
