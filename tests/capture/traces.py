"""The families' networks, their sites, and a trace of each, made once for all tests."""

from __future__ import annotations

from functools import cache

from torch import nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind, Site
from attnviz.capture.trace import Trace
from tests.capture.families import FAMILIES

ATTENTION = (Kind.SPATIAL, Kind.CHANNEL, Kind.CONTEXT)


@cache
def made(name: str) -> nn.Module:
    return FAMILIES[name].make()


def sites_of(name: str) -> list[Site]:
    module, example = made(name), FAMILIES[name].inputs(1)
    return [site for kind in ATTENTION for site in find_sites(module, kind, example)]


@cache
def traced(name: str) -> Trace:
    return capture(made(name), FAMILIES[name].inputs(), sites_of(name))
