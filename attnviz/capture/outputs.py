"""The one tensor in what a module returns, by itself or in a tuple."""

from __future__ import annotations

from torch import Tensor


def only_tensor(output: object) -> Tensor | None:
    """`output`, or what it begins with if it is a tuple that holds no other tensor; else None.

    Blocks of Hugging Face's models return such tuples, with room for what was not asked for. Where
    there are several tensors (a pyramid of maps, say), none of them stands for the module.
    """
    if isinstance(output, Tensor):
        return output
    if not isinstance(output, tuple) or not output or not isinstance(output[0], Tensor):
        return None
    return None if any(isinstance(one, Tensor) for one in output[1:]) else output[0]


def with_tensor(output: object, value: Tensor) -> object:
    """`output` with `value` in the place of its only tensor."""
    if not isinstance(output, tuple):
        return value
    rest = output[1:]
    return type(output)(value, *rest) if hasattr(output, "_fields") else (value, *rest)
