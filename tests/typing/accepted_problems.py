"""Declaring, raising and catching problems: what every type checker must accept, and which types it must see."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, Generic, TypeVar, assert_type

from pydantic import BaseModel, Field, SecretStr, field_serializer, field_validator

from problems import (
    ClientProblem,
    Conflict,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    Problem,
    ProblemDetails,
    ProblemType,
    Registry,
    ResponseHeader,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    raises,
)
from problems.catalog import Challenges, DigestInvalidValues, RangeNotSatisfiable, RetryAfter, UpgradeRequired

T = TypeVar("T")


class Position(BaseModel):
    line: int


class ItemNotFound(
    NotFound,
    type="item-not-found",
    title="Item not found",
    detail="No item has the id {item_id}.",
    aliases=("https://old.example/item-not-found",),
    schema_name="NoItem",
):
    """No item has the requested id."""

    limit: ClassVar[int] = 3

    item_id: Annotated[int, Field(ge=1, description="The id.")]
    name: str = "?"
    position: Position | None = None
    tags: list[str] = Field(default_factory=list[str])
    size: int = Field(ge=1)

    @property
    def is_new(self) -> bool:
        """Whether the item is new."""
        return self.item_id > self.limit

    @field_validator("name")
    @classmethod
    def check(cls, name: str) -> str:
        """Return the name."""
        return name

    @field_serializer("name")
    def written(self, name: str) -> str:
        """Return the name as it is sent."""
        return f"{name} {self.item_id}"


ItemNotFound(item_id=7, size=1)
ItemNotFound("Not there.", item_id=7, size=1)
ItemNotFound(detail="Not there.", item_id=7, size=1, instance="urn:uuid:7", headers={"X-Shelf": "3"})
ItemNotFound(item_id=7, size=1, name="x", position=Position(line=3), tags=["a"])


class FromScratch(Problem, type="from-scratch", title="From scratch", status=409):
    item_id: int


FromScratch("text", item_id=7)


class Elsewhere(Problem, type="elsewhere", title="Elsewhere", status=302, any_status=True):
    pass


Elsewhere()


class HasItem(ClientProblem, abstract=True):
    item_id: int


class Sold(HasItem, Conflict, type="sold", title="Sold"):
    price: float


Sold(item_id=7, price=1.5)


class Page(NotFound, Generic[T], abstract=True):
    item: T


class NumberPage(Page[int], type="number-page", title="Page"):
    pass


assert_type(NumberPage(item=7).item, int)


class LoginNeeded(Unauthorized, type="login-needed", title="Login needed"):
    challenges: Challenges = "Bearer"


class SlowDown(TooManyRequests, type="slow-down", title="Slow down"):
    retry_after: RetryAfter | None = 30
    quota: Annotated[int, ResponseHeader("X-Quota", body=False, description="The quota.")]


LoginNeeded()
LoginNeeded("text", challenges=["Basic", "Bearer"])
SlowDown(quota=3)
SlowDown(quota=3, retry_after=timedelta(minutes=1))


class Open(NotFound, type="open", title="Open", init=False):
    pass


Open("text", anything=1)


class Own(NotFound, type="own", title="Own"):
    item_id: int

    def __init__(self, position: Position) -> None:
        super().__init__(item_id=position.line)


Own(Position(line=3))


class Secretive(Forbidden, type="secretive", title="Secretive"):
    key: SecretStr


Secretive(key=SecretStr("hunter2"))

NotFound()
NotFound("text")
NotFound(item_id=7)
NotFound("text", item_id=7, instance="urn:uuid:7", headers={"X-Shelf": "3"})
Unauthorized(challenges="Bearer")
Unauthorized("text", challenges=["Basic", "Bearer"], more=1)
MethodNotAllowed(allow=["GET"])
TooManyRequests()
TooManyRequests(retry_after=1.5)
ServiceUnavailable(retry_after=datetime.now(UTC))
RangeNotSatisfiable(length=100)
UpgradeRequired(upgrade="h2c")
DigestInvalidValues(invalid_digests=[{"algorithm": "sha-256", "reason": "Too short."}])


def catch() -> None:
    """See the types of what is caught."""
    try:
        raise_the_class()
    except ItemNotFound as problem:
        assert_type(problem.item_id, int)
        assert_type(problem.name, str)
        assert_type(problem.position, Position | None)
        assert_type(problem.tags, list[str])
        assert_type(problem.is_new, bool)
        assert_type(problem.status, int)
        assert_type(problem.detail, str)
        assert_type(problem.instance, str | None)
        assert_type(problem.problem_type, ProblemType)
        assert_type(problem.problem_details, ProblemDetails)
        assert_type(problem.problem_model, type[BaseModel])
    except (NotFound, Conflict) as either:
        assert_type(either.status, int)


def raise_the_class() -> None:
    """Raise a class that needs no members."""
    raise NotFound


assert_type(NumberPage.problem_type.title, str)
assert_type(MethodNotAllowed(allow=["GET"]).allow, Sequence[str])

registry = Registry(ItemNotFound, Sold, NotFound, base="https://shop.example/problems/")

assert_type(registry | Registry(), Registry)
assert_type(registry.uri(ItemNotFound), str)
assert_type(registry.get("about:blank"), type[Problem] | None)
assert_type(registry.details(NotFound()), ProblemDetails)
assert_type(registry.revive(ProblemDetails()), Problem)
assert_type(list(registry), list[type[Problem]])


@raises(ItemNotFound, Sold)
def load(item_id: int) -> str:
    """Return a text."""
    return str(item_id)


assert_type(load(7), str)
