import copy
import io
import json
import pickle

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth

from problems import NotFound, Problem, Registry, ServerProblem
from problems.catalog import BadGateway
from problems.errors import SetupError
from problems.requests import Undeclared, outcome, problem_from, raise_for_problem, raise_problems, retry_after
from tests.httpx.shop import BASE, NOT_FOUND, REGISTRY, ItemNotFound


@pytest.fixture
def plain():
    """A session that raises nothing."""
    with requests.Session() as session:
        yield session


@pytest.fixture
def session(plain):
    """A session that raises problems."""
    return raise_problems(plain, REGISTRY)


class TestRaiseProblems:
    def test_the_declared_class(self, session, server):
        """
        It is raised, its members being Python values.
        """
        with pytest.raises(ItemNotFound) as caught:
            session.get(f"{server.url}/problem")

        assert 7 == caught.value.item_id

    def test_the_error_of_the_library(self, session, server):
        """
        Code that was written for the library alone keeps working.
        """
        with pytest.raises(requests.HTTPError) as caught:
            session.get(f"{server.url}/problem")

        assert (404, "GET", NOT_FOUND) == (
            caught.value.response.status_code,
            caught.value.request.method,
            caught.value.response.json(),
        )

    def test_success(self, session, server):
        """
        Other responses are returned unchanged.
        """
        assert {"item_id": 7} == session.get(f"{server.url}/ok").json()

    def test_an_error_without_document(self, session, server):
        """
        It is the class of its status.
        """
        with pytest.raises(BadGateway):
            session.get(f"{server.url}/html")

    def test_it_can_be_left_alone(self, plain, server):
        """
        With `every_error=False` it is returned, streamed or not.
        """
        session = raise_problems(plain, REGISTRY, every_error=False)

        assert b"<h1>Bad Gateway</h1>" == session.get(f"{server.url}/html", stream=True).content

    def test_redirect(self, session, server):
        """
        Redirects are followed before anything is raised.
        """
        with pytest.raises(ItemNotFound):
            session.get(f"{server.url}/redirect")

    def test_digest(self, session, server):
        """
        A challenge is answered first.
        """
        with pytest.raises(ItemNotFound):
            session.get(f"{server.url}/digest", auth=HTTPDigestAuth("anna", "hunter2"))

    def test_twice(self, session):
        """
        A second call raises.
        """
        with pytest.raises(SetupError, match=r"already raises problems\."):
            raise_problems(session, REGISTRY)

    def test_something_else(self):
        """
        An object that is not a session raises at once.
        """
        with pytest.raises(SetupError, match=r"needs a `requests.Session`; got `object`\."):
            raise_problems(object(), REGISTRY)

    @pytest.mark.parametrize("stream", [False, True])
    def test_ten_errors_use_one_connection(self, session, server, stream):
        """
        An error gives its connection back.
        """
        for _ in range(10):
            with pytest.raises(ItemNotFound):
                session.get(f"{server.url}/chunks", stream=stream)

        assert 1 == server.connections

    def test_an_endless_body(self, session, server):
        """
        Of a streamed one a bounded part is read.
        """
        with pytest.raises(NotFound) as caught:
            session.get(f"{server.url}/endless", stream=True)

        assert ("The body has more than 65536 bytes, the most that are read.", 65_537) == (
            caught.value.reading.reason,
            len(caught.value.response.content),
        )

    def test_a_broken_body(self, session, raw):
        """
        The status is known, so that is what is raised.
        """
        head = b"HTTP/1.1 503 No\r\nContent-Type: application/problem+json\r\nContent-Length: 9\r\n\r\n{}"
        with raw(head) as url, pytest.raises(ServerProblem) as caught:
            session.get(url, stream=True)

        assert "The body could not be read: " == (caught.value.reading.reason or "")[:28]

    @pytest.mark.parametrize("length", [500, 500_000])
    def test_a_document_before_the_connection_breaks(self, session, raw, length):
        """
        What has come is read: it may be all of the document.
        """
        head = f"HTTP/1.1 404 No\r\nContent-Type: application/problem+json\r\nContent-Length: {length}\r\n\r\n"
        with raw(head.encode() + json.dumps(NOT_FOUND).encode()) as url, pytest.raises(ItemNotFound) as caught:
            session.get(url, stream=True)

        assert "The body could not be read: " == (caught.value.reading.reason or "")[:28]

    @pytest.mark.parametrize("again", [copy.copy, lambda problem: pickle.loads(pickle.dumps(problem))])  # noqa: S301 - our own
    def test_pickle_and_copy(self, session, server, again):
        """
        Class, members and text survive.
        """
        with pytest.raises(ItemNotFound) as caught:
            session.get(f"{server.url}/problem?api_key=s3cret")
        other = again(caught.value)

        assert (type(caught.value), 7, str(caught.value)) == (type(other), other.item_id, str(other))

    def test_members_with_names_of_the_library(self, plain):
        """
        A member is what the server sent, though `OSError` has something of that name.
        """

        class Locked(NotFound, type="locked", title="Locked"):
            filename: str
            errno: int

        class Answering(HTTPAdapter):
            def send(self, request, **options):
                response = requests.Response()
                response.status_code, response.url, response.request = 404, request.url, request
                response.headers["content-type"] = "application/problem+json"
                body = b'{"type": "%slocked", "filename": "a.txt", "errno": 7}' % BASE.encode()
                response.raw = io.BytesIO(body)
                return response

        plain.mount("https://", Answering())

        with pytest.raises(Locked) as caught:
            raise_problems(plain, Registry(Locked, base=BASE)).get("https://shop.example")

        assert ("a.txt", 7) == (caught.value.filename, caught.value.errno)


