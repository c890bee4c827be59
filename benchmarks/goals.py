"""
The goals: what users feel, each as one number taken from the tables of a run.

Knows the titles of the tables and the names in them; measures nothing itself.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from benchmarks._measure import Result

Tables = Mapping[str, list[Result]]
"""The results of each table, by its title."""


class Goal(NamedTuple):
    """
    One goal.

    Attributes:
        workload: What is compared.
        title: The beginning of the title of the table.
        measured: Returns the number from the results by name.
        bound: The goal.
        is_least: Whether the number must be at least the bound, not at most.
    """

    workload: str
    title: str
    measured: Callable[[Mapping[str, Result]], float]
    bound: float
    is_least: bool = False


def _ratio(name: str) -> Callable[[Mapping[str, Result]], float]:
    return lambda results: results[name].ratio


def _over(name: str, other: str) -> Callable[[Mapping[str, Result]], float]:
    return lambda results: results[name].ratio / results[other].ratio


def _milliseconds(name: str) -> Callable[[Mapping[str, Result]], float]:
    return lambda results: results[name].microseconds / 1000


def _seconds(name: str) -> Callable[[Mapping[str, Result]], float]:
    return lambda results: results[name].microseconds / 1e6


_WITH: Final = _ratio("with add_problems")
_MIXED: Final = "W2  answer a 422 with ten rejected inputs (the library's part), different"
_FRESH: Final = "W2  answer a 422 with ten rejected inputs (the library's part), at new places"
_LIMIT: Final = "problems, instance=None"
_DEFAULT: Final = "FastAPI default"

GOALS: Final = (
    Goal("a success on FastAPI / without", "W6  a success on FastAPI, no middleware", _WITH, 1.025),
    Goal(
        "the same with CORS and a BaseHTTPMiddleware",
        "W6  a success on FastAPI with CORS and a BaseHTTPMiddleware",
        _WITH,
        1.02,
    ),
    Goal("a success on Starlette / without", "W6  a success on Starlette, no middleware", _WITH, 1.06),
    Goal("a mixed 422, library's part / typed serializer", _MIXED, _ratio(_LIMIT), 3.0),
    Goal("the same at places never rejected before", _FRESH, _ratio(_LIMIT), 3.0),
    Goal("a mixed 422, library's part / FastAPI's default", _MIXED, _over("problems", _DEFAULT), 0.12),
    Goal("the same at places never rejected before", _FRESH, _over("problems", _DEFAULT), 0.12),
    Goal(
        "raise and answer / FastAPI's default",
        "W1  the default policy, beside FastAPI's own handler",
        _ratio("problems"),
        1.05,
    ),
    Goal("a whole failing request / a success", "W6  a failing request", _ratio("a declared problem"), 1.06),
    Goal(
        "a crash through CORS, GZip, BaseHTTPMiddleware / Starlette's 500",
        "W6  a crash through CORS, GZip and a BaseHTTPMiddleware",
        _WITH,
        1.15,
    ),
    Goal("a whole get, problem_hook / no hook", "W3  a whole get", _ratio("problems, problem_hook"), 1.10),
    Goal("a whole get, raise_problems / no hook", "W3  a whole get", _ratio("problems, raise_problems"), 1.10),
    Goal(
        "OpenAPI, 2,000 operations / nothing declared: time",
        "W4  2000 operations with 4 problems each: time",
        _ratio("problems, @raises(4)"),
        1.10,
    ),
    Goal(
        "OpenAPI, 2,000 operations / nothing declared: size",
        "W4  2000 operations with 4 problems each: the document",
        _ratio("problems, @raises(4)"),
        3.0,
    ),
    Goal(
        "import problems.fastapi after FastAPI, ms",
        "W5  import in an interpreter that has loaded FastAPI",
        _milliseconds("problems.fastapi"),
        10.0,
    ),
    Goal(
        "problems check, 300 operations, s",
        "W4  `problems check`",
        _seconds("300 operations with 4 problems each"),
        3.0,
    ),
    Goal(
        "uvicorn and wrk, failing / succeeding",
        "W6  responses a second",
        _ratio("problems"),
        0.86,
        is_least=True,
    ),
)


def summary(tables: Tables) -> str:
    """Return one table of the goals that a run has measured, as lines for people."""
    lines = ["Goals", f"  {'':67}  {'today':>7}  goal"]
    for goal in GOALS:
        results = next((found for title, found in tables.items() if title.startswith(goal.title)), None)
        if not results:
            continue
        today = goal.measured({result.name: result for result in results})
        is_met = today >= goal.bound if goal.is_least else today <= goal.bound
        sign = ">=" if goal.is_least else "<="
        lines.append(f"  {goal.workload:67}  {today:7.3f}  {sign} {goal.bound:<6g} {'ok' if is_met else 'MISSED'}")
    return "\n".join(lines) if lines[2:] else ""
