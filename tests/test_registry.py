"""Registries and the error tree."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from attnviz import errors
from attnviz.errors import AttnvizError, UnknownNameError
from attnviz.registry import Registry


@dataclass(frozen=True)
class Thing:
    name: str


def test_a_second_thing_of_the_same_name_is_refused() -> None:
    registry: Registry[Thing] = Registry("thing")
    registry.add(Thing("lens"))
    with pytest.raises(ValueError, match="already a thing named 'lens'"):
        registry.add(Thing("lens"))
    assert len(registry) == 1


def test_unknown_names_list_the_nearest_and_else_the_known() -> None:
    registry: Registry[Thing] = Registry("thing")
    for name in ("lens", "iris", "retina"):
        registry.add(Thing(name))
    with pytest.raises(UnknownNameError, match="Nearest: retina") as caught:
        registry.get("retinna")
    assert caught.value.nearest == ("retina",)
    with pytest.raises(UnknownNameError, match="Known: lens, iris, retina"):
        registry.get("qqq")


def test_every_error_belongs_to_the_tree_that_is_drawn() -> None:
    drawn = errors.__doc__ or ""
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, Exception):
            assert issubclass(value, AttnvizError)
            assert name in drawn
