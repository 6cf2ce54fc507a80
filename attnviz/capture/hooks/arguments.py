"""What a module is given: finding a tensor among it, and putting another in its place."""

from __future__ import annotations

from typing import Any

from torch import Tensor

Args = tuple[Any, ...]
Kwargs = dict[str, Any]


def first_tensor(args: Args, kwargs: Kwargs) -> Tensor | None:
    """The first tensor among some arguments."""
    return next((one for one in (*args, *kwargs.values()) if isinstance(one, Tensor)), None)


def replace_tensor(args: Args, kwargs: Kwargs, old: Tensor, new: Tensor) -> tuple[Args, Kwargs]:
    """The arguments with `new` wherever the very tensor `old` is given."""
    return (
        tuple(new if one is old else one for one in args),
        {name: new if one is old else one for name, one in kwargs.items()},
    )
