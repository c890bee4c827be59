"""
Memory: a hundred thousand errors in one process, with the garbage collector off.

What grows is a leak or a reference cycle. Prints KiB, not time; needs Linux. The mixed errors take turns: declared
problems, exceptions of the framework, crashes, and 422s at places that no other request had.
"""

import gc
import logging
import resource
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

import fastapi
from starlette.exceptions import HTTPException

from benchmarks._measure import Probe, Result, drive, table
from benchmarks.raising import BASE, ItemNotFound, handler_of, probes, through
from benchmarks.validation import at_new_places
from problems import Registry
from problems.fastapi import add_problems

ERRORS: Final = 100_000


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the table of this workload."""
    count = ERRORS if rounds > 30 else ERRORS // 10
    logging.getLogger("problems").setLevel(logging.CRITICAL)
    makers: dict[str, Callable[[], Probe]] = {
        "FastAPI default": lambda: drive(probes()["FastAPI default"]),
        "problems": lambda: drive(probes()["problems"]),
        "problems, mixed errors": _mixed,
    }
    results: list[Result] = []
    gc.collect()
    gc.disable()
    try:
        results += [Result(name, _grown(make(), count), 1.0) for name, make in makers.items()]
    finally:
        gc.enable()
    title = f"Memory  grown by {count} errors, garbage collector off (target: 0)"
    yield table(title, results, against="itself", unit="KiB"), results


def _mixed() -> Probe:
    """Return errors of all kinds that take turns."""
    app = fastapi.FastAPI()
    add_problems(app, Registry(ItemNotFound, base=BASE))
    invalid = cycle(at_new_places())
    makers: list[Callable[[], Exception]] = [
        lambda: ItemNotFound("No item has the id 7.", item_id=7, name="x"),
        lambda: fastapi.HTTPException(403, {"reason": "closed", "until": [1, 2]}),
        lambda: next(invalid),
        lambda: RuntimeError("broken"),
        lambda: ExceptionGroup("both", [ItemNotFound(item_id=7, name="x"), HTTPException(503)]),
    ]
    turns = cycle([drive(through(_raising(make), handler_of(app, type(make())), app)) for make in makers])

    def once() -> None:
        next(turns)()

    return once


def _raising(make: Callable[[], Exception]) -> Callable[[], None]:
    def raise_it() -> None:
        raise make()

    return raise_it


def _grown(once: Probe, count: int) -> float:
    for _ in range(5000):
        once()
    before = _resident()
    for _ in range(count):
        once()
    return _resident() - before


def _resident() -> float:
    """Return the KiB that the process has now: its peak may be from another workload, and hide what grows."""
    pages = Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * resource.getpagesize() / 1024
