"""One file from a web server: as a whole and checked, or not at all."""

from __future__ import annotations

import errno
import hashlib
import http.client
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from tqdm import tqdm

from attnviz.errors import WeightsError, WeightsUnavailableError
from attnviz.models.spec import WeightsRef
from attnviz.progress import Progress

SILENCE_SECONDS = 30.0
LARGEST_BYTES = 8 * 1024**3
_CHUNK = 1024**2
_STALE_SECONDS = 24 * 3600


def download(
    ref: WeightsRef, url: str, folder: Path, progress: Progress | None = None
) -> tuple[Path, str]:
    """Fetch `url` to `folder / ref.file_name`; returns that path and the file's SHA-256.

    The bytes go to a file of their own beside it, which takes the name once it is complete and
    checked, and is removed whatever else happens. Two downloads at once do not meet.

    Raises:
        WeightsError: the file came, but its SHA-256 is not the one that `ref` gives.
        WeightsUnavailableError: anything else, as a reason without a remedy.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise WeightsUnavailableError("only http and https addresses are used")
    partial = folder / f"{ref.file_name}.{uuid4().hex}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder, ref.file_name)
        with _answer(url) as answer, partial.open("xb") as file:
            digest = _save(answer, file, folder, ref, progress)
        if not digest.startswith(ref.sha256.lower()):
            raise WeightsError(
                f"{ref.file_name} from {url} is damaged or another file, and was not kept: its "
                f"SHA-256 should begin with {ref.sha256}, but is {digest}. Try again later."
            )
        partial.replace(folder / ref.file_name)
    except (OSError, http.client.HTTPException) as error:
        raise WeightsUnavailableError(_reason(error, folder)) from error
    finally:
        partial.unlink(missing_ok=True)
    return folder / ref.file_name, digest


def _answer(url: str) -> Any:
    """The open response; like `urlopen`, but a redirection can lead to no file or ftp address."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    return opener.open(url, timeout=SILENCE_SECONDS)


def _remove_stale(folder: Path, name: str) -> None:
    """Remove what downloads left that were killed, but not what another one writes just now."""
    for path in folder.glob(f"{name}.*.partial"):
        with suppress(FileNotFoundError):  # another process may be first
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink()


def _save(
    answer: Any, file: IO[bytes], folder: Path, ref: WeightsRef, progress: Progress | None
) -> str:
    """Copy the answer's body to `file` and return its SHA-256."""
    length = answer.headers.get("Content-Length", "")
    total = int(length) if length.isdigit() else None
    most = LARGEST_BYTES if ref.bytes is None else ref.bytes + ref.bytes // 10 + _CHUNK
    _check_size(total or 0, most)
    if total is not None and total > shutil.disk_usage(folder).free:
        raise WeightsUnavailableError(f"{folder} has no room for {total / 1e6:.0f} MB")
    digest, done = hashlib.sha256(), 0
    with _shown(progress, ref.file_name) as tell:
        tell(0, total)
        while chunk := answer.read(_CHUNK):
            done += len(chunk)
            _check_size(done, most)
            file.write(chunk)
            digest.update(chunk)
            tell(done, total)
    if total is not None and done != total:
        raise WeightsUnavailableError(f"it broke off after {done:,} of {total:,} bytes")
    return digest.hexdigest()


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise WeightsUnavailableError(f"the server sends more than the {most:,} bytes expected")


@contextmanager
def _shown(progress: Progress | None, title: str) -> Iterator[Progress]:
    if progress is not None:
        yield progress
        return
    with tqdm(desc=title, unit="B", unit_scale=True, file=sys.stderr) as bar:

        def tell(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield tell


def _reason(error: Exception, folder: Path) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer for {SILENCE_SECONDS:.0f} seconds"
    if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
        return f"{folder} has no room left"
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}: {cause.filename}" if cause.filename else cause.strerror
    return str(cause) or type(cause).__name__
