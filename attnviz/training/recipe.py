"""Hyperparameters of a training, as one value that can be stored as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from dataclasses import dataclass
from typing import Literal, Self, get_args

from attnviz.errors import TrainingError, UnknownNameError
from attnviz.untrusted.fields import checked_fields
from attnviz.untrusted.values import UNREADABLE, checked_list, parse_json, reason_of

# Fields that were added later are omitted from the JSON where they are off. The JSON identifies a
# run, and older runs must still be resumable.
_ADDED_LATER = {
    "teacher": ("teacher", "distil", "temperature"),
    "pad": ("pad",),
    "noise": ("noise",),
    "unmixed": ("unmixed",),
    "erase": ("erase",),
    "start": ("start",),
}
# Fewer steps leave most networks at chance, whatever the pictures.
_LEAST_STEPS = 400
_LEAST_BATCH = 4
_MOST_PHASES = 100
_NAME = re.compile(r"[\w.-]{1,100}")


OptimizerName = Literal["sgd", "adamw", "muon"]


@dataclass(frozen=True)
class Phase:
    """A phase of the training: `epochs` epochs with pictures of `side` x `side` pixels."""

    epochs: int
    side: int


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters of a training.

    Attributes
    ----------
    model
        Name of a network in the zoo.
    phases
        Epochs and picture sizes, in order. Small pictures first cost little and teach much.
    store
        Side in pixels to which all pictures are squashed in memory.
    batch
        Pictures per step.
    optimizer
        "sgd" (Nesterov), "adamw", or "muon" for the filters of convolutions (Jordan 2024; `rate`
        and `weight_decay` are then Muon's).
    rate
        Peak learning rate, reached after `warm_up` epochs and taken to zero by a cosine.
    weight_decay
        Weight decay; norms and biases have none.
    warm_up
        Epochs of linear warm-up.
    smoothing
        Label smoothing, 0..1, 1 excluded.
    crop
        Smallest share of a picture's area that a random crop covers, above 0, up to 1.
    aspect
        Largest aspect ratio of that crop, 1 or more.
    colour
        Largest relative change of brightness, contrast and saturation.
    mixup, cutmix
        Beta parameters of mixup and CutMix; 0 switches them off.
    average
        Decay per step of the exponential moving average of the weights; 0 switches it off.
    half
        Whether to use bfloat16 autocast.
    seed
        Random seed.
    teacher
        Network to distil from, by its name in the catalogue or the path of its weights; empty for
        none.
    distil
        Share of the loss that comes from the teacher, 0..1.
    temperature
        Softmax temperature of the teacher; 0 uses its top prediction only.
    pad
        Largest random shift in pixels of the stored picture; the border is filled by reflection.
    noise
        Share of the training labels replaced by a random other class, 0..1, for experiments.
    unmixed
        Number of final epochs without mixup and CutMix.
    erase
        Side of the square that is erased at a random position (DeVries 2017), as a share of the
        picture's side.
    start
        Network whose weights it starts from (fine-tuning), by its name in the catalogue or the path
        of its weights; empty for random weights.
    """

    model: str = "ran-small"
    phases: tuple[Phase, ...] = (Phase(18, 64), Phase(12, 96), Phase(4, 128))
    store: int = 144
    batch: int = 64
    optimizer: OptimizerName = "sgd"
    rate: float = 0.15
    weight_decay: float = 5e-4
    warm_up: float = 2.0
    smoothing: float = 0.1
    crop: float = 0.35
    aspect: float = 4 / 3
    colour: float = 0.25
    mixup: float = 0.0
    cutmix: float = 0.0
    average: float = 0.998
    half: bool = False
    seed: int = 0
    teacher: str = ""
    distil: float = 0.5
    temperature: float = 0.0
    pad: int = 0
    noise: float = 0.0
    unmixed: int = 0
    erase: float = 0.0
    start: str = ""

    def __post_init__(self) -> None:
        positive = {"batch": self.batch, "rate": self.rate, "store": self.store}
        for name, value in positive.items():
            if value <= 0:
                raise TrainingError(f"{name} is {value}, but it must be above 0.")
        if not self.phases or any(p.epochs < 1 or p.side < 16 for p in self.phases):
            raise TrainingError(
                "Each phase needs at least one epoch and pictures of 16 px or more."
            )
        if not 0 < self.crop <= 1 or self.aspect < 1:
            raise TrainingError("crop must lie in 0..1 and aspect must be 1 or more.")
        if not 0 <= self.smoothing < 1 or min(self.warm_up, self.mixup, self.cutmix) < 0:
            raise TrainingError(
                "smoothing must lie in 0..1, 1 excluded; warm_up, mixup and cutmix from 0 up."
            )
        if not 0 <= self.pad < self.store:
            raise TrainingError("pad must lie in 0..store, store excluded.")
        if not 0 <= self.unmixed <= self.epochs:
            raise TrainingError(f"unmixed must lie in 0..{self.epochs}, the number of epochs.")
        if not 0 <= self.average < 1:
            raise TrainingError("average must lie in 0..1, 1 excluded.")
        if not 0 <= self.distil <= 1 or self.temperature < 0:
            raise TrainingError("distil must lie in 0..1, and temperature must be 0 or more.")
        if not 0 <= self.erase < 1:
            raise TrainingError("erase must lie in 0..1, 1 excluded.")
        if not 0 <= self.noise <= 1:
            raise TrainingError("noise must lie in 0..1.")

    @property
    def epochs(self) -> int:
        """Epochs of all phases together."""
        return sum(phase.epochs for phase in self.phases)

    def side_at(self, epoch: int) -> int:
        """Side of the training pictures in `epoch`, which counts from 0."""
        for phase in self.phases:
            if epoch < phase.epochs:
                return phase.side
            epoch -= phase.epochs
        return self.phases[-1].side

    def share_at(self, epoch: float) -> float:
        """Share of all the work, measured in pixels, that is done at `epoch` (a fraction): 0..1.

        Small pictures are cheap: of 18 epochs at 64 px, 12 at 96 and 4 at 128, the first half of
        the epochs is little more than a quarter of the work.
        """
        done, left = 0.0, epoch
        for phase in self.phases:
            done += min(left, phase.epochs) * phase.side**2
            left = max(0.0, left - phase.epochs)
        return done / sum(phase.epochs * phase.side**2 for phase in self.phases)

    def rate_at(self, epoch: float) -> float:
        """Learning rate at `epoch`, a fraction: linear warm-up, then half a cosine to zero."""
        if epoch < self.warm_up:
            return self.rate * (epoch + 1e-3) / self.warm_up
        share = (epoch - self.warm_up) / max(self.epochs - self.warm_up, 1e-9)
        return self.rate * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))

    def to_json(self) -> str:
        """The recipe as one line of JSON."""
        fields = dataclasses.asdict(self)
        for switch, names in _ADDED_LATER.items():
            if not getattr(self, switch):
                for name in names:
                    del fields[name]
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a recipe from `to_json`; raises TrainingError for anything else."""
        checks = {"phases": _phases, "optimizer": parse_optimizer, "model": _plain_name}
        try:
            return cls(**checked_fields(cls, parse_json(text), checks))
        except UNREADABLE as error:
            raise TrainingError(
                f"The recipe cannot be read ({reason_of(error)}). It may come from another version "
                "of attnviz."
            ) from error


def _phases(value: object) -> tuple[Phase, ...]:
    phases = checked_list(value, _MOST_PHASES, "the list of phases")
    return tuple(Phase(**checked_fields(Phase, phase)) for phase in phases)


def _plain_name(value: object) -> str:
    """The network's name, which is a part of the names of files."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError("the model is no name")
    return value


