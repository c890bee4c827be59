"""The shop in docs/examples: the demo as people run it, single operations, and its document."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from problems import BadGateway, ValidationProblem
from problems.contract import check
from problems.httpx import raise_problems
from shop.client import AsyncShop, Shop
from shop.demo import DECLARED, declared
from shop.errors import (
    AuthenticationRequired,
    ItemDiscontinued,
    OrderAlreadyPaid,
    OrderNotFound,
    OutOfStock,
    StaffOnly,
    TooManyOrders,
    WarehouseUnavailable,
    registry,
)
from shop.payments import CardDeclined
from shop.server import create_app
from shop.store import ORDERS_PER_MINUTE

ROOT = Path(__file__).parents[1]
DEMO = (sys.executable, "-m", "shop.demo")
GOOD_CARD = "4000000000000001"

OPERATIONS = {
    "list_items": "422",
    "get_item": "404 410 422",
    "set_stock": "400 401 403 404 410 422",
    "get_rating": "404 410 422",
    "list_orders": "401",
    "get_order": "401 404 422",
    "pay_order": "400 401 402 404 409 422 502",
    "place_order": "400 401 404 409 410 422 429 503",
    "change_order": "400 401 404 409 422 503",
    "cancel_order": "401 404 409 422 503",
}


def client_of(customer="ada"):
    """Return a client of a new shop that raises problems."""
    http = TestClient(
        create_app(), headers={"Authorization": f"Bearer token-{customer}"}, raise_server_exceptions=False
    )
    return raise_problems(http, registry)


def ask(method, path, customer="ada", **arguments):
    """Return the response of a new shop."""
    return client_of(customer).request(method, path, **arguments)


def started(*arguments):
    """Return the demo, just started, with what it prints to be read."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(  # noqa: S603 - our own program
        [*DEMO, *arguments],
        cwd=ROOT / "docs" / "examples",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def printed():
    """What the demo prints, and how it ends."""
    with started() as demo:
        return demo.communicate(timeout=60)[0], demo.returncode


class TestDemo:
    def test_it_succeeds(self, printed):
        """
        The demo goes through to its end.
        """
        assert (0, True) == (printed[1], "Declared = raised = caught" in printed[0]), printed[0]

    @pytest.mark.parametrize("step", DECLARED, ids=lambda step: step.raises.__name__)
    def test_each_problem_is_shown(self, printed, step):
        """
        Request, status and typed exception of each declared problem are printed.
        """
        part = printed[0].partition(step.what)[2]

        assert f"except {step.raises.__name__} as problem:" in part.partition("\n\n")[0]

    def test_it_fits_a_terminal(self, printed):
        """
        No line is longer than 100 columns.
        """
        assert [] == [line for line in printed[0].splitlines() if len(line) > 100]

    def test_it_is_plain_text_where_nobody_looks(self, printed):
        """
        Colours are for terminals.
        """
        assert "\033" not in printed[0]

    def test_serve_keeps_the_shop_open(self):
        """
        With ``--serve`` the shop stays until it is interrupted.
        """
        with started("--serve") as demo:
            try:
                url = re.search(r"http://[\d.]+:\d+", demo.stdout.readline())[0]
                with httpx2.Client(base_url=url, transport=httpx2.HTTPTransport(retries=5)) as http:
                    statuses = [http.get(path).status_code for path in ("/docs", "/problems/", "/items/99")]
                demo.send_signal(signal.SIGINT)

                assert ([200, 200, 404], 0) == (statuses, demo.wait(timeout=30))
            finally:
                demo.kill()


