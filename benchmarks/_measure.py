"""
Interleaved measurement: every contestant in every round, so that a slow second hits all of them.

Knows functions to call, not their purpose.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

ROUNDS: Final = 61
SLICE: Final = 0.004
"""Seconds of CPU time for one contestant in one round."""


@dataclass(frozen=True)
class Result:
    """
    What one contestant took.

    Attributes:
        name: The contestant.
        microseconds: The lower quartile of its rounds, for one call.
        ratio: The median over the rounds of its time divided by the reference's time in the same round.
    """

    name: str
    microseconds: float
    ratio: float


Probe = Callable[[], object]
AsyncProbe = Callable[[], Awaitable[object]]


def compare(probes: Mapping[str, Probe], *, reference: str, rounds: int = ROUNDS) -> list[Result]:
    """
    Return the time of each probe, as a ratio to *reference*.

    Args:
        probes: Functions without arguments, by name.
        reference: The name of the probe in the denominator.
        rounds: How often each one has its turn.
    """
    counts = {name: _calibrate(probe) for name, probe in probes.items()}
    times: dict[str, list[float]] = {name: [] for name in probes}
    names = list(probes)
    for number in range(rounds):
        turn = number % len(names)
        order = names[turn:] + names[:turn]
        for name in order if number % 2 else reversed(order):
            times[name].append(_time(probes[name], counts[name]))
    return [_result(name, taken, times[reference]) for name, taken in times.items()]


def _result(name: str, taken: list[float], reference: list[float]) -> Result:
    ratio = statistics.median(value / other for value, other in zip(taken, reference, strict=True))
    return Result(name, statistics.quantiles(taken, n=4)[0] * 1e6, ratio)


def _calibrate(probe: Probe) -> int:
    for _ in range(20):
        probe()  # what is built on first use is built
    once = _time(probe, 20)
    return max(1, int(SLICE / max(once, 1e-9)))


def _time(probe: Probe, count: int) -> float:
    repeat = range(count)
    start = time.process_time()
    for _ in repeat:
        probe()
    return (time.process_time() - start) / count


def drive(probe: AsyncProbe) -> Probe:
    """
    Return a function that runs a coroutine to its end without an event loop of its own.

    What never waits for anything needs no loop; one that does (a thread pool) gets the running one.
    """

    def run() -> None:
        coroutine = probe()
        try:
            coroutine.send(None)  # type: ignore[attr-defined]  # an awaitable that is a coroutine
        except StopIteration:
            return
        raise RuntimeError(f"{probe!r} waits for something; measure it with `on_loop`.")

    return run


def on_loop(probe: AsyncProbe, loop: asyncio.AbstractEventLoop) -> Probe:
    """Return a function that runs a coroutine on *loop*."""

    def run() -> None:
        loop.run_until_complete(probe())  # type: ignore[arg-type]  # an awaitable that is a coroutine

    return run


def table(
    title: str,
    results: list[Result],
    *,
    against: str,
    targets: Mapping[str, float] | None = None,
    unit: str = "µs",
) -> str:
    """Return the results as lines for people."""
    width = max(len(result.name) for result in results)
    lines = [title, f"  {'':{width}}  {unit:>9}  {'x ' + against:>24}  target"]
    for result in results:
        target = (targets or {}).get(result.name)
        told = "" if target is None else f"<= {target:g}  {'ok' if result.ratio <= target else 'MISSED'}"
        lines.append(f"  {result.name:{width}}  {result.microseconds:9.2f}  {result.ratio:24.2f}  {told}".rstrip())
    return "\n".join(lines)