def for_few_pictures(recipe: Recipe, pictures: int) -> Recipe:
    """Adapt a recipe for large data sets to one of few pictures; many leave it as it is.

    An epoch of few pictures has few steps: 27 pictures in batches of 16 make one, and 12 epochs
    teach nothing. Batches become at most a quarter of the pictures, with a rate in proportion
    (Goyal et al. 2017, arXiv 1706.02677), and all phases are prolonged by the same factor, up to
    400 steps in all.

    Parameters
    ----------
    recipe
        Hyperparameters.
    pictures
        Number of training pictures.

    Returns
    -------
    Recipe

    Examples
    --------
    >>> few = for_few_pictures(Recipe(phases=(Phase(12, 64),), batch=16, rate=0.04), 20)
    >>> few.batch, few.rate, few.epochs
    (5, 0.0125, 108)
    """
    batch = batch_for(pictures, recipe.batch)
    factor = math.ceil(epochs_for(pictures, batch) / recipe.epochs)
    return dataclasses.replace(
        recipe,
        batch=batch,
        rate=recipe.rate * batch / recipe.batch,
        phases=tuple(Phase(phase.epochs * factor, phase.side) for phase in recipe.phases),
        warm_up=recipe.warm_up * factor,
        unmixed=recipe.unmixed * factor,
    )


def batch_for(pictures: int, most: int) -> int:
    """Return a batch of at most a quarter of the pictures, from 4 up to `most`."""
    return min(most, max(_LEAST_BATCH, pictures // 4))


def epochs_for(pictures: int, batch: int, steps: int = _LEAST_STEPS) -> int:
    """Return the number of epochs that make at least so many steps, 1 or more."""
    return math.ceil(steps / max(1, pictures // batch))


def parse_phases(text: str) -> tuple[Phase, ...]:
    """Parse `"18x64,12x96"`: 18 epochs at 64 px, then 12 at 96 px."""
    try:
        pairs = [phase.lower().split("x") for phase in text.split(",")]
        return tuple(Phase(int(epochs), int(side)) for epochs, side in pairs)
    except ValueError as error:
        raise TrainingError(
            f"{text!r} is not a list of phases. Write epochs x pixels, for example 18x64,12x96."
        ) from error


def parse_optimizer(text: str) -> OptimizerName:
    """Check the name of an optimiser; raises UnknownNameError for an unknown one."""
    known: tuple[OptimizerName, ...] = get_args(OptimizerName)
    for name in known:
        if text == name:
            return name
    raise UnknownNameError("optimiser", text, known)
