"""
Runs the shop on a real server, and a client through every problem the shop declares.

Start it with `scripts/demo`; `scripts/demo --serve` only keeps the shop running.
"""

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
import textwrap
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any, Final

import httpx2
import uvicorn

from problems import BadGateway, BadRequest, MethodNotAllowed, NotFound, Problem, ValidationProblem
from problems.catalog import InternalServerError
from problems.declaring._definition import definition_of
from problems.httpx import raise_problems
from shop.client import AsyncShop, Shop
from shop.errors import (
    AuthenticationRequired,
    ItemDiscontinued,
    ItemNotFound,
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

WIDTH: Final = 100
IN_COLOUR: Final = not os.environ.get("NO_COLOR") and (sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR")))
HEADERS: Final = ("WWW-Authenticate", "Allow", "Retry-After", "X-Order-Limit")

BOLD, DIM, RED, GREEN = 1, 2, 31, 32

GOOD_CARD, EMPTY_CARD, REVOKED_KEY = "4000000000000001", "4000000000000002", "4000000000000401"

AS_ADA: Final = {"Authorization": "Bearer token-ada"}

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """
    A request, and the problem it is answered with.

    Attributes:
        what: What is wrong with the request.
        raises: The class that the client raises.
        method: The method of the request.
        path: The path of the request.
        body: What is sent, if anything; bytes as they are.
        customer: Who sends it; anonymous if empty.
        after: How often the same request succeeds before.
    """

    what: str
    raises: type[Problem]
    method: str
    path: str
    body: Json | bytes | None = None
    customer: str = "ada"
    after: int = 0

    def told(self, problem: Problem) -> list[str]:
        """Return the members of the exception, or its status if it has no members."""
        if isinstance(problem, ValidationProblem):
            return [f"problem.errors[{at}].pointer == {error.pointer!r}" for at, error in enumerate(problem.errors)]
        if isinstance(problem, OrderAlreadyPaid):
            return [
                f"problem.order_id == {problem.order_id}",
                f"type(problem.paid_at) is {type(problem.paid_at).__name__}",
            ]
        members = [f"problem.{name} == {getattr(problem, name)!r}" for name in definition_of(self.raises).members.names]
        return members or [f"problem.status == {problem.status}"]

    @property
    def request(self) -> dict[str, Any]:
        """What both clients send, as they take it."""
        headers = {"Authorization": f"Bearer token-{self.customer}"} if self.customer else {}
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body) if self.body else None
        headers |= {"Content-Type": "application/json"} if content else {}
        return {"method": self.method, "url": self.path, "content": content, "headers": headers}


# Ada has an unpaid order, 1, and a paid one, 2.
DECLARED: Final = (
    Step("Nothing has this id", ItemNotFound, "GET", "/items/99"),
    Step("This was sold once", ItemDiscontinued, "GET", "/items/5"),
    Step("A value that does not fit", ValidationProblem, "POST", "/orders", {"item_id": "teapot", "amount": 0}),
    Step("A body that is not a text", BadRequest, "POST", "/orders", b'{"item_id": 7, "gift_for": "\xff"}'),
    Step("Without a token", AuthenticationRequired, "GET", "/orders", customer=""),
    Step("Not the business of a customer", StaffOnly, "PUT", "/items/7/stock", {"stock": 100}),
    Step("The order of another customer", OrderNotFound, "GET", "/orders/1", customer="bob"),
    Step("More than there is", OutOfStock, "POST", "/orders", {"item_id": 7, "amount": 9}),
    Step("Too late to change", OrderAlreadyPaid, "DELETE", "/orders/2"),
    Step(
        "Too many at a time",
        TooManyOrders,
        "POST",
        "/orders",
        {"item_id": 8, "amount": 1},
        customer="bob",
        after=ORDERS_PER_MINUTE,
    ),
    Step(
        "An exception of the shop's own, WarehouseOffline, translated",
        WarehouseUnavailable,
        "POST",
        "/orders",
        {"item_id": 13, "amount": 1},
    ),
    Step("A problem of the payment provider, relayed", CardDeclined, "POST", "/orders/1/payment", {"card": EMPTY_CARD}),
    Step(
        "A 401 of the payment provider that is not the customer's business",
        BadGateway,
        "POST",
        "/orders/1/payment",
        {"card": REVOKED_KEY},
    ),
)
UNDECLARED: Final = (
    Step("No such path", NotFound, "GET", "/itmes/7"),
    Step("No such method", MethodNotAllowed, "DELETE", "/items/7"),
    Step("A bug (ZeroDivisionError; the traceback is the log's)", InternalServerError, "GET", "/items/8/rating"),
)


def listen(port: int) -> socket.socket:
    """Return a socket on a port of this machine, on any free one if that is 0."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    return listening


def url_of(listening: socket.socket) -> str:
    """Return the URL of what is served there."""
    host, port = listening.getsockname()
    return f"http://{host}:{port}"


@contextmanager
def running() -> Generator[str]:
    """Serve a new shop on a free port, and yield its URL."""
    listening = listen(0)
    server = uvicorn.Server(uvicorn.Config(create_app, factory=True, log_level="critical"))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield url_of(listening)
    finally:
        server.should_exit = True
        thread.join()


def paint(text: str, code: int) -> str:
    """Return *text* in a colour, on a terminal that wants colours."""
    return f"\033[{code}m{text}\033[0m" if IN_COLOUR else text


def indented(parts: list[str], lead: str = "") -> str:
    """Return *parts* after *lead*, with commas, on lines that begin below each other and fit the width."""
    width, indent = WIDTH - 5 - len(lead), " " * (4 + len(lead))
    whole = [part.replace(" ", "\0") if len(part) < width else part for part in parts]  # lines end between parts
    lines = textwrap.wrap(", ".join(whole), width, break_long_words=False, break_on_hyphens=False)
    return f"    {lead}" + f"\n{indent}".join(lines).replace("\0", " ")


def show(number: int, step: Step, response: httpx2.Response, problem: Problem) -> None:
    """Print what was sent, what came back, and what was raised."""
    who = f"as {step.customer or 'anonymous'}" + (f", for the {step.after + 1}th time" if step.after else "")
    body = repr(step.body) if isinstance(step.body, bytes) else json.dumps(step.body) if step.body else ""
    headers = [f"{name}: {response.headers[name]}" for name in HEADERS if name in response.headers]
    shown = {**response.json(), "instance": f"{response.json()['instance'][:17]}…"}
    document = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in shown.items()]
    print(f"\n{number:>2}  {paint(step.what, BOLD)}")
    print(f"    {step.method} {step.path} {body}".rstrip() + f"  {paint(who, DIM)}")
    print(indented([f"{response.status_code} {response.headers['Content-Type']}", *headers]))
    print(paint(indented(document, "{") + "}", RED))
    print(paint(indented(step.told(problem), f"except {step.raises.__name__} as problem:  "), GREEN))


def caught(step: Step, error: httpx2.HTTPStatusError) -> tuple[httpx2.Response, Problem]:
    """Return the response to a step, and the problem that its error must be."""
    if not isinstance(error, step.raises):
        raise AssertionError(f"{step.what}: {error!r} is no {step.raises.__name__}.")
    return error.response, error


def run(client: httpx2.Client, step: Step) -> tuple[httpx2.Response, Problem]:
    """Send the request of a step; return the response, and the problem that was raised for it."""
    for _ in range(step.after):
        client.request(**step.request)
    try:
        client.request(**step.request)
    except httpx2.HTTPStatusError as error:  # each received problem is one of these too
        return caught(step, error)
    raise AssertionError(f"{step.what}: nothing was raised.")


async def run_async(client: httpx2.AsyncClient, step: Step) -> tuple[httpx2.Response, Problem]:
    """Do the same with the other client."""
    for _ in range(step.after):
        await client.request(**step.request)
    try:
        await client.request(**step.request)
    except httpx2.HTTPStatusError as error:
        return caught(step, error)
    raise AssertionError(f"{step.what}: nothing was raised.")


def identity(response: httpx2.Response) -> tuple[int, str]:
    """Return the type of the problem in a response."""
    document = response.json()
    return document["status"], document["type"]


def declared(openapi: Json) -> set[tuple[int, str]]:
    """Return the kinds of problems in an OpenAPI document: each is a schema with a constant type and status."""
    members = [schema.get("properties", {}) for schema in openapi["components"]["schemas"].values()]
    constant = [(its.get("status", {}).get("const"), its.get("type", {}).get("const")) for its in members]
    return {(status, uri) for status, uri in constant if status and uri}


def tour(url: str) -> set[tuple[int, str]]:
    """Show each problem to a client that waits; return the kinds of the declared ones."""
    with httpx2.Client(base_url=url, headers=AS_ADA) as http:
        shop = Shop(http)
        shop.order(item_id=8, amount=2)
        paid = shop.pay(shop.order(item_id=8, amount=1).order_id, GOOD_CARD)
        print("\n    shop.pay(2, card=GOOD_CARD)")
        print(paint(f"    -> Order({paid.order_id}, paid_at={paid.paid_at:%H:%M:%S})", GREEN))
    with raise_problems(httpx2.Client(base_url=url), registry) as client:
        print(f"\n{paint('Every problem that an operation of the shop declares', BOLD)}")
        seen = {run_and_show(client, number, step) for number, step in enumerate(DECLARED, 1)}
        print(f"\n{paint('What no operation declares, and is answered all the same', BOLD)}")
        for number, step in enumerate(UNDECLARED, len(DECLARED) + 1):
            run_and_show(client, number, step)
        same_set(declared(client.get("/openapi.json").json()), seen)
    return seen


def run_and_show(client: httpx2.Client, number: int, step: Step) -> tuple[int, str]:
    """Run a step and print it; return the kind of its problem."""
    response, problem = run(client, step)
    show(number, step, response, problem)
    return identity(response)


def same_set(one: set[tuple[int, str]], other: set[tuple[int, str]]) -> None:
    """See to it that two sets of kinds of problems are the same."""
    if one != other:
        raise AssertionError(f"The kinds of problems differ by {sorted(one ^ other)}.")


async def tour_async(url: str) -> set[tuple[int, str]]:
    """Show that a client that awaits raises the same; return the kinds of the declared problems."""
    async with httpx2.AsyncClient(base_url=url, headers=AS_ADA) as http:
        shop = AsyncShop(http)
        await shop.order(item_id=8, amount=2)
        await shop.pay((await shop.order(item_id=8, amount=1)).order_id, GOOD_CARD)
        async with raise_problems(httpx2.AsyncClient(base_url=url), registry) as client:
            seen = [await run_async(client, step) for step in (*DECLARED, *UNDECLARED)]
        order = await shop.order_at_most(item_id=7, amount=9)
    print(f"\n{paint('The same with httpx2.AsyncClient', BOLD)}")
    print(paint(indented([type(problem).__name__ for _, problem in seen]), GREEN))
    print(f"\n{paint('What it is good for', BOLD)}")
    print("    try: await shop.order(item_id=7, amount=9)")
    print("    except OutOfStock as problem: await shop.order(item_id=7, amount=problem.available)")
    print(paint(f"    -> Order({order.order_id}, amount={order.amount})", GREEN))
    return {identity(response) for response, _ in seen[: len(DECLARED)]}


def demonstrate() -> None:
    """Run both clients, each with a shop of its own."""
    with running() as url:
        print(f"{paint('A shop', BOLD)} is open on {url}; its code is in docs/examples/shop.")
        print("For each problem: the request, what came over the wire, and what the client raised.")
        seen = tour(url)
    with running() as url:
        same_set(seen, asyncio.run(tour_async(url)))
    print(f"\n{paint('Declared = raised = caught', BOLD)}: {len(seen)} kinds of problems in {url}/openapi.json,")
    print("the same ones in the responses, the same ones in both clients.")
    print("The shop is closed. scripts/demo --serve keeps it open, with its documentation at /docs.")


def serve(port: int) -> None:
    """Keep a shop running until the user presses Ctrl-C."""
    listening = listen(port)
    url = url_of(listening)
    print(f"The shop is open: {url}/docs has its operations, {url}/problems/ its problem types.")
    print(f"Try:  curl -i {url}/items/99")
    print(f"      curl -i {url}/orders -H 'Authorization: Bearer token-ada' --json '{{\"item_id\": 7, \"amount\": 9}}'")
    print("Stop it with Ctrl-C.")
    try:
        uvicorn.Server(uvicorn.Config(create_app, factory=True, log_level="warning")).run([listening])
    except KeyboardInterrupt:
        print("\nThe shop is closed.")


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Runs the example shop through all its problems.")
    parser.add_argument("--serve", action="store_true", help="keep the shop running instead, until Ctrl-C")
    parser.add_argument("--port", type=int, default=0, help="where to serve it; any free port by default")
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.port)
    else:
        logging.getLogger("problems").setLevel(logging.CRITICAL)  # this shows the problems itself
        try:
            demonstrate()
        except BrokenPipeError:  # who reads this has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
