"""Breaches of the contract, in the form in which the command reports findings."""

from pathlib import Path
from typing import Final

from problems.contract import Certainty
from problems.contract import Finding as Breach
from problems.declaring.problem import Problem
from problems.registry import Registry
from problems.tools.lint import Finding, Severity

__all__ = ["breach"]

_SEVERITIES: Final[dict[Certainty, Severity]] = {"certain": "error", "likely": "warning", "possible": "info"}
_HARMLESS: Final = frozenset({"never raised", "unregistered"})


def breach(found: Breach, registry: Registry) -> Finding:
    """Return a breach as a finding: the surer it is, the more severe; a type that is never raised breaks nothing."""
    severity = _SEVERITIES[found.certainty]
    return Finding(
        code=found.kind.replace(" ", "-"),
        severity="warning" if found.kind in _HARMLESS and severity == "error" else severity,
        type=_uri(found, registry),
        name=found.problem.__qualname__,
        message=f"{found.where} {found.message} ({found.certainty})",
        fix=found.fix,
        file=_relative(found.file) if found.file else None,
        line=found.line or None,
    )


def _uri(found: Breach, registry: Registry) -> str:
    is_unresolved = found.kind in ("unregistered", "relative") or found.problem is Problem
    return found.problem.problem_type.uri if is_unresolved else registry.uri(found.problem)


def _relative(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
