"""Whom the app serves: this computer alone, or other people too.

Everything is read from the environment, so that pages, command line and training processes agree.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from attnviz.errors import SettingError

MODE_VARIABLE = "ATTNVIZ_MODE"
HOSTS_VARIABLE = "ATTNVIZ_HOSTS"
ROOTS_VARIABLE = "ATTNVIZ_ROOTS"
MODELS_VARIABLE = "ATTNVIZ_MODELS"
TRAINING_VARIABLE = "ATTNVIZ_TRAINING_MINUTES"
UPLOAD_VARIABLE = "ATTNVIZ_UPLOAD_MB"
DOWNLOAD_VARIABLE = "ATTNVIZ_DOWNLOAD_GB"
ONNX_VARIABLE = "ATTNVIZ_VISITORS_ONNX"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Names by which a browser reaches its own computer, and nobody else's."""


class AppMode(StrEnum):
    """Whom the app serves."""

    LOCAL = "local"
    HOSTED = "hosted"


@dataclass(frozen=True)
class Hosting:
    """What visitors of the app may do.

    Attributes
    ----------
    mode
        Local: whoever uses the app may do on this computer what the person who started it may.
    roots
        Folders of the server that visitors of a hosted app may list and read, and all below them.
    models
        Names of the networks that a hosted app offers, also by a download; None for those whose
        weights are on the server.
    training_minutes
        How long a training that a visitor of a hosted app starts may take; 0 if nobody may.
    upload_megabytes
        Largest file that a visitor of a hosted app may send, and what a tab's files that no page
        has taken yet may have together.
    download_gigabytes
        What a hosted app downloads in all until it is started again.
    onnx
        Whether visitors of a hosted app may open ONNX files: whole programs, of any size of work,
        which run in the server's own process.

    Examples
    --------
    >>> Hosting().may_open(Path("/etc"))
    True
    >>> Hosting(AppMode.HOSTED, roots=(Path("/data"),)).may_open(Path("/data/../etc"))
    False
    """

    mode: AppMode = AppMode.LOCAL
    roots: tuple[Path, ...] = ()
    models: frozenset[str] | None = None
    training_minutes: float = 0.0
    upload_megabytes: int = 128
    download_gigabytes: float = 20.0
    onnx: bool = True

    @classmethod
    def from_environment(cls) -> Hosting:
        """Read ATTNVIZ_MODE, and what a hosted app allows.

        Returns
        -------
        Hosting
            Local mode if ATTNVIZ_MODE is not set.

        Raises
        ------
        SettingError
            A variable has a value that it cannot have.
        """
        if _mode() is AppMode.LOCAL:
            return cls()
        roots = filter(None, os.environ.get(ROOTS_VARIABLE, "").split(os.pathsep))
        models = listed_names(MODELS_VARIABLE)
        return cls(
            AppMode.HOSTED,
            tuple(Path(root).expanduser().resolve() for root in roots),
            frozenset(models) if models else None,
            _number(TRAINING_VARIABLE, 0, "minutes such as 30, or to 0 if nobody may train"),
            max(
                1,
                math.ceil(_number(UPLOAD_VARIABLE, cls.upload_megabytes, "megabytes such as 128")),
            ),
            _number(DOWNLOAD_VARIABLE, cls.download_gigabytes, "gigabytes such as 20"),
            _number(ONNX_VARIABLE, 0, "1 if visitors may open ONNX files, or 0") > 0,
        )

    @property
    def hosted(self) -> bool:
        """Whether people use the app who may not use the computer it runs on."""
        return self.mode is AppMode.HOSTED

    @property
    def trains(self) -> bool:
        """Whether visitors may start trainings."""
        return not self.hosted or self.training_minutes > 0

    @property
    def opens_folders(self) -> bool:
        """Whether visitors may open any folder of the computer that runs the app."""
        return not self.hosted or bool(self.roots)

    def largest_upload(self, most: int) -> int:
        """Return how many of `most` megabytes a file may have that is sent to the app."""
        return min(most, self.upload_megabytes) if self.hosted else most

    def may_open(self, folder: Path) -> bool:
        """Whether visitors may list and read a folder; links are followed first."""
        if not self.hosted:
            return True
        try:
            target = folder.resolve()
        except (OSError, ValueError, RuntimeError):  # a loop of links, or no path at all
            return False
        return any(target.is_relative_to(root) for root in self.roots)

    def may_use(self, name: str, *, here: bool) -> bool:
        """Whether visitors may use the network `name`; `here`: its weights are on the server."""
        if not self.hosted:
            return True
        return here if self.models is None else name in self.models


def allowed_hosts() -> tuple[str, ...]:
    """Return the host names under which a hosted app answers, from ATTNVIZ_HOSTS."""
    return listed_names(HOSTS_VARIABLE)


def _mode() -> AppMode:
    text = os.environ.get(MODE_VARIABLE, "").strip().lower() or AppMode.LOCAL
    try:
        return AppMode(text)
    except ValueError as error:
        raise SettingError(
            f"{MODE_VARIABLE} is set to {text[:40]!r}. Set it to local or hosted."
        ) from error


def listed_names(variable: str) -> tuple[str, ...]:
    """Return the names that a variable of the environment lists, with commas between them."""
    names = (name.strip() for name in os.environ.get(variable, "").split(","))
    return tuple(name for name in names if name)


def _number(variable: str, default: float, what: str) -> float:
    text = os.environ.get(variable, "").strip() or str(default)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise SettingError(f"{variable} is set to {text[:40]!r}. Set it to a number of {what}.")
    return number
