from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from attnviz.errors import ModelError, UnknownNameError
from attnviz.models import device as device_module
from attnviz.models import memory as memory_module
from attnviz.models.device import choose_device, free_memory, is_out_of_memory, list_devices
from attnviz.models.memory import Memory, system_memory

Computer = Callable[..., None]


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> Computer:
    """Pretend that PyTorch finds so many CUDA devices, and a Mac's GPU or none."""

    def pretend(*, cuda: int, mps: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [(2, True, "cuda:0"), (0, True, "mps"), (0, False, "cpu"), (1, False, "cuda:0")],
)
def test_auto_takes_cuda_then_mps_then_cpu(
    computer: Computer, cuda: int, mps: bool, expected: str
) -> None:
    computer(cuda=cuda, mps=mps)
    assert choose_device() == torch.device(expected)
    assert choose_device("cpu") == torch.device("cpu")


def test_a_numbered_device_is_taken_if_it_is_there(computer: Computer) -> None:
    computer(cuda=2, mps=False)
    assert choose_device("cuda:1") == torch.device("cuda", 1)
    assert choose_device(torch.device("cuda", 0)) == torch.device("cuda", 0)
    assert choose_device("cuda") == torch.device("cuda", 0)
    with pytest.raises(ModelError, match=r'"cuda:2" was requested.*finds 2 CUDA devices'):
        choose_device("cuda:2")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_missing_device_is_an_error_that_says_what_to_choose(
    computer: Computer, name: str
) -> None:
    computer(cuda=0, mps=False)
    with pytest.raises(ModelError, match=f'"{name}" was requested.*Choose "auto" or "cpu"'):
        choose_device(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "", "cpu:0", "tpu"])
def test_unknown_devices_are_refused(computer: Computer, name: str) -> None:
    computer(cuda=1, mps=True)
    with pytest.raises(UnknownNameError, match="no device named"):
        choose_device(name)


def test_the_cpu_is_always_listed_last_with_the_systems_memory(computer: Computer) -> None:
    computer(cuda=0, mps=False)
    (cpu,) = list_devices()
    threads = torch.get_num_threads()
    assert cpu.key == "cpu"
    assert cpu.name == f"CPU, {threads} thread" + ("" if threads == 1 else "s")
    assert cpu.memory_bytes == system_memory().total
    assert cpu.memory_bytes is None or 0 < cpu.free_bytes <= cpu.memory_bytes


def test_cuda_devices_are_listed_by_their_own_names(
    computer: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    computer(cuda=2, mps=False)

    class Known:
        name, total_memory = "NVIDIA H100", 80_000

    def ask(index: int) -> tuple[int, int]:
        if index == 1:
            raise RuntimeError("the device is busy or unavailable")
        return 70_000, 80_000

    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Known)
    monkeypatch.setattr(torch.cuda, "mem_get_info", ask)
    first, second, cpu = list_devices()
    assert first == device_module.DeviceInfo("cuda:0", "NVIDIA H100", 80_000, 70_000)
    assert second == device_module.DeviceInfo("cuda:1", "NVIDIA H100", 80_000, None)
    assert cpu.key == "cpu"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("MPS backend out of memory (MPS allocated: 5 GB, max allowed: 9 GB)."),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried ..."),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)
def test_exhausted_memory_is_recognised(error: BaseException) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("shape mismatch"), ValueError("out of memory"), KeyError("x"), SystemExit()],
)
def test_other_errors_are_not_taken_for_it(error: BaseException) -> None:
    assert not is_out_of_memory(error)


def test_a_real_allocation_that_fails_is_recognised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


def test_freeing_memory_empties_the_cache_of_its_own_device_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emptied: list[str] = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append("cuda"))
    monkeypatch.setattr(torch.mps, "empty_cache", lambda: emptied.append("mps"))
    for name in ("cpu", "cuda", "mps"):
        free_memory(torch.device(name))
    assert emptied == ["cuda", "mps"]


def test_linux_memory_is_read_in_kilobytes(tmp_path: Path) -> None:
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:     2000 kB\nMemFree:  1 kB\nMemAvailable:   500 kB\n")
    assert memory_module._linux(path) == Memory(2_048_000, 512_000)


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [
        ("1000", "300", Memory(1000, 700)),
        ("1000", "100", Memory(1000, 800)),
        ("1000", "1200", Memory(1000, 0)),
        ("9000", "0", Memory(5000, 800)),
        ("max", "0", Memory(5000, 800)),
    ],
)
def test_a_containers_limit_counts_where_it_is_lower(
    tmp_path: Path, limit: str, used: str, expected: Memory
) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text(f"{used}\n")
    assert memory_module._limited(Memory(5000, 800), tmp_path) == expected
    assert memory_module._limited(Memory(5000, 800), tmp_path / "none") == Memory(5000, 800)


def test_a_containers_file_cache_is_free(tmp_path: Path) -> None:
    files = {"max": "1000", "current": "900"}
    files["stat"] = "anon 200\ninactive_file 400\nactive_file 200\nslab 100\nworkingset_file 7\n"
    for name, text in files.items():
        (tmp_path / f"memory.{name}").write_text(f"{text}\n")
    assert memory_module._limited(Memory(5000, 800), tmp_path) == Memory(1000, 700)
