"""The networks of a server as a deployment of Ray Serve; needs Ray."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ray import serve

from attnviz.errors import AttnvizError, ClusterError
from attnviz.pictures.names import visible
from attnviz.serving.batched_looks import (
    BatchedLooks,
    LookAnswer,
    LookOrder,
    takes_many_passes,
)
from attnviz.serving.messages import LookRequest
from attnviz.serving.networks import ServedNetworks, offered_networks
from attnviz.serving.settings import ServeSettings

NAME = "attnviz-looks"
_MOST_KEYS = 256  # networks by which Serve remembers who has them


class LookReplica:
    """One process with networks. Looks that come while a pass runs share the next one."""

    def __init__(self, settings: ServeSettings) -> None:
        self._networks = ServedNetworks(offered_networks(settings.models), settings.memory)
        self._looks = BatchedLooks(self._networks)
        # Work of many passes stands in a line of its own: it would hold up all others.
        self._passes, self._long = (ThreadPoolExecutor(1) for _ in range(2))
        together: Any = self.together
        together.set_max_batch_size(settings.batch)
        together.set_batch_wait_timeout_s(settings.gather)
        if settings.models:  # those that were named are ready when the first look comes
            for name, spec in self._networks.offered.items():
                self._networks.get(name, spec.preprocess.side)

    async def look(self, request: LookRequest) -> LookAnswer | AttnvizError:
        """Return the answer to a look, or why there is none."""
        order = LookOrder.received(request)
        await self.remember(network_key(request))
        if takes_many_passes(request):
            loop = asyncio.get_running_loop()
            try:
                return await loop.run_in_executor(self._long, self._looks.alone, order)
            finally:
                order.leave()  # also if the desk has called it off: the passes end
        answer: LookAnswer | AttnvizError = await self.together(order)
        return answer

    @serve.batch(max_batch_size=16, batch_wait_timeout_s=0.01)  # type: ignore[untyped-decorator]
    async def together(self, orders: Sequence[LookOrder]) -> list[LookAnswer | AttnvizError]:
        """Return the answers to looks that came together."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._passes, self._looks, orders)

    # Serve counts networks and we count bytes: it remembers who has one, and sends looks there;
    # which of them stay loaded is up to the store of `ServedNetworks`.
    @serve.multiplexed(max_num_models_per_replica=_MOST_KEYS)  # type: ignore[untyped-decorator]
    async def remember(self, key: str) -> str:
        """Let looks at a network come to the process that has it."""
        return key


def network_key(request: LookRequest) -> str:
    """Return the key of a network, by which looks find the process that has it."""
    return f"{request.model} {request.side}"


def started_deployment(settings: ServeSettings, processors: int) -> Any:
    """Start the replicas in the cluster of this process, and return what looks are given to.

    Parameters
    ----------
    settings
        What is served.
    processors
        Of this machine; replicas share them.

    Returns
    -------
    ray.serve.handle.DeploymentHandle

    Raises
    ------
    ClusterError
        They did not start.
    """
    from attnviz.serving.networks import visible_gpus

    gpus = visible_gpus()
    resources = {
        "num_cpus": max(1, processors // settings.replicas)
        if settings.replicas <= processors
        else processors / settings.replicas,
        "num_gpus": settings.gpu_share if gpus else 0,
    }
    deployment: Any = serve.deployment(
        name=NAME,
        num_replicas=settings.replicas,
        ray_actor_options=resources,
        # So many that a batch gathers while one is in work, and no more: the next process has room.
        max_ongoing_requests=2 * settings.batch + 1,
    )(LookReplica)
    quiet = {"log_level": "ERROR"}
    # Nothing but our own desk listens: Serve's proxy would read messages of any size, from anybody.
    serve.start(proxy_location="Disabled", logging_config=quiet)
    bound = deployment.bind(settings)
    try:
        return serve.run(bound, name=NAME, route_prefix=None, logging_config=quiet)
    except RuntimeError as error:
        raise ClusterError(
            f"The processes with networks did not start ({_last_word() or error}). If memory runs "
            "out, start with fewer --replicas or less --memory-mb."
        ) from error


def _last_word() -> str:
    """What Serve has been told of the failure, of which the last line names the error."""
    application = serve.status().applications.get(NAME)
    told = [one.message for one in application.deployments.values()] if application else []
    lines = [line.strip() for text in told for line in text.splitlines() if line.strip()]
    return visible(lines[-1], 500).rstrip(".") if lines else ""
