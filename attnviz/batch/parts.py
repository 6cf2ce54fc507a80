"""The folder of a run over many pictures: parts that are whole or not there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from attnviz.batch.result_tables import read_manifest, read_maps, read_scores
from attnviz.batch.rows import MAPS, SCORES
from attnviz.errors import OutputError
from attnviz.files import Write, replace_whole
from attnviz.untrusted.values import read_json

MANIFEST, TABLE = "manifest.json", "scores.parquet"
_QUESTION = "question.json"
_NUMBER = re.compile(r"[0-9]{6,9}")
_MOST_BYTES = 10_000_000  # of a manifest


@dataclass(frozen=True)
class ResultFolder:
    """Where the results of a run lie.

    A part is the rows of consecutive pictures. Its maps are written first, and its scores last: a
    part whose scores are there is whole. `manifest.json` says that all are.

    Attributes
    ----------
    path
        The folder.
    """

    path: Path

    def begin(self, question: Mapping[str, Any]) -> None:
        """Make the folder, or go on in it.

        Parameters
        ----------
        question
            What decides the results; text and numbers.

        Raises
        ------
        OutputError
            It holds the results of another question, or other files.
        """
        file = self._parts / _QUESTION
        before = self.manifest().get("question") or _json(file)
        results = self.is_whole or self.done()
        if results and before != question:
            different = sorted(
                key for key in {*before, *question} if before.get(key) != question.get(key)
            )
            raise OutputError(
                f"{self.path} holds the results of another run: {', '.join(different)} differ. "
                "Choose another folder with --out, or delete this one."
            )
        if not before and self.path.is_dir() and any(self.path.iterdir()) and not self._started():
            raise OutputError(
                f"{self.path} holds other files. Choose a new folder, or an empty one, with --out."
            )
        if not self.is_whole:
            self._write(file, lambda path: path.write_text(json.dumps(question), "utf-8"))

    @property
    def is_whole(self) -> bool:
        """Whether all results are there."""
        return (self.path / MANIFEST).is_file()

    def done(self) -> frozenset[int]:
        """Return the numbers of the parts that are whole."""
        names = (path.stem for path in self._parts.glob("*.parquet"))
        return frozenset(int(name) for name in names if _NUMBER.fullmatch(name))

    def write_part(
        self,
        number: int,
        scores: Sequence[Mapping[str, Any]],
        maps: Sequence[Mapping[str, Any]],
        scripts: Mapping[str, str],
    ) -> None:
        """Write a part: its maps, what the page shows of it, and its scores last.

        Parameters
        ----------
        number
            From 0.
        scores, maps
            Rows of `SCORES` and of `MAPS`.
        scripts
            What the page loads of them, by name, without a suffix.

        Raises
        ------
        OutputError
            It cannot be written, such as for want of room; nothing of it is left.
        """
        name = f"{number:06}"
        self._write_table(self.path / "maps" / f"{name}.parquet", maps, MAPS)
        for script, text in scripts.items():
            self.write_text(f"index/{script}.js", text)
        self._write_table(self._parts / f"{name}.parquet", scores, SCORES)

    def join(self) -> None:
        """Write `scores.parquet` from all parts, one after the other."""

        def join(path: Path) -> None:
            with pyarrow.parquet.ParquetWriter(path, SCORES, compression="zstd") as writer:
                for part in sorted(self._parts.glob("*.parquet")):
                    writer.write_table(pyarrow.parquet.read_table(part, schema=SCORES))

        self._write(self.path / TABLE, join)

    def write_text(self, name: str, text: str) -> None:
        """Write a file of text; raises OutputError."""
        self._write(self.path / name, lambda path: path.write_text(text, "utf-8"))

    def write_rows(
        self, name: str, rows: Sequence[Mapping[str, Any]], schema: pyarrow.Schema
    ) -> None:
        """Write a further table beside the scores; raises OutputError."""
        self._write_table(self.path / name, rows, schema)

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file; raises OutputError."""
        self._write(self.path / name, lambda path: path.write_bytes(content))

    def end(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest, which makes the results whole, and remove what is not needed then."""
        self.write_text(MANIFEST, json.dumps(manifest, indent=1))
        for left in self.path.rglob("*.partial"):  # by runs that were killed
            left.unlink(missing_ok=True)
        shutil.rmtree(self._parts, ignore_errors=True)

    def add_to_manifest(self, **facts: Any) -> None:
        """Write down what was found out about results that are whole; raises OutputError."""
        self.write_text(MANIFEST, json.dumps({**self.manifest(), **facts}, indent=1))

    def remove(self, pattern: str) -> None:
        """Remove files, such as "focus/*.jpg", that are to be written anew; raises OutputError."""
        try:
            for path in self.path.glob(pattern):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.path / pattern} cannot be removed ({error.strerror}). Mend the folder's "
                "permissions, and give the same command again."
            ) from error

    def require_whole(self) -> None:
        """Raise OutputError where results are missing."""
        if not self.is_whole:
            raise OutputError(
                f"{self.path} holds no results that are whole. Give a folder in which `attnviz "
                "batch` has come to its end."
            )

    def scores(self) -> pyarrow.Table:
        """Return the table of all scores, checked; raises OutputError."""
        return read_scores(self.path / TABLE)

    def maps(self) -> Iterator[pyarrow.Table]:
        """Yield the tables of maps, checked, in the order of the pictures; raises OutputError."""
        for path in sorted((self.path / "maps").glob("*.parquet")):
            yield read_maps(path)

    def manifest(self) -> dict[str, Any]:
        """Return the manifest; empty where the results are not whole.

        Raises
        ------
        OutputError
            It is damaged.
        """
        if not self.is_whole:
            return {}
        return read_manifest(self.path / MANIFEST)

    @property
    def _parts(self) -> Path:
        return self.path / "parts"

    def _started(self) -> bool:
        """Whether a run was killed here before it had written its question."""
        return {one.name for one in self.path.iterdir()} <= {"parts"}

    def _write_table(
        self, path: Path, rows: Sequence[Mapping[str, Any]], schema: pyarrow.Schema
    ) -> None:
        columns = {name: [row.get(name) for row in rows] for name in schema.names}
        table = pyarrow.table(columns, schema=schema)
        self._write(path, lambda file: pyarrow.parquet.write_table(table, file, compression="zstd"))

    def _write(self, path: Path, write: Write) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # A worker that was taken for lost, and the one in its place, may write the same part.
            replace_whole(path, write, others=True)
        except (OSError, pyarrow.ArrowException) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(
                f"{path} cannot be written ({reason}). Make room, or mend its permissions, and "
                "give the same command again: it goes on where it stopped."
            ) from error


def _json(path: Path) -> dict[str, Any]:
    try:
        return read_json(path, _MOST_BYTES)
    except (OSError, ValueError):
        return {}
