"""
Memory: a hundred thousand errors in one process, with the garbage collector off.

What grows is a leak or a reference cycle. Prints KiB, not time.
"""

import gc
import resource
from collections.abc import Iterator
from typing import Final

from benchmarks._measure import Result, drive, table
from benchmarks.raising import probes

ERRORS: Final = 100_000


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the table of this workload."""
    count = ERRORS if rounds > 30 else ERRORS // 10
    results: list[Result] = []
    gc.collect()
    gc.disable()
    try:
        results += [Result(name, _grown(name, count), 1.0) for name in ("FastAPI default", "problems")]
    finally:
        gc.enable()
    yield table(f"Memory  KiB grown by {count} errors, garbage collector off (target: 0)", results, against=""), results


def _grown(name: str, count: int) -> float:
    once = drive(probes()[name])
    for _ in range(1000):
        once()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(count):
        once()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
