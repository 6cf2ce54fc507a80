"""The limits that the system holds a worker to, set by the worker itself."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

from attnviz.decoding.limits import DecodingLimits

if sys.platform != "win32":
    import resource


def bound_memory(limits: DecodingLimits) -> None:
    """Let this process have so many bytes more than it has now, and write no files."""
    if sys.platform == "win32":
        return
    # What the hard limit forbids is narrower already; macOS refuses some of these.
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        with suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    taken = _address_space()
    if taken is not None:
        with suppress(ValueError, OSError):
            most = taken + limits.memory
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            if hard != resource.RLIM_INFINITY:
                most = min(most, hard)
            resource.setrlimit(resource.RLIMIT_AS, (most, most))  # nor may it allow itself more


def bound_time(limits: DecodingLimits) -> None:
    """Let this process have so much more of the processor than it has had; then it is ended."""
    if sys.platform == "win32":
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = int(usage.ru_utime + usage.ru_stime) + 1 + limits.processor_seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def _address_space() -> int | None:
    """Bytes of this process's address space; None where the system does not say."""
    if sys.platform == "win32":
        return None
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * resource.getpagesize()
    return None
