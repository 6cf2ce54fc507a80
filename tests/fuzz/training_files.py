"""Files of trainings: recordings, weights, cards, ZIPs of pictures, states, checkpoints."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from attnviz.jobs.state import JOB, STATE, RunPhase
from attnviz.models.card import read_card
from attnviz.models.state import load_state, read_state
from attnviz.models.zoo.registry import build_network
from attnviz.models.zoo_source import trained_spec
from attnviz.training.data.class_folders import class_names
from attnviz.training.data.zipped import unpack_classes
from attnviz.training.jobs.runs import TrainingRun, list_runs
from attnviz.training.jobs.state import Job, RunState
from attnviz.training.lens.pictures import load_pictures
from attnviz.training.loop.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from attnviz.training.loop.optimizers import build_optimizer
from attnviz.training.recipe import Recipe
from attnviz.training.recording.file import Recording, Snapshot
from attnviz.ui.pages.training.runs import RecordedRun, run_facts
from tests.fuzz.kind import FileKind, named
from tests.fuzz.mutations import changed_bytes, changed_header, changed_json, changed_zip


def make_recording(folder: Path) -> bytes:
    pixels = np.zeros((2, 8, 8, 3), np.uint8)
    stored = Recording(("red", "blue"), ("one.png", "two"), Recipe().to_json(), "{}", (), pixels)
    for step in (0, 8):
        maps = {("soft-mask", "stage1"): np.full((2, 3, 4), 0.5, np.float32)}
        chances = np.full((2, 2), 0.5, np.float32)
        stored = stored.with_snapshot(Snapshot(step, step / 8, maps, chances, 0.5, 1.0))
    stored.save(folder / "seed.attn")
    return (folder / "seed.attn").read_bytes()


def read_recording(source: bytes, folder: Path) -> object:
    read = Recording.load(named(folder, "run.attn", source), "run.attn")
    shown = (
        *read.classes,
        *read.pictures,
        *(name for shot in read.snapshots for _, name in shot.maps),
    )
    run = RecordedRun("key", "title", read)
    facts = json.dumps(run_facts(read), ensure_ascii=False)
    return "".join([*shown, *run.checkpoints, facts, repr(read)]).encode()


def make_weights(folder: Path) -> bytes:
    torch.manual_seed(0)
    save_file(build_network("ran-cifar", 3).state_dict(), folder / "ran-cifar.safetensors")
    return (folder / "ran-cifar.safetensors").read_bytes()


def read_weights(source: bytes, folder: Path) -> object:
    path = named(folder, "ran-cifar.safetensors", source)
    load_state(build_network("ran-cifar", 3), read_state(path), path)
    return path


def make_pickled(folder: Path, *, zipped: bool = True) -> bytes:
    file = io.BytesIO()
    state = {"weight": torch.ones(3, 4), "bias": torch.zeros(3)}
    torch.save(state, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def read_pickled(source: bytes, folder: Path) -> object:
    path = named(folder, "net.pth", source)
    module = torch.nn.Linear(4, 3)
    load_state(module, read_state(path), path)
    return module


def make_card(folder: Path) -> bytes:
    weights = make_weights(folder)
    return json.dumps(
        {
            "classes": ["tench", "dog", "radio"],
            "sha256": hashlib.sha256(weights).hexdigest(),
            "input_side": 96,
            "parameters": 1000,
            "answers": {"attention": {"method": "mask-effect", "layer": "a.b", "score": 1.5}},
            "top1": 0.934,
            "data": "Imagenette",
            "certainty": {"margin": 0.1, "energy": -3.0},
            "recipe": {"epochs": 3},
        }
    ).encode()


def read_a_card(source: bytes, folder: Path) -> object:
    card = read_card(named(folder, "ran-small.json", source))
    named(folder, "ran-small.safetensors", b"weights")
    spec = trained_spec(folder / "ran-small.safetensors")
    shown = [*card.classes, card.data, spec.note, *spec.labels]
    shown += [text for one in card.answers.values() for text in (one.method, one.layer)]
    return "".join(shown).encode()


def make_zip(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("all/cat/1.png", "all/cat/2.png", "all/dog/3.png", "all/dog/notes.txt"):
            picture = io.BytesIO()
            Image.new("RGB", (8, 8), (200, 40, 30)).save(picture, "PNG")
            archive.writestr(name, picture.getvalue())
    return packed.getvalue()


def read_zip(source: bytes, folder: Path) -> object:
    unpacked = unpack_classes(source, folder / "unpacked")
    return sorted(unpacked.rglob("*"))


def make_job(folder: Path) -> bytes:
    Job(Recipe().to_json(), "/data", 32, minutes=5.0).write(folder)
    return (folder / JOB).read_bytes()


def change_job(random: Random, source: bytes) -> bytes:
    if random.random() < 0.4:  # the recipe, which is JSON in JSON
        job = json.loads(source)
        recipe = changed_json(random, job["recipe"].encode())
        return json.dumps(job | {"recipe": recipe.decode("utf-8", "replace")}).encode()
    return changed_json(random, source)


def read_job(source: bytes, folder: Path) -> object:
    run = TrainingRun(named(folder, f"runs/one/{JOB}", source).parent)
    return run.recording, os.fsencode(run.job.data), run.state


def make_state(folder: Path) -> bytes:
    RunState(RunPhase.DONE, 5, 10, 2.5, text="a", notes="b", share=0.5).write(folder)
    return (folder / STATE).read_bytes()


def read_run_state(source: bytes, folder: Path) -> object:
    from attnviz.ui.pages.training.live_runs import progress_text

    named(folder, f"runs/one/{JOB}", make_job(folder))
    named(folder, f"runs/one/{STATE}", source)
    for run in list_runs(folder / "runs"):
        state = run.state
        shown = f"{progress_text(state)} {state.notes} {state.completed:.2f}"
        assert 0 <= state.completed <= 1
        shown.encode()
    return RunState.read(folder / "runs" / "one")


def _parts() -> tuple[torch.nn.Module, torch.nn.Module, object]:
    torch.manual_seed(0)
    module, averaged = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    optimizer = build_optimizer(module, Recipe())
    module(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return module, averaged, optimizer


def make_checkpoint(folder: Path) -> bytes:
    save_checkpoint(folder / "seed.safetensors", "me", TrainingState(3, 1.5), *_parts())
    return (folder / "seed.safetensors").read_bytes()


def read_checkpoint(source: bytes, folder: Path) -> object:
    return load_checkpoint(named(folder, "checkpoint.safetensors", source), "me", *_parts())


def read_classes(source: bytes, folder: Path) -> object:
    named(folder, "classes.json", source)
    return "".join(class_names(folder, ["a", "b"])).encode()


def make_coco(folder: Path) -> bytes:
    tables = {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4], "category_id": 1}],
    }
    return json.dumps(tables).encode()


def read_coco(source: bytes, folder: Path) -> object:
    named(folder, "coco128/instances.json", source)
    for name in ("a.jpg", "b.jpg"):
        picture = named(folder, f"coco128/images/{name}", b"")
        Image.new("RGB", (8, 8)).save(picture, "JPEG")
    return load_pictures(folder)


KINDS = [
    FileKind("recording", make_recording, changed_header, read_recording),
    FileKind("weights", make_weights, changed_header, read_weights),
    FileKind("pickled weights", make_pickled, changed_bytes, read_pickled),
    FileKind(
        "old pickled weights", partial(make_pickled, zipped=False), changed_bytes, read_pickled
    ),
    FileKind("card", make_card, changed_json, read_a_card),
    FileKind("ZIP of classes", make_zip, partial(changed_zip, inside=[changed_bytes]), read_zip),
    FileKind("job", make_job, change_job, read_job),
    FileKind("state", make_state, changed_json, read_run_state),
    FileKind("checkpoint", make_checkpoint, changed_header, read_checkpoint),
    FileKind("names of classes", lambda _: b'{"a": "cat", "b": "dog"}', changed_json, read_classes),
    FileKind("COCO", make_coco, changed_json, read_coco),
]
