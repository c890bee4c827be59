"""Annotations that are text (PEP 563), which mean in a problem class what they mean in a pydantic model."""

from __future__ import annotations

import typing as t
from typing import Annotated, ClassVar, Generic, TypeVar

import pytest
from pydantic import BaseModel, Field

from problems import NotFound, Problem, ResponseHeader
from problems.declaring._definition import definition_of
from problems.errors import InvalidDefinition, ReservedMember

T = TypeVar("T")


class Later(NotFound, type="later", title="Later"):
    limit: t.ClassVar[int] = 3
    position: Position
    quota: Annotated[int, Field(ge=1), ResponseHeader("X-Quota")]


class Position(BaseModel):
    line: int


class Page(NotFound, Generic[T], abstract=True):
    item: T


class NumberPage(Page[int], type="number-page", title="Page"):
    more: Position | None = None


def members_of(problem: Problem) -> dict[str, object]:
    """Return the sent document."""
    return dict(problem.problem_details.extensions)


class TestInAModule:
    def test_a_name_that_is_defined_later(self):
        """
        A module may define things in any order.
        """
        assert {"position": {"line": 3}, "quota": 1} == members_of(Later(position={"line": 3}, quota=1))

    def test_what_is_annotated(self):
        """
        Constraints and headers are found in text.
        """
        assert "1" == Later(position={"line": 3}, quota=1).headers["x-quota"]

    def test_class_variables(self):
        """
        A class variable is not a member.
        """
        assert ("position", "quota") == definition_of(Later).members.names

    def test_generics(self):
        """
        A type variable is bound by the subclass.
        """
        assert {"item": 7, "more": {"line": 1}} == members_of(NumberPage(item="7", more={"line": 1}))


class TestInAFunction:
    def test_local_names(self):
        """
        What is defined around the class is found.
        """

        class Line(BaseModel):
            number: int

        least = 1

        class Local(NotFound):
            line: Line
            lines: list[Line] = Field(default_factory=list)
            count: Annotated[int, Field(ge=least)] = 1

        assert {"line": {"number": 3}, "lines": [], "count": 1} == members_of(Local(line={"number": 3}))

    def test_quoted_names(self):
        """
        A quoted part of an annotation is found too.
        """

        class Line(BaseModel):
            number: int

        class Local(NotFound):
            lines: t.Annotated[list["Line"], Field(min_length=1)]  # noqa: UP037 - this is what is tested

        assert {"lines": [{"number": 3}]} == members_of(Local(lines=[{"number": 3}]))

    def test_the_names_of_a_base(self):
        """
        A base knows its own surroundings.
        """

        def base() -> type[NotFound]:
            class Line(BaseModel):
                number: int

            class Base(NotFound, abstract=True):
                line: Line

            return Base

        class Local(base()):
            more: int

        assert {"line": {"number": 3}, "more": 1} == members_of(Local(line={"number": 3}, more=1))

    def test_below_a_hook_of_the_user(self):
        """
        A base with an `__init_subclass__` of its own does not hide the surroundings.
        """

        class Line(BaseModel):
            number: int

        class Counted(NotFound, abstract=True):
            count: ClassVar[int] = 0

            def __init_subclass__(cls, **words: t.Any) -> None:
                super().__init_subclass__(**words)
                Counted.count += 1

        class Local(Counted, type="local", title="Local"):
            line: Line

        assert (1, {"line": {"number": 3}}) == (Counted.count, members_of(Local(line={"number": 3})))

    def test_generics(self):
        """
        A local generic class is bound like any other.
        """

        class Box(NotFound, Generic[T], abstract=True):
            item: list[T]

        class Local(Box[int], type="local", title="Local"):
            pass

        assert {"item": [7]} == members_of(Local(item=["7"]))

    def test_a_name_that_is_defined_later(self):
        """
        A function has no names to look up later, so the sentence says what to do.
        """

        class Local(NotFound):
            line: Line

        class Line(BaseModel):
            number: int

        with pytest.raises(InvalidDefinition) as caught:
            Local(line={"number": 3})

        assert caught.value.reason == (
            "an annotation refers to 'Line', which is not defined where the class is. "
            "Define it before the class, or both at the top of a module."
        )

    def test_nothing_else_is_kept_alive(self):
        """
        A class keeps of its surroundings what its annotations name.
        """
        big = [0] * 1000
        assert big

        class Line(BaseModel):
            number: int

        class Local(NotFound):
            line: Line

        assert {"Line"} == (definition_of(Local).local or {}).keys()


def test_reserved_names():
    """
    A reserved name raises whatever its annotation is.
    """
    with pytest.raises(ReservedMember):

        class Local(NotFound):
            headers: Undefined  # noqa: F821 - never looked up


def test_aliases():
    """
    An alias in text is checked when the class is first used.
    """

    class Local(NotFound):
        state: Annotated[int, Field(alias="status")]

    with pytest.raises(InvalidDefinition, match="'state' is called 'status' on the wire, as a member of RFC 9457 is"):
        Local(state=1)
