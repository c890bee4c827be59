import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import httpx
import httpx2
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from problems import (
    ClientProblem,
    Conflict,
    NotFound,
    Problem,
    ProblemDetails,
    ReceivedProblem,
    Registry,
    Unauthorized,
)
from problems._wire.details import Reading
from problems.declaring._received import received
from problems.errors import AbstractProblem, InvalidMembers
from problems.fastapi import add_problems
from problems.httpx import problem_from

BASE = "https://shop.example/problems/"


class ItemNotFound(NotFound, type="item-not-found", title="Item not found", detail="No item {item_id}."):
    item_id: int
    secret: str = ""


class Sold(Conflict, type="sold", title="Sold"):
    item_id: int

    def __init__(self, item: list[int]) -> None:
        super().__init__(item_id=item[0])


registry = Registry(ItemNotFound, Sold, base=BASE)

DOCUMENT = {
    "type": f"{BASE}item-not-found",
    "title": "Item not found",
    "status": 404,
    "detail": "No item 7.",
    "instance": "urn:uuid:7",
    "item_id": 7,
    "secret": "hunter2",
    "more": [1],
}


def receive(document: dict[str, Any] | None = None, status: int = 404, library: Any = httpx2) -> Any:
    """Return the problem in a response of a client library."""
    request = library.Request("GET", "https://anna:hunter2@shop.example/items/7?api_key=s3cret")
    response = library.Response(
        status,
        json=DOCUMENT if document is None else document,
        headers={"Content-Type": "application/problem+json", "Set-Cookie": "session=1", "Retry-After": "5"},
        request=request,
    )
    return problem_from(response, registry)


def raise_received() -> None:
    """Raise a received problem in another process."""
    raise receive()


class TestClass:
    @pytest.mark.parametrize("library", [httpx2, httpx], ids=lambda library: library.__name__)
    def test_bases(self, library):
        """
        Its bases are `ReceivedProblem`, the declared class and the client library's error, in this order.
        """
        assert (ReceivedProblem, ItemNotFound, library.HTTPStatusError) == type(receive(library=library)).__bases__

    def test_without_a_library(self):
        """
        A document from elsewhere has no status error.
        """
        assert (ReceivedProblem, ItemNotFound) == type(registry.revive(ProblemDetails(**DOCUMENT))).__bases__

    @pytest.mark.parametrize(
        "caught", [ReceivedProblem, ItemNotFound, NotFound, ClientProblem, Problem, httpx2.HTTPStatusError]
    )
    def test_what_catches_it(self, caught):
        """
        Each base catches it.
        """
        with pytest.raises(caught):
            raise receive()

    @pytest.mark.parametrize("name", ["__name__", "__qualname__", "__module__", "__doc__"])
    def test_it_is_called_as_declared(self, name):
        """
        A traceback has the name that people know.
        """
        assert getattr(ItemNotFound, name) == getattr(type(receive()), name)

    def test_it_is_made_once(self):
        """
        Two occurrences have one class.
        """
        assert type(receive()) is type(receive())

    def test_each_declared_class_has_its_own(self):
        """
        A base and its subclass have different received classes.
        """
        received(NotFound, None)

        assert (ReceivedProblem, ItemNotFound) == received(ItemNotFound, None).__bases__

    def test_facts(self):
        """
        A received problem has the facts of the declared class.
        """
        assert ItemNotFound.problem_type == type(receive()).problem_type


