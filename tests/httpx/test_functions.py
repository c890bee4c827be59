import gc
import json
import pickle
import weakref
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import ClassVar

import httpx2
import pytest

from problems import NotFound, Problem, ReceivedProblem, Registry, TooManyRequests
from problems.catching.dialects import Dialect
from problems.errors import InvalidRegistry, SetupError
from problems.httpx import (
    Undeclared,
    async_problem_hook,
    outcome,
    problem_from,
    problem_hook,
    raise_for_problem,
    raise_problems,
    retry_after,
)
from tests.httpx.shop import NOT_FOUND, PROBLEM_JSON, REGISTRY, ItemNotFound, OutOfStock

AS_PROBLEM = {"content-type": PROBLEM_JSON}
URL = "https://shop.example/items/7"


def response_of(library, status=404, **options):
    """Return a response that was made by hand."""
    return library.Response(status, **({"headers": AS_PROBLEM, "json": NOT_FOUND} | options))


class TestRaiseForProblem:
    def test_an_error(self, library):
        """
        Its problem is raised.
        """
        with pytest.raises(ItemNotFound):
            raise_for_problem(response_of(library), REGISTRY)

    def test_success(self, library):
        """
        The response is returned, for another call in the same line.
        """
        response = response_of(library, 200)

        assert response is raise_for_problem(response, REGISTRY)

    def test_without_request(self, library):
        """
        A response that was made by hand has none, and is accepted.
        """
        with pytest.raises(ItemNotFound) as caught:
            raise_for_problem(response_of(library), REGISTRY)

        assert caught.value.request is None

    def test_a_body_that_cannot_be_decoded(self, library):
        """
        It is a problem of its status, and the response is the received one.
        """
        headers = AS_PROBLEM | {"content-encoding": "gzip"}
        with pytest.raises(NotFound) as caught:
            raise_for_problem(library.Response(404, headers=headers, content=iter([b"{}"])), REGISTRY)

        assert ("The body could not be decoded as gzip.", b"", None) == (
            caught.value.reading.reason,
            caught.value.response.content,
            caught.value.request,
        )

    def test_a_response_of_no_library(self):
        """
        What has the attributes of one is one: a recorded response, or a fake.
        """

        class Fake:
            status_code, url, request = 404, URL, None
            headers: ClassVar = AS_PROBLEM
            content = json.dumps(NOT_FOUND).encode()

        with pytest.raises(ItemNotFound) as caught:
            raise_for_problem(Fake(), REGISTRY)

        assert (ReceivedProblem, ItemNotFound) == type(caught.value).__bases__

    def test_an_unread_response_of_an_async_client(self, library):
        """
        The message says how to read it.
        """

        async def body():
            yield b"{}"

        response = library.Response(404, headers=AS_PROBLEM, content=body())

        with pytest.raises(SetupError, match=r"Write `await response\.aread\(\)` first"):
            raise_for_problem(response, REGISTRY)

    def test_it_is_freed_at_once(self, library):
        """
        No cycle keeps the response until the garbage collector comes.
        """
        response = response_of(library)
        freed = weakref.ref(response)
        gc.disable()
        try:
            try:
                raise_for_problem(response, REGISTRY)
            except ItemNotFound:
                del response
        finally:
            gc.enable()

        assert freed() is None


class TestProblemFrom:
    def test_a_problem(self, library):
        """
        It is returned, not raised.
        """
        assert 7 == problem_from(response_of(library), REGISTRY).item_id

    def test_a_problem_that_is_no_error(self, library):
        """
        A problem document is a problem with any status.
        """
        assert isinstance(problem_from(response_of(library, 200), REGISTRY), ItemNotFound)

    @pytest.mark.parametrize(
        ("response", "expected"),
        [
            pytest.param(
                {"headers": {"content-type": "application/json"}},
                "The media type 'application/json' is not read as a problem document.",
                id="look-alike",
            ),
            pytest.param({"headers": {}, "content": b"x", "json": None}, "The response has no media type.", id="bytes"),
            pytest.param({"json": [1]}, "The body is an array, not a JSON object.", id="array"),
            pytest.param({"content": b"", "json": None}, "The body is empty.", id="empty"),
        ],
    )
    def test_no_problem(self, library, response, expected):
        """
        `None` is returned, with a reason on request.
        """
        reasons = []

        assert (None, [expected]) == (
            problem_from(response_of(library, **response), REGISTRY, why=reasons.append),
            reasons,
        )

    def test_a_stream_of_something_else(self, peer, server):
        """
        It is not read.
        """
        if peer.is_async:
            pytest.skip("an async client is read by its owner")
        with peer().stream("GET", f"{server.url}/html") as response:
            found = problem_from(response, REGISTRY)
            rest = response.read()

        assert (None, b"<h1>Bad Gateway</h1>") == (found, rest)

    def test_a_stream_of_a_problem(self, peer, server):
        """
        It is read and closed.
        """
        if peer.is_async:
            pytest.skip("an async client is read by its owner")
        with peer().stream("GET", f"{server.url}/chunks") as response:
            assert isinstance(problem_from(response, REGISTRY), ItemNotFound)


