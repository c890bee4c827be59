"""
Problem types that the server has changed since the client was written: each way to read is tolerant in the same way.

A member that does not fit costs that member, a type with another status is caught by both classes, and errors without
a known type revive as the class that was declared for their status.
"""

import asyncio
import copy
import io
import json
import pickle
from enum import Enum
from typing import Annotated, Literal

import aiohttp
import httpx
import httpx2
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasPath, BaseModel, Field, field_validator

from problems import BadRequest, Conflict, NotFound, Problem, ProblemDetails, Registry, TooManyRequests
from problems.aiohttp import raise_for_problem as raise_from_aiohttp
from problems.catching import Undeclared, problem_from_close, problem_from_event, problem_from_line
from problems.httpx import outcome, raise_for_problem
from problems.requests import raise_for_problem as raise_from_requests
from tests.httpx.shop import PROBLEM_JSON

BASE = "https://shop.example/problems/"
URL = "https://shop.example/pay"


class Network(Enum):
    """The networks of cards that are known."""

    VISA = "visa"
    OTHER = "other"


class Place(BaseModel):
    """Where a card was used."""

    kind: Literal["shop", "web"]


class CardDeclined(Conflict, type=f"{BASE}card-declined", title="Card declined"):
    """The bank declined the card."""

    order_id: int
    reason: Literal["funds", "limit"] | None = None
    network: Network = Network.OTHER
    code: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "XX"
    tags: list[str] = Field(default_factory=list)
    attempts: Annotated[int, Field(ge=1)] = 1
    place: Place | None = None
    wire: Annotated[str, Field(alias="wireName")] = "none"
    inner: Annotated[int, Field(validation_alias=AliasPath("more", "inner"))] = 0
    other: Annotated[int, Field(validation_alias=AliasPath("more", "other"))] = 0
    even: int = 2

    @field_validator("even")
    @classmethod
    def _is_even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("The number is odd.")
        return value


class Busy(TooManyRequests, type=f"{BASE}busy", title="Busy"):
    """Too many orders."""


class BadInput(BadRequest):
    """Any other error in the request."""

    fields: list[str]


DEFAULTS = {
    "reason": None,
    "network": Network.OTHER,
    "code": "XX",
    "tags": [],
    "attempts": 1,
    "place": None,
    "wire": "none",
    "even": 2,
}
REGISTRY = Registry(CardDeclined, Busy, BadInput)
DOCUMENT = {"type": f"{BASE}card-declined", "title": "Card declined", "status": 409, "order_id": 7}


def of_httpx(library):
    """Return a function that raises the problem in a response of httpx2 or httpx."""

    def read(status, document, headers=()):
        fields = {"Content-Type": PROBLEM_JSON, **dict(headers)}
        response = library.Response(
            status, headers=fields, content=json.dumps(document), request=library.Request("GET", URL)
        )
        with pytest.raises(Problem) as caught:
            raise_for_problem(response, REGISTRY)
        return caught.value

    return read


def of_requests(status, document, headers=()):
    """Raise the problem in a response of requests."""
    response = requests.Response()
    response.status_code, response.url, response.raw = status, URL, io.BytesIO(json.dumps(document).encode())
    response.headers.update({"Content-Type": PROBLEM_JSON, **dict(headers)})
    with pytest.raises(Problem) as caught:
        raise_from_requests(response, REGISTRY)
    return caught.value


class FakeContent:
    """The stream of a body of aiohttp."""

    total_compressed_bytes = None

    def __init__(self, data):
        self._data = data

    async def read(self, most=-1):
        data, self._data = self._data, b""
        return data


def of_aiohttp(status, document, headers=()):
    """Raise the problem in a response of aiohttp."""

    class Response:
        reason, url, request_info, history = "?", URL, None, ()

        def __init__(self):
            self.status, self.content = status, FakeContent(json.dumps(document).encode())
            self.headers = aiohttp.multipart.CIMultiDict({"Content-Type": PROBLEM_JSON, **dict(headers)})

        async def read(self):
            return await self.content.read()

    with pytest.raises(aiohttp.ClientResponseError) as caught:
        asyncio.run(raise_from_aiohttp(Response(), REGISTRY))
    return caught.value


def of_outcome(status, document, headers=()):
    """Return the problem of an outcome."""
    fields = {"Content-Type": PROBLEM_JSON, **dict(headers)}
    response = httpx2.Response(status, headers=fields, json=document, request=httpx2.Request("GET", URL))
    found = outcome(response, CardDeclined, registry=REGISTRY)
    return found.problem if isinstance(found, Undeclared) else found


def of_line(status, document, headers=()):
    """Read a line of a stream."""
    line = {"type": "about:blank", "title": "?", **document, "status": status}
    return problem_from_line(json.dumps(line), REGISTRY)


