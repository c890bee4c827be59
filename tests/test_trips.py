"""How many files of the package each of the four trips of `docs/explanation/layers.md` enters in the steady state."""

import re
import sys
from pathlib import Path

import httpx2
import pytest
from pydantic import BaseModel, ValidationError

import problems
from problems import NotFound, Policy, Registry
from problems.answering import RequestFacts, answer
from problems.answering._meaning import Rejected
from problems.httpx import problem_from
from problems.openapi import component_schemas

PACKAGE = Path(problems.__file__).parent
FACTS = RequestFacts({"method": "GET", "path": "/items/7", "headers": []}, "urn:uuid:7")
POLICY = Policy()


class OutOfStock(NotFound, type="out-of-stock", title="Out of stock"):
    """The item is out of stock."""

    item_id: int
    available: int


REGISTRY = Registry(OutOfStock, base="https://shop.example/problems/")


class Order(BaseModel):
    quantity: int


def raised():
    """Raise a problem, and return the bytes of its answer."""
    try:
        raise OutOfStock("Three are left.", item_id=7, available=3)  # noqa: TRY301 - the trip begins with it
    except OutOfStock as error:
        return answer(error, FACTS, POLICY, REGISTRY).body


RESPONSE = httpx2.Response(
    404,
    headers={"content-type": "application/problem+json"},
    content=raised(),
    request=httpx2.Request("GET", "https://shop.example/items/7"),
)


def received():
    """Return the exception of a response."""
    return problem_from(RESPONSE, REGISTRY)


def documented():
    """Return the OpenAPI schemas of a class."""
    return component_schemas(REGISTRY, OutOfStock)


def rejected():
    """Return the bytes of the answer to a rejected input."""
    try:
        Order.model_validate({"quantity": "many"})
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        return answer(Rejected(errors, {"quantity": "many"}), FACTS, POLICY, REGISTRY).body
    raise AssertionError("The order is valid.")


TRIPS = {
    "From `raise` to the bytes": (raised, 5, lambda found: b'"item_id":7' in found),
    "From a response to `except`": (received, 5, lambda found: isinstance(found, OutOfStock)),
    "From a class to OpenAPI": (documented, 6, lambda found: "OutOfStock" in found),
    "From a rejected input to a pointer": (rejected, 5, lambda found: b'"#/quantity"' in found),
}


def files_of(trip):
    """Return the files of the package that a trip enters when it was taken before."""
    trip()
    entered = set()

    def note(frame, event, _):
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE):
            entered.add(str(path.relative_to(PACKAGE)))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        trip()
    finally:
        sys.setprofile(before)
    return sorted(entered)


@pytest.mark.parametrize(("trip", "most", "has_arrived"), [pytest.param(*it, id=name) for name, it in TRIPS.items()])
def test_files(trip, most, has_arrived):
    """
    A trip arrives, and enters no more files than the page about the layers states.
    """
    assert has_arrived(trip())
    assert most >= len(files_of(trip)), files_of(trip)


def test_the_page_states_the_numbers():
    """
    The page has a section for each trip, with the number of files that is counted here.
    """
    page = Path("docs/explanation/layers.md").read_text("utf-8")
    stated = re.findall(r"^### (From .+)\n\n(?:.*\n)*?Files: (\d+)\.", page, re.MULTILINE)

    assert {name: str(most) for name, (_, most, _) in TRIPS.items()} == dict(stated)
