"""Arguments of a module's call: find a tensor among them, and replace it."""

from __future__ import annotations

from typing import Any

from torch import Tensor

Args = tuple[Any, ...]
Kwargs = dict[str, Any]


def first_tensor(args: Args, kwargs: Kwargs) -> Tensor | None:
    """Return the first tensor among positional, then keyword arguments.

    Parameters
    ----------
    args, kwargs
        Arguments of a call, as a forward pre-hook receives them.

    Returns
    -------
    Tensor or None
        None if no argument is a tensor.
    """
    return next((value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)), None)


def replace_tensor(args: Args, kwargs: Kwargs, old: Tensor, new: Tensor) -> tuple[Args, Kwargs]:
    """Replace a tensor by another wherever it is passed; compared by identity.

    Parameters
    ----------
    args, kwargs
        Arguments of a call.
    old, new
        The tensor to replace, and its replacement.

    Returns
    -------
    tuple
        New positional and keyword arguments.
    """
    return (
        tuple(new if value is old else value for value in args),
        {name: new if value is old else value for name, value in kwargs.items()},
    )