WAYS = {
    "httpx2": of_httpx(httpx2),
    "httpx": of_httpx(httpx),
    "requests": of_requests,
    "aiohttp": of_aiohttp,
    "outcome": of_outcome,
    "details": lambda status, document, headers=(): REGISTRY.revive(
        ProblemDetails.model_validate(document), status=status
    ),
    "event": lambda status, document, headers=(): problem_from_event(
        "problem", json.dumps({**document, "status": status}), REGISTRY
    ),
    "line": of_line,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def read(request):
    """One way to read a problem."""
    return request.param


class TestMembers:
    def test_one_that_does_not_fit(self, read):
        """
        It has its default, the others have their values, and the reading names it.
        """
        problem = read(409, DOCUMENT | {"reason": "stolen", "wireName": "w", "tags": ["new"]})

        assert (CardDeclined, None, "w", ["new"]) == (
            type(problem).__bases__[1],
            problem.reason,
            problem.wire,
            problem.tags,
        )
        assert ["The member `reason` was ignored: Input should be 'funds' or 'limit'."] == list(problem.reading.ignored)

    def test_several(self, read):
        """
        The reading has a sentence for each, by its name on the wire.
        """
        problem = read(409, DOCUMENT | {"wireName": 7, "attempts": 0})

        assert ["attempts", "wireName"] == [it.split("`")[1] for it in problem.reading.ignored]

    @pytest.mark.parametrize("value", ["seven", None, [], {}], ids=repr)
    def test_a_required_one(self, read, value):
        """
        Without it the class would promise what is not there: the class of the status is raised, with the reason.
        """
        problem = read(409, DOCUMENT | {"order_id": value, "reason": "stolen"})

        assert (False, True) == (isinstance(problem, CardDeclined), isinstance(problem, Conflict))
        assert "order_id" in (problem.reading.reason or "")

    @given(
        st.dictionaries(
            st.sampled_from(
                ["reason", "network", "code", "tags", "attempts", "place", "wireName", "more", "even", "x"]
            ),
            JSON,
        )
    )
    def test_whatever_else_is_received(self, members):
        """
        The class is kept, and each member has a value that is valid, or its default and a sentence.
        """
        problem = WAYS["httpx2"](409, DOCUMENT | members)

        assert isinstance(problem, CardDeclined)
        values = {name: getattr(problem, name) for name in [*DEFAULTS, "order_id", "inner", "other"]}
        CardDeclined(**values)
        ignored = {it.split("`")[1] for it in problem.reading.ignored}
        for name, default in DEFAULTS.items():
            if {"wire": "wireName"}.get(name, name) in ignored:
                assert default == values[name]
        assert ignored <= set(members) | {"inner", "other"}

    def test_members_of_one_object(self):
        """
        A member that is found inside of an object costs only itself.
        """
        problem = WAYS["httpx2"](409, DOCUMENT | {"more": {"inner": "x", "other": 5}})

        assert (0, 5) == (problem.inner, problem.other)

    @pytest.mark.parametrize("again", [copy.copy, copy.deepcopy])
    def test_a_copy(self, again):
        """
        It has the same members and the same reading.
        """
        problem = WAYS["httpx2"](409, DOCUMENT | {"reason": "stolen"})

        assert (problem.reading, problem.reason) == (again(problem).reading, again(problem).reason)


class TestStatuses:
    def test_another_status(self, read):
        """
        The class of the type catches it, and so does the class of the status.
        """
        problem = read(404, DOCUMENT)

        assert (True, True, 404, 7) == (
            isinstance(problem, CardDeclined),
            isinstance(problem, NotFound),
            problem.status,
            problem.order_id,
        )

    @pytest.mark.parametrize("name", ["httpx2", "httpx", "requests", "aiohttp"])
    def test_the_fields_of_the_status(self, name):
        """
        Members that HTTP ties to the received status are there.
        """
        problem = WAYS[name](429, DOCUMENT, {"Retry-After": "5"})

        assert (True, True, 5) == (
            isinstance(problem, CardDeclined),
            isinstance(problem, TooManyRequests),
            problem.retry_after,
        )

    def test_one_after_the_other(self):
        """
        The order of the responses does not matter.
        """
        found = [type(WAYS["httpx2"](status, DOCUMENT)).__mro__ for status in (409, 404, 409, 410, 404, 499, 503)]

        assert [False, True, False, False, True, False, False] == [NotFound in it for it in found]
        assert all(CardDeclined in it for it in found)

    def test_a_pickle(self):
        """
        It is of both classes too.
        """
        again = pickle.loads(pickle.dumps(WAYS["httpx"](404, DOCUMENT)))  # noqa: S301 - our own

        assert (True, True, True) == (
            isinstance(again, CardDeclined),
            isinstance(again, NotFound),
            isinstance(again, httpx.HTTPStatusError),
        )


class TestWithoutType:
    @pytest.mark.parametrize("type_member", [{}, {"type": "about:blank"}, {"type": "x"}], ids=repr)
    def test_the_class_of_the_status(self, read, type_member):
        """
        The class that was declared for it has its members.
        """
        problem = read(400, {"title": "Not valid", "fields": ["name"], **type_member})

        assert (True, ["name"]) == (isinstance(problem, BadInput), problem.fields)

    def test_a_required_member_that_is_absent(self, read):
        """
        It is the ready-made class, and the reading says why.
        """
        problem = read(400, {"title": "Not valid"})

        assert (True, False) == (isinstance(problem, BadRequest), isinstance(problem, BadInput))
        assert "fields" in (problem.reading.reason or "")

    def test_several_in_one_chain(self):
        """
        The most derived one is used.
        """

        class Worse(BadInput):
            """A more detailed error."""

            hint: str = ""

        problem = Registry(Worse, BadInput).revive_document({"fields": [], "hint": "x"}, status=400)

        assert (True, "x") == (isinstance(problem, Worse), problem.hint)

    def test_several_beside_each_other(self):
        """
        None is used, and the reading names them.
        """

        class Others(BadRequest):
            """Other errors."""

        problem = Registry(BadInput, Others).revive_document({"fields": []}, status=400)

        assert (False, False) == (isinstance(problem, BadInput), isinstance(problem, Others))
        assert "BadInput and " in (problem.reading.reason or "")

    def test_a_close_frame(self):
        """
        It has no members, so that a class without required ones is found.
        """

        class Denied(NotFound):
            """No such room."""

        assert isinstance(problem_from_close(4404, "No room", Registry(Denied)), Denied)
