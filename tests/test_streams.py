import inspect
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Annotated

import pytest
from fastapi import FastAPI
from starlette.requests import HTTPConnection, Request

from problems import NotFound
from problems.declaring._raises import declared, raises
from problems.errors import SetupError
from problems.streams import STREAM, Stream, stream_problems

DOCUMENT = b'{"status":503}'


class ChatRequest:
    """A client's messages, without a request of Starlette."""


def start(content_type=b"text/event-stream", *headers):
    return {"type": "http.response.start", "status": 200, "headers": [(b"Content-Type", content_type), *headers]}


def body(content, *, more=True):
    return {"type": "http.response.body", "body": content, "more_body": more}


class TestDue:
    def test_the_start_waits_for_the_first_item(self):
        """
        While nothing was sent, the status is open.
        """
        stream = Stream()

        assert [(), (start(), body(b"a")), (body(b"b"),)] == [
            stream.due(it) for it in (start(), body(b"a"), body(b"b"))
        ]

    def test_an_empty_part_is_no_item(self):
        """
        What sends no byte does not fix the status.
        """
        stream = Stream()
        stream.due(start())

        assert () == stream.due(body(b""))

    def test_an_empty_stream(self):
        """
        A stream without items is a response.
        """
        stream = Stream()
        stream.due(start())

        assert (start(), body(b"", more=False)) == stream.due(body(b"", more=False))

    def test_a_failure_comes_up_at_the_end(self):
        """
        Items that were yielded before a failure are sent before it comes up.
        """
        stream = Stream()
        stream.due(start())
        stream.failure = KeyError("x")

        assert (start(), body(b"a")) == stream.due(body(b"a"))
        with pytest.raises(KeyError):
            stream.due(body(b"", more=False))

    def test_another_message(self):
        """
        A message that is not a body, such as a path to send, goes with its start.
        """
        stream = Stream()
        stream.due(start())

        assert (start(), {"type": "http.response.pathsend"}) == stream.due({"type": "http.response.pathsend"})


class TestLast:
    @pytest.mark.parametrize(
        ("content_type", "sent", "expected"),
        [
            pytest.param(b"text/event-stream", b"data: 1\n\n", b"event: problem\ndata: %s\n\n", id="event"),
            pytest.param(b"text/event-stream; charset=utf-8", b"x\r\n\r\n", b"event: problem\ndata: %s\n\n", id="CRLF"),
            pytest.param(b"text/event-stream", b"data: 1\n", b"\n\nevent: problem\ndata: %s\n\n", id="half an event"),
            pytest.param(b"application/jsonl", b"{}\n", b"%s\n", id="JSON lines"),
            pytest.param(b"application/x-ndjson", b"{", b"\n%s\n", id="half a line"),
        ],
    )
    def test_item(self, content_type, sent, expected):
        """
        The problem is an item of its own, whatever stands before it.
        """
        stream = Stream()
        stream.due(start(content_type))
        for byte in sent:
            stream.due(body(bytes([byte])))

        assert (True, expected % DOCUMENT) == (stream.can_end, stream.last(DOCUMENT))

    @pytest.mark.parametrize(
        "message",
        [
            pytest.param(start(b"text/csv"), id="another format"),
            pytest.param(start(b"application/jsonl", (b"Content-Length", b"3")), id="a promised length"),
        ],
    )
    def test_no_place(self, message):
        """
        Where a problem would be taken for content, or break a promise, none is sent.
        """
        stream = Stream()
        stream.due(message)

        assert False is stream.can_end

    def test_no_place_behind_the_end(self):
        """
        A response that is complete takes no further item.
        """
        stream = Stream()
        for message in (start(), body(b"data: 1\n\n"), body(b"", more=False)):
            stream.due(message)

        assert False is stream.can_end


class TestStreamProblems:
    def test_fastapi_sees_the_endpoint(self):
        """
        The signature is the endpoint's, with a parameter for the request that OpenAPI does not show.
        """

        @stream_problems
        async def items(amount: int = 2) -> AsyncIterator[int]:
            yield amount

        app = FastAPI()
        app.get("/")(items)
        (parameter,) = app.openapi()["paths"]["/"]["get"]["parameters"]

        assert ("amount", ["amount", "problems_connection"]) == (
            parameter["name"],
            list(inspect.signature(items).parameters),
        )

    @pytest.mark.parametrize(
        "annotation",
        [
            pytest.param(Request, id="class"),
            pytest.param(HTTPConnection, id="base"),
            pytest.param("Request", id="text"),
            pytest.param("unknown.Request", id="a text that has no meaning yet"),
            pytest.param(Annotated[Request, "a comment"], id="annotated"),
            pytest.param("Annotated[Request, 'a comment']", id="annotated, text"),
            pytest.param(Request | None, id="optional"),
            pytest.param("Request | None", id="optional, text"),
        ],
    )
    def test_a_request_of_its_own(self, annotation):
        """
        An endpoint that takes the request is given no second one.
        """

        def items(request):
            return None

        items.__annotations__["request"] = annotation

        assert ["request"] == list(inspect.signature(stream_problems(items)).parameters)

    @pytest.mark.parametrize(
        "annotation",
        [
            pytest.param("ChatRequest", id="text"),
            pytest.param("unknown.ChatRequest", id="a text that has no meaning yet"),
            pytest.param("list[Request]", id="a list"),
        ],
    )
    def test_what_is_called_like_a_request(self, annotation):
        """
        A class whose name ends in `Request` is not a request.
        """

        def items(body):
            return None

        items.__annotations__["body"] = annotation

        assert ["body", "problems_connection"] == list(inspect.signature(stream_problems(items)).parameters)

    def test_keyword_arguments_stay_last(self):
        """
        An endpoint with any keywords keeps them.
        """

        def items(**filters):
            return None

        assert ["problems_connection", "filters"] == list(inspect.signature(stream_problems(items)).parameters)

    def test_declarations_stay(self):
        """
        What an endpoint declares is declared by the stream, in whichever order.
        """

        @stream_problems
        @raises(NotFound)
        def inner(request):
            return None

        @raises(NotFound)
        @stream_problems
        def outer(request):
            return None

        assert [(NotFound,)] * 2 == [tuple(declared(inner)), tuple(declared(outer))]

    def test_other_responses_stay(self):
        """
        An endpoint without a stream returns its value unchanged.
        """
        way = SimpleNamespace(stream=None)
        request = Request({"type": "http", "headers": [], STREAM: way})

        assert ("value", Stream) == (stream_problems(lambda request: "value")(request), type(way.stream))

    async def test_generators_are_closed(self):
        """
        A client that leaves closes the generator, as it does without the decorator.
        """
        closed = []

        @stream_problems
        async def items(request):
            try:
                yield 1
                yield 2
            finally:
                closed.append(True)

        generator = items(Request({"type": "http", "headers": [], STREAM: SimpleNamespace(stream=None)}))
        async for _ in generator:
            break
        await generator.aclose()

        assert [True] == closed

    def test_without_problems(self):
        """
        Without middleware to end the stream, its failures would be lost: this raises.
        """
        with pytest.raises(SetupError, match="needs `add_problems`"):
            stream_problems(lambda request: "value")(Request({"type": "http", "headers": []}))

    def test_without_a_request(self):
        """
        A function that is not an endpoint raises an error.
        """
        with pytest.raises(SetupError, match="it needs their request"):
            stream_problems(lambda: None)()
