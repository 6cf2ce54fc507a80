"""The tensor that stands for what a module returns, by itself or in a tuple."""

from __future__ import annotations

from torch import Tensor


def first_tensor(output: object) -> Tensor | None:
    """`output`, or what it begins with if it is a tuple or list; None where that is no tensor."""
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    return output if isinstance(output, Tensor) else None


def only_tensor(output: object) -> Tensor | None:
    """`output`, or what it begins with if it is a tuple that holds no other tensor; else None.

    Blocks of Hugging Face's models return such tuples, with room for what was not asked for. Where
    there are several tensors (a pyramid of maps, or a state in a tuple inside the tuple, say), none
    of them stands for the module.
    """
    if isinstance(output, Tensor):
        return output
    if not isinstance(output, tuple) or _holds_tensor(output[1:]):
        return None
    return first_tensor(output)


def with_tensor(output: object, value: Tensor) -> object:
    """`output` with `value` in the place of its only tensor."""
    if not isinstance(output, tuple):
        return value
    rest = output[1:]
    return type(output)(value, *rest) if hasattr(output, "_fields") else (value, *rest)


def _holds_tensor(value: object) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_holds_tensor, value))
    return isinstance(value, Tensor)
