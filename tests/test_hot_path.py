"""
What an error does not do.

It builds nothing anew, reads no annotations, walks through neither all types nor all rejected inputs, and leaves no
reference cycles behind. `benchmarks/` measures the time.
"""

import gc
import json
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final

import fastapi
import httpx2
import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.requests import Request

from problems import NotFound, Policy, Registry
from problems.answering._answer import Rejected, answer
from problems.answering.policy import RequestFacts
from problems.declaring._definition import definition_of
from problems.fastapi import add_problems
from problems.httpx import problem_hook
from problems.websockets import text_for

BASE: Final = "https://shop.example/problems/"
SCOPE: Final = {"type": "http", "method": "GET", "path": "/items/7", "headers": []}
FACTS: Final = RequestFacts({"method": "GET"})


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int
    name: str


class Basket(BaseModel):
    """A body with ten fields."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int
    h: int
    i: int
    j: int


def invalid(fields: int) -> RequestValidationError:
    """Return the exception of FastAPI for a body with so many wrong fields."""
    body = {name: "x" if number < fields else 1 for number, name in enumerate("abcdefghij")}
    try:
        Basket.model_validate(body)
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        return RequestValidationError(errors, body=body)
    raise AssertionError("The body is valid.")


def raise_missing() -> None:
    """Raise a declared problem."""
    raise ItemNotFound("No item has the id 7.", item_id=7, name="x")


async def send(_: Any) -> None:
    """Take a message."""


async def receive() -> Any:
    """Have no message."""
    raise AssertionError("The request is not read.")


def answering(raise_it: Callable[[], None], policy: Policy, cls: type[Exception]) -> Callable[[], None]:
    """Return the way of an error through the handler that an application has for it."""
    app = fastapi.FastAPI()
    add_problems(app, Registry(ItemNotFound, base=BASE), policy=policy)
    handler: Any = next(app.exception_handlers[base] for base in cls.__mro__ if base in app.exception_handlers)
    request = Request(SCOPE)

    async def run() -> None:
        try:
            raise_it()
        except Exception as exc:  # noqa: BLE001 - as Starlette does
            response = await handler(request, exc)
            await response(SCOPE, receive, send)
            exc.__traceback__ = None  # as Starlette does

    def once() -> None:
        try:
            run().send(None)
        except StopIteration:
            return
        raise AssertionError("An answer waits for something.")

    return once


def answering_missing(policy: Policy) -> Callable[[], None]:
    """Return the way of a declared problem."""
    return answering(raise_missing, policy, ItemNotFound)


def answering_invalid(fields: int) -> Callable[[], None]:
    """Return the way of an invalid request."""
    error = invalid(fields)

    def raise_it() -> None:
        raise error

    return answering(raise_it, Policy(instance=None), RequestValidationError)


def receiving() -> Callable[[], None]:
    """Return the way of a received problem through a client's hook."""
    hook = problem_hook(Registry(ItemNotFound, base=BASE))
    response = httpx2.Response(
        404,
        headers={"content-type": "application/problem+json"},
        json={"type": f"{BASE}item-not-found", "title": "Item not found", "status": 404, "item_id": 7, "name": "x"},
        request=httpx2.Request("GET", "https://shop.example/items/7"),
    )

    def once() -> None:
        try:
            hook(response)
        except ItemNotFound:
            return
        raise AssertionError("Nothing was raised.")

    return once


WAYS: Final[dict[str, Callable[[], Callable[[], None]]]] = {
    "raise and answer": lambda: answering_missing(Policy()),
    "raise and answer, no instance": lambda: answering_missing(Policy(instance=None)),
    "invalid request": lambda: answering_invalid(10),
    "client": receiving,
}


class LookedUp(dict):
    """A dictionary in which entries are looked up; walking through it fails."""

    def walked(self, *_: object) -> Any:
        """Refuse to be walked through."""
        raise AssertionError("All types are walked through for each error.")

    __iter__ = keys = values = items = walked


class Unread(Mapping):
    """An error of a request whose reading fails."""

    def read(self, *_: object) -> Any:
        """Refuse to be read."""
        raise AssertionError("An error is read that is not sent.")

    __getitem__ = __iter__ = __len__ = __contains__ = read


class Errors(list):
    """Errors of a request of which the first ones may be read; walking through all of them fails."""

    def __iter__(self) -> Any:
        raise AssertionError("All errors are walked through.")


