"""What `check` sees of `translating`: in a `with` block, on a function, in an exit stack."""

from contextlib import AsyncExitStack, ExitStack

import httpx2
import pytest
from fastapi import FastAPI

from problems import Conflict, Gone, NotFound, ReceivedProblem, Registry
from problems.catching import translating
from problems.contract import check
from problems.fastapi import add_problems, responses


class TheirItem(NotFound, type="https://stock.example/missing", title="Missing"):
    """The stock has no such item."""

    item_id: int


class ItemNotFound(NotFound, type="https://shop.example/missing", title="Missing"):
    """No item has the requested id."""

    item_id: int


class Sold(Conflict, type="https://shop.example/sold", title="Sold"):
    """The item was sold."""

    item_id: int


client = httpx2.Client()
REGISTRY = Registry(ItemNotFound, Sold)


def sold(problem: NotFound) -> Sold:
    return Sold(item_id=1)


def choose(problem):
    if problem.detail:
        return Sold(item_id=problem.item_id)
    return ItemNotFound(item_id=problem.item_id)


TABLE = {TheirItem: ItemNotFound}
WORDS = {TheirItem: choose}
MADE = translating(TABLE)


def a_class():
    with translating({TheirItem: ItemNotFound}):
        client.get("/")


def an_empty_block():
    with translating({ReceivedProblem: ItemNotFound, TheirItem: ItemNotFound}):
        pass


def a_table():
    with translating(TABLE):
        client.get("/")


def a_table_that_grows():
    with translating({**TABLE, NotFound: sold}):
        client.get("/")


def a_constant():
    with MADE:
        client.get("/")


def a_variable():
    translate = translating(TABLE)
    with translate as nothing:
        client.get(nothing)


def a_lambda():
    with translating({TheirItem: lambda problem: Sold(item_id=problem.item_id)}):
        client.get("/")


def a_function():
    with translating({TheirItem: sold}):
        client.get("/")


def a_choice():
    with translating(WORDS):
        client.get("/")


async def async_with():
    async with translating(TABLE):
        client.get("/")


def in_a_stack():
    with ExitStack() as stack:
        stack.enter_context(translating(TABLE))
        client.get("/")


async def in_an_async_stack():
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(MADE)
        client.get("/")


@translating(TABLE)
def helper():
    client.get("/")


@MADE
async def async_helper():
    client.get("/")


def a_decorated_helper():
    helper()


async def an_async_decorated_helper():
    await async_helper()


def a_local_helper():
    @translating(TABLE)
    def inner():
        client.get("/")

    inner()


@translating(WORDS)
def decorated():
    client.get("/")


def caught():
    try:
        a_class()
    except ItemNotFound:
        return


def suppressed():
    try:
        a_lambda()
    except Conflict as problem:
        raise Gone from problem


def found(function, *declared):
    """Return the findings about an application with one endpoint."""
    app = FastAPI()
    add_problems(app, REGISTRY)
    app.get("/x", responses=responses(*declared))(function)
    return check(app)


BOTH = {ItemNotFound, Sold}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        pytest.param(a_class, {ItemNotFound}, id="a class"),
        pytest.param(an_empty_block, {ItemNotFound}, id="two keys with one class"),
        pytest.param(a_table, {ItemNotFound}, id="a table"),
        pytest.param(a_table_that_grows, BOTH, id="a table in a table"),
        pytest.param(a_constant, {ItemNotFound}, id="a constant"),
        pytest.param(a_variable, {ItemNotFound}, id="a variable"),
        pytest.param(a_lambda, {Sold}, id="a lambda"),
        pytest.param(a_function, {Sold}, id="a function"),
        pytest.param(a_choice, BOTH, id="a function that chooses"),
        pytest.param(async_with, {ItemNotFound}, id="async with"),
        pytest.param(in_a_stack, {ItemNotFound}, id="in a stack"),
        pytest.param(in_an_async_stack, {ItemNotFound}, id="in an async stack"),
        pytest.param(a_decorated_helper, {ItemNotFound}, id="on a helper"),
        pytest.param(an_async_decorated_helper, {ItemNotFound}, id="on an async helper"),
        pytest.param(a_local_helper, {ItemNotFound}, id="on a local helper"),
        pytest.param(decorated, BOTH, id="on the endpoint, with a function that chooses"),
        pytest.param(caught, set(), id="caught"),
        pytest.param(suppressed, {Gone}, id="replaced"),
    ],
)
class TestTranslating:
    def test_it_raises_its_targets(self, function, expected):
        """
        Each problem that it can raise is a finding with its line, if the endpoint does not declare it.
        """
        undeclared = [it for it in found(function) if it.kind == "undeclared" and it.problem is not Gone]

        assert expected - {Gone} == {it.problem for it in undeclared}
        assert all(it.certainty == "likely" for it in undeclared)
        assert all((__file__, True) == (it.file, it.line > 0) for it in undeclared)

    def test_its_targets_are_raised(self, function, expected):
        """
        A declaration of them is neither missing nor idle.
        """
        assert [] == [it for it in found(function, *expected) if it.problem in BOTH]


def test_the_decorator_declares_its_classes():
    """
    A class in the table of a decorated endpoint is declared.
    """

    @translating(TABLE)
    def endpoint():
        client.get("/")

    assert [] == found(endpoint)


def test_the_line_of_a_block():
    """
    The finding of a block has the line of its `with`.
    """
    (finding,) = found(a_class)

    assert a_class.__code__.co_firstlineno + 1 == finding.line
