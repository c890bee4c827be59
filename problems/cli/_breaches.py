"""Breaches of the contract, in the form in which the command reports findings."""

from pathlib import Path
from typing import Final

from problems.contract import Certainty
from problems.contract import Finding as Breach
from problems.registry import Registry
from problems.tools.lint import Finding, Severity

__all__ = ["breach"]

_SEVERITIES: Final[dict[Certainty, Severity]] = {"certain": "error", "likely": "warning", "possible": "info"}


def breach(found: Breach, registry: Registry) -> Finding:
    """Return a breach as a finding: the surer it is, the more it matters; what is never raised breaks nothing."""
    cls, where = found.problem, ", ".join(found.operations)
    if found.kind == "undeclared":
        message = f"Raised by {where}, and not declared ({found.certainty})."
        fix = f"Write `@raises({cls.__name__})` on the function, or on the endpoint."
    else:
        message = f"Declared for {where}, and never raised ({found.certainty})."
        fix = "Take it out of `@raises` or `responses()`."
    severity = _SEVERITIES[found.certainty]
    return Finding(
        code=found.kind.replace(" ", "-"),
        severity="warning" if found.kind == "never raised" and severity == "error" else severity,
        type=registry.uri(cls),
        name=cls.__qualname__,
        message=message,
        fix=fix,
        file=_relative(found.file) if found.file else None,
        line=found.line or None,
    )


def _relative(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
