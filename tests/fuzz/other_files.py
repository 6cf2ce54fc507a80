"""Sets of pictures, results of runs over them, explanations, rounds, fixations, links, messages."""

from __future__ import annotations

import io
import json
import tarfile
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
from PIL import Image

import attnviz
from attnviz.batch.listing import files_of_archive, files_of_table
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.run import BatchRun
from attnviz.errors import AttnvizError
from attnviz.metrics.fixations import read_fixations
from attnviz.models.preprocess import Preprocess
from attnviz.vision.bubbleview.rounds import Click, Round, Task
from attnviz.vision.bubbleview.stored_rounds import (
    PlayedPicture,
    as_fixations,
    as_json,
    list_rounds,
)
from tests.conftest import TinyCnn
from tests.fuzz.kind import FileKind, named
from tests.fuzz.mutations import changed_bytes, changed_json, changed_tree, changed_zip
from tests.fuzz.training_files import make_zip

_KEY = "20260101-000000-0123abcd"


def _photo(folder: Path, name: str) -> Path:
    path = named(folder, name, b"")
    Image.new("RGB", (16, 12), (200, 40, 30)).save(path, "PNG")
    return path


def _opened(files: list[PictureFile]) -> int:
    """Open the pictures, and count them."""
    count = 0
    for one in files[:6]:
        try:
            count += one.open().pixels.size > 0
        except AttnvizError as error:
            str(error).encode()
        pyarrow.array([one.name, one.group], pyarrow.string())  # as their rows are written
    return count


def read_zip(source: bytes, folder: Path) -> object:
    return _opened(files_of_archive(named(folder, "set.zip", source)))


def make_tar(folder: Path, packing: str = "") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{packing}") as archive:
        for name in ("a/1.png", "b/2.png"):
            archive.add(_photo(folder, name), name)
    return packed.getvalue()


def read_tar(source: bytes, folder: Path) -> object:
    return _opened(files_of_archive(named(folder, "set.tar", source)))


def make_csv(folder: Path) -> bytes:
    return b"path,label,x0,y0,x1,y1\na.png,cat,0.1,0.2,0.3,0.4\nb.png,dog,0,0,1,1\n"


def make_table(folder: Path) -> bytes:
    rows = {"path": ["a.png", "b.png"], "label": ["cat", None], "x0": [0.1, None]}
    pyarrow.parquet.write_table(pyarrow.table(rows), folder / "seed.parquet")
    return (folder / "seed.parquet").read_bytes()


def read_table(source: bytes, folder: Path, *, suffix: str) -> object:
    _photo(folder, "a.png")
    return _opened(files_of_table(named(folder, f"list{suffix}", source)))


def _results(folder: Path) -> ResultFolder:
    torch.manual_seed(0)
    model = attnviz.wrap(TinyCnn().eval(), Preprocess(size=32), ("a", "b", "c", "d"), name="tiny")
    files = [PictureFile(str(_photo(folder, f"{n}.png")), group="g") for n in range(3)]
    return BatchRun(model, files)(folder / "results")


def make_scores(folder: Path) -> bytes:
    return (_results(folder).path / "scores.parquet").read_bytes()


def make_maps(folder: Path) -> bytes:
    return next((_results(folder).path / "maps").glob("*.parquet")).read_bytes()


def make_manifest(folder: Path) -> bytes:
    return (_results(folder).path / "manifest.json").read_bytes()


def change_table(random: Random, source: bytes) -> bytes:
    """Change bytes, or drop, retype, empty or rename columns of a Parquet file."""
    if random.random() < 0.4:
        return changed_bytes(random, source)
    table = pyarrow.parquet.read_table(io.BytesIO(source))
    at = random.randrange(table.num_columns)
    name = table.column_names[at]
    odd = [
        pyarrow.nulls(len(table)),
        pyarrow.array([-1] * len(table), pyarrow.int64()),
        pyarrow.array([2**31 - 1] * len(table), pyarrow.int32()),
        pyarrow.array([float("nan")] * len(table)),
        pyarrow.array(["../outside"] * len(table)),
        pyarrow.array([[1.0]] * len(table)),
        pyarrow.array([b"\xff\xfe"] * len(table)),
    ]
    what = random.randrange(4)
    if what == 0:
        table = table.drop_columns([name])
    elif what == 1:
        table = table.rename_columns(["x" if one == name else one for one in table.column_names])
    elif what == 2:
        table = table.slice(0, random.randrange(len(table) + 1))
    else:
        table = table.set_column(at, name, random.choice(odd))
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


def read_results(source: bytes, folder: Path, *, name: str, whole: dict[str, bytes]) -> object:
    from attnviz.batch.set_page import write_page

    for other, content in {**whole, name: source}.items():
        named(folder, f"results/{other}", content)
    results = ResultFolder(folder / "results")
    manifest = results.manifest()
    write_page(results, "title", 512)
    return manifest, results.scores().num_rows


