"""Declaring and raising problems: the marked lines must be rejected by every type checker, and no other."""

from typing import Annotated

from pydantic import Field

from problems import MethodNotAllowed, NotFound, Problem, Registry, TooManyRequests, Unauthorized, raises
from problems.catalog import RangeNotSatisfiable, RetryAfter, UpgradeRequired


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    item_id: int
    size: Annotated[int, Field(ge=1)] = 1
    weight: int = Field(ge=1)


class FromScratch(Problem, type="from-scratch", title="From scratch", status=409):
    item_id: int


class SlowDown(TooManyRequests, type="slow-down", title="Slow down"):
    retry_after: RetryAfter | None = 30


class Misspelt(NotFound, type="misspelt", titel="Misspelt"): ...  # error: no such word


class TextStatus(NotFound, status="404"): ...  # error: a status is a number


class NumberType(NotFound, type=404): ...  # error: a type is a text


class ListAliases(NotFound, type="a", title="A", aliases="b"): ...  # error: aliases are a tuple


class TextAbstract(NotFound, abstract="yes"): ...  # error: a flag is a boolean


ItemNotFound(item_id=7, weight=1)
ItemNotFound()  # error: members are missing
ItemNotFound(item_id=7)  # error: a member without default is missing, though it has a Field
ItemNotFound(item_id="7", weight=1)  # error: of another type
ItemNotFound(item_id=7, weight=1, size="1")  # error: of another type
ItemNotFound(item_id=7, weight=1, nmae="x")  # error: misspelt
ItemNotFound("text", 7, 1)  # error: members are keywords
ItemNotFound(5, item_id=7, weight=1)  # error: a detail is a text
ItemNotFound(item_id=7, weight=1, instance=7)  # error: an instance is a text
ItemNotFound(item_id=7, weight=1, headers="X-Shelf: 3")  # error: headers are a mapping
FromScratch()  # error: a member is missing
FromScratch(item_id=None)  # error: not optional
SlowDown(retry_after="soon")  # error: no time to wait
SlowDown(more=1)  # error: a declared type is closed

NotFound("text", 7)  # error: members are keywords
NotFound(5)  # error: a detail is a text
Unauthorized()  # error: a challenge is required
Unauthorized(challenges=5)  # error: a challenge is a text
MethodNotAllowed()  # error: methods are required
MethodNotAllowed(allow=5)  # error: methods are a list
RangeNotSatisfiable()  # error: a length is required
RangeNotSatisfiable(length="100")  # error: a length is a number
UpgradeRequired()  # error: a protocol is required
TooManyRequests(retry_after="soon")  # error: no time to wait

Registry(ValueError)  # error: no problem
Registry(NotFound())  # error: an occurrence is not a type
Registry(NotFound, base=5)  # error: a base is a text
raises(ValueError)  # error: no problem
raises("NotFound")  # error: a name is not a class


def fail() -> None:
    """Raise a problem."""
    raise ItemNotFound(item_id=7, weight=1)


def catch() -> str:
    """Take a number for a text."""
    try:
        fail()
    except ItemNotFound as problem:
        text: str = problem.item_id  # error: it is a number
        return text
    return ""


def misread(problem: ItemNotFound) -> object:
    """Read what is not there."""
    return problem.itemid  # error: misspelt
