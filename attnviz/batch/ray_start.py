"""Joining a Ray cluster, or starting one on this machine that ends with the work."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from attnviz.errors import ClusterError

INSTALL = "pip install 'attnviz[ray]'"
STORE_BYTES = 512 * 2**20  # for pictures on their way from those that open them to the network
_ATTEMPTS = 5
_TOKEN = {"RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"}
# The last is a fixed one where none is given, and taken if another cluster runs on the machine.
_PORTS = (
    "metrics_agent_port",
    "metrics_export_port",
    "runtime_env_agent_port",
    "dashboard_agent_listen_port",
)


def imported_ray(*, alone: bool = False) -> Any:
    """Return the package, which sends nothing about its use.

    Parameters
    ----------
    alone
        Whether a cluster is to be started for this process and its own. Whoever reaches a cluster's
        ports can run programs on it, so this one wants a token that nobody else knows; not if
        this process had imported Ray before, which reads the token once, or has a token to use.

    Raises
    ------
    ClusterError
        Ray is not installed.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when a cluster starts
    if alone and "ray" not in sys.modules and not os.environ.keys() & _TOKEN:
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex())
    try:
        import ray
    except ImportError as error:
        raise ClusterError(f"Work on many machines needs Ray: {INSTALL}") from error
    logging.getLogger("ray").setLevel(logging.ERROR)
    return ray


@contextmanager
def joined_cluster(ray: Any, address: str | None) -> Iterator[None]:
    """Return a block that is part of a cluster.

    Parameters
    ----------
    ray
        The package.
    address
        Of the cluster, as for `ray.init`. If None, it is the one that this process has joined
        before, or a new one on this machine, none of whose processes outlives the block.

    Raises
    ------
    ClusterError
        There is none at the address, or none could be started.
    """
    if ray.is_initialized():
        yield
        return
    with ExitStack() as ending:
        if address is None:
            cluster = started_cluster(num_cpus=os.cpu_count(), object_store_memory=STORE_BYTES)
            ending.callback(cluster.shutdown)
            address = cluster.address
        try:
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
        except Exception as error:
            raise ClusterError(
                f"There is no Ray cluster at {address} ({error}). Start one there with `ray start "
                "--head`, or leave out --address to start one on this machine."
            ) from error
        ending.callback(ray.shutdown)
        yield


def started_cluster(**head: Any) -> Any:
    """Start a cluster of one machine, this one.

    Parameters
    ----------
    **head
        Its resources, such as `num_cpus`.

    Returns
    -------
    ray.cluster_utils.Cluster

    Raises
    ------
    ClusterError
        It did not start.
    """
    from ray.cluster_utils import Cluster

    quiet = {"include_dashboard": False, "include_log_monitor": False, "no_monitor": True}
    # Ray gives its helpers 15 seconds to find their ports (its issue 65983), and no setting changes
    # that. On a busy machine it takes ports that are given, few helpers, and several attempts.
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return Cluster(initialize_head=True, head_node_args={**head, **quiet, **free_ports()})
        except Exception as error:  # Ray raises nothing more special
            if attempt == _ATTEMPTS:
                raise ClusterError(
                    f"Ray could not be started on this machine ({error}). If the machine is busy, "
                    "try again later; `attnviz batch` needs no Ray without --engine ray."
                ) from error
    raise AssertionError


def free_ports() -> dict[str, int]:
    """Return the arguments of a Ray node that say its ports, with ports that are free now."""
    with ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in _PORTS]
        for one in sockets:
            one.bind(("", 0))
        return {name: one.getsockname()[1] for name, one in zip(_PORTS, sockets, strict=True)}
