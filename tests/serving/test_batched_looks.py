"""Looks that came together, and the networks that a server holds."""

from __future__ import annotations

import pickle
import time

import pytest

from attnviz.analysis.explain_together import Asked, PreparedPicture, explain_together
from attnviz.analysis.explanation import Explanation
from attnviz.assets import assets_folder
from attnviz.errors import (
    AttnvizError,
    DeadlineError,
    NotServedError,
    ServerError,
    UnknownNameError,
)
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_sample
from attnviz.serving import batched_looks
from attnviz.serving.batched_looks import BatchedLooks, LookAnswer, LookOrder
from attnviz.serving.messages import LookRequest, read_request
from attnviz.serving.networks import ServedNetworks, offered_networks
from tests.serving.conftest import NAME, SIDE


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return [open_sample(name).reduced(200) for name in ("astronaut", "chelsea", "coffee")]


def test_looks_that_came_together_share_a_pass_if_they_ask_the_same(
    networks: ServedNetworks, model: VisionModel, pictures: list[Picture]
) -> None:
    looks = BatchedLooks(networks)

    def order(picture: Picture, method: str = "auto", seconds: float = 60.0) -> LookOrder:
        request = LookRequest(NAME, SIDE, model.weights_sha256, method, "", seconds, picture)
        return LookOrder.received(read_request(request.message()))

    looks([order(pictures[0])])  # what is found out about a network once
    ran: list[int] = []
    hook = model.module.register_forward_pre_hook(lambda _, given: ran.append(len(given[0])))
    late = LookOrder(order(pictures[0]).request, time.monotonic() - 1)
    found = looks([order(pictures[0]), late, order(pictures[1]), order(pictures[2], "nonsense")])
    hook.remove()
    assert ran == [2]  # one pass for both
    first, gone, second, unknown = found
    assert isinstance(first, LookAnswer)
    assert isinstance(second, LookAnswer)
    assert (first.together, first.passes, second.together) == (2, 1, 2)
    assert first.content != second.content
    assert isinstance(gone, DeadlineError)
    assert isinstance(unknown, NotServedError)


def test_what_fails_on_one_picture_is_not_the_error_of_its_neighbours(
    networks: ServedNetworks,
    model: VisionModel,
    pictures: list[Picture],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(
        model: VisionModel, given: list[PreparedPicture], asked: Asked
    ) -> list[Explanation | AttnvizError]:
        if any(one.picture is pictures[1] for one in given):
            raise ZeroDivisionError("on this one")
        return explain_together(model, given, asked)

    monkeypatch.setattr(batched_looks, "explain_together", failing)
    found = BatchedLooks(networks)(
        [
            LookOrder.received(LookRequest(NAME, SIDE, model.weights_sha256, "auto", "", 60.0, one))
            for one in pictures
        ]
    )
    assert [type(one) for one in found] == [LookAnswer, ServerError, LookAnswer]
    (note,) = found[1].__notes__  # type: ignore[union-attr]  # for the log
    assert "ZeroDivisionError: on this one" in note
    sent = pickle.loads(pickle.dumps(found[1]))
    assert sent.__notes__ == [note]


def test_memory_holds_so_many_networks_by_their_bytes() -> None:
    names = ["ran-small", "cbam-small"]
    small = ServedNetworks(offered_networks(names), 1000, "cpu")
    sizes = [small.get(name, 128) and small.bytes for name in names]
    assert len(small) == 1
    both = ServedNetworks(offered_networks(names), sum(sizes) + 1000, "cpu")
    for name in names:
        both.get(name, 128)
    assert both.bytes == sum(sizes)


def test_what_is_offered_is_what_the_operator_names_of_the_catalogue() -> None:
    networks = ServedNetworks(offered_networks([NAME]), 2**30, "cpu")
    assert list(networks.offered) == [NAME]
    file = str(assets_folder() / "weights" / "cbam-small.safetensors")
    for name in (file, f"{NAME}={file}"):
        with pytest.raises(NotServedError, match="is a file"):
            offered_networks([name])
    for name in (file, "cbam-small", f"{NAME}={file}", "../ran-small"):
        with pytest.raises(NotServedError, match="does not offer"):
            networks.get(name, SIDE)
    with pytest.raises(UnknownNameError, match="ran-small"):
        offered_networks(["ran-smal"])
