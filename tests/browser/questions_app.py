"""The app with one more network, which reads the words for colours."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

from safetensors.torch import save_file

from attnviz.models import catalogue
from attnviz.models.spec import ModelSpec, WeightsRef
from attnviz.ui.app import run
from tests.targets.test_words import reader


@cache
def reader_specs() -> tuple[ModelSpec, ...]:
    """The network as an entry of the catalogue, with its weights in the folder of this run."""
    model = reader()
    path = Path(os.environ["TORCH_HOME"]) / f"{model.name}.safetensors"
    save_file(model.module.state_dict(), path)
    return (replace(model.spec, embedded=True, weights=WeightsRef(path.name, embedded=path)),)


if __name__ == "__main__":
    # Of the imported module: the script itself is new in each run, and so is what it caches.
    from tests.browser.questions_app import reader_specs as same_specs

    catalogue.words_specs = same_specs
    run()
