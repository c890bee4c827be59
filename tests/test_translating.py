import asyncio

import pytest

from problems import ClientProblem, Conflict, NotFound, Problem, ReceivedProblem, Registry, raises
from problems.catching import translating
from problems.declaring._raises import declared
from problems.errors import AbstractProblem, SetupError

BASE = "https://stock.example/problems/"


class TheirItem(NotFound, type=f"{BASE}missing", title="Missing"):
    """The stock has no such item."""

    item_id: int
    shelf: str = ""


class TheirConflict(Conflict, type=f"{BASE}busy", title="Busy"):
    """The stock is busy."""


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    """No item has the requested id."""

    item_id: int


class Sold(Conflict, type="sold", title="Sold"):
    """The item was sold."""

    price: int


STOCK = Registry(TheirItem, TheirConflict)
TABLE = {TheirItem: ItemNotFound, TheirConflict: lambda problem: Sold(price=problem.status)}


def receive(uri=f"{BASE}missing", status=404):
    """Raise a problem of the other server."""
    raise STOCK.revive_document({"type": uri, "item_id": 7, "shelf": "s3cret", "detail": "Row 7."}, status=status)


def with_block():
    with translating(TABLE):
        receive()


def decorated():
    translating(TABLE)(receive)()


def async_block():
    async def call():
        async with translating(TABLE):
            receive()

    asyncio.run(call())


def async_decorated():
    @translating(TABLE)
    async def call():
        await asyncio.sleep(0)
        receive()

    asyncio.run(call())


class TestTranslating:
    @pytest.mark.parametrize("call", [with_block, decorated, async_block, async_decorated])
    def test_a_class(self, call):
        """
        It is raised with the members that both declare, from the received problem, and with no other member of it.
        """
        with pytest.raises(ItemNotFound) as caught:
            call()

        assert not isinstance(caught.value, ReceivedProblem)
        assert (7, {"item_id": 7}, None) == (
            caught.value.item_id,
            dict(caught.value.problem_details.extensions),
            caught.value.problem_details.detail,
        )
        assert isinstance(caught.value.__cause__, TheirItem)

    def test_a_function(self):
        """
        It gets the received problem.
        """
        with pytest.raises(Sold) as caught, translating(TABLE):
            receive(f"{BASE}busy", 409)

        assert 409 == caught.value.price

    def test_the_most_derived_class(self):
        """
        It decides, in whatever order the classes are given.
        """
        table = {ReceivedProblem: lambda problem: Sold(price=1), ClientProblem: lambda problem: Sold(price=2), **TABLE}
        with pytest.raises(ItemNotFound), translating(table):
            receive()
        with pytest.raises(Sold) as caught, translating(table):
            receive("about:blank", 410)
        assert 2 == caught.value.price
        with pytest.raises(Sold) as caught, translating(table):
            receive("about:blank", 503)
        assert 1 == caught.value.price

    def test_what_is_not_named(self):
        """
        Other received problems, and the application's own problems, are not changed.
        """
        with pytest.raises(ReceivedProblem), translating(TABLE):
            receive("about:blank", 503)
        own = TheirItem(item_id=1)
        with pytest.raises(TheirItem) as caught, translating(TABLE):
            raise own
        assert own is caught.value

    def test_what_is_returned(self):
        """
        A decorated function keeps its result and its name.
        """

        @translating(TABLE)
        def load(item_id: int) -> int:
            """Return an item."""
            return item_id

        assert (7, "load") == (load(7), load.__name__)


class TestDeclaration:
    def test_the_targets(self):
        """
        They are declared as by `@raises`, beside what is declared already.
        """

        def busy(problem: Problem) -> Sold:
            return Sold(price=1)

        @translating({TheirItem: ItemNotFound, TheirConflict: busy})
        @raises(NotFound)
        def load():
            """Return an item."""

        assert {ItemNotFound, Sold, NotFound} == set(declared(load))
        assert (ItemNotFound, Sold) == translating({TheirItem: ItemNotFound, TheirConflict: busy}).problem_types


class TestMistakes:
    @pytest.mark.parametrize(
        ("table", "message"),
        [
            pytest.param([TheirItem], "needs a mapping of problem classes", id="no mapping"),
            pytest.param({ValueError: ItemNotFound}, "needs problem classes as keys", id="another exception"),
            pytest.param({TheirItem: 404}, "needs a problem class or a function as target; got 404", id="a status"),
            pytest.param({TheirItem: Sold}, "Sold needs the member 'price', which TheirItem does not", id="a member"),
        ],
    )
    def test_the_table(self, table, message):
        """
        It raises where it is written, with the line to write.
        """
        with pytest.raises(SetupError, match=message):
            translating(table)

    def test_a_base(self):
        """
        It cannot be raised.
        """
        with pytest.raises(AbstractProblem):
            translating({TheirItem: ClientProblem})

    def test_a_generator(self):
        """
        Its body runs later, so that the decorator would do nothing.
        """

        def items():
            yield 1

        with pytest.raises(SetupError, match="cannot decorate the generator"):
            translating(TABLE)(items)

    @pytest.mark.parametrize("wrong", [None, 404, lambda: None])
    def test_a_function_that_returns_no_problem(self, wrong):
        """
        The mistake is named, and the received problem is its cause.
        """
        with pytest.raises(SetupError, match="must return a problem"), translating({TheirItem: lambda problem: wrong}):
            receive()
