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
from benchmarks.page import fill, title_of

Workload = Callable[..., Iterator[tuple[str, list[Result]]]]

WORKLOADS: Final[Mapping[str, Workload]] = {
    "raise": raising.run,
    "validation": validation.run,
    "client": client.run,
    "applications": applications.run,
    "growth": growth.run,
    "memory": memory.run,
    "openapi": documenting.run,
    "import": importing.run,
    "wire": wire.run,
}
QUICK: Final = ("raise", "validation", "client")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--quick", action="store_true", help="few rounds, and only what needs no server and no child")
    parser.add_argument("--json", action="store_true", help="one JSON object for each table")
    parser.add_argument("--page", action="store_true", help="write the tables into docs/explanation/performance.md too")
    asked = parser.parse_args()
    if unknown := [name for name in asked.workloads if name not in WORKLOADS]:
        parser.error(f"{unknown[0]!r} is not a workload. Choose from: {', '.join(WORKLOADS)}.")
    if asked.page and (asked.quick or asked.workloads):
        parser.error("`--page` needs all workloads. Run `scripts/bench --page`.")
    texts: list[str] = []
    tables: dict[str, list[Result]] = {}
    for name in asked.workloads or (QUICK if asked.quick else WORKLOADS):
        for text, results in WORKLOADS[name](rounds=15 if asked.quick else ROUNDS):
            texts.append(text)
            tables[title_of(text)] = results
            print(json.dumps([dataclasses.asdict(it) for it in results]) if asked.json else f"{text}\n", flush=True)
    texts.append(summary(tables))
    if not asked.json:
        print(texts[-1])
    if asked.page:
        fill(texts)


if __name__ == "__main__":
    main()
