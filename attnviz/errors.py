"""Every error that attnviz raises on purpose.

    AttnvizError
    ├── PictureError          a file or array that cannot be used as a picture
    ├── UnknownNameError      a model, layer, method, class or option nobody registered
    ├── ModelError            a network that cannot be used as asked
    │   ├── WeightsError      weights that are missing, damaged, or not to be trusted
    │   │   └── WeightsUnavailableError   weights that would have to be downloaded, and cannot be
    │   ├── NoSitesError      a network in which nothing of the asked kind can be read
    │   └── OutOfMemoryError  a pass that did not fit, also after the retry
    ├── MethodError           a method that does not fit what was captured
    ├── FocusError            maps, masks or parameters a renderer cannot work with
    ├── EvidenceError         regions or scores from which no evidence can be drawn
    ├── VisionError           an eye, a map or fixations that a model of human vision cannot use
    └── TrainingError         a data folder, checkpoint or recording that cannot be used
        └── DivergedError     a training whose numbers became NaN or infinite

Each message is complete: what happened, to which file or layer, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AttnvizError(Exception):
    """Base of all errors raised on purpose; its text can be shown to a user as it stands."""


class PictureError(AttnvizError):
    """A file or array cannot be used as a picture; the text names it, the reason and the remedy."""


class UnknownNameError(AttnvizError):
    """A name nobody registered. `nearest` holds the known names that look most like it."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = list(known)
        self.name = name
        self.nearest: tuple[str, ...] = tuple(
            difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        )
        shown = self.nearest or tuple(names[:8])
        hint = "Nearest: " if self.nearest else "Known: "
        tail = hint + ", ".join(shown) + "." if shown else "None is known."
        super().__init__(f"There is no {what} named {name!r}. {tail}")


class ModelError(AttnvizError):
    """A network cannot be used as asked."""


class WeightsError(ModelError):
    """Weights are missing, damaged, or hold something other than plain tensors."""


class WeightsUnavailableError(WeightsError):
    """Weights would have to be downloaded, and the download failed."""


class NoSitesError(ModelError):
    """Nothing of the asked kind can be read in this network."""


class OutOfMemoryError(ModelError):
    """A pass did not fit into memory, also after the retry."""


class MethodError(AttnvizError):
    """A method does not fit what was captured, or an option of it is out of range."""


class FocusError(AttnvizError):
    """A map, mask or parameter that focus or a renderer cannot work with."""


class EvidenceError(AttnvizError):
    """Regions, coalitions or scores do not allow the evidence that was asked for."""


class VisionError(AttnvizError):
    """A viewing distance, map or set of fixations that a model of human vision cannot use."""


class TrainingError(AttnvizError):
    """A data folder, checkpoint, card or recording cannot be used."""


class DivergedError(TrainingError):
    """Numbers of a training became NaN or infinite; from its last checkpoint they would again."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} Going on would most likely end here again: begin anew with another seed, or "
            "with a lower learning rate where it can be chosen."
        )
