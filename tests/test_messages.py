import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems import ClientProblem, Forbidden, Gone, InternalServerError, NotFound, Problem, ReceivedProblem, Registry
from problems.catalog import ServiceUnavailable
from problems.catching.messages import problem_from_close, problem_from_event, problem_from_line


class ItemNotFound(NotFound, type="item-not-found", title="Item not found"):
    item_id: int


class Closed(Forbidden, type="closed", title="Closed"):
    """The shop is closed; there is nothing more to say."""


REGISTRY = Registry(ItemNotFound, Closed, base="https://shop.example/problems/")
ITEM_NOT_FOUND = "https://shop.example/problems/item-not-found"
DOCUMENT = {"type": ITEM_NOT_FOUND, "title": "Item not found", "status": 404, "item_id": 7}


class TestEvent:
    def test_a_problem(self):
        """
        It revives as its class, its status being the one in the document.
        """
        problem = problem_from_event("problem", json.dumps(DOCUMENT), REGISTRY)

        assert (True, 404, 7) == (isinstance(problem, ItemNotFound), problem.status, problem.item_id)

    def test_it_is_a_received_one(self):
        """
        It came from a server.
        """
        assert isinstance(problem_from_event("problem", json.dumps(DOCUMENT), REGISTRY), ReceivedProblem)

    def test_pickle(self):
        """
        It has no request and no response, and needs none.
        """
        problem = problem_from_event("problem", '{"title": "Gone", "status": 410}', REGISTRY)
        again = pickle.loads(pickle.dumps(problem))  # noqa: S301 - our own

        assert (type(problem), "410 Gone", None) == (type(again), str(again), again.response)

    @pytest.mark.parametrize("event", ["message", "", None])
    def test_another_event(self, event):
        """
        Only the name of an event identifies a problem.
        """
        assert problem_from_event(event, json.dumps(DOCUMENT), REGISTRY) is None

    @pytest.mark.parametrize("data", ["", "null", "{", '{"status": 200}', '{"status": "404"}'])
    def test_broken_data(self, data):
        """
        The server said that something went wrong, so something did.
        """
        assert isinstance(problem_from_event("problem", data, REGISTRY), InternalServerError)

    def test_a_relative_type(self):
        """
        It is resolved against the address of the stream.
        """
        data = json.dumps(DOCUMENT | {"type": "/problems/item-not-found"})

        assert isinstance(problem_from_event("problem", data, REGISTRY, url="https://shop.example/feed"), ItemNotFound)


class TestLine:
    def test_a_problem(self):
        """
        Its members distinguish it from data.
        """
        assert isinstance(problem_from_line(json.dumps(DOCUMENT).encode(), REGISTRY), ItemNotFound)

    @pytest.mark.parametrize(
        "line",
        [
            pytest.param(b'{"id": 7}', id="data"),
            pytest.param(b'{"type": "order", "title": "Tea", "status": "sent"}', id="data with the same names"),
            pytest.param(b'{"type": "order", "title": "Tea", "status": 200}', id="no status of an error"),
            pytest.param(b'{"title": "Gone", "status": 410}', id="without type"),
            pytest.param(b"[1]", id="array"),
            pytest.param(b"", id="empty"),
        ],
    )
    def test_data(self, line):
        """
        Everything else is none.
        """
        assert problem_from_line(line, REGISTRY) is None

    @given(st.binary() | st.text())
    def test_anything(self, line):
        """
        No line makes it fail.
        """
        assert problem_from_line(line, REGISTRY) is None or isinstance(problem_from_line(line, REGISTRY), Problem)


class TestClose:
    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            pytest.param(3003, Forbidden, id="3003"),
            pytest.param(1013, ServiceUnavailable, id="1013"),
            pytest.param(4410, Gone, id="private"),
            pytest.param(1008, ClientProblem, id="1008"),
        ],
    )
    def test_the_code(self, code, expected):
        """
        It stands for a status.
        """
        assert isinstance(problem_from_close(code, "", REGISTRY), expected)

    @pytest.mark.parametrize("code", [1000, 1005, 1006, 1015])
    def test_no_problem(self, code):
        """
        An end as agreed, or trouble with the transport.
        """
        assert problem_from_close(code, "bye", REGISTRY) is None

    def test_the_reason_is_a_type(self):
        """
        It says more than the code does.
        """
        problem = problem_from_close(1008, "https://shop.example/problems/closed", REGISTRY)

        assert (True, 403, "403 Closed") == (isinstance(problem, Closed), problem.status, str(problem))

    def test_a_type_with_members(self):
        """
        A frame has no place for them: it is known by the status of the type, and says why.
        """
        problem = problem_from_close(1008, ITEM_NOT_FOUND, REGISTRY)

        assert ("NotFound", True) == (type(problem).__name__, "item_id" in problem.reading.reason)

    def test_the_reason_is_a_title(self):
        """
        Then that is what it is.
        """
        assert "403 No entry" == str(problem_from_close(3003, "No entry", REGISTRY))
