"""
The `detail` that FastAPI would have sent, for clients that read it: `Policy(legacy_detail=…)`.

A problem class that replaces an `HTTPException` with an object as its `detail` returns that object from a
method `legacy_detail`. Works on problems and on the facts of a request. What is hidden from clients stays hidden.
"""

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic_core import to_json
from starlette.exceptions import HTTPException

from problems._wire.json import encode, is_object, is_sequence
from problems._wire.status import phrase
from problems.answering.instrumentation.logging import guarded
from problems.answering.policy import Policy, RequestFacts
from problems.declaring.problem import Problem

__all__ = ["keep_errors", "keep_nothing", "keep_value", "legacy_detail"]

_KEPT: Final = "_legacy"


def keep_value(problem: Problem, exc: HTTPException) -> None:
    """Keep the `detail` of a foreign exception in its problem; a text is the `detail` of the problem already."""
    detail: object = getattr(exc, "detail", None)
    if detail is not None and not (isinstance(detail, str) and detail):
        problem.__dict__[_KEPT] = encode(detail)


def keep_errors(
    problem: Problem, errors: Sequence[Mapping[str, object]], params: Sequence[Mapping[str, object]]
) -> None:
    """
    Keep the list that FastAPI sends for an invalid request in its problem, without inputs and contexts.

    Args:
        problem: The validation problem.
        errors: The errors of pydantic, of which the places and types are sent.
        params: The descriptions of the errors for the client, which contain the messages.
    """
    problem.__dict__[_KEPT] = encode([_entry(error, param) for error, param in zip(errors, params, strict=False)])


def _entry(error: object, description: Mapping[str, Any]) -> dict[str, object]:
    known = error if is_object(error) else {}
    loc, code = known.get("loc"), known.get("type")
    return {
        "type": code if isinstance(code, str) else description["code"],
        "loc": [step if isinstance(step, int) else str(step) for step in loc] if is_sequence(loc) else [],
        "msg": description["detail"],
    }


def keep_nothing(problem: Problem) -> None:
    """Note that FastAPI sends no `detail`: a crash has none."""
    problem.__dict__[_KEPT] = None


def legacy_detail(
    problem: Problem, detail: str | None, status: int, facts: RequestFacts, policy: Policy
) -> tuple[bytes | None, Sequence[bytes]]:
    """
    Return the JSON of the `detail` that FastAPI would have sent, and the header fields that decided it.

    Args:
        problem: The problem.
        detail: Its own `detail`, which FastAPI would have sent too.
        status: The status code.
        facts: The request.
        policy: How the application answers.

    Returns:
        `None` instead of a `detail` if the problem's own is sent.
    """
    wanted, names = _wanted(facts, policy)
    if not wanted:
        return None, names
    if _KEPT in problem.__dict__:
        kept: bytes | None = problem.__dict__[_KEPT]
        return kept, names
    with guarded("`legacy_detail` of a problem failed; it is sent with its own `detail`."):
        own: object = getattr(problem, "legacy_detail", None)
        if inspect.ismethod(own):
            return encode(own()), names
    return (to_json(phrase(status)) if detail is None else None), names


def _wanted(facts: RequestFacts, policy: Policy) -> tuple[bool, Sequence[bytes]]:
    """Return whether a client reads FastAPI's `detail`, and the header fields that decided it."""
    choose = policy.legacy_detail
    if not callable(choose):
        return choose, ()
    noting = _Noting(facts)
    with guarded("`Policy(legacy_detail=…)` failed; the problem is sent with its own `detail`."):
        return bool(choose(noting)), noting.names
    return False, noting.names


class _Noting(RequestFacts):
    """Facts of a request that note which header fields are read."""

    __slots__ = ("names",)

    def __init__(self, facts: RequestFacts) -> None:
        super().__init__(facts.scope, facts.instance)
        self.names: list[bytes] = []

    @property
    def headers(self) -> Iterable[tuple[bytes, bytes]]:
        """The header fields; any of them may decide."""
        self._note(b"*")
        return super().headers

    def header(self, name: bytes) -> str:
        """Return the values of one field, joined; an empty text if it is absent."""
        name = name.lower()
        self._note(name)
        return b", ".join(value for key, value in super().headers if key == name).decode("latin-1")

    def _note(self, name: bytes) -> None:
        if name not in self.names:
            self.names.append(name)
