"""A recorder around somebody's own training loop."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import attnviz
from attnviz.errors import MethodError, TrainingError, UnknownClassError, UnknownNameError
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.ran_small import ran_small
from attnviz.pictures.geometry import Fit
from attnviz.training.recording.file import Recording

PREPROCESS = Preprocess(size=48, fit=Fit.SQUASH)


def network() -> nn.Module:
    torch.manual_seed(0)
    return ran_small(2, width=16)


def picture() -> attnviz.Picture:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 60, 3)).astype(np.uint8)
    return attnviz.open_picture(pixels, name="noise")


def test_maps_are_those_that_explain_gives_for_the_same_weights(tmp_path: Path) -> None:
    module, path = network().train(), tmp_path / "run.attn"
    expected = []
    with attnviz.record(module, [picture()], path, preprocess=PREPROCESS, classes="ab") as run:
        for epoch in range(2):
            for weight in module.parameters():
                weight.data += 0.01 * torch.randn_like(weight)
            run.step(epoch, accuracy=0.5 + epoch / 4, loss=1.0)
            model = attnviz.wrap(module, preprocess=PREPROCESS)
            expected.append(attnviz.explain(model, picture(), "soft-mask"))
            assert module.training  # explain and the recorder leave it so
    read = Recording.load(path)
    assert (read.classes, read.pictures) == (("a", "b"), ("noise",))
    made_by = json.loads(read.versions)
    assert (made_by["attnviz"], made_by["torch"]) == (attnviz.__version__, torch.__version__)
    assert [shot.accuracy for shot in read.snapshots] == [0.5, 0.75]
    for shot, explained in zip(read.snapshots, expected, strict=True):
        for layer, values in zip(explained.layers, explained.maps, strict=True):
            np.testing.assert_allclose(shot.maps["soft-mask", layer][0], values, atol=1e-3)
    first, last = (shot.maps["soft-mask", "stage3.attention"] for shot in read.snapshots)
    assert np.abs(first - last).max() > 1e-3
    assert read.pixels is not None
    assert read.pixels.shape == (1, 48, 48, 3)
    assert all(weight.requires_grad for weight in module.parameters())
    assert not any(part._forward_hooks for part in module.modules())


def test_own_inputs_are_shown_stretched(tmp_path: Path) -> None:
    inputs = torch.linspace(-2, 2, 2 * 3 * 32 * 32).view(2, 3, 32, 32)
    with attnviz.record(network(), inputs, tmp_path / "run.attn") as run:
        run.step(0)
    read = Recording.load(tmp_path / "run.attn")
    assert read.classes == ("class 0", "class 1")
    assert read.pixels is not None
    assert [int(one.min()) for one in read.pixels] == [0, 0]
    assert [int(one.max()) for one in read.pixels] == [255, 255]


def test_what_makes_no_sense_is_said_before_the_training_starts(tmp_path: Path) -> None:
    path, inputs = tmp_path / "run.attn", torch.rand(1, 3, 32, 32)
    with (
        pytest.raises(TrainingError, match="at least one picture"),
        attnviz.record(network(), [], path),
    ):
        pass
    with (
        pytest.raises(TrainingError, match="no attention to record"),
        attnviz.record(nn.Sequential(nn.Flatten(), nn.Linear(3072, 2)), inputs, path),
    ):
        pass
    with (
        pytest.raises(TrainingError, match="2 classes, not 3"),
        attnviz.record(network(), [picture()], path, preprocess=PREPROCESS, classes="abc"),
    ):
        pass
    assert not path.exists()


def test_steps_must_rise(tmp_path: Path) -> None:
    path = tmp_path / "run.attn"
    with attnviz.record(network(), [picture()], path, preprocess=PREPROCESS) as run:
        run.step(0, step=10)
        with pytest.raises(TrainingError, match="Steps must rise"):
            run.step(1, step=10)
        run.step(1)
    assert [shot.step for shot in Recording.load(path).snapshots] == [10, 11]


def test_a_loop_that_goes_on_keeps_its_past(tmp_path: Path) -> None:
    module, path = network(), tmp_path / "run.attn"

    def recorded(*steps: int | None, resume: bool) -> list[int]:
        with attnviz.record(module, [picture()], path, preprocess=PREPROCESS, resume=resume) as run:
            for step in steps:
                run.step(0, step=step)
        return [shot.step for shot in Recording.load(path).snapshots]

    assert recorded(None, None, resume=True) == [0, 1]  # no file yet
    first = Recording.load(path).snapshots[0]
    module.get_parameter("stem.0.weight").data += 0.1
    assert recorded(None, 7, resume=True) == [0, 1, 2, 7]
    again = Recording.load(path).snapshots
    for key, maps in first.maps.items():
        np.testing.assert_array_equal(again[0].maps[key], maps)
    assert any((again[2].maps[key] != maps).any() for key, maps in first.maps.items())
    assert recorded(2, 3, resume=True) == [0, 1, 2, 3]  # its own checkpoint was older
    with pytest.raises(TrainingError, match="Steps must rise"):
        recorded(4, 4, resume=True)
    assert recorded(None, resume=False) == [0]


def test_a_file_that_does_not_fit_is_kept_under_a_free_name(tmp_path: Path) -> None:
    path, inputs = tmp_path / "run.attn", torch.rand(1, 3, 32, 32)

    def gone_on() -> None:
        with attnviz.record(network(), inputs, path, classes="xy", resume=True) as run:
            assert not path.exists()
            run.step(0)

    for number, classes in enumerate(("ab", "cd", "ef")):
        with attnviz.record(network(), inputs, path, classes=classes) as run:
            run.step(number)
        held = path.read_bytes()
        with pytest.warns(UserWarning, match="with other pictures or classes") as told:
            gone_on()
        assert told[0].filename == __file__
        name = "run.set-aside.attn" if not number else f"run.set-aside-{number + 1}.attn"
        assert name in str(told[0].message)
        assert (tmp_path / name).read_bytes() == held
        assert Recording.load(path).classes == ("x", "y")


def test_other_pictures_of_the_same_names_are_not_gone_on_with(tmp_path: Path) -> None:
    """Tensors are always "picture 1", arrays "picture": their names tell nothing."""
    path, kept = tmp_path / "run.attn", tmp_path / "run.set-aside.attn"
    inputs = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    larger = nn.functional.interpolate(inputs, size=48)
    dark = np.zeros((40, 60, 3), np.uint8)
    light, dot = dark + 200, dark.copy()
    dot[10:14, 10:14] = 255

    def steps(probes: torch.Tensor | list[attnviz.Picture], *, resume: bool) -> list[int]:
        with attnviz.record(network(), probes, path, preprocess=PREPROCESS, resume=resume) as run:
            run.step(0)
        return [shot.step for shot in Recording.load(path).snapshots]

    pictures = [[attnviz.open_picture(one)] for one in (dark, light, dot)]
    for first, other in (
        (inputs, inputs.flip(0)),
        (inputs, larger),
        (pictures[0], pictures[1]),
        (pictures[0], pictures[2]),
    ):
        assert steps(first, resume=False) == [0]
        assert steps(first, resume=True) == [0, 1]
        held = path.read_bytes()
        with pytest.warns(UserWarning, match="with other pictures or classes"):
            assert steps(other, resume=True) == [0]
        assert kept.read_bytes() == held
        kept.unlink()


def test_inputs_of_another_size_are_not_gone_on_with(tmp_path: Path) -> None:
    """Both are kept at 224 px, where one grey looks like another; the maps' grids tell them."""
    path = tmp_path / "run.attn"
    module = ran_small(2, width=16)

    def steps(side: int) -> list[int]:
        with attnviz.record(module, torch.zeros(1, 3, side, side), path, resume=True) as run:
            run.step(0)
        return [shot.step for shot in Recording.load(path).snapshots]

    assert steps(256) == [0]
    assert steps(256) == [0, 1]
    with pytest.warns(UserWarning, match="of inputs of another size"):
        assert steps(320) == [0]
    assert len(Recording.load(tmp_path / "run.set-aside.attn").snapshots) == 2


