"""All that decides how a network is trained, as one value that can be written down."""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

from attnviz.errors import TrainingError, UnknownNameError

# What came later is left out where it is off, so that older runs can be gone on with.
_LATER = {
    "teacher": ("teacher", "distil", "temperature"),
    "pad": ("pad",),
    "noise": ("noise",),
    "unmixed": ("unmixed",),
    "erase": ("erase",),
}


OptimizerName = Literal["sgd", "adamw", "muon"]


@dataclass(frozen=True)
class Phase:
    """`epochs` epochs with pictures of `side` x `side` pixels."""

    epochs: int
    side: int


@dataclass(frozen=True)
class Recipe:
    """How to train.

    model: a name in the zoo. phases: epochs and picture sizes in order (small pictures first cost
    little and teach much). store: side to which all pictures are squashed in memory.
    optimizer: "sgd" (Nesterov), "adamw", or "muon" for the filters of convolutions (Jordan 2024;
    then rate and weight_decay are Muon's). rate: peak learning rate, reached after `warm_up` epochs
    and taken to zero by a cosine.
    crop: smallest share of a picture's area that a random crop keeps; aspect: largest stretch of
    that crop. pad: pixels by which a picture is first mirrored outward and moved at random, as is
    usual for small pictures. erase: side, as a share of the picture's, of a square that is made
    plain at a random place (DeVries 2017). colour: largest change of brightness, contrast and
    saturation. mixup, cutmix: their beta parameters, 0 for off; unmixed: how many of the last
    epochs do without both. average: decay of the exponential moving average of the weights for each
    step, 0 for off. half: bf16 autocast.
    teacher: a trained network to learn from as well, by its name in the catalogue or the path of
    its weights; empty for none. distil: share of the loss that its word gets. temperature: of its
    word; 0 for its first choice alone. noise: share of the training labels that are replaced by a
    random other class, for experiments.
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
            raise TrainingError(f"unmixed must lie in 0..{self.epochs}, the count of epochs.")
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
        """How much of all the work is done at `epoch`, a fraction: 0..1, by the pixels looked at.

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
        for switch, names in _LATER.items():
            if not getattr(self, switch):
                for name in names:
                    del fields[name]
        return json.dumps(fields, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The recipe that `to_json` wrote; raises TrainingError for anything else."""
        try:
            fields: dict[str, Any] = json.loads(text)
            fields["phases"] = tuple(Phase(**phase) for phase in fields["phases"])
            return cls(**fields)
        except (TypeError, ValueError, KeyError) as error:
            raise TrainingError(
                f"The recipe cannot be read ({error}). It may come from another version of attnviz."
            ) from error


def parse_phases(text: str) -> tuple[Phase, ...]:
    """`"18x64,12x96"` -> 18 epochs at 64 px, then 12 at 96 px."""
    try:
        pairs = [part.lower().split("x") for part in text.split(",")]
        return tuple(Phase(int(epochs), int(side)) for epochs, side in pairs)
    except ValueError as error:
        raise TrainingError(
            f"{text!r} is no list of phases. Write epochs x pixels, for example 18x64,12x96."
        ) from error


def parse_optimizer(text: str) -> OptimizerName:
    """The optimiser called so; raises UnknownNameError for any other name."""
    known: tuple[OptimizerName, ...] = get_args(OptimizerName)
    for name in known:
        if text == name:
            return name
    raise UnknownNameError("optimizer", text, known)