class TestShop:
    def test_who_has_no_token_is_told_how_to_get_in(self):
        """
        401 has its challenge, as HTTP wants it.
        """
        with pytest.raises(AuthenticationRequired) as caught:
            ask("GET", "/orders", headers={"Authorization": ""})

        assert 'Bearer realm="shop"' == caught.value.challenges

    def test_an_invalid_token_is_told_from_none(self):
        """
        An occurrence may say more in its challenge than the class does.
        """
        with pytest.raises(AuthenticationRequired) as caught:
            ask("GET", "/orders", headers={"Authorization": "Bearer stolen"})

        assert 'Bearer realm="shop", error="invalid_token"' == caught.value.challenges

    def test_customers_do_not_fill_the_stock(self):
        """
        A dependency of an operation refuses who is not staff.
        """
        with pytest.raises(StaffOnly):
            ask("PUT", "/items/7/stock", json={"stock": 1})

    def test_staff_does(self):
        """
        The same operation goes through for staff.
        """
        assert 1 == ask("PUT", "/items/7/stock", "grace", json={"stock": 1}).json()["stock"]

    def test_a_discontinued_item_names_its_successor(self):
        """
        A member that is optional is there when it is known.
        """
        with pytest.raises(ItemDiscontinued) as caught:
            ask("GET", "/items/5")

        assert (5, 7) == (caught.value.item_id, caught.value.successor)

    def test_an_invalid_order_says_where_it_is_invalid(self):
        """
        Each rejected value has its pointer.
        """
        with pytest.raises(ValidationProblem) as caught:
            ask("POST", "/orders", json={"item_id": "teapot", "amount": 0})

        assert {"#/item_id", "#/amount"} == {error.pointer for error in caught.value.errors}

    def test_an_exception_of_the_shops_own_is_translated(self):
        """
        The warehouse's exceptions do not depend on HTTP, and clients see no details of the network.
        """
        with pytest.raises(WarehouseUnavailable) as caught:
            ask("POST", "/orders", json={"item_id": 13, "amount": 1})

        assert (30, False) == (caught.value.retry_after, b"10.0.3.7" in caught.value.response.content)

    def test_too_many_orders_are_told_when_to_go_on(self):
        """
        The limit is a member and a header.
        """
        http = client_of()
        order = {"item_id": 8, "amount": 1}
        for _ in range(ORDERS_PER_MINUTE):
            http.post("/orders", json=order)

        with pytest.raises(TooManyOrders) as caught:
            http.post("/orders", json=order)

        assert str(caught.value.limit) == caught.value.response.headers["X-Order-Limit"]

    def test_a_paid_order_stays(self):
        """
        An order can be cancelled until it is paid.
        """
        http = client_of()
        http.post("/orders", json={"item_id": 8, "amount": 1})
        http.post("/orders/1/payment", json={"card": GOOD_CARD})

        with pytest.raises(OrderAlreadyPaid):
            http.delete("/orders/1")

    def test_a_cancelled_order_is_gone(self):
        """
        Its items can be ordered again.
        """
        http = client_of()
        http.post("/orders", json={"item_id": 7, "amount": 3})
        http.delete("/orders/1")

        with pytest.raises(OrderNotFound):
            http.get("/orders/1")
        assert 3 == http.get("/items/7").json()["stock"]

    def test_a_declined_card_is_relayed(self):
        """
        The provider's problem arrives under the provider's type URI.
        """
        http = client_of()
        http.post("/orders", json={"item_id": 8, "amount": 1})

        with pytest.raises(CardDeclined) as caught:
            http.post("/orders/1/payment", json={"card": "4000000000000002"})

        assert "https://pay.example/problems/card-declined" == caught.value.problem_details.type

    def test_trouble_with_the_provider_is_none_of_the_customers(self):
        """
        The provider's 401 becomes a 502 without its challenge and without the key in its detail.
        """
        http = client_of()
        http.post("/orders", json={"item_id": 8, "amount": 1})

        with pytest.raises(BadGateway) as caught:
            http.post("/orders/1/payment", json={"card": "4000000000000401"})

        response = caught.value.response
        assert (False, False) == ("WWW-Authenticate" in response.headers, b"shop-1234" in response.content)

    def test_a_type_uri_leads_to_its_page(self):
        """
        Who follows the type URI of the shop finds out what the problem is.
        """
        page = client_of().get("/problems/out-of-stock", headers={"Accept": "text/html"})

        assert "Fewer items are in stock than were ordered." in page.text


class TestClients:
    def test_the_one_that_waits_orders_what_is_left(self):
        """
        A client acts on a member of the problem that it catches.
        """
        http = TestClient(create_app(), headers={"Authorization": "Bearer token-ada"})

        assert 3 == Shop(http).order_at_most(item_id=7, amount=9).amount

    def test_the_one_that_awaits_does_too(self):
        """
        The async client acts the same way.
        """

        async def amount():
            transport = httpx2.ASGITransport(create_app())
            headers = {"Authorization": "Bearer token-ada"}
            async with httpx2.AsyncClient(
                transport=transport, base_url="https://shop.example", headers=headers
            ) as http:
                return (await AsyncShop(http).order_at_most(item_id=7, amount=9)).amount

        assert 3 == asyncio.run(amount())

    def test_nothing_left_is_the_callers_to_know(self):
        """
        Where there is nothing to act on, the problem goes on.
        """
        http = TestClient(create_app(), headers={"Authorization": "Bearer token-ada"})
        shop = Shop(http)
        shop.order(item_id=7, amount=3)

        with pytest.raises(OutOfStock):
            shop.order_at_most(item_id=7, amount=1)

    def test_they_read_what_is_sold(self):
        """
        A list of items comes back as models.
        """
        assert ["Cup"] == [item.name for item in Shop(TestClient(create_app())).items(max_price=1000)]


class TestDocument:
    def test_it_is_valid(self):
        """
        The shop's OpenAPI document is one.
        """
        assert [] == list(OpenAPIV31SpecValidator(create_app().openapi()).iter_errors())

    @pytest.mark.parametrize(("operation_id", "statuses"), OPERATIONS.items(), ids=OPERATIONS)
    def test_each_operation_lists_its_problems(self, operation_id, statuses):
        """
        The document lists exactly the declarations of endpoint, dependencies and routers.
        """
        paths = create_app().openapi()["paths"]
        found = {it["operationId"]: it["responses"] for path in paths.values() for it in path.values()}

        assert statuses.split() == [status for status in found[operation_id] if status >= "400"]

    def test_the_source_keeps_the_contract(self):
        """
        What the shop raises is declared, and what it declares is raised.
        """
        assert [] == [str(finding) for finding in check(create_app())]

    def test_every_declared_problem_has_a_step_in_the_demo(self):
        """
        Who adds a problem to the shop shows it.
        """
        classes = {(registry.facts(step.raises).status, registry.facts(step.raises).uri) for step in DECLARED}

        assert declared(create_app().openapi()) == classes