def test_a_network_that_diverged_is_told_and_what_was_recorded_stays(tmp_path: Path) -> None:
    module, path = network(), tmp_path / "run.attn"
    with attnviz.record(module, [picture()], path, preprocess=PREPROCESS) as run:
        run.step(0)
        run.step(1)
        next(module.parameters()).data[0] = torch.nan
        with pytest.raises(TrainingError, match=r"At step 2 .*NaN or infinity.*diverged"):
            run.step(2)
    assert [shot.step for shot in Recording.load(path).snapshots] == [0, 1]


def test_a_killed_loop_leaves_a_readable_file(tmp_path: Path) -> None:
    path = tmp_path / "run.attn"
    script = textwrap.dedent(
        f"""
        import os, sys, torch, attnviz
        from attnviz.models.zoo.ran_small import ran_small
        with attnviz.record(ran_small(2, width=16), torch.rand(1, 3, 32, 32), {str(path)!r}) as run:
            for epoch in range(1000):
                run.step(epoch)
                print(epoch, flush=True)
        """
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(3):
            process.stdout.readline()
        process.kill()
    assert [shot.epoch for shot in Recording.load(path).snapshots][:3] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("end", "classes", "kind", "told"),
    [
        (None, "ab", None, lambda logits: logits.softmax(1)),
        (None, "ab", "sigmoid", lambda logits: logits.sigmoid()),
        (nn.Softmax(1), "ab", None, lambda logits: logits.softmax(1)),
        (nn.Sigmoid(), None, None, lambda logits: logits.sigmoid()),
        (nn.Linear(2, 1), "ab", None, lambda z: torch.cat([(-z).sigmoid(), z.sigmoid()], 1)),
    ],
    ids=["softmax", "asked for", "softmax inside", "sigmoid inside", "one number"],
)
def test_recorded_probabilities_are_read_as_explain_reads_them(
    end: nn.Module | None, classes: str | None, kind: str | None, told: Any, tmp_path: Path
) -> None:
    body, path = network(), tmp_path / "run.attn"
    module = nn.Sequential(body, *([] if end is None else [end]))
    with attnviz.record(
        module, torch.rand(2, 3, 48, 48), path, classes=classes, scores=kind
    ) as run:
        run.step(0)
    probes = torch.from_numpy(Recording.load(path).pixels).permute(0, 3, 1, 2) / 255
    with torch.no_grad():
        logits = body.eval()(probes)
        expected = told(end(logits) if isinstance(end, nn.Linear) else logits)
    recorded = Recording.load(path).snapshots[0].probabilities
    np.testing.assert_allclose(recorded, expected, atol=5e-3)
    assert all(not part._forward_hooks for part in module.modules())