def make_explanation(folder: Path) -> bytes:
    torch.manual_seed(0)
    model = attnviz.wrap(TinyCnn().eval(), Preprocess(size=32), ("a", "b", "c", "d"), name="tiny")
    picture = attnviz.open_picture(_photo(folder, "a.png"))
    path = attnviz.explain(model, picture, "grad-cam", [1, "b"]).save(folder / "seed.npz")
    return Path(path).read_bytes()


def _changed_facts(random: Random, part: bytes) -> bytes:
    """Change an array of an NPZ: its facts as a tree, other arrays as bytes."""
    values = np.load(io.BytesIO(part), allow_pickle=False)
    try:
        facts = json.loads(values.tobytes())
    except ValueError:
        return changed_bytes(random, part)
    text = json.dumps(changed_tree(random, facts)).encode()
    file = io.BytesIO()
    np.save(file, np.frombuffer(text, np.uint8))
    return file.getvalue()


def read_explanation(source: bytes, folder: Path) -> object:
    read = attnviz.Explanation.load(source)
    read.focus()
    texts = [*read.layers, *read.notes, *read.provenance.values(), read.title, read.target_text]
    return "".join([*texts, *(one.label for one in read.predictions), read.picture.name]).encode()


def make_round(folder: Path) -> bytes:
    clicks = (Click(0.1, 0.1, 1.0), Click(0.2, 0.2, 2.0))
    played = Round(Task.TELL, clicks, 3.0, answer="a cup")
    return as_json(
        PlayedPicture("cup.jpg", "0" * 64, (10, 10)), played, "2026-01-01T00:00:00+00:00"
    )


def read_round(source: bytes, folder: Path) -> object:
    good = make_round(folder)
    named(folder, f"{_KEY}.json", source)
    named(folder, f"{_KEY[:-1]}e.json", good)
    stored, broken = list_rounds(folder)
    assert len(stored) + len(broken) == 2
    assert any(one.key == f"{_KEY[:-1]}e" for one in stored)  # a bad one costs itself alone
    for one in stored:
        "".join((one.picture.name, one.played.answer, one.saved)).encode()
    return as_fixations(stored)


def make_fixations(folder: Path) -> bytes:
    one = {"x": [1.5, 2], "y": [3, 4.5], "ms": [100, 200]}
    return json.dumps({"a.png": [one, {"x": [1], "y": [1]}], "b.png": [one]}).encode()


def read_fixation_file(source: bytes, folder: Path) -> object:
    for name in ("a.png", "b.png"):
        _photo(folder, name)
    read = read_fixations(folder_with(folder, source))
    "".join((*read.notes, *(one.name for one in read.pictures))).encode()
    return [one.cells((4, 4)) for one in read.pictures]


def folder_with(folder: Path, source: bytes) -> Path:
    return named(folder, "fixations.json", source).parent


def make_onnx(folder: Path) -> bytes:
    pytest.importorskip("onnxruntime")
    from tests.models.black_box.networks import write_onnx

    return write_onnx(folder / "seed.onnx").read_bytes()


def read_onnx(source: bytes, folder: Path) -> object:
    from attnviz.models.black_box.opened import black_box_file

    spec = black_box_file(named(folder, "net.onnx", source), side=20)
    return attnviz.explain is not None and spec.name.encode()


def _kinds_of_results() -> list[FileKind]:
    return [
        FileKind(name, make, change, partial(_read_kept_results, name=file))
        for name, file, make, change in (
            ("scores of a run", "scores.parquet", make_scores, change_table),
            ("maps of a run", "maps/000000.parquet", make_maps, change_table),
            ("manifest of a run", "manifest.json", make_manifest, changed_json),
        )
    ]


_WHOLE: dict[str, bytes] = {}


def _read_kept_results(source: bytes, folder: Path, *, name: str) -> object:
    if not _WHOLE:
        made = _results(folder / "made").path
        _WHOLE.update(
            {
                str(path.relative_to(made)): path.read_bytes()
                for path in (made / "scores.parquet", made / "manifest.json", *made.glob("maps/*"))
            }
        )
    return read_results(source, folder, name=name, whole=_WHOLE)


KINDS = [
    FileKind("ZIP of pictures", make_zip, partial(changed_zip, inside=[changed_bytes]), read_zip),
    FileKind("TAR of pictures", make_tar, changed_bytes, read_tar),
    FileKind("TAR.GZ of pictures", partial(make_tar, packing="gz"), changed_bytes, read_tar),
    FileKind("CSV of pictures", make_csv, changed_bytes, partial(read_table, suffix=".csv")),
    FileKind("table of pictures", make_table, change_table, partial(read_table, suffix=".parquet")),
    *_kinds_of_results(),
    FileKind(
        "explanation",
        make_explanation,
        partial(changed_zip, inside=[_changed_facts, _changed_facts, changed_bytes]),
        read_explanation,
    ),
    FileKind("round", make_round, changed_json, read_round),
    FileKind("fixations", make_fixations, changed_json, read_fixation_file),
    FileKind("ONNX", make_onnx, changed_bytes, read_onnx),
]
