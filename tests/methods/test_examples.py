"""Every method shows in its docstring how it is used, and the example is true."""

from __future__ import annotations

import doctest
import sys

import pytest

from attnviz.methods import METHODS, Method


def documented(method: type[Method]) -> type:
    """The class whose docstring holds the example: the method's own, or its nearest base."""
    found = (base for base in method.__mro__ if ">>> " in (base.__doc__ or ""))
    return next(found, method)


@pytest.mark.parametrize("method", list(METHODS), ids=lambda method: method.name)
def test_the_example_in_the_docstring_runs(method: type[Method]) -> None:
    home = documented(method)
    names = dict(vars(sys.modules[home.__module__]))
    example = doctest.DocTestParser().get_doctest(
        home.__doc__ or "", names, method.name, home.__module__, 0
    )
    assert example.examples, f"{method.name} has no example in its docstring."
    assert any(line.want for line in example.examples), "The example asserts no value."
    report: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(example, out=report.append)
    assert result.failed == 0, "".join(report)
