"""What a network returns is found from how it ends, however that is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import attnviz
from attnviz.analysis.explain import predict, probabilities
from attnviz.errors import MethodError, ModelError, UnknownNameError
from attnviz.models.preprocess import Preprocess
from attnviz.models.scores import ScoreKind

SMALL = Preprocess(size=32)


class Net(nn.Module):
    """A convolution, its mean, a linear layer, and an end that is passed."""

    def __init__(self, end: Any = None, outputs: int = 5, head: nn.Module | None = None) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU())
        self.head = head or nn.Linear(8, outputs)
        self.end = end or (lambda values: values)

    def forward(self, inputs: Tensor) -> Any:
        return self.end(self.head(self.body(inputs).mean((2, 3))) * 4)


@pytest.fixture
def picture(photo: np.ndarray) -> attnviz.Picture:
    return attnviz.open_picture(photo)


def raw(net: nn.Module, picture: attnviz.Picture) -> np.ndarray:
    """What the network returns, from a plain pass."""
    with torch.no_grad():
        returned = net.eval()(SMALL.tensor(picture)[0])
    returned = returned[0] if isinstance(returned, tuple) else returned
    return np.asarray(getattr(returned, "logits", returned)[0])


def chances(model: attnviz.VisionModel, picture: attnviz.Picture) -> np.ndarray:
    return probabilities(model, picture)


EXCLUSIVE = {
    "module": nn.Softmax(1),
    "function": lambda x: F.softmax(x, dim=1),
    "method": lambda x: x.softmax(-1),
    "by hand": lambda x: x.exp() / x.exp().sum(1, keepdim=True),
    "exponential of the log": lambda x: F.log_softmax(x, 1).exp(),
    "reshaped": lambda x: x.view(1, 1, -1).softmax(-1).squeeze(1),
    "mean of two": lambda x: (x.softmax(1) + (2 * x).softmax(1)) / 2,
    "in a tuple": lambda x: (x.softmax(1), x),
    "in half precision": lambda x: x.softmax(1).half().float(),
}
INDEPENDENT = {
    "module": nn.Sigmoid(),
    "function": torch.sigmoid,
    "in place": lambda x: x.clone().sigmoid_(),
    "by hand": lambda x: 1 / (1 + (-x).exp()),
    "another hand": lambda x: x.exp() / (1 + x.exp()),
    "hyperbolic": lambda x: (torch.tanh(x / 2) + 1) / 2,
    "hard": F.hardsigmoid,
    "from heads": lambda x: torch.cat([part.sigmoid() for part in x.split(1, 1)], 1),
    "exponential of the log": lambda x: F.logsigmoid(x).exp(),
    "kept off the ends": lambda x: x.sigmoid().clamp(1e-6, 1 - 1e-6),
    "product of two": lambda x: x.sigmoid() * (2 * x).sigmoid(),
    "clipped": lambda x: x.clamp(0, 1),
}


@pytest.mark.parametrize("end", EXCLUSIVE.values(), ids=EXCLUSIVE)
def test_probabilities_that_sum_to_one_are_told_as_they_are(
    end: Any, picture: attnviz.Picture
) -> None:
    net = Net(end)
    model = attnviz.wrap(net, SMALL)
    np.testing.assert_allclose(chances(model, picture), raw(net, picture), atol=2e-4)
    assert model.scores is not None
    assert (model.scores.kind, model.scores.exclusive) == (ScoreKind.PROBABILITIES, True)
    assert "told as they are" in attnviz.explain(model, picture, "grad-cam").notes[0]


@pytest.mark.parametrize("end", INDEPENDENT.values(), ids=INDEPENDENT)
def test_probabilities_of_each_label_are_told_as_they_are(
    end: Any, picture: attnviz.Picture
) -> None:
    net = Net(end)
    model = attnviz.wrap(net, SMALL)
    found = attnviz.explain(model, picture, "grad-cam")
    own = raw(net, picture)
    assert [one.probability for one in found.predictions] == pytest.approx(
        sorted(own, reverse=True), abs=1e-6
    )
    assert not found.scores.exclusive
    assert "for each label by itself" in found.notes[0]


@pytest.mark.parametrize(
    "end", [nn.LogSoftmax(1), lambda x: x.log_softmax(1), lambda x: x.softmax(1).log()]
)
@pytest.mark.parametrize("wish", [None, "probabilities"])
def test_log_probabilities_are_told_as_probabilities(
    end: Any, wish: str | None, picture: attnviz.Picture
) -> None:
    net = Net(end)
    model = attnviz.wrap(net, SMALL, scores=wish)
    np.testing.assert_allclose(chances(model, picture), np.exp(raw(net, picture)), rtol=1e-4)
    notes = attnviz.explain(model, picture, "grad-cam").notes
    assert bool(notes) == (wish is None)


@pytest.mark.parametrize(
    "net",
    [
        Net(),
        Net(head=nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 5))),
        Net(lambda x: x.relu()),
        Net(lambda x: x / 100 + 0.5),  # all within 0..1, yet logits
        Net(lambda x: x.clamp(-50, 50)),
        Net(lambda x: x - x.logsumexp(1, keepdim=True)),
        Net(lambda x: SimpleNamespace(logits=x)),
        nn.Sequential(nn.Conv2d(3, 96, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    ],
    ids=["linear", "layers", "rectified", "small", "limited", "centred", "object", "convolutional"],
)
def test_plain_logits_are_told_by_their_softmax_without_a_note(
    net: nn.Module, picture: attnviz.Picture
) -> None:
    model = attnviz.wrap(net, SMALL)
    logits = torch.from_numpy(raw(net, picture))
    np.testing.assert_allclose(chances(model, picture), logits.softmax(0), rtol=1e-5)
    assert attnviz.explain(model, picture, "grad-cam").notes == ()


@pytest.mark.parametrize(
    "net",
    [
        Net(lambda x: x),
        Net(lambda x: {"logits": x}),
        Net(head=nn.Sequential(nn.Linear(8, 1), nn.Unflatten(1, (1,)))),
        Net(lambda x: x.sigmoid()),
        Net(lambda x: x.softmax(0) * 0 + x.sigmoid()),
        Net(lambda x: x.squeeze(1)),
        Net(lambda x: x.sigmoid().squeeze()),
        Net(lambda x: SimpleNamespace(logits=x[:, 0])),
        Net(lambda x: (x.flatten(), x)),
    ],
    ids=[
        "linear",
        "dictionary",
        "sequence",
        "sigmoid",
        "sum",
        "squeezed",
        "a scalar",
        "column",
        "flat in a tuple",
    ],
)
@pytest.mark.parametrize("labels", [None, ["tumour"], ["healthy", "tumour"]])
def test_a_single_number_is_told_by_its_sigmoid(
    net: Net, labels: list[str] | None, picture: attnviz.Picture
) -> None:
    net.head = nn.Linear(8, 1)
    with torch.no_grad():
        net.head.bias.fill_(-0.75)
    model = attnviz.wrap(net, SMALL, labels)
    with torch.no_grad():
        logit = float(net.head(net.body(SMALL.tensor(picture)[0]).mean((2, 3))) * 4)
    chance = 1 / (1 + np.exp(-logit))
    found = attnviz.explain(model, picture, "grad-cam")
    told = {one.label: one.probability for one in found.predictions}
    if labels and len(labels) == 2:
        assert told["healthy"] == pytest.approx(1 - chance, abs=1e-6)
        assert found.predictions[0].label == "healthy"
    assert told["tumour" if labels else "class 0"] == pytest.approx(chance, abs=1e-6)
    assert found.notes


def test_settings_and_losses_say_that_labels_are_independent(picture: attnviz.Picture) -> None:
    by_config, by_loss, by_wish = Net(), Net(), Net()
    by_config.config = SimpleNamespace(problem_type="multi_label_classification")  # type: ignore
    by_loss.criterion = nn.BCEWithLogitsLoss()
    expected = 1 / (1 + np.exp(-raw(by_wish, picture)))
    for net, wish in ((by_config, None), (by_loss, None), (by_wish, "sigmoid")):
        model = attnviz.wrap(net, SMALL, scores=wish)
        np.testing.assert_allclose(chances(model, picture), expected, rtol=1e-5)
        assert bool(attnviz.explain(model, picture, "grad-cam").notes) == (wish is None)


@pytest.mark.parametrize(
    "net",
    [
        Net(lambda x: F.normalize(x, dim=1)),
        Net(lambda x: x / x.norm(dim=1, keepdim=True)),
        Net(head=nn.Sequential(nn.Linear(8, 6), nn.LayerNorm(6))),
        Net(head=nn.Identity()),
        Net(head=nn.Sequential(nn.Linear(8, 96), nn.BatchNorm1d(96))),
        nn.Sequential(
            nn.Conv2d(3, 96, 3, 2),
            nn.BatchNorm2d(96),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        ),
    ],
    ids=["normalised", "by hand", "layer norm", "identity", "batch norm", "backbone"],
)
def test_features_are_no_classes(net: nn.Module, picture: attnviz.Picture) -> None:
    if isinstance(net, Net) and isinstance(net.head, nn.Identity):
        net.forward = lambda inputs: net.head(net.body(inputs).mean((2, 3)))  # type: ignore
    model = attnviz.wrap(net, SMALL)
    assert predict(model, picture) == ()
    found = attnviz.explain(model, picture, "grad-cam", 3)
    assert found.predictions == ()
    assert found.target is not None
    assert found.target.label == "component 3"
    assert found.target.probability == pytest.approx(float(raw(net, picture)[3]), abs=1e-5)
    assert "no classes are told" in found.notes[0]
    assert attnviz.explain(model, picture, "eigen-cam").target is None
    with pytest.raises(MethodError, match="name a component of its features by its index"):
        attnviz.explain(model, picture, "grad-cam")
    with pytest.raises(ModelError, match="features, not probabilities"):
        probabilities(model, picture)


def test_labels_or_the_word_of_the_user_make_features_classes(picture: attnviz.Picture) -> None:
    net = Net(lambda x: F.normalize(x, dim=1))
    expected = torch.from_numpy(raw(net, picture)).softmax(0)
    for model in (
        attnviz.wrap(net, SMALL, list("abcde")),
        attnviz.wrap(net, SMALL, scores="softmax"),
    ):
        np.testing.assert_allclose(chances(model, picture), expected, rtol=1e-5)


def test_another_head_is_another_output(picture: attnviz.Picture) -> None:
    """Of the same wrapped network; the weights alone say nothing new."""
    net = Net()
    model = attnviz.wrap(net, SMALL)
    assert len(predict(model, picture)) == 5
    net.head = nn.Linear(8, 1)
    (only,) = predict(model, picture)
    assert only.probability == pytest.approx(1 / (1 + np.exp(-raw(net, picture)[0])), abs=1e-6)
    net.head, net.end = nn.Linear(8, 3), nn.Softmax(1)
    told = chances(model, picture)
    np.testing.assert_allclose(told, raw(net, picture), atol=1e-6)


def test_an_operation_that_cannot_be_recorded_is_no_obstacle(picture: attnviz.Picture) -> None:
    """The numbers themselves still say that they sum to one."""

    def end(values: Tensor) -> Tensor:
        if torch._C._len_torch_dispatch_stack():
            raise NotImplementedError("there is no rule for this mode")
        return values.softmax(1)

    net = Net(end)
    model = attnviz.wrap(net, SMALL)
    np.testing.assert_allclose(chances(model, picture), raw(net, picture), atol=1e-6)


def test_a_promise_that_the_output_breaks_is_told(picture: attnviz.Picture) -> None:
    with pytest.raises(ModelError, match=r"which is no probability.*or \"none\""):
        predict(attnviz.wrap(Net(), SMALL, scores="probabilities"), picture)
    for wish in ("softmax", "sigmoid"):
        model = attnviz.wrap(Net(nn.Softmax(1)), SMALL, scores=wish)
        assert (
            "seems to return probabilities" in attnviz.explain(model, picture, "grad-cam").notes[0]
        )
    alone = attnviz.wrap(Net(outputs=1), SMALL, scores="softmax")
    assert "softmax of a single number" in attnviz.explain(alone, picture, "grad-cam").notes[0]
    with pytest.raises(UnknownNameError, match="Nearest: softmax"):
        attnviz.wrap(Net(), SMALL, scores="sofmax")


def test_finding_out_leaves_the_network_as_it_was(picture: attnviz.Picture) -> None:
    net = Net(nn.Sigmoid()).train()
    model = attnviz.wrap(net, SMALL)
    first = attnviz.explain(model, picture, "grad-cam")
    assert net.training
    assert all(not part._forward_hooks for part in net.modules())
    passes: list[int] = []
    handle = net.register_forward_hook(lambda *_: passes.append(1))
    again = attnviz.explain(model, picture, "grad-cam")
    handle.remove()
    assert len(passes) == 1
    np.testing.assert_array_equal(first.maps[-1], again.maps[-1])
