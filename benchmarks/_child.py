"""
Measurement in fresh interpreters: what is paid once, at import, at declaration, or when a document is made.

A child prints one JSON object; no state is shared between contestants.
"""

import json
import os
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
size = len(json.dumps(globals().get("document"))) / 1024
print(json.dumps({"seconds": seconds, "memory": memory, "size": size}))
"""


def measure(code: str, *, before: str = "") -> Mapping[str, float]:
    """Return the CPU seconds and KiB of memory of *code*, run after *before*, and the KiB of its `document`."""
    program = f"{before}\n{_PROLOGUE}\n{code}\n{_EPILOGUE}"
    # As it is installed: compiled already, wherever the bytecode is.
    env = {**os.environ, "PYTHONPYCACHEPREFIX": ".cache/bytecode", "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, env=env
    )
    found: Mapping[str, float] = json.loads(done.stdout)
    return found


Taken = Mapping[str, list[Mapping[str, float]]]
"""What each piece of code took, round by round."""


def take(codes: Mapping[str, str], *, rounds: int, before: Mapping[str, str] | str = "") -> Taken:
    """Run each piece of code in fresh interpreters, in alternation, each after what is done *before* it."""
    first = dict.fromkeys(codes, before) if isinstance(before, str) else before
    taken: dict[str, list[Mapping[str, float]]] = {name: [] for name in codes}
    for name, code in codes.items():
        measure(code, before=first[name])  # the bytecode is written
    for number in range(rounds):
        for name in codes if number % 2 else reversed(codes):
            taken[name].append(measure(codes[name], before=first[name]))
    return taken


def ratios(taken: Taken, *, reference: str, quantity: str = "seconds") -> list[Result]:
    """Return the medians of one quantity, and of its ratios to *reference* in the same round."""
    unit = 1e6 if quantity == "seconds" else 1
    found = {name: [it[quantity] for it in rounds] for name, rounds in taken.items()}
    return [
        # Memory is counted in pages: of little code it may be none.
        Result(
            name,
            statistics.median(values) * unit,
            statistics.median(value / (other or 1) for value, other in zip(values, found[reference], strict=True)),
        )
        for name, values in found.items()
    ]


def compare_children(codes: Mapping[str, str], *, reference: str, rounds: int, before: str = "") -> list[Result]:
    """Return the time of each piece of code, as a ratio to *reference*, in alternating fresh interpreters."""
    return ratios(take(codes, rounds=rounds, before=before), reference=reference)
