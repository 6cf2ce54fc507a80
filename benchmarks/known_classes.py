"""Which of a network's classes name the things in COCO's boxes, where there is no doubt.

A name of COCO stands for classes of ImageNet that are of its kind, as ranges in ImageNet's order or
by name. Left out is what ImageNet has no class for (person, giraffe, chair of any kind), and what
its classes show only a part of.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from attnviz.models.torchvision_source import imagenet_labels

_DOGS, _CATS = range(151, 269), range(281, 286)
_BIRDS = (*range(7, 25), *range(80, 101), *range(127, 147))
_BEARS = range(294, 298)

_BY_NAME: dict[str, tuple[str, ...]] = {
    "airplane": ("airliner", "warplane"),
    "backpack": ("backpack",),
    "banana": ("banana",),
    "bench": ("park bench",),
    "bicycle": ("bicycle-built-for-two", "mountain bike"),
    "boat": ("speedboat", "lifeboat", "canoe", "fireboat", "gondola"),
    "broccoli": ("broccoli",),
    "bus": ("school bus", "minibus", "trolleybus"),
    "car": ("sports car", "cab", "beach wagon", "convertible", "jeep", "minivan", "Model T"),
    "cell phone": ("cellular telephone",),
    "clock": ("analog clock", "wall clock", "digital clock"),
    "couch": ("studio couch",),
    "cup": ("cup", "coffee mug"),
    "dining table": ("dining table",),
    "elephant": ("Indian elephant", "African elephant"),
    "handbag": ("purse",),
    "horse": ("sorrel",),
    "hot dog": ("hotdog",),
    "laptop": ("laptop", "notebook"),
    "microwave": ("microwave",),
    "motorcycle": ("moped", "motor scooter"),
    "mouse": ("mouse",),
    "orange": ("orange",),
    "oven": ("stove",),
    "pizza": ("pizza",),
    "refrigerator": ("refrigerator",),
    "remote": ("remote control",),
    "sink": ("washbasin",),
    "sports ball": (
        "golf ball", "soccer ball", "tennis ball", "baseball", "basketball", "rugby ball",
        "volleyball", "croquet ball", "ping-pong ball",
    ),
    "teddy bear": ("teddy",),
    "tie": ("Windsor tie", "bow tie", "bolo tie"),
    "toilet": ("toilet seat",),
    "traffic light": ("traffic light",),
    "train": ("bullet train", "electric locomotive", "steam locomotive", "passenger car"),
    "truck": ("garbage truck", "tow truck", "trailer truck", "pickup", "moving van", "fire engine"),
    "tv": ("television", "monitor"),
    "umbrella": ("umbrella",),
    "vase": ("vase",),
    "zebra": ("zebra",),
}  # fmt: skip


@cache
def _table() -> dict[str, tuple[str, ...]]:
    labels = imagenet_labels()
    ranges = {"bear": _BEARS, "bird": _BIRDS, "cat": _CATS, "dog": _DOGS}
    return _BY_NAME | {name: tuple(labels[one] for one in some) for name, some in ranges.items()}


def classes_for(name: str, labels: Sequence[str]) -> tuple[int, ...]:
    """Indices among `labels` of the classes that a thing of COCO's `name` may be called."""
    wanted = set(_table().get(name, ()))
    return tuple(index for index, label in enumerate(labels) if label in wanted)
