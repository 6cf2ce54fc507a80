"""Links, messages of browsers and services, labels, and small files that programs of ours left."""

from __future__ import annotations

import io
import json
import os
from functools import partial
from pathlib import Path
from random import Random

import numpy as np

from attnviz.errors import AttnvizError
from attnviz.export.xmp import read_xmp_packet, xmp_packet
from attnviz.jobs.registered_folders import registered_folders
from attnviz.models.black_box.service import scores_of
from attnviz.models.labels import read_labels
from attnviz.pictures.presentation import Presentation
from attnviz.targets import TextContext
from attnviz.targets.text import format_targets, parse_targets
from attnviz.training.lens.evaluation import labelled_photos
from attnviz.ui.components.eye.save_request import SaveRequest
from attnviz.ui.components.map_grid.view import GridView
from attnviz.ui.pages.layers.self_attention import parse_point
from attnviz.ui.pages.objects.choices import ObjectChoices
from attnviz.video.frame_maps import FrameMaps, Shelf
from attnviz.video.work import work_folder
from attnviz.viewer.view import View
from attnviz.vision.bubbleview.rounds import Task, parse_round
from tests.fuzz.kind import FileKind, named
from tests.fuzz.mutations import ODD, changed_bytes, changed_json, changed_zip

_TARGETS = (
    "dog", "contrast:cat|dog", "place:.4,.6", "patch:.1,.2", "words:a red car|de", "class:patch:x",
    "box:.5,.5", "region:.1,.2,.3,.4", "against:cat", "a;b;c", "%3B;contrast:%7C|b",
    "contrast:" * 50,
)  # fmt: skip


def make_link(folder: Path) -> bytes:
    link = {"layer": "stage1", "mode": "heat", "radius": "0.02", "outline": "1", "threshold": "0.2"}
    link |= {"target": ";".join(_TARGETS[:2]), "objects": "1,2", "against": "2", "point": "0.5,0.5"}
    link |= {"channels": "4,3,2", "window": "40,400", "slice": "1", "depth": "0.5", "a": "x"}
    return json.dumps(link).encode()


def change_link(random: Random, source: bytes) -> bytes:
    """Change a value to an odd text, or to another target whose text is changed."""
    link = json.loads(source)
    key = random.choice(sorted(link))
    if random.random() < 0.5:
        text = changed_bytes(random, random.choice(_TARGETS).encode())
        link["target"] = text.decode("utf-8", "replace")
    else:
        link[key] = random.choice([str(odd)[:6000] for odd in ODD])
    return json.dumps(link).encode()


def read_link(source: bytes, folder: Path) -> object:
    """Every part by itself: each is of another page."""
    link: dict[str, str] = json.loads(source)
    chances = np.full(5, 0.2, np.float32)
    view, grid = View.from_untrusted(link), GridView.from_untrusted(link)
    chosen = ObjectChoices.from_query(link, chances)
    told = [*view.to_query().values(), *grid.to_query().values()]
    told += [] if chosen is None else list(chosen.to_query().values())
    "".join(told).encode()
    assert all(0 <= share <= 1 for share in parse_point(link.get("point")))
    for text in (link.get("target", ""), *_TARGETS):
        try:
            targets = parse_targets(text, TextContext(("cat", "dog")))
            assert parse_targets(format_targets(targets), TextContext(("cat", "dog"))) == targets
        except AttnvizError as error:
            str(error).encode()
    return Presentation.parse(*(link.get(key, "") for key in ("channels", "window", "slice")))


def make_messages(folder: Path) -> bytes:
    viewer = {
        "layer": "a",
        "mode": "heat",
        "radius": 0.02,
        "outline": True,
        "speed": 3,
        "left": "heat",
    }
    eye = {
        "fixations": [[0.5, 0.5]], "pixelsPerDegree": 30, "leastContrast": 0.02, "decay": 0.1,
        "halfAngle": 2.3, "coarser": 1.0, "distance": 60, "photoId": "x", "path": "y",
    }  # fmt: skip
    played = {"clicks": [[0.5, 0.25, 400], [0.1, 0.9, 1400.5]], "ms": 3000, "answer": "a cup"}
    return json.dumps({"viewer": viewer, "grid": {"a": "x"}, "eye": eye, "round": played}).encode()


