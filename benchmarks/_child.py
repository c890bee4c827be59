"""
Measurement in fresh interpreters: what is paid once, at import, at declaration, or when a document is made.

A child prints one JSON object; nothing of it is shared between contestants.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from benchmarks._measure import Result

_PROLOGUE: Final = """
import json, resource, sys, time
start_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
"""
_EPILOGUE: Final = """
seconds = time.process_time() - start
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start_memory
print(json.dumps({"seconds": seconds, "memory": memory}))
"""


def measure(code: str, *, before: str = "") -> Mapping[str, float]:
    """Return CPU seconds and KiB of memory that *code* takes, *before* being done already."""
    program = f"{before}\n{_PROLOGUE}\n{code}\n{_EPILOGUE}"
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    found: Mapping[str, float] = json.loads(done.stdout)
    return found


def compare_children(
    codes: Mapping[str, str], *, reference: str, rounds: int, before: str = "", quantity: str = "seconds"
) -> list[Result]:
    """Return what each piece of code takes, as a ratio to *reference*, in alternating fresh interpreters."""
    taken: dict[str, list[float]] = {name: [] for name in codes}
    for number in range(rounds):
        for name in codes if number % 2 else reversed(codes):
            taken[name].append(measure(codes[name], before=before)[quantity])
    results: list[Result] = []
    for name, values in taken.items():
        ratio = statistics.median(values) / statistics.median(taken[reference])
        results.append(Result(name, statistics.median(values) * (1e6 if quantity == "seconds" else 1), ratio))
    return results