class TestFunctions:
    def test_raise_for_problem(self, plain, server):
        """
        The problem of one response is raised.
        """
        with pytest.raises(ItemNotFound):
            raise_for_problem(plain.get(f"{server.url}/problem"), REGISTRY)

    def test_a_body_that_was_streamed(self, plain, server):
        """
        The status is known, so that is what is raised, and what is pickled.
        """
        response = plain.get(f"{server.url}/problem", stream=True)
        assert NOT_FOUND == json.loads(b"".join(response.iter_content(7)))

        with pytest.raises(NotFound) as caught:
            raise_for_problem(response, REGISTRY)
        again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own

        assert ("The body has already been read as a stream, so it can no longer be read.", b"") == (
            again.reading.reason,
            again.response.content,
        )

    def test_a_response_without_a_body(self):
        """
        A response that was created by hand, as mocks do, is raised by its status.
        """
        response = requests.Response()
        response.status_code = 404

        with pytest.raises(NotFound):
            raise_for_problem(response, REGISTRY)

    def test_raise_for_problem_returns(self, plain, server):
        """
        Any other response is returned.
        """
        assert 200 == raise_for_problem(plain.get(f"{server.url}/ok"), REGISTRY).status_code

    @pytest.mark.parametrize(
        ("path", "is_problem"), [pytest.param("/problem", True, id="problem"), pytest.param("/html", False, id="html")]
    )
    def test_problem_from(self, plain, server, path, is_problem):
        """
        A problem, or nothing and why.
        """
        reasons = []
        problem = problem_from(plain.get(server.url + path), REGISTRY, why=reasons.append)

        assert (is_problem, not is_problem) == (isinstance(problem, ItemNotFound), bool(reasons))

    @pytest.mark.parametrize(
        ("path", "expected"), [("/problem", ItemNotFound), ("/html", Undeclared), ("/ok", type(None))]
    )
    def test_outcome(self, plain, server, path, expected):
        """
        Every response is one of the cases.
        """
        assert isinstance(outcome(plain.get(server.url + path), ItemNotFound, registry=REGISTRY), expected)

    def test_retry_after(self, session, raw):
        """
        It is read from the response.
        """
        answer = b"HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
        with raw(answer) as url, pytest.raises(Problem) as caught:
            session.get(url)

        assert 7 == retry_after(caught.value).total_seconds()