def test_a_network_without_attention_is_recorded_by_a_method(
    tmp_path: Path, tiny_cnn: nn.Module
) -> None:
    """Its maps are those of explain for the class that is asked, at each step."""
    module, path = tiny_cnn.train(), tmp_path / "run.attn"
    expected = []
    options: dict[str, Any] = {"preprocess": PREPROCESS, "classes": "abcd"}
    with attnviz.record(module, [picture()], path, method="grad-cam", target="c", **options) as run:
        for epoch in range(2):
            module.get_parameter("head.weight").data *= 1.5
            run.step(epoch)
            model = attnviz.wrap(module, preprocess=PREPROCESS)
            expected.append(attnviz.explain(model, picture(), "grad-cam", 2))
    read = Recording.load(path)
    layers = expected[0].layers
    assert list(read.snapshots[0].maps) == [("grad-cam", layer) for layer in layers]
    for shot, explained in zip(read.snapshots, expected, strict=True):
        for layer, values in zip(layers, explained.maps, strict=True):
            np.testing.assert_allclose(
                shot.maps["grad-cam", layer][0], values, rtol=2e-3, atol=1e-5
            )
    assert module.training
    assert all(weight.requires_grad and weight.grad is None for weight in module.parameters())
    assert not any(part._forward_hooks for part in module.modules())


def test_what_a_method_cannot_record_is_said_at_once(tmp_path: Path, tiny_cnn: nn.Module) -> None:
    path, inputs = tmp_path / "run.attn", torch.rand(2, 3, 32, 32)
    for options, error, reason in (
        ({"method": "gradcam"}, UnknownNameError, "Nearest: grad-cam"),
        ({"method": "score-cam"}, MethodError, "more passes than one"),
        ({"method": "grad-cam", "target": [0]}, TrainingError, "2 pictures and 1 targets"),
        ({"method": "grad-cam", "target": 9}, UnknownClassError, "no class 9"),
        ({}, TrainingError, 'method="grad-cam"'),
    ):
        with (
            pytest.raises(error, match=reason),
            attnviz.record(tiny_cnn, inputs, path, **options),
        ):
            pass
    assert not path.exists()
