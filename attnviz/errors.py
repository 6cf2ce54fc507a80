"""Every error that attnviz raises on purpose.

    AttnvizError
    ├── PictureError          a file or array that cannot be used as a picture
    │   └── BusyWorkersError      a file that cannot be opened now, but may be later
    ├── VideoError            a file or folder that cannot be used as a video
    ├── UnknownNameError      a model, layer, method or option that is not registered
    │   ├── AmbiguousNameError    the end of several names, where one is needed
    │   └── UnknownClassError     a class that the network does not have
    ├── ModelError            a network that cannot be used as requested
    │   ├── WeightsError      weights that are missing, damaged or not trustworthy
    │   │   └── WeightsUnavailableError   weights whose download failed
    │   ├── NoSitesError      a network without sites of the requested kind
    │   ├── InputError        a network that fails on its input
    │   ├── GradientError     a network whose output cannot be differentiated
    │   ├── InternalError     a network that runs by itself, and on which attnviz failed
    │   └── OutOfMemoryError  a pass that did not fit into memory, even after a retry
    ├── ExplanationError      a saved explanation that cannot be opened
    ├── MethodError           a method that does not fit what was captured
    ├── TargetError           a question that a model cannot be asked, or that has no answer
    ├── OutputError           a file or folder that cannot be written, or results not be read
    ├── ClusterError          machines that cannot be used, or work that failed on them
    ├── ServerError           a server of looks that cannot be asked, or gave no answer
    │   ├── NotServedError        a look that the server does not compute for anybody
    │   ├── ServerBusyError       a look that it does not compute now, but may later
    │   └── DeadlineError         a look that was not ready in time
    ├── FocusError            maps, masks or parameters that a renderer cannot use
    ├── EvidenceError         regions or scores that allow no evidence
    ├── VisionError           parameters, maps or fixations that a model of vision cannot use
    ├── TrainingError         a data folder, checkpoint or recording that cannot be used
    │   └── DivergedError     a training whose numbers became NaN or infinite
    ├── RunError              a run of its own process that cannot be started, read or stored
    └── SettingError          a setting of the environment that cannot be used

Each message is complete: what happened, to which file or layer, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class AttnvizError(Exception):
    """Base class of all errors raised on purpose; the text can be shown to users."""


class PictureError(AttnvizError):
    """A file or array cannot be used as a picture; the text names it, the reason and a remedy."""


class BusyWorkersError(PictureError):
    """A file cannot be opened now, whatever is in it; another time it may be."""


class VideoError(AttnvizError):
    """A file or folder cannot be used as a video; the text names it, the reason and a remedy."""


class UnknownNameError(AttnvizError):
    """A name is not registered.

    Parameters
    ----------
    what
        What the name should name, such as "method".
    name
        The unknown name.
    known
        All registered names.

    Attributes
    ----------
    nearest
        Up to three known names that are most similar to it.
    """

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


class AmbiguousNameError(UnknownNameError):
    """Several names end in what was given.

    Parameters
    ----------
    what
        What the name should name, such as "layer".
    name
        What was given.
    ending
        All names that end so.
    """

    def __init__(self, what: str, name: str, ending: Sequence[str]) -> None:
        super().__init__(what, name, ending)
        self.nearest = tuple(ending[:8])
        more = f" and {len(ending) - 8} more" if len(ending) > 8 else ""
        self.args = (
            f"There are {len(ending)} {what}s whose names end in {name!r}. Choose among "
            f"{', '.join(self.nearest)}{more}.",
        )


class UnknownClassError(UnknownNameError):
    """A network has no such class, or what was given can name none.

    Parameters
    ----------
    target
        What was given as an index or label.
    labels
        Name of each class; may be empty.
    count
        How many classes the network has; None if that is not known yet.
    """

    def __init__(self, target: object, labels: Sequence[str], count: int | None) -> None:
        super().__init__("class", str(target), labels)
        known = count or len(labels)
        last = max(known - 1, 0)
        classes = f"classes 0 to {last}" if last else "class 0 only"
        if isinstance(target, str):
            if labels:
                return  # the sentence of the base says it all
            text = f"There is no class named {target!r}: the classes have no labels here. "
            text += f"Choose one by its index{f', from 0 to {last}' if last else ''}."
        elif isinstance(target, int) and not isinstance(target, bool):
            text = f"There is no class {target}: "
            text += f"the network has the {classes}." if known else "they are counted from 0."
            if labels:
                nearest = min(max(target, 0), last)
                self.nearest = (labels[nearest],)
                text += f" Nearest: {nearest}, {labels[nearest]!r}."
        else:
            text = (
                f"A class is given by its index, a whole number, or by its label, not {target!r}."
            )
        self.args = (text,)


class ModelError(AttnvizError):
    """A network cannot be used as requested."""


class WeightsError(ModelError):
    """Weights are missing, damaged, or hold something other than plain tensors."""


class WeightsUnavailableError(WeightsError):
    """Weights need to be downloaded, and the download failed."""


class NoSitesError(ModelError):
    """The network has no sites of the requested kind."""


class InputError(ModelError):
    """A network fails on its input, also where nothing looks at it.

    Parameters
    ----------
    text
        What is told.
    sides
        (height, width) in pixels of an input on which it runs; None if none was found.

    Attributes
    ----------
    sides
        The same.
    """

    def __init__(self, text: str, sides: tuple[int, int] | None = None) -> None:
        super().__init__(text)
        self.sides = sides


class GradientError(ModelError):
    """The network's output cannot be differentiated, as a method of relevance needs it."""


