"""Outputs of a module: find the tensor in them, and replace it."""

from __future__ import annotations

from torch import Tensor


def first_tensor(output: object) -> Tensor | None:
    """Return an output itself, or the first element of a tuple or list.

    Parameters
    ----------
    output
        What a module returned.

    Returns
    -------
    Tensor or None
        None if that is no tensor.
    """
    if isinstance(output, (tuple, list)) and output:
        output = output[0]
    return output if isinstance(output, Tensor) else None


def only_tensor(output: object) -> Tensor | None:
    """Return an output itself, or the first element of a tuple that holds no other tensor.

    Parameters
    ----------
    output
        What a module returned.

    Returns
    -------
    Tensor or None
        None if there is no tensor, or more than one: then none of them represents the module (a
        pyramid of maps, or a state in a nested tuple).

    Notes
    -----
    Blocks of Hugging Face's models return tuples with empty slots for optional outputs.
    """
    if isinstance(output, Tensor):
        return output
    if not isinstance(output, tuple) or _holds_tensor(output[1:]):
        return None
    return first_tensor(output)


def with_tensor(output: object, value: Tensor) -> object:
    """Replace the tensor of an output for which `only_tensor` returned one.

    Parameters
    ----------
    output
        What a module returned.
    value
        The new tensor.

    Returns
    -------
    object
        `value`, or a tuple of the same type with `value` as its first element.
    """
    if not isinstance(output, tuple):
        return value
    rest = output[1:]
    return type(output)(value, *rest) if hasattr(output, "_fields") else (value, *rest)


def _holds_tensor(value: object) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_holds_tensor, value))
    return isinstance(value, Tensor)
