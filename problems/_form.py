"""
How the documents of one problem class are written: what they share is encoded once.

The one place where an occurrence becomes bytes. Knows neither registries nor requests.
"""

from typing import Final

from problems.exceptions import Problem
from problems.problem_type import ProblemType
from problems.rendering.json import MAX_DIGITS, join, prefix

__all__ = ["Form", "form_of"]

_NOTHING: Final = b"{}"


def form_of(cls: type[Problem], facts: ProblemType) -> "Form":
    """Return the form of the documents of *cls*, their type URI, title and status being those of *facts*."""
    # The members that an open class does not declare have to be picked out, others may be written already.
    is_joined = cls.problem_members.is_open or cls.problem_is_prepared
    return Form(cls, facts) if is_joined else _WholeForm(cls, facts)


class Form:
    """
    The form of a class's documents under one registry.

    Attributes:
        status: The status code that they are sent with.
        beginning: The bytes that all of them begin with.
    """

    __slots__ = ("_opening", "_write", "beginning", "status")

    def __init__(self, cls: type[Problem], facts: ProblemType) -> None:
        self.status = facts.status
        self.beginning = prefix(facts.uri, facts.title, facts.status)
        self._opening = self.beginning + b","
        self._write = cls.problem_members.serializer.to_json

    def document(self, problem: Problem, instance: str | None) -> bytes:
        """Return the document of an occurrence; never fails."""
        return join(self.beginning, problem.problem_detail, instance, problem.problem_extensions)


class _WholeForm(Form):
    """The form of documents that are written in one call."""

    __slots__ = ()

    def document(self, problem: Problem, instance: str | None) -> bytes:
        """Return the document of an occurrence; never fails."""
        given = problem.__dict__
        if instance is not None:
            detail = given.get("detail")  # the standard members come first, as everybody writes them
            first = {"instance": instance} if detail is None else {"detail": detail, "instance": instance}
            given = first | given
        try:
            told = self._write(given, warnings=False)
            if 2 < len(told) <= MAX_DIGITS:  # a longer one may have a number that is too long
                return self._opening + told[1:]
            if told == _NOTHING:
                return self.beginning + b"}"
        except Exception:  # noqa: BLE001, S110 - an unusual value must not cost the client its error
            pass
        return join(self.beginning, problem.problem_detail, instance, problem.problem_extensions)