class TestHooks:
    def test_the_right_one(self, peer, server):
        """
        It reads and raises.
        """
        hook = async_problem_hook(REGISTRY) if peer.is_async else problem_hook(REGISTRY)
        client = peer(event_hooks={"response": [hook]})

        with pytest.raises(ItemNotFound):
            peer.get(client, f"{server.url}/problem")

    def test_success(self, peer, server):
        """
        It ignores other responses.
        """
        hook = async_problem_hook(REGISTRY) if peer.is_async else problem_hook(REGISTRY)
        client = peer(event_hooks={"response": [hook]}, follow_redirects=True)

        assert 200 == peer.get(client, f"{server.url}/ok").status_code

    @pytest.mark.parametrize("path", ["/ok", "/problem"])
    def test_the_wrong_one(self, peer, server, path):
        """
        It raises at the first response, even at a success: an error must never look like one.
        """
        hook = problem_hook(REGISTRY) if peer.is_async else async_problem_hook(REGISTRY)
        client = peer(event_hooks={"response": [hook]})
        wanted = "async_problem_hook" if peer.is_async else "`problem_hook"

        with pytest.raises(SetupError, match=wanted):
            peer.get(client, server.url + path)

    def test_ten_errors_use_one_connection(self, peer, server):
        """
        A hook reads before it raises.
        """
        hook = async_problem_hook(REGISTRY) if peer.is_async else problem_hook(REGISTRY)
        client = peer(event_hooks={"response": [hook]})
        for _ in range(10):
            with pytest.raises(ItemNotFound):
                peer.get(client, f"{server.url}/problem")

        assert 1 == server.connections


class TestRetryAfter:
    NOW = datetime(2026, 11, 25, 7, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("120", timedelta(minutes=2), id="seconds"),
            pytest.param("Wed, 25 Nov 2026 07:01:00 GMT", timedelta(minutes=1), id="date"),
            pytest.param("Wed, 25 Nov 2026 06:00:00 GMT", timedelta(), id="past"),
            pytest.param("soon", None, id="neither"),
        ],
    )
    def test_it_is_a_duration(self, library, text, expected):
        """
        Both forms of the field are the same to the caller.
        """
        response = library.Response(429, headers={"retry-after": text})
        with pytest.raises(TooManyRequests) as caught:
            raise_for_problem(response, REGISTRY)

        assert expected == retry_after(caught.value, now=self.NOW)

    @pytest.mark.parametrize("error", [NotFound(), LookupError()], ids=["local problem", "another exception"])
    def test_nobody_asked(self, error):
        """
        What did not come from a server asks for nothing.
        """
        assert retry_after(error) is None

    def test_the_member(self, library):
        """
        A declared class has it as its member too, from the header field.
        """
        document = {"type": "https://shop.example/problems/overloaded", "status": 429}
        response = library.Response(429, headers=AS_PROBLEM | {"retry-after": "7"}, json=document)

        assert 7 == problem_from(response, REGISTRY).retry_after


