"""The command line: what it writes, and the sentences it ends with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image
from typer.testing import CliRunner

from attnviz.cli import cli
from attnviz.cli.explain import as_asked
from attnviz.export.base import exports, in_order
from attnviz.export.png import read_provenance
from attnviz.jobs.registered_folders import register_folder
from attnviz.jobs.worker import LOCK
from attnviz.models.catalogue import find_model
from attnviz.pictures import open_picture, open_sample
from attnviz.pictures.names import file_part
from attnviz.targets.contrast import Contrast
from attnviz.targets.single_class import Class
from attnviz.training.jobs.runs import find_run
from attnviz.training.jobs.state import RunPhase, RunState
from attnviz.version import __version__
from tests.training.conftest import draw


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    path = tmp_path / "temple.png"
    Image.fromarray(open_sample("china").reduced(240).pixels).save(path)
    return path


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, [str(word) for word in words])
    return result.exit_code, result.output


def test_the_commands_and_the_version() -> None:
    code, output = run("--help")
    assert code == 0
    commands = ("app", "models", "methods", "explain", "features", "agreement", "train", "evaluate")
    assert all(re.search(rf"^\W*{name}\s", output, re.MULTILINE) for name in commands), output
    assert run("--version") == (0, f"{__version__}\n")


def test_models_lists_what_ships_and_what_costs() -> None:
    code, output = run("models")
    assert code == 0
    lines = {line.split()[0]: line for line in output.splitlines()}
    assert "ships with attnviz" in lines["ran-small"]
    assert "MB to download" in lines["resnet50"]


def test_lists_are_printed_as_json_for_programs() -> None:
    def records(*words: str) -> dict[str, dict[str, object]]:
        code, output = run(*words, "--json")
        assert code == 0, output
        return {one["name"]: one for one in map(json.loads, output.splitlines())}

    models = records("models")
    assert models["ran-small"]["embedded"] is True
    assert models["ran-small"]["kinds"] == list(find_model("ran-small").kinds)
    assert models["resnet50"]["download_bytes"] == find_model("resnet50").download_bytes
    methods = records("methods", "--model", "ran-small")
    assert methods["soft-mask"]["fits"] is True
    assert methods["rollout"]["fits"] is False
    assert methods["grad-cam"]["cost"] == "1 forward and 1 backward pass"
    assert records("methods")["rollout"]["fits"] is None
    saved = records("exports")
    assert {name for name, one in saved.items() if one["by_default"]} == {"focus", "overlay", "npz"}
    assert saved["npz"]["file"] == "maps.npz"
    assert saved["npz"]["per_layer"] is False


def test_the_exports_are_listed_as_the_menu_groups_them() -> None:
    code, output = run("exports")
    assert code == 0
    names = [line.split()[0] for line in output.splitlines()]
    assert names == [kind.name for kind in in_order(exports())]
    assert names[:2] == ["focus", "overlay"]
    assert names[-1] == "report"


def test_explain_writes_pictures_maps_and_provenance(photo_file: Path, tmp_path: Path) -> None:
    code, output = run("explain", photo_file, "--out", tmp_path / "out", "--device", "cpu")
    assert code == 0, output
    folder = tmp_path / "out" / "temple"
    names = {path.name for path in folder.iterdir()}
    layers = [f"stage{n}.attention" for n in (1, 2, 3)]
    kinds = ("focus", "overlay")
    assert names == {f"{layer}.{kind}.png" for layer in layers for kind in kinds} | {"maps.npz"}
    source = (folder / "stage2.attention.focus.png").read_bytes()
    facts = read_provenance(source)
    assert facts["model"] == "ran-small"
    assert facts["layer"] == "stage2.attention"
    assert len(facts["picture sha256"]) == len(facts["weights sha256"]) == 64
    maps = np.load(folder / "maps.npz")
    side = find_model("ran-small").preprocess.size // 4
    assert maps["stage1.attention"].shape == (side, side)
    assert np.isfinite(maps["stage1.attention"]).all()


def test_only_the_chosen_exports_are_written(photo_file: Path, tmp_path: Path) -> None:
    words = ("explain", photo_file, "--out", tmp_path, "--device", "cpu", "--save")
    layer = ("--layer", "stage1.attention")
    code, output = run(*words, "map, gif,map", "--save", "figure", *layer)
    assert code == 0, output
    written = {path.name for path in (tmp_path / "temple").iterdir()}
    assert written == {"stage1.attention.map.png", "layers.gif", "figure.pdf"}
    code, output = run(*words, "mop")
    assert code == 1
    assert "map" in output, "the nearest name is offered"


def test_a_larger_input_gives_finer_maps(photo_file: Path, tmp_path: Path) -> None:
    words = ("explain", photo_file, "--out", tmp_path, "--device", "cpu", "--input-size", "256")
    code, output = run(*words)
    assert code == 0, output
    maps = np.load(tmp_path / "temple" / "maps.npz")
    assert maps["stage1.attention"].shape == (64, 64)
    source = (tmp_path / "temple" / "stage1.attention.overlay.png").read_bytes()
    assert read_provenance(source)["input"] == "256 x 256 pixels"


def test_a_broken_picture_does_not_stop_the_others(photo_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    layer = ("--layer", "stage2.attention", "--device", "cpu")
    code, output = run("explain", broken, photo_file, "--out", tmp_path / "out", *layer)
    assert code == 1
    assert "broken.jpg" in output
    assert (tmp_path / "out" / "temple" / "stage2.attention.focus.png").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--model", "ran-smal"), "Nearest: ran-small"),
        (("--method", "gradcam"), "Nearest: grad-cam"),
        (("--layer", "stage2.atention"), "stage2.attention"),
        (("--target", "chruch"), "church"),
        (
            ("--target", "-1"),
            "classes 0 to 9. Nearest: 0, 'tench'",
        ),
        (("--target", "10", "--method", "soft-mask"), "no class 10: the network has the classes"),
        (("--target", "1.5"), "no class named '1.5'"),
        (("--input-size", "3"), "ran-small takes inputs of 32 pixels and more, not 3"),
    ],
)
def test_unknown_names_end_in_one_sentence(
    photo_file: Path, tmp_path: Path, words: tuple[str, str], says: str
) -> None:
    code, output = run("explain", photo_file, "--out", tmp_path, "--device", "cpu", *words)
    assert code == 1
    assert says in output
    assert "Traceback" not in output


def test_a_label_may_be_a_number() -> None:
    assert as_asked(["7"], ["7", "10"]) == (Class("7"),)
    assert as_asked(["1"], ["7", "10"]) == (Class(1),)
    assert as_asked(["-1"], []) == (Class(-1),)
    assert as_asked(["1.0"], []) == (Class("1.0"),)
    assert as_asked([], ["7"]) == ()
    two = (Contrast("a", "b"), Class("c"))
    assert as_asked(["contrast:a|b", "c"], "abc") == as_asked(["contrast:a|b;c"], "abc") == two


def test_any_question_is_asked_and_named_in_files_and_provenance(
    photo_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    Image.open(photo_file).crop((10, 10, 60, 60)).save(other)
    given = ("explain", photo_file, "--model", "ran-small", "--device", "cpu", "--out", tmp_path)
    words = ("--method", "grad-cam", "--layer", "best", "--save", "focus", "--json")
    for target in ("contrast:church|tench", "patch:.5,.5", f"alike:{other}", "church;tench"):
        code, output = run(*given, *words, "--target", target)
        assert code == 0, output
        told = json.loads(output)
        asked = [one["text"] for one in told["asked"]]
        shown = f"alike:{open_picture(other).sha256}" if "alike" in target else target
        assert ";".join(asked) == shown
        assert sum(one["share"] for one in told["asked"]) == pytest.approx(1)
        (path,) = told["files"]
        assert Path(path).name.endswith(f".{file_part(shown)}.focus.png")
        assert read_provenance(Path(path).read_bytes())["target"] == shown


def test_train_and_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    for kind, folder in enumerate("ab"):
        (tmp_path / "data" / folder).mkdir(parents=True)
        for number in range(10):
            path = tmp_path / "data" / folder / f"{number}.png"
            Image.fromarray(draw(kind, number)).save(path)
    sizes = ("--model", "cbam-small", "--phases", "1x32", "--store", "32", "--batch", "8")
    words = (*sizes, "--noise", "0.25", "--device", "cpu")
    code, output = run("train", "--data", tmp_path / "data", "--out", tmp_path / "run", *words)
    assert code == 0, output
    assert "top-1" in output
    assert "There is no validation split, so 6 of 20 pictures are held out" in output
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"cbam-small.safetensors", "cbam-small.json", "cbam-small.attn"} <= names
    card = json.loads((tmp_path / "run" / "cbam-small.json").read_text())
    assert card["recipe"]["noise"] == 0.25
    # What the page "Training" needs to show it, and to go on with it.
    ran = find_run(tmp_path / "run")
    assert ran is not None
    assert (ran.state.phase, ran.state.step, ran.state.steps) == (RunPhase.DONE, 1, 1)
    assert ran.state.text in output
    assert (ran.job.data, ran.job.size, ran.job.device) == (str(tmp_path / "data"), 128, "cpu")
    assert ran.recording == tmp_path / "run" / "cbam-small.attn"
    missing = ("train", "--data", tmp_path / "missing", "--out", tmp_path / "x")
    code, output = run(*missing)
    assert code == 1
    assert "There is no folder" in output
    RunState(RunPhase.WORKING).write(tmp_path / "run")
    register_folder(tmp_path / "run")
    with FileLock(tmp_path / "run" / LOCK):  # as its process does that still lives
        code, output = run(*missing)
        assert code == 1
        assert f"{tmp_path / 'run'} is running." in output
        assert "Add --beside to start anyway." in output
        assert "There is no folder" in run(*missing, "--beside")[1]
