"""Services that answer over HTTP, as black boxes.

They speak the Open Inference Protocol, version 2, as Triton, KServe, MLServer and OpenVINO's server
do: `POST .../v2/models/NAME/infer` with the inputs as JSON. Only the address that the user gives is
asked, and no redirection is followed.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from attnviz.errors import ModelError
from attnviz.models.black_box.handed import Handed, Takes
from attnviz.models.web import (
    bounded_answer,
    is_web_address,
    shown_address,
    web_opener,
    why_no_answer,
)
from attnviz.types import FloatArray, Pixels
from attnviz.untrusted.values import UNREADABLE, parse_json

SCHEMES = ("http://", "https://")
LARGEST_ANSWER = 64 * 1024**2


@dataclass(frozen=True)
class Service:
    """A service that returns scores of pictures; call it with a batch.

    Attributes
    ----------
    address
        http(s) address to which batches are posted.
    input_name
        Name of the model's input.
    timeout
        Seconds that an answer may take, in all.
    headers
        Further headers, such as one with a key. They are never written anywhere.
    """

    address: str
    input_name: str = "input"
    timeout: float = 60.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if not is_web_address(self.address):
            raise ModelError(
                f"{self.shown!r} is no address of a service. Give one that begins with http:// or "
                "https://."
            )

    @property
    def shown(self) -> str:
        """The address without user, password and query, which may hold secrets."""
        return shown_address(self.address)

    def __call__(self, batch: FloatArray | list[Pixels]) -> FloatArray:
        """Ask for the scores of a batch.

        Parameters
        ----------
        batch
            float32 [N, C, h, w], or N pictures uint8 [h, w, 3].

        Returns
        -------
        FloatArray
            float32 [N, classes].

        Raises
        ------
        ModelError
            The service does not answer in time, answers with an error or too much, or with
            anything else than scores.
        """
        values = np.stack(batch) if isinstance(batch, list) else batch
        asked = {
            "name": self.input_name,
            "shape": list(values.shape),
            "datatype": "UINT8" if values.dtype == np.uint8 else "FP32",
            "data": values.ravel().tolist(),
        }
        return scores_of(self._posted(json.dumps({"inputs": [asked]}).encode()), self.shown)

    def _posted(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json", **self.headers}
        request = urllib.request.Request(self.address, body, headers, method="POST")  # noqa: S310
        end = time.monotonic() + self.timeout
        try:
            with web_opener().open(request, timeout=self.timeout) as response:
                return bounded_answer(response, LARGEST_ANSWER, end)
        except (OSError, http.client.HTTPException) as error:
            raise ModelError(
                f"{self.shown} gave no scores: {why_no_answer(error, self.timeout)}. Check that "
                "the service runs and takes such inputs."
            ) from error


def scores_of(answer: bytes, address: str) -> FloatArray:
    """Return the scores in an answer, float32 [N, classes]; raises ModelError for another one."""
    try:
        output = parse_json(answer, nan=True)["outputs"][0]
        return np.array(output["data"], np.float32).reshape(output["shape"])
    except UNREADABLE as error:
        raise ModelError(
            f"{address} answered with something else than the outputs of the Open Inference "
            "Protocol, version 2. Check the address, or pass a function that asks the service."
        ) from error


def from_address(given: object) -> Handed | None:
    """Hand over a `Service`, or the address of one; None for anything else."""
    if isinstance(given, str) and given.lower().startswith(SCHEMES):
        given = Service(given)
    if not isinstance(given, Service):
        return None
    name = given.shown.rpartition("//")[2]
    return Handed(given, Takes.ARRAY, name, f"unknown (asked at {given.shown})")