class TestStory:
    """What the server said."""

    def test_members(self):
        """
        Members are attributes, with their types.
        """
        assert 7 == receive().item_id

    def test_status(self):
        """
        The status is the one received.
        """
        assert 410 == receive(status=410).status

    def test_document(self):
        """
        The document is all there, members that are not declared too.
        """
        assert DOCUMENT == receive().problem_details.model_dump()

    def test_instance(self):
        """
        The instance is the one received.
        """
        assert "urn:uuid:7" == receive().instance

    def test_reading(self):
        """
        Ignored members are reported.
        """
        assert Reading(("The member `detail` was ignored: it is an array, not a string.",)) == (
            receive({**DOCUMENT, "detail": []}).reading
        )

    @pytest.mark.parametrize(
        ("document", "status", "text"),
        [
            pytest.param(None, 404, "404 Item not found: No item 7.", id="all"),
            pytest.param({"title": "Elsewhere"}, 404, "404 Elsewhere", id="title"),
            pytest.param({}, 404, "404 Not Found", id="nothing"),
            pytest.param({}, 499, "499", id="unregistered"),
            pytest.param({"detail": "a\r\nb\x1b[0m"}, 404, "404 Not Found: a b [0m", id="control characters"),
        ],
    )
    def test_str(self, document, status, text):
        """
        One line: what the server said, and where; no credentials.
        """
        assert f"{text} [GET https://shop.example/items/7]" == str(receive(document, status))

    def test_str_without_a_request(self):
        """
        A stored document came from nowhere.
        """
        assert "404 Item not found: No item 7." == str(registry.revive(ProblemDetails(**DOCUMENT)))

    def test_repr(self):
        """
        It says that it is received.
        """
        assert f"<received ItemNotFound: {receive()}>" == repr(receive())

    def test_a_response_without_a_request(self):
        """
        A response that was made by hand has no request.
        """
        response = httpx2.Response(404, json=DOCUMENT, headers={"Content-Type": "application/problem+json"})

        assert problem_from(response, registry).request is None

    def test_request_and_response(self):
        """
        What the client library has of it is there.
        """
        problem = receive()

        assert ("GET", 404) == (problem.request.method, problem.response.status_code)


class TestFace:
    """What this application would answer."""

    @pytest.mark.parametrize("status", [401, 404, 500, 503])
    def test_it_is_a_502(self, status):
        """
        An upstream error is not an error of our client.
        """
        problem = receive(status=status)

        assert (502, None) == (problem.status_code, problem.headers)

    def test_detail_is_the_received_text(self):
        """
        Error trackers read it first, so it must not be a phrase of our own.
        """
        assert ("It was sold.", "") == (
            receive({**DOCUMENT, "detail": "It was sold."}).detail,
            receive({"type": DOCUMENT["type"], "item_id": 7}).detail,
        )

    @pytest.mark.parametrize("name", ["ours", "FastAPI", "Starlette"])
    def test_it_escapes(self, name):
        """
        Our handlers pass on no upstream detail, the frameworks' handlers at most its text, with 502 and no header.
        """

        async def fail(request: object = None) -> None:
            raise receive(status=401)

        if name == "Starlette":
            app = Starlette(routes=[Route("/", fail)])
        else:
            app = FastAPI()
            app.get("/", response_model=None)(lambda: _throw(receive(status=401)))
        if name == "ours":
            add_problems(app, registry)

        response = TestClient(app).get("/")

        text = response.text if name == "ours" else response.text.replace(DOCUMENT["detail"], "")
        assert (502, False, False) == (
            response.status_code,
            "item" in text.lower(),
            "set-cookie" in response.headers,
        )

    def test_a_handler_for_the_declared_class(self):
        """
        A user's handler for the declared class answers our own problems only.
        """
        app = FastAPI()
        add_problems(app, registry)
        seen: list[object] = []

        @app.exception_handler(ItemNotFound)
        async def handle(request: object, problem: ItemNotFound) -> None:
            seen.append(problem)

        app.get("/")(lambda: _throw(receive()))

        assert (502, []) == (TestClient(app).get("/").status_code, seen)


def _throw(problem: Problem) -> None:
    raise problem


class TestHostileDocuments:
    @pytest.mark.parametrize(
        "name",
        [
            "status_code",
            "headers",
            "args",
            "problem_type",
            "_problem",
            "_written",
            "_undeclared",
            "problem_status",
            "problem_received",
            "__class__",
            "__dict__",
            "__traceback__",
            "__notes__",
            "request",
            "response",
            "reading",
            "relayed",
            "with_traceback",
        ],
    )
    @pytest.mark.parametrize("uri", [f"{BASE}item-not-found", "about:blank"], ids=["declared", "about:blank"])
    def test_members_of_any_name(self, name, uri):
        """
        No member of a document becomes an attribute that is not declared; each is in the document.
        """
        usual = receive({**DOCUMENT, "type": uri})

        problem = receive({**DOCUMENT, "type": uri, name: "evil"})

        assert (type(usual), str(usual), "evil", usual.status_code, usual.headers, usual.args) == (
            type(problem),
            str(problem),
            problem.problem_details.extensions[name],
            problem.status_code,
            problem.headers,
            problem.args,
        )


