"""Download one file, complete and verified, or not at all."""

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
from attnviz.models.download_quota import DOWNLOADS
from attnviz.models.known_sums import check_known_sum, is_whole
from attnviz.models.spec import WeightsRef
from attnviz.models.web import web_opener
from attnviz.progress import Progress, raised_by_progress, report_progress
from attnviz.words import file_size

SILENCE_SECONDS = 30.0
LARGEST_BYTES = 8 * 1024**3
_CHUNK = 1024**2
_STALE_SECONDS = 24 * 3600


def download(
    ref: WeightsRef, url: str, folder: Path, progress: Progress | None = None
) -> tuple[Path, str]:
    """Download a file and verify its SHA-256.

    The bytes are written to a temporary file, which is renamed once it is complete and verified,
    and removed otherwise. Concurrent downloads do not interfere.

    Parameters
    ----------
    ref
        Name, size and SHA-256 of the file.
    url
        http or https address.
    folder
        Target folder; created if missing.
    progress
        Called with bytes done and in all; a bar on stderr if None.

    Returns
    -------
    path : Path
        `folder / ref.file_name`.
    sha256 : str
        Of the file, in hexadecimal.

    Raises
    ------
    WeightsError
        The file was downloaded, but its SHA-256 differs from the one in `ref`, or from that of the
        first download.
    WeightsUnavailableError
        Any other failure; the message is a reason without a remedy.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise WeightsUnavailableError("only http and https addresses are used")
    partial = folder / f"{ref.file_name}.{uuid4().hex}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder, ref.file_name)
        with _response(url) as response, partial.open("xb") as file:
            digest = _save(response, file, folder, ref, progress)
        if not digest.startswith(ref.sha256.lower()):
            raise WeightsError(
                f"{ref.file_name} from {url} is damaged or another file, and was discarded: its "
                f"SHA-256 should begin with {ref.sha256}, but is {digest}. Try again later."
            )
        if not is_whole(ref.sha256):
            check_known_sum(folder / ref.file_name, digest, f"What {url} sends")
        partial.replace(folder / ref.file_name)
    except (OSError, http.client.HTTPException) as error:
        if raised_by_progress(error) is not None:
            raise
        raise WeightsUnavailableError(_reason(error, folder)) from error
    finally:
        with suppress(OSError):  # where the folder is none, that is the error to tell
            partial.unlink(missing_ok=True)
    return folder / ref.file_name, digest


def _response(url: str) -> Any:
    """Open the response; like `urlopen`, but redirections to file or ftp addresses fail."""
    opener = web_opener(urllib.request.HTTPRedirectHandler, urllib.request.UnknownHandler)
    return opener.open(url, timeout=SILENCE_SECONDS)


def _remove_stale(folder: Path, name: str) -> None:
    """Remove temporary files of killed downloads, but not those of downloads in progress."""
    for path in folder.glob(f"{name}.*.partial"):
        with suppress(FileNotFoundError):  # another process may have removed it
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink()


def _save(
    response: Any, file: IO[bytes], folder: Path, ref: WeightsRef, progress: Progress | None
) -> str:
    """Copy the response's body to `file` and return its SHA-256."""
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdigit() else None
    most = LARGEST_BYTES if ref.bytes is None else ref.bytes + ref.bytes // 10 + _CHUNK
    _check_size(total or 0, most)
    DOWNLOADS.check(total or 0)
    if total is not None and total > shutil.disk_usage(folder).free:
        raise WeightsUnavailableError(f"{folder} has no room for {file_size(total)}")
    digest, done = hashlib.sha256(), 0
    with _reporter(progress, ref.file_name) as shown:
        report_progress(shown, 0, total)
        while chunk := response.read(_CHUNK):
            done += len(chunk)
            DOWNLOADS.take(len(chunk))
            _check_size(done, most)
            file.write(chunk)
            digest.update(chunk)
            report_progress(shown, done, total)
    if total is not None and done != total:
        raise WeightsUnavailableError(f"it was interrupted after {done:,} of {total:,} bytes")
    return digest.hexdigest()


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise WeightsUnavailableError(f"the server sends more than the {most:,} bytes expected")


@contextmanager
def _reporter(progress: Progress | None, title: str) -> Iterator[Progress]:
    if progress is not None:
        yield progress
        return
    with tqdm(desc=title, unit="B", unit_scale=True, file=sys.stderr) as bar:

        def report(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield report


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