def change_messages(random: Random, source: bytes) -> bytes:
    messages = json.loads(source)
    name = random.choice(sorted(messages))
    changed = changed_json(random, json.dumps(messages[name]).encode())
    try:
        return json.dumps({**messages, name: json.loads(changed)}).encode()
    except (ValueError, RecursionError):
        return source  # a browser sends what it has parsed


def read_messages(source: bytes, folder: Path) -> object:
    messages = json.loads(source)
    told = []
    for name, kind in (("viewer", View), ("grid", GridView)):
        if isinstance(messages[name], dict):
            told += kind.from_untrusted(messages[name]).to_query().values()
    asked = SaveRequest.from_untrusted(messages["eye"])
    told += [] if asked is None else [asked.photo, asked.path]
    "".join(told).encode()
    return parse_round(messages["round"], Task.TELL).answer.encode()


def read_answer(source: bytes, folder: Path) -> object:
    return scores_of(source, "a service")


def read_xmp(source: bytes, folder: Path) -> object:
    return "".join(read_xmp_packet(source).values()).encode()


def make_frames(folder: Path) -> bytes:
    ticks = np.arange(2)
    one = FrameMaps(np.zeros((2, 3, 4), np.float32), ticks, ticks, np.zeros(2, np.float32))
    file = io.BytesIO()
    np.savez(file, **vars(one))
    return file.getvalue()


def read_frames(source: bytes, folder: Path) -> object:
    named(folder, "maps-000000.npz", source)
    return [len(one) for one in Shelf(folder).kept()]


def read_order(source: bytes, folder: Path) -> object:
    named(folder, "out.mp4.work/order.json", source)
    with work_folder(folder / "out.mp4", {"a": "b"}, "look") as work:
        return sorted(work.iterdir())


def read_registry(source: bytes, folder: Path) -> object:
    named(folder, "elsewhere/0123456789abcdef", source)
    before = os.environ.get("ATTNVIZ_RUNS")
    os.environ["ATTNVIZ_RUNS"] = str(folder)
    try:
        return registered_folders()
    finally:
        os.environ.pop("ATTNVIZ_RUNS")
        if before is not None:
            os.environ["ATTNVIZ_RUNS"] = before


def read_photos(source: bytes, folder: Path) -> object:
    found = labelled_photos(named(folder, "labels.json", source).parent)
    assert all(path.parent == folder for path, _ in found)
    return found


def _json(tree: object, _: Path) -> bytes:
    return json.dumps(tree).encode()


_ANSWER = {"outputs": [{"name": "logits", "shape": [2, 3], "data": [1, 2, 3, 4, 5.5, 6]}]}
_PHOTOS = [{"file": "a.jpg", "class_index": 3}, {"file": "b.jpg", "class_index": 5}]
KINDS = [
    FileKind("link", make_link, change_link, read_link),
    FileKind("messages of a browser", make_messages, change_messages, read_messages),
    FileKind("answer of a service", partial(_json, _ANSWER), changed_json, read_answer),
    FileKind(
        "labels",
        lambda _: "tench\ndog\r\ncaf\u00e9\n".encode(),
        changed_bytes,
        lambda source, folder: "".join(read_labels(named(folder, "labels.txt", source))).encode(),
    ),
    FileKind("XMP", lambda _: xmp_packet({"model": "a"}), changed_bytes, read_xmp),
    FileKind(
        "maps of frames", make_frames, partial(changed_zip, inside=[changed_bytes]), read_frames
    ),
    FileKind(
        "order of a video", partial(_json, {"question": {}, "look": ""}), changed_json, read_order
    ),
    FileKind("registered folder", lambda _: b"/data/run", changed_bytes, read_registry),
    FileKind("labelled photos", partial(_json, _PHOTOS), changed_json, read_photos),
]
