"""
`python -m benchmarks [WORKLOAD …] [--quick] [--json]`: run the workloads, print tables of ratios and the goals.

Reached through `scripts/bench`, which installs the contestants into an environment of their own.
"""

import argparse
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from benchmarks import applications, client, documenting, growth, importing, memory, raising, validation, wire
from benchmarks._measure import ROUNDS, Result
from benchmarks.goals import summary

Workload = Callable[..., Iterator[tuple[str, list[Result]]]]

WORKLOADS: Final[Mapping[str, Workload]] = {
    "raise": raising.run,
    "validation": validation.run,
    "client": client.run,
    "openapi": documenting.run,
    "import": importing.run,
    "applications": applications.run,
    "growth": growth.run,
    "wire": wire.run,
    "memory": memory.run,
}
QUICK: Final = ("raise", "validation", "client")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--quick", action="store_true", help="few rounds, and only what needs no server and no child")
    parser.add_argument("--json", action="store_true", help="one JSON object for each table")
    asked = parser.parse_args()
    if unknown := [name for name in asked.workloads if name not in WORKLOADS]:
        parser.error(f"{unknown[0]!r} is not a workload. Choose from: {', '.join(WORKLOADS)}.")
    tables: dict[str, list[Result]] = {}
    for name in asked.workloads or (QUICK if asked.quick else WORKLOADS):
        for text, results in WORKLOADS[name](rounds=15 if asked.quick else ROUNDS):
            tables[text.partition("\n")[0]] = results
            print(json.dumps([dataclasses.asdict(it) for it in results]) if asked.json else f"{text}\n", flush=True)
    if not asked.json:
        print(summary(tables))


if __name__ == "__main__":
    main()
