"""What an experiment raises, and what a network raises in it."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.errors import MethodError, ModelError
from attnviz.evidence.run import run_experiment
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture
from tests.analysis.test_failures import Net


@pytest.fixture
def picture() -> Picture:
    return open_picture(np.full((64, 64, 3), 90, np.uint8), name="grey")


def test_what_an_experiment_raises_is_the_callers(picture: Picture) -> None:
    """But a network that fails in it is named."""
    model = wrap(Net(), Preprocess(size=64), name="mine")
    error = KeyError("the caller's")

    def mistaken(_subject: object) -> None:
        raise error

    with pytest.raises(KeyError) as caught:
        run_experiment(model, picture, mistaken)
    assert caught.value is error
    with pytest.raises(MethodError, match="of ours"):
        run_experiment(model, picture, lambda _: (_ for _ in ()).throw(MethodError("of ours")))
    only_one = Net(lambda net, x: net.head(net.features(x).view(1, 8)))
    with pytest.raises(ModelError, match="mine"):
        run_experiment(
            wrap(only_one, Preprocess(size=64), name="mine"),
            picture,
            lambda subject: subject.module(subject.inputs.repeat(2, 1, 1, 1)),
        )