class TestOutcome:
    @pytest.mark.parametrize(
        ("status", "document", "expected"),
        [
            pytest.param(404, NOT_FOUND, ItemNotFound, id="declared"),
            pytest.param(404, NOT_FOUND | {"type": "https://elsewhere.example/x"}, Undeclared, id="another type"),
            pytest.param(409, NOT_FOUND | {"item_id": []}, Undeclared, id="members that do not fit"),
            pytest.param(200, {"item_id": 7}, type(None), id="success"),
        ],
    )
    def test_each_case(self, library, status, document, expected):
        """
        Every response is exactly one of the cases.
        """
        found = outcome(response_of(library, status, json=document), ItemNotFound, OutOfStock, registry=REGISTRY)

        assert isinstance(found, expected)

    @pytest.mark.parametrize("status", [200, 404])
    def test_a_registry_is_given_by_name(self, library, status):
        """
        Beside the classes it would be taken for one of them.
        """
        with pytest.raises(SetupError, match=r"problem class\. Pass a registry as a keyword argument: `outcome\("):
            outcome(response_of(library, status, json=NOT_FOUND), ItemNotFound, REGISTRY)

    def test_undeclared(self, library):
        """
        Its problem is what would have been raised.
        """
        found = outcome(response_of(library, 410, json={}), ItemNotFound, registry=REGISTRY)

        assert "410 Gone" == str(found.problem)

    def test_a_base(self, library):
        """
        An occurrence of a subclass is one of its base.
        """
        assert isinstance(outcome(response_of(library), NotFound, registry=REGISTRY), ItemNotFound)

    def test_absolute_types_need_no_registry(self, library):
        """
        The types alone are the registry.
        """

        class Sold(NotFound, type="https://shop.example/problems/item-not-found", title="Sold"):
            item_id: int

        assert 7 == outcome(response_of(library), Sold).item_id

    def test_relative_types_need_one(self, library):
        """
        Their URIs are not known otherwise.
        """
        with pytest.raises(InvalidRegistry, match="relative type 'item-not-found'"):
            outcome(response_of(library), ItemNotFound)

    def test_an_unread_response(self, library):
        """
        It has to be read first.
        """
        response = library.Response(404, headers=AS_PROBLEM, content=iter([b"{}"]))

        with pytest.raises(SetupError, match=r"The response has not been read\."):
            outcome(response, ItemNotFound, registry=REGISTRY)


def call_shop():
    """Raise a received problem, in a process of its own."""
    response = httpx2.Response(404, headers=AS_PROBLEM, json=NOT_FOUND, request=httpx2.Request("GET", URL))
    raise_for_problem(response, REGISTRY)


def test_a_process_pool():
    """
    The problem of a worker is raised again as what it is, and the pool stays usable.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        problems = [pool.submit(call_shop).exception(), pool.submit(call_shop).exception()]

    assert [("404 Item not found: No item has the id 7. [GET https://shop.example/items/7]", 7, 404)] * 2 == [
        (str(problem), problem.item_id, problem.response.status_code) for problem in problems
    ]


def test_notes_survive(library):
    """
    What was added to a problem is there after pickling.
    """
    problem = problem_from(response_of(library), REGISTRY)
    problem.add_note("while ordering tea")

    assert ["while ordering tea"] == pickle.loads(pickle.dumps(problem)).__notes__  # noqa: S301 - our own


class TestDialect:
    DIALECT = Dialect(media_types=("application/json",), nested=("error",))

    @pytest.mark.parametrize("is_hook", [False, True], ids=["raise_problems", "hook"])
    def test_a_client_that_has_one(self, peer, is_hook):
        """
        What is not RFC 9457 is read where it is asked for.
        """
        client = peer.answering(404, json={"error": NOT_FOUND})
        if is_hook:
            hook = (async_problem_hook if peer.is_async else problem_hook)(REGISTRY, dialect=self.DIALECT)
            client.event_hooks = {"response": [hook]}
        else:
            raise_problems(client, REGISTRY, dialect=self.DIALECT)

        with pytest.raises(ItemNotFound):
            peer.get(client, URL)

    def test_a_stream_that_it_does_not_read(self, peer, server):
        """
        Media types that it does not name are left alone.
        """
        client = raise_problems(peer(), REGISTRY, every_error=False, dialect=self.DIALECT)

        assert b"<h1>Bad Gateway</h1>" == peer.stream(client, f"{server.url}/html")


def test_all_raise_the_same_class(library):
    """
    The class of a received problem is made once, however often it is raised.
    """
    one, other = (problem_from(response_of(library), registry) for registry in (REGISTRY, REGISTRY | Registry()))

    assert type(one) is type(other)


def test_each_library_has_its_own_class(peer):
    """
    A problem is the status error of the library that it came through, and of no other.
    """
    client = raise_problems(peer.answering(404, headers=AS_PROBLEM, json=NOT_FOUND), REGISTRY)
    with pytest.raises(Problem) as caught:
        peer.get(client, URL)

    assert [peer.library.__name__] == [
        base.__module__.partition(".")[0] for base in type(caught.value).__mro__ if base.__name__ == "HTTPStatusError"
    ]


@pytest.mark.parametrize("given", [{"status": 404}, 404, None, "text"], ids=repr)
@pytest.mark.parametrize("function", [problem_from, raise_for_problem], ids=lambda it: it.__name__)
def test_a_value_that_is_not_a_response(function, given):
    """
    The message names the function, the type of the value, and the line to write.
    """
    kind = type(given).__qualname__
    with pytest.raises(SetupError, match=rf"`{function.__name__}` needs a response; got an object of type '{kind}'"):
        function(given, Registry())
