from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from attnviz.errors import WeightsError
from attnviz.models.state import load_state, read_state


def tiny() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))


class Evil:
    """A pickle that creates a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth", "w.pt"])
def test_tensors_come_back_as_they_were_saved(tmp_path: Path, name: str) -> None:
    state = tiny().state_dict()
    path = tmp_path / name
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    read = read_state(path)
    assert set(read) == set(state)
    assert all(torch.equal(read[key], value) for key, value in state.items())


def test_of_a_training_checkpoint_the_model_is_taken(tmp_path: Path) -> None:
    state, path = tiny().state_dict(), tmp_path / "w.pth"
    torch.save({"model": state, "epoch": 3, "optimizer": {"lr": 0.1}}, path)
    read = read_state(path)
    assert list(read) == list(state)
    assert all(torch.equal(read[key], value) for key, value in state.items())
    torch.save({"model": {"weights": state}}, path)
    with pytest.raises(WeightsError, match=r"Save the network's state_dict"):
        read_state(path)


def test_a_pickle_runs_nothing(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    path = tmp_path / "evil.pth"
    torch.save({"weight": torch.ones(1), "evil": Evil(proof)}, path)
    with pytest.raises(WeightsError, match="holds Python objects, which can run code"):
        read_state(path)
    assert not proof.exists()
    pickle.loads(pickle.dumps(Evil(proof))).close()  # the trap is a real one
    assert proof.exists()


def test_a_bare_pickle_runs_nothing(tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    path = tmp_path / "evil.pt"
    path.write_bytes(pickle.dumps(Evil(proof), protocol=2))
    with pytest.raises(WeightsError, match="not"):
        read_state(path)
    assert not proof.exists()


@pytest.mark.parametrize("content", [{"epoch": 3}, [torch.ones(1)], {0: torch.ones(1)}])
def test_only_named_tensors_are_taken(tmp_path: Path, content: object) -> None:
    path = tmp_path / "w.pth"
    torch.save(content, path)
    with pytest.raises(WeightsError, match=r"Save the network's state_dict"):
        read_state(path)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
@pytest.mark.parametrize("kept", [0, 7, 0.5, 0.99])
def test_a_truncated_file_is_called_damaged(tmp_path: Path, name: str, kept: float) -> None:
    path = tmp_path / name
    if path.suffix == ".safetensors":
        save_file(tiny().state_dict(), path)
    else:
        torch.save(tiny().state_dict(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if kept < 1 else int(kept)])
    with pytest.raises(WeightsError, match="is damaged or not a file of weights") as caught:
        read_state(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
def test_a_torchscript_program_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), path)  # type: ignore[no-untyped-call]
    with pytest.raises(WeightsError, match=r"is a TorchScript program, .* was not loaded"):
        read_state(path)


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"\.safetensors, \.pth or \.pt"):
        read_state(tmp_path / "w.pkl")


def test_half_precision_becomes_the_modules_own(tmp_path: Path) -> None:
    saved = tiny()
    saved[1].running_mean.copy_(torch.tensor([0.5, 0.25, -1.0, 3.0]))
    saved[1].num_batches_tracked.fill_(41)
    path = tmp_path / "half.safetensors"
    half = {
        key: value.half() if value.is_floating_point() else value
        for key, value in saved.state_dict().items()
    }
    save_file(half, path)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))

    load_state(module, read_state(path), path)

    assert {p.dtype for p in module.parameters()} == {torch.float32}
    for key, value in module.state_dict().items():
        assert torch.equal(value, half[key].to(value.dtype))
    assert module[1].num_batches_tracked.dtype == torch.int64
    assert int(module[1].num_batches_tracked) == 41


def test_files_older_than_the_batch_counter_still_load() -> None:
    state = tiny().state_dict()
    old = {key: value for key, value in state.items() if "num_batches" not in key}
    module = tiny()
    with torch.no_grad():
        module[0].weight.zero_()
    load_state(module, old, Path("old.pth"))
    assert torch.equal(module[0].weight, state["0.weight"])


def test_keys_that_do_not_fit_are_named() -> None:
    state = tiny().state_dict()
    del state["2.bias"]
    state |= {f"extra.{index}": torch.ones(1) for index in range(5)}
    with pytest.raises(WeightsError) as caught:
        load_state(tiny(), state, Path("w.pth"))
    message = str(caught.value)
    assert "missing: 2.bias;" in message
    assert "unexpected: extra.0, extra.1, extra.2 and 2 more." in message
    assert "w.pth" in message


def test_wrong_shapes_are_named_and_nothing_is_loaded() -> None:
    state = tiny().state_dict()
    state["2.weight"] = torch.ones(10, 4)
    module = tiny()
    before = module[0].weight.clone()
    state["0.weight"] = before + 1
    with pytest.raises(WeightsError, match=r"2\.weight is \[10, 4\] instead of \[2, 4\]"):
        load_state(module, state, Path("w.pth"))
    assert torch.equal(module[0].weight, before)
