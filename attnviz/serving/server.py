"""A server of looks, from its start to its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from attnviz.batch.ray_start import INSTALL, imported_ray, joined_cluster
from attnviz.errors import AttnvizError, ClusterError, ServerError
from attnviz.serving.batched_looks import LookAnswer
from attnviz.serving.desk import LookDesk
from attnviz.serving.listening import DeskServer, bound_socket
from attnviz.serving.messages import LookRequest
from attnviz.serving.networks import offered_networks, visible_gpus
from attnviz.serving.settings import ServeSettings


def serve_looks(settings: ServeSettings, told: Callable[[str], object]) -> None:
    """Serve looks until the process is told to end; to be called in its main thread.

    Parameters
    ----------
    settings
        What is served, where, and to whom.
    told
        Called with a sentence once the server listens.

    Raises
    ------
    ClusterError
        Ray is not installed with Serve, or cannot be started.
    SettingError
        Its address is taken, or the replicas take more GPUs than there are.
    UnknownNameError, WeightsError
        As `offered_networks`.
    """
    os.environ.update(_ray_by_itself())
    ray = imported_ray(alone=True)
    if find_spec("fastapi") is None:  # which Serve imports, and Ray alone does not bring
        raise ClusterError(f"attnviz serve needs Ray with Serve: {INSTALL}")
    offered = offered_networks(settings.models)
    settings.check_gpus(visible_gpus())
    with bound_socket(settings) as place, joined_cluster(ray, None):
        from attnviz.serving.deployment import started_deployment

        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        for one in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises them again when it has ended
            signal.signal(one, _end)
        handle = started_deployment(settings, os.cpu_count() or 1)
        DeskServer(settings, LookDesk(settings, offered, _look_of(ray, handle)), told).run([place])


def _end(*_: object) -> None:
    """End as asked, such that what was started is ended, too."""
    raise SystemExit(0)


def _ray_by_itself() -> dict[str, str]:
    """Variables by which what Ray opens listens on 127.0.0.1 alone, where it can."""
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_SERVE_LOG_TO_STDERR": "0",
    }


def _look_of(ray: Any, handle: Any) -> Callable[[LookRequest], Any]:
    from ray.serve.exceptions import RayServeException

    from attnviz.serving.deployment import network_key

    lost = (ray.exceptions.RayError, RayServeException)  # of which neither is the other

    async def look(request: LookRequest) -> LookAnswer | AttnvizError:
        at = handle.options(multiplexed_model_id=network_key(request))
        try:
            answer = at.look.remote(request)
            found: LookAnswer | AttnvizError = await answer
        except asyncio.CancelledError:
            answer.cancel()
            raise
        except lost as error:
            return ServerError(
                f"The process that looked was lost ({type(error).__name__}); another one takes its "
                "place. Try again; if memory runs out, start the server with less --memory-mb."
            )
        return found

    return look
