"""
Writes constraints with the lowest supported version of each dependency, from the lower bounds in pyproject.toml.

Test tools keep their versions of constraints.txt, except those that a lowest version excludes.
"""

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
BOUND: Final = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?>=([\d.]+)(?:,!=.*)?$")
FOLLOWING: Final = {
    "pydantic": {"pydantic_core"},
    "httpx2": {"httpcore2"},
    "opentelemetry-api": {
        "opentelemetry-instrumentation",
        "opentelemetry-instrumentation-asgi",
        "opentelemetry-instrumentation-fastapi",
        "opentelemetry-sdk",
        "opentelemetry-semantic-conventions",
        "opentelemetry-util-http",
        "wrapt",
    },
}
"""Packages whose version follows from another package."""


def bounds() -> dict[str, str]:
    """Return the lowest version of each dependency by its name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [*project["dependencies"], *(need for extra in project["optional-dependencies"].values() for need in extra)]
    found = {match[1].lower(): match[2] for need in needs if (match := BOUND.match(need))}
    return {name: version if "." in version else f"{version}.0" for name, version in found.items()}


def main() -> int:
    """Write the constraints to standard output."""
    lowest = bounds()
    left_out = {*lowest, *(name for owner in lowest for name in FOLLOWING.get(owner, ()))}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line.partition("==")[0].lower() not in left_out:
            print(line)
    for name, version in lowest.items():
        print(f"{name}=={version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
