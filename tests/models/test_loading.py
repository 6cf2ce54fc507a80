from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from attnviz.errors import ModelError, OutOfMemoryError, UnknownNameError, WeightsError
from attnviz.models.catalogue import find_model
from attnviz.models.loading import load_model, wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.spec import FEATURES, ModelSpec, Source, WeightsRef
from tests.models.web_server import Reply, Web


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.norm(self.conv(x))).mean((2, 3)))


def spec_of(weights: WeightsRef | None, **changes: object) -> ModelSpec:
    values: dict[str, object] = {
        "name": "tiny",
        "title": "Tiny",
        "source": Source.USER,
        "kinds": FEATURES,
        "embedded": False,
        "download_bytes": None,
        "parameters": None,
        "build": Tiny,
        "weights": weights,
        "preprocess": Preprocess(),
        "labels": ("cat",),
    }
    return ModelSpec(**(values | changes))


@pytest.fixture
def saved(tmp_path: Path) -> tuple[WeightsRef, Tiny]:
    torch.manual_seed(3)
    original = Tiny()
    path = tmp_path / "tiny.safetensors"
    save_file(original.state_dict(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return WeightsRef(path.name, sha256=digest, embedded=path), original.eval()


def test_a_loaded_network_is_ready_and_equal_to_the_saved_one(
    saved: tuple[WeightsRef, Tiny],
) -> None:
    ref, original = saved
    model = load_model(spec_of(ref), "cpu")
    assert not any(part.training for part in model.module.modules())
    assert not any(weight.requires_grad for weight in model.module.parameters())
    assert model.module.conv.weight.is_contiguous(memory_format=torch.channels_last)
    assert model.weights_sha256 == ref.sha256
    assert model.device == torch.device("cpu")
    inputs = torch.randn(2, 3, 8, 12)
    with torch.no_grad():
        first, second = model.module(inputs), model.module(inputs)
        assert torch.equal(first, second)
        torch.testing.assert_close(first, original(inputs))


def test_loading_leaves_the_random_state_alone(saved: tuple[WeightsRef, Tiny]) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_model(spec_of(saved[0]), "cpu")
    assert torch.equal(torch.rand(3), expected)


def test_a_download_is_loaded_and_its_progress_told(
    web: Web, cache: Path, saved: tuple[WeightsRef, Tiny]
) -> None:
    ref, _ = saved
    body = ref.embedded.read_bytes()
    url = web.add(ref.file_name, Reply(body))
    steps: list[int] = []
    spec = spec_of(dataclasses.replace(ref, url=url, embedded=None))
    model = load_model(spec, "cpu", progress=lambda done, _: steps.append(done))
    assert steps == [0, len(body)]
    assert model.weights_sha256 == hashlib.sha256(body).hexdigest()


def test_a_network_without_weights_says_so() -> None:
    with pytest.raises(ModelError, match="tiny has no published weights"):
        load_model(spec_of(None), "cpu")


def test_unknown_names_bring_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="squeezenet1_0"):
        load_model("squeezenet1-0")
    with pytest.raises(UnknownNameError, match="device"):
        load_model("squeezenet1_0", "gpu")


def test_weights_of_another_network_are_refused(saved: tuple[WeightsRef, Tiny]) -> None:
    def wider() -> nn.Module:
        network = Tiny()
        network.head = nn.Linear(4, 9)
        return network

    with pytest.raises(WeightsError, match=r"head\.weight is \[2, 4\] instead of \[9, 4\]"):
        load_model(spec_of(saved[0], build=wider), "cpu")


def test_exhausted_memory_becomes_one_clear_error(saved: tuple[WeightsRef, Tiny]) -> None:
    def huge() -> nn.Module:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 B")

    with pytest.raises(OutOfMemoryError, match="tiny does not fit into memory on cpu"):
        load_model(spec_of(saved[0], build=huge), "cpu")


def test_mnasnet_keeps_its_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files carry a version beside the tensors, without which it refuses them."""
    from torchvision import models

    torch.manual_seed(0)
    original = models.mnasnet0_5().eval()
    spec = find_model("mnasnet0_5")
    torch.save(original.state_dict(), tmp_path / spec.weights.file_name)
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", str(tmp_path))
    spec = dataclasses.replace(spec, weights=dataclasses.replace(spec.weights, sha256=""))
    model = load_model(spec, "cpu")
    inputs = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model.module(inputs), original(inputs))


def test_wrapping_changes_nothing_in_the_module() -> None:
    module = Tiny()
    module.norm.eval()
    module.head.requires_grad_(False)
    modes = [part.training for part in module.modules()]
    needed = [weight.requires_grad for weight in module.parameters()]
    state = {key: value.clone() for key, value in module.state_dict().items()}

    model = wrap(module, labels=["cat", "dog"], name="mine")

    assert model.module is module
    assert [part.training for part in module.modules()] == modes
    assert [weight.requires_grad for weight in module.parameters()] == needed
    assert all(torch.equal(state[key], value) for key, value in module.state_dict().items())
    assert (model.name, model.labels) == ("mine", ("cat", "dog"))
    assert model.spec.source is Source.USER
    assert model.spec.parameters == 3 * 4 * 9 + 4 + 8 + 10
    assert model.spec.kinds == ("features",)
    assert model.preprocess == Preprocess()
    assert model.device == torch.device("cpu")


def test_a_wrapped_network_with_soft_masks_is_known_as_such(tiny_ran: nn.Module) -> None:
    assert wrap(tiny_ran).spec.kinds == ("spatial", "features")
    assert wrap(tiny_ran).name == "Sequential"


def test_the_hash_of_wrapped_weights_depends_on_every_value() -> None:
    torch.manual_seed(0)
    module = Tiny()
    before = wrap(module).weights_sha256
    assert before == wrap(module).weights_sha256
    assert len(before) == 64
    module.norm.num_batches_tracked += 1
    changed = wrap(module).weights_sha256
    assert changed != before
    with torch.no_grad():
        module.head.bias[1] += 1e-3
    assert wrap(module).weights_sha256 not in (before, changed)
    assert wrap(nn.ReLU()).device == torch.device("cpu")


def test_classes_without_a_name_are_called_by_their_number() -> None:
    model = wrap(Tiny(), labels=["cat"])
    assert [model.label(index) for index in (0, 1, -1)] == ["cat", "class 1", "class -1"]
    assert wrap(Tiny()).label(17) == "class 17"


def test_models_are_equal_only_to_themselves_and_lock_other_threads_out() -> None:
    module = Tiny()
    first, second = wrap(module), wrap(module)
    assert first != second
    assert len({first, second}) == 2
    with first.lock, first.lock:  # the same thread may enter twice
        taken: list[bool] = []
        other = threading.Thread(target=lambda: taken.append(first.lock.acquire(blocking=False)))
        other.start()
        other.join()
    assert taken == [False]


@pytest.mark.data
def test_squeezenet_knows_what_it_sees(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 % is its accuracy on the published crop; the whole picture at its own aspect does too."""
    import cv2

    monkeypatch.setenv("ATTNVIZ_WEIGHTS", str(data_folder))
    file = WeightsRef("squeezenet1_0-imagenet.pth")
    model = load_model(dataclasses.replace(find_model("squeezenet1_0"), weights=file), "cpu")
    folder = data_folder / "imagenet-100"
    entries = json.loads((folder / "labels.json").read_text())[::4]
    ranks = []
    for entry in entries:
        pixels = cv2.imread(str(folder / entry["file"]))[:, :, ::-1]
        inputs, _ = model.preprocess.tensor(SimpleNamespace(pixels=pixels))
        with torch.inference_mode():
            order = model.module(inputs)[0].argsort(descending=True)
        ranks.append(order.tolist().index(entry["class_index"]))
    assert len(ranks) == 25
    assert sum(rank == 0 for rank in ranks) >= 12
    assert sum(rank < 5 for rank in ranks) >= 18
    assert model.label(entries[0]["class_index"]) == "tench"
    assert len(model.weights_sha256) == 64
