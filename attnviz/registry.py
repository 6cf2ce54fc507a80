"""A table of named things, filled by importing every module of a package."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Generic, Protocol, TypeVar

from attnviz.errors import UnknownNameError


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """The name under which it is found."""
        ...


T = TypeVar("T", bound=Named)


class Registry(Generic[T]):
    """A table of named entries of one kind, in the order of registration.

    Parameters
    ----------
    what
        Word for an entry, for error messages.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._things: dict[str, T] = {}

    def add(self, thing: T) -> T:
        """Register `thing` under its name and return it; ValueError if the name is taken."""
        if thing.name in self._things:
            raise ValueError(f"There is already a {self.what} named {thing.name!r}.")
        self._things[thing.name] = thing
        return thing

    def get(self, name: str) -> T:
        """Return the entry named `name`; UnknownNameError names the nearest if there is none."""
        try:
            return self._things[name]
        except KeyError:
            raise UnknownNameError(self.what, name, self._things) from None

    def __contains__(self, name: object) -> bool:
        return name in self._things

    def __iter__(self) -> Iterator[T]:
        return iter(self._things.values())

    def __len__(self) -> int:
        return len(self._things)


@cache
def import_all(package: ModuleType) -> None:
    """Import every module of `package`, also of packages in it: each registers what it defines."""
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(info.name)
