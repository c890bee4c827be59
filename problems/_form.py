"""
How the documents of one problem class are written: what they share is encoded once.

The one place where an occurrence becomes bytes. Knows neither registries nor requests.
"""

from typing import Final

from problems.exceptions import Problem
from problems.problem_type import ProblemType
from problems.rendering.json import MAX_DIGITS, join, prefix

__all__ = ["Form"]

_WRITTEN: Final = "problem_written"
_DETAIL: Final = {"detail"}


class Form:
    """
    The form of a class's documents under one registry.

    Attributes:
        status: The status code that they are sent with.
        beginning: The bytes that all of them begin with.
    """

    __slots__ = ("_title", "_write", "beginning", "status")

    def __init__(self, cls: type[Problem], facts: ProblemType) -> None:
        self.status = facts.status
        self.beginning = prefix(facts.uri, facts.title, facts.status)
        self._title = cls.problem_type.title
        known = cls.problem_members
        # The members that an open class does not declare have to be picked out first.
        self._write = None if known.is_open else known.serializer.to_json

    def document(self, problem: Problem, instance: str | None) -> bytes:
        """Return the document of an occurrence; never fails."""
        given = problem.__dict__
        try:  # the short way, for what is as it was declared: all of it is written in one call
            detail = given["detail"]
            if self._write is not None and detail.__class__ is str and _WRITTEN not in given:
                # The standard members first, as everybody writes them.
                first = {"detail": detail} if instance is None else {"detail": detail, "instance": instance}
                given = first | given
                # A detail that says nothing is left out, as `problem_detail` has it.
                exclude = _DETAIL if not detail or detail == self._title else None
                told = self._write(given, warnings=False, exclude=exclude)
                if 2 < len(told) <= MAX_DIGITS:  # a longer one may have a number that is too long
                    return self.beginning + b"," + told[1:]
        except Exception:  # noqa: BLE001, S110 - an unusual value must not cost the client its error
            pass
        return join(self.beginning, problem.problem_detail, instance, problem.problem_extensions)
