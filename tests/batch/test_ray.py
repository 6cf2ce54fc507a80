"""Runs through Ray: they end like local ones, whatever is lost on the way."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from PIL import Image

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch import run
from attnviz.batch.part_work import work_here
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.ray_cluster import RayCluster
from attnviz.batch.ray_start import free_ports, imported_ray, started_cluster
from attnviz.batch.run import BatchRun
from attnviz.errors import ClusterError, OutputError
from attnviz.models.preprocess import Preprocess
from tests.batch.test_run import results_of, stop_after
from tests.conftest import TinyCnn

ray = pytest.importorskip("ray", reason="attnviz[ray] is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
PICTURES, PART = 120, 4


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two machines' worth of Ray on this one, each with room for one network."""
    imported_ray()
    started = started_cluster(num_cpus=1, object_store_memory=80 * 2**20)
    ray.init(started.address, log_to_driver=False)
    try:
        yield started
    finally:
        ray.shutdown()
        started.shutdown()


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BatchRun:
    """Pictures of two sizes, one of them broken."""
    monkeypatch.setattr(run, "_PART", PART)
    torch.manual_seed(0)
    model = attnviz.wrap(TinyCnn().eval(), Preprocess(size=32), ("a", "b", "c", "d"), name="tiny")
    random = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    files = []
    for index in range(PICTURES):
        path = tmp_path / "photos" / f"{index:03}.png"
        pixels = random.integers(0, 255, (32, 32 + 32 * (index % 3 == 1), 3)).astype(np.uint8)
        Image.fromarray(pixels).save(path)
        files.append(PictureFile(str(path), group="photos"))
    (tmp_path / "photos" / "005.png").write_bytes(b"no picture")
    return BatchRun(model, files, Asked("grad-cam"), batch_size=3, spread=RayCluster(networks=2))


@pytest.fixture
def expected(batch: BatchRun, tmp_path: Path) -> Any:
    """What the local engine writes without a break."""
    return results_of(replace(batch, spread=work_here)(tmp_path / "local"))


def workers() -> list[psutil.Process]:
    """The processes of this cluster that hold a network."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it ends while it is looked at
            if any("ray::PartWorker" in word for word in process.cmdline()):
                found.append(process)
    return found


def test_results_are_those_of_the_local_engine(
    cluster: Any, batch: BatchRun, expected: Any, tmp_path: Path
) -> None:
    done: list[int] = []
    beside = replace(batch, workers=1, spread=RayCluster(networks=1))  # opened by tasks
    folder = beside(tmp_path / "out", lambda count, _total: done.append(count))
    assert results_of(folder) == expected
    assert "005.png" in str(folder.scores()["error"][5])
    assert sorted(done) == done
    assert done[-1] == PICTURES
    assert len(done) == PICTURES // PART


def test_a_lost_worker_and_a_lost_machine_lose_no_row_and_double_none(
    cluster: Any, batch: BatchRun, expected: Any, tmp_path: Path
) -> None:
    second = cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20, **free_ports())
    lost: list[str] = []

    def lose(done: int, _total: int | None) -> None:
        if not lost and (found := workers()):
            found[0].kill()
            lost.append("worker")
        elif len(lost) == 1 and done >= PICTURES // 2:
            cluster.remove_node(second, allow_graceful=False)
            lost.append("machine")

    folder = batch(tmp_path / "out", lose)
    assert lost == ["worker", "machine"]
    assert results_of(folder) == expected


def test_what_ray_began_the_local_engine_ends(
    cluster: Any, batch: BatchRun, expected: Any, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        batch(tmp_path / "out", stop_after(PICTURES // 2))
    maps = tmp_path / "out" / "maps"
    maps.rename(tmp_path / "out" / "aside")
    maps.write_text("in the way")
    with pytest.raises(OutputError, match="goes on where it stopped"):
        batch(tmp_path / "out")
    maps.unlink()
    (tmp_path / "out" / "aside").rename(maps)
    written = len(list((tmp_path / "out" / "parts").glob("*.parquet")))
    assert PICTURES // PART // 2 <= written < PICTURES // PART
    assert results_of(replace(batch, spread=work_here)(tmp_path / "out")) == expected


def test_strangers_do_not_join_a_cluster_that_a_command_started_for_itself() -> None:
    start = """
from attnviz.batch.ray_start import imported_ray, joined_cluster
ray = imported_ray(alone=True)
with joined_cluster(ray, None):
    print(ray.get_runtime_context().gcs_address, flush=True)
    input()
"""
    join = "import sys, ray; ray.init(sys.argv[1], log_to_driver=False)"
    command = subprocess.Popen(
        [sys.executable, "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with command as owner:
        assert owner.stdout is not None
        address = owner.stdout.readline().strip()
        for mode in ("token", "disabled"):
            own = os.environ | {"RAY_AUTH_MODE": mode, "RAY_AUTH_TOKEN": secrets.token_hex()}
            joined = subprocess.run(
                [sys.executable, "-c", join, address], env=own, capture_output=True, text=True
            )
            assert joined.returncode == 1
            assert "AuthenticationError" in joined.stderr, joined.stderr[-2000:]
        owner.communicate("\n")
    assert owner.returncode == 0


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=re.escape("pip install 'attnviz[ray]'")):
        imported_ray()