class TestFlat:
    """An error costs the same, however many types there are and however many inputs were rejected."""

    @pytest.mark.parametrize("uri", [f"{BASE}item-not-found", "item-not-found", f"{BASE}unknown", "about:blank"])
    def test_the_number_of_types(self, uri):
        """
        A received type is looked up, and the other types of the registry are not walked through.
        """
        registry = Registry(ItemNotFound, base=BASE)
        for name in ("_facts", "_by_uri", "_by_text"):
            setattr(registry, name, LookedUp(getattr(registry, name)))
        document = {"type": uri, "item_id": 7, "name": "x"}

        for _ in range(2):  # the way of the first occurrence, and the way of all others
            registry.revive_document(document, status=404, url=BASE)

    def test_the_number_of_types_when_answering(self):
        """
        The form of a class is looked up as well.
        """
        registry = Registry(ItemNotFound, base=BASE)
        for name in ("_facts", "_by_uri", "_by_text"):
            setattr(registry, name, LookedUp(getattr(registry, name)))
        problem = ItemNotFound("No item has the id 7.", item_id=7, name="x")

        assert [404, 404] == [answer(problem, FACTS, Policy(), registry).status for _ in range(2)]

    def test_the_number_of_rejected_inputs(self):
        """
        Of ten thousand errors those are read that are sent.
        """
        known = invalid(10).errors()
        errors = Errors([*known * 5, *[Unread()] * 10_000])

        body = json.loads(answer(Rejected(errors, {}), FACTS, Policy(), Registry()).body)

        assert (50, True) == (len(body["errors"]), body["truncated"])


@pytest.mark.parametrize("way", WAYS)
class TestBuiltOnce:
    """What depends on the class alone is not found out again for each error."""

    def test_no_reflection(self, way, monkeypatch):
        """
        No annotation is evaluated and no signature read.
        """
        once = WAYS[way]()
        once()

        def refuse(*_: object, **__: object) -> Any:
            raise AssertionError("This is done for each error.")

        for name in ("get_type_hints", "get_origin", "get_args"):
            monkeypatch.setattr(typing, name, refuse)
        for name in ("signature", "getmembers", "get_annotations", "getdoc"):
            monkeypatch.setattr(f"inspect.{name}", refuse)

        once()

    def test_nothing_of_pydantic_is_built(self, way, monkeypatch):
        """
        No model, validator or serializer is made.
        """
        once = WAYS[way]()
        once()

        def refuse(*_: object, **__: object) -> Any:
            raise AssertionError("This is built for each error.")

        monkeypatch.setattr("problems.declaring._members.SchemaValidator", refuse)
        monkeypatch.setattr("problems._wire.core_schemas.SchemaSerializer", refuse)
        monkeypatch.setattr(BaseModel, "__init_subclass__", refuse)
        monkeypatch.setattr(TypeAdapter, "__init__", refuse)

        once()

    def test_no_reference_cycles(self, way):
        """
        What an error leaves behind is freed without the garbage collector.
        """
        once = WAYS[way]()
        for _ in range(3):
            once()

        def left_behind() -> int:
            gc.collect()
            gc.disable()
            try:
                for _ in range(20):
                    once()
                return gc.collect()
            finally:
                gc.enable()

        # A cycle for each error is there each time; what pytest and threads of other tests leave behind is not.
        assert 20 > min(left_behind() for _ in range(3))


class TestForms:
    """The constant part of documents is made once for each class and registry."""

    def test_a_received_problem_has_none(self):
        """
        A received problem is never taken for our own, even if its document was written by hand.
        """
        registry = Registry(ItemNotFound, base=BASE)
        document = {"type": f"{BASE}item-not-found", "item_id": 7, "name": "secret"}
        received = registry.revive_document(document, status=404)

        text_for(received, registry)

        assert 502 == answer(received, FACTS, Policy(), registry).status

    def test_what_a_constructor_of_the_users_keeps(self):
        """
        What a user's own `__new__` puts into an occurrence stays there.
        """

        class Counted(NotFound):
            count: int

            def __new__(cls, *args: Any, **members: Any) -> typing.Self:
                made = super().__new__(cls, *args)
                made.__dict__["kept"] = members
                return made

        assert {"count": 3} == vars(Counted(count=3))["kept"]

    def test_two_occurrences(self):
        """
        Two occurrences share members, validator and form.
        """
        registry = Registry(ItemNotFound, base=BASE)
        first, second = (ItemNotFound(item_id=number, name="x") for number in (1, 2))

        assert definition_of(first).members is definition_of(second).members
        assert registry.form(type(first)) is registry.form(type(second))
