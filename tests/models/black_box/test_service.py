"""A service as a black box: what it is asked, and what is said when it does not answer."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.errors import ModelError
from attnviz.models.black_box import service
from attnviz.models.black_box.service import Service
from tests.models.black_box.inference_server import Answer, scores, send, serving, trickle

BATCH = np.random.default_rng(0).random((3, 3, 4, 4), dtype=np.float32)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_it_is_asked_by_the_open_inference_protocol() -> None:
    with serving(scores) as server:
        one = Service(server.address, input_name="x", headers={"Authorization": "Bearer secret"})
        np.testing.assert_allclose(one(BATCH), BATCH.mean((2, 3)), rtol=1e-5)
        pictures = list(np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3))
        np.testing.assert_allclose(one(pictures), np.stack(pictures).mean((1, 2)), rtol=1e-5)
        assert server.asked == [
            ("x", (3, 3, 4, 4), "/v2/models/m/infer", "Bearer secret"),
            ("x", (2, 2, 2, 3), "/v2/models/m/infer", "Bearer secret"),
        ]
    assert "secret" not in repr(one)


def test_its_address_is_a_model() -> None:
    photo = np.zeros((8, 8, 3), np.uint8)
    photo[:4, :4, 1] = 255
    with serving(scores) as server:
        model = attnviz.black_box(server.address, ["red", "green", "blue"], input_size=8, batch=10)
        result = attnviz.explain(model, photo, "occlusion")
        assert max(shape[0] for _, shape, *_ in server.asked) == 10
    assert result.predictions[0].label == "green"
    values = result.map_of(-1)
    assert values[:4, :4].sum() > 10 * abs(values[4:, 4:].sum())
    assert model.name == server.address.removeprefix("http://")


def test_secrets_of_an_address_are_not_told() -> None:
    model = attnviz.black_box("https://me:pass@host.example:8443/infer?key=abc#part")
    for told in (model.name, model.weights_sha256, *model.key):
        assert "pass" not in told
        assert "abc" not in told
    assert model.name == "host.example:8443/infer"


def redirecting(server: object, handler: object, batch: np.ndarray) -> None:
    send(handler, b"", 307, location="http://127.0.0.1:1/elsewhere")  # type: ignore[arg-type]


def answering(body: bytes, status: int = 200) -> Answer:
    return lambda _server, handler, _batch: send(handler, body, status)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (redirecting, r"it redirects to another address \(307\), which is not followed"),
        (answering(b"no such model", 404), "gave no scores: it answered 404 Not Found"),
        (answering(b"boom", 500), "it answered 500 Internal Server Error"),
        (answering(b"<html>"), "answered with something else than the outputs of the Open"),
        (answering(b"[]"), "answered with something else"),
        (answering(b'{"outputs": []}'), "answered with something else"),
        (answering(b'{"outputs": [{"shape": [2, 2], "data": [1]}]}'), "answered with something"),
        (trickle, "no whole answer within 0.3 seconds"),
    ],
)
def test_what_is_no_answer(answer: Answer, sentence: str) -> None:
    with serving(answer) as server:
        asking = Service(server.address, timeout=0.3 if answer is trickle else 60)
        with pytest.raises(ModelError, match=sentence):
            asking(BATCH)
        assert len(server.asked) == 1  # nothing else was asked


def test_answers_that_are_too_large_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LARGEST_ANSWER", 2 * 1024**2)
    with (
        serving(answering(b" " * 5 * 1024**2)) as server,
        pytest.raises(ModelError, match="it answers with more than 2 MB"),
    ):
        Service(server.address)(BATCH)


def test_nobody_listens() -> None:
    with serving(scores) as server:
        address = server.address
    with pytest.raises(ModelError, match=r"/v2/models/m/infer gave no scores: .*refused"):
        Service(address)(BATCH)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://host/x", "http://", "host"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ModelError, match="is no address of a service"):
        Service(address)