class TestRelayed:
    def test_the_same_class(self):
        """
        A relayed problem is our own.
        """
        assert ItemNotFound is type(receive().relayed("item_id"))

    def test_just_what_is_named(self):
        """
        Only named members are passed on.
        """
        problem = receive().relayed("item_id")

        assert {"type": "item-not-found", "title": "Item not found", "status": 404, "detail": "No item 7."} | {
            "item_id": 7,
            "secret": "",
        } == problem.problem_details.model_dump()

    def test_the_detail_if_asked_for(self):
        """
        The text of the server is passed on only if that is said.
        """
        document = {**DOCUMENT, "detail": "Shelf 3 is empty."}

        assert ("No item 7.", "Shelf 3 is empty.") == (
            receive(document).relayed("item_id").detail,
            receive(document).relayed("item_id", detail=True).detail,
        )

    def test_an_unknown_member(self):
        """
        A name that is not a member is a mistake.
        """
        with pytest.raises(
            InvalidMembers, match=r"'nothing' is not a member of the received problem\. The members are: item_id"
        ):
            receive().relayed("nothing")

    @pytest.mark.parametrize("name", ["problem_status", "problem_response"])
    def test_what_is_not_a_member(self, name):
        """
        What belongs to the response cannot be passed on.
        """
        with pytest.raises(InvalidMembers):
            receive().relayed("item_id", name)

    def test_a_missing_member(self):
        """
        What the class needs has to be named.
        """
        with pytest.raises(InvalidMembers, match="`item_id=` is missing"):
            receive().relayed()

    def test_duties_of_the_status(self):
        """
        A server's challenge is not ours, unless that is said.
        """
        problem = registry.revive_document({}, status=401, headers={"WWW-Authenticate": "Bearer"})
        assert isinstance(problem, ReceivedProblem)

        with pytest.raises(InvalidMembers, match="`challenges=` is missing"):
            problem.relayed()

    def test_an_initialiser_of_the_user(self):
        """
        An initialiser that takes something else is bypassed.
        """
        problem = receive({"type": f"{BASE}sold", "item_id": 8}, 409)

        assert 8 == problem.relayed("item_id").item_id

    def test_an_unregistered_status(self):
        """
        A status without a class has none to pass on.
        """
        with pytest.raises(AbstractProblem):
            receive({}, 499).relayed()


def told(problem: ReceivedProblem) -> tuple[object, ...]:
    """Return the server's document."""
    return type(problem), str(problem), problem.status, problem.problem_details, problem.reading, problem.__notes__


class TestCopies:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_pickle(self, protocol):
        """
        What the server said travels between processes.
        """
        problem = receive()
        problem.add_note("From the shop.")

        assert told(problem) == told(pickle.loads(pickle.dumps(problem, protocol)))  # noqa: S301 - our own

    @pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
    def test_copy(self, duplicate):
        """
        A copy says the same.
        """
        problem = receive()
        problem.add_note("From the shop.")

        assert told(problem) == told(duplicate(problem))

    @pytest.mark.parametrize("secret", [b"anna", b"s3cret", b"session=1"])
    def test_credentials_stay(self, secret):
        """
        No credentials of the request or the response are pickled.
        """
        assert secret not in pickle.dumps(receive())

    def test_process_pool(self):
        """
        What a worker receives is caught in the parent.
        """
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            with pytest.raises(ItemNotFound) as caught:
                pool.submit(raise_received).result()
            still_there = pool.submit(abs, -1).result()

        assert (7, 404, 1) == (caught.value.item_id, caught.value.status, still_there)


class TestFallback:
    def test_duties_of_the_status(self):
        """
        What HTTP ties to the status is read, whatever the type is.
        """
        problem = registry.revive_document(
            {"type": "https://unknown.example/x"}, status=401, headers={"WWW-Authenticate": "Bearer"}
        )

        assert ("Bearer", True) == (problem.challenges, isinstance(problem, Unauthorized))

    def test_members_stay_in_the_document(self):
        """
        A member of an unknown type is not an attribute, because it could have any name.
        """
        assert not hasattr(receive({"type": "https://unknown.example/x", "item_id": 7}), "item_id")