class InternalError(ModelError):
    """attnviz itself failed on a network that runs without it."""


class OutOfMemoryError(ModelError):
    """A pass did not fit into memory, even after a retry."""


class ExplanationError(AttnvizError):
    """A saved explanation cannot be opened; the text names the file, the reason and a remedy."""


class MethodError(AttnvizError):
    """A method does not fit what was captured, or an option of it is out of range."""


class TargetError(AttnvizError):
    """A question cannot be asked of a model or a picture, or its score is no number."""


class OutputError(AttnvizError):
    """A file or folder cannot be written, or the results of a run over pictures not be read."""


class ClusterError(AttnvizError):
    """A cluster of machines cannot be used, or work failed on it; files that are written stay."""


class ServerError(AttnvizError):
    """A server of looks cannot be asked, refuses, or gave no answer that can be used."""


class NotServedError(ServerError):
    """A server does not have what was asked for: the network, its weights, method or target."""


class DeadlineError(ServerError):
    """A look was not ready within the time that whoever asked for it would wait."""


class ServerBusyError(ServerError):
    """A server has too much to do to take another look now.

    Parameters
    ----------
    waiting
        How many wait for it already; None if that is not known.
    seconds
        After how long it is worth asking again.

    Attributes
    ----------
    waiting, seconds
        The same.
    """

    def __init__(self, waiting: int | None, seconds: float) -> None:
        self.waiting, self.seconds = waiting, seconds
        super().__init__(f"{self.state}. Try again in about {max(seconds, 1):.0f} s.")

    @property
    def state(self) -> str:
        """How busy it is, without what to do."""
        already = f": {self.waiting:,} wait already" if self.waiting else ""
        return f"The server that looks is busy{already}"


class FocusError(AttnvizError):
    """A map, mask or parameter cannot be used for focus or rendering."""


class EvidenceError(AttnvizError):
    """Regions, coalitions or scores do not allow the requested evidence."""


class VisionError(AttnvizError):
    """A viewing distance, map or set of fixations cannot be used by a model of human vision."""


class TrainingError(AttnvizError):
    """A data folder, checkpoint, card or recording cannot be used."""


class DivergedError(TrainingError):
    """The loss or weights of a training became NaN or infinite.

    Resuming from the last checkpoint would most likely end the same way.

    Parameters
    ----------
    what
        Sentence that says what diverged, and where.
    """

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} Resuming would most likely end here again: start over with another seed, or "
            "with a lower learning rate where it can be chosen."
        )


class RunError(AttnvizError):
    """A run in a process of its own cannot be started, read or stored."""


class SettingError(AttnvizError):
    """A setting of the environment cannot be used."""
