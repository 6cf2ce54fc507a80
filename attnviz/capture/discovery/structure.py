"""What the sites of a network depend on, as a key under which they can be cached."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from torch import Tensor, nn

from attnviz.capture.hooks.submodules import named_modules

T = TypeVar("T")

_MAX_ENTRIES = 32
_SIMPLE = (bool, int, str, type(None))
_OF_EVERY_MODULE = frozenset(vars(nn.Module())) - {"training"}  # weights, children, hooks


def structure_key(module: nn.Module, example: Tensor) -> Hashable:
    """Return a key that is equal as long as the same sites are found.

    Parameters
    ----------
    module
        The network.
    example
        [N, C, H, W], an input. Its size and type are part of the key, its values are not.

    Returns
    -------
    Hashable
        Changes with the input's shape and type, with the mode and the settings of any module, and
        with the modules and the shapes of weights themselves, but not with the weights' values.
    """
    return tuple(example.shape[1:]), build_key(module, example)


def build_key(module: nn.Module, example: Tensor) -> Hashable:
    """Return a key that is equal as long as a network is built the same, for inputs of any size.

    Parameters
    ----------
    module
        The network.
    example
        [N, C, H, W], an input. Its type is part of the key, its size and its values are not.

    Returns
    -------
    Hashable
        What `structure_key` is without the input's shape.
    """
    parts = tuple(_part(name, part) for name, part in named_modules(module))
    return example.dtype, hash(parts)


def _part(name: str, module: nn.Module) -> Hashable:
    """What a module is: floats are rates and do not matter; some modules replace `forward`."""
    held = vars(module)
    settings = tuple(
        item
        for item in held.items()
        if item[0] not in _OF_EVERY_MODULE and (type(item[1]) in _SIMPLE or _is_simple(item[1]))
    )
    shapes = tuple(weight.shape for weight in module._parameters.values() if weight is not None)
    return name, type(module), id(held.get("forward")), settings, shapes


def _is_simple(value: object) -> bool:
    if isinstance(value, tuple):
        return all(isinstance(one, _SIMPLE) for one in value)
    return isinstance(value, _SIMPLE)


class StructureCache(Generic[T]):
    """Values for networks that are forgotten with them, and found anew if their structure changes.

    The callers hold the model's lock.
    """

    def __init__(self) -> None:
        self._entries: WeakKeyDictionary[nn.Module, OrderedDict[Hashable, T]] = WeakKeyDictionary()

    def get(self, module: nn.Module, key: Hashable) -> T | None:
        """Return what was stored under a key, or None.

        Parameters
        ----------
        module
            The network.
        key
            From `structure_key`.

        Returns
        -------
        T or None
        """
        return self._entries.get(module, OrderedDict[Hashable, T]()).get(key)

    def store(self, module: nn.Module, key: Hashable, value: T) -> None:
        """Store a value; of each network the latest 32 are kept.

        Parameters
        ----------
        module, key
            As for `get`.
        value
            What to store.
        """
        entries = self._entries.setdefault(module, OrderedDict())
        entries[key] = value
        while len(entries) > _MAX_ENTRIES:
            entries.popitem(last=False)

    def of(self, module: nn.Module, key: Hashable, find: Callable[[], T]) -> T:
        """Return what was stored under a key; find and store it if there is nothing.

        Parameters
        ----------
        module, key
            As for `get`.
        find
            Finds the value; what it raises is raised, and nothing is stored.

        Returns
        -------
        T
        """
        known = self.get(module, key)
        if known is None:
            known = find()
            self.store(module, key, known)
        return known
