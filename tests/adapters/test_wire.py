"""What is on the wire: real uvicorn, with both of its HTTP parsers."""

import json
import logging
import socket
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.routing import Route

from problems import Conflict, NotFound, ServiceUnavailable, Unauthorized
from problems.starlette import add_problems

pytestmark = pytest.mark.parametrize("http", ["h11", "httptools"])


def raising(exc):
    async def endpoint(request):
        raise exc

    return endpoint


def ask(port, method, path, *, body=b"", close=True):
    """Return status line, header lines and body of one exchange, as they come."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        sock.sendall(head.encode() + (b"Connection: close\r\n" if close else b"") + b"\r\n" + body)
        received = b""
        while chunk := sock.recv(65536):
            received += chunk
    top, _, content = received.partition(b"\r\n\r\n")
    status, *lines = top.decode("latin-1").split("\r\n")
    return int(status.split()[1]), [tuple(line.split(": ", 1)) for line in lines], content


def values(headers, name):
    return [value for key, value in headers if key.lower() == name]


def application(exc, **options):
    app = Starlette(routes=[Route("/", raising(exc), methods=["GET", "POST", "HEAD"])], **options)
    add_problems(app)
    return app


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_content_has_none(serve, http, status):
    """
    204, 205 and 304 are sent without content and without a media type, and break no connection.
    """
    served = serve(application(HTTPException(status, headers={"ETag": '"1"'})), http=http)
    found, headers, body = ask(served.port, "GET", "/")

    assert (status, b"", []) == (found, body, values(headers, "content-type"))


@pytest.mark.parametrize("status", [100, 199, 600, 999, 0])
def test_a_status_that_cannot_be_sent_is_a_crash(serve, http, status):
    """
    A 1xx announces a response and is none, and there is nothing beyond 599: both are mistakes of the server's.
    """
    found, _, body = ask(serve(application(HTTPException(status, "x")), http=http).port, "GET", "/")

    assert (500, 500) == (found, json.loads(body)["status"])


def test_head_has_the_fields_of_get_and_no_content(serve, http):
    """
    HEAD is answered with the length that GET would have, and no content (RFC 9110, section 9.3.2).
    """
    served = serve(application(NotFound("Nothing here, for ä.")), http=http)
    (_, get, body), (status, head, nothing) = (ask(served.port, method, "/") for method in ("GET", "HEAD"))

    assert (404, b"", [str(len(body))], values(get, "content-type")) == (
        status,
        nothing,
        values(head, "content-length"),
        values(head, "content-type"),
    )


def test_two_challenges_are_two_lines(serve, http):
    """
    Several values of one header are several lines.
    """
    served = serve(application(Unauthorized(challenges=["Basic realm=a", "Bearer"])), http=http)
    _, headers, _ = ask(served.port, "GET", "/")

    assert ["Basic realm=a", "Bearer"] == values(headers, "www-authenticate")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        pytest.param({"Content-Length": "1", "Transfer-Encoding": "chunked"}, {}, id="framing"),
        pytest.param({"Content-Encoding": "gzip", "Content-Type": "text/html"}, {}, id="of another body"),
        pytest.param({"X-Name": "漢字"}, {}, id="no latin-1"),
        pytest.param({"X-Name": "a\r\nSet-Cookie: b=c"}, {}, id="CR/LF"),
        pytest.param({"X Name": "a"}, {}, id="no token"),
        pytest.param({"Retry-After": 30}, {"retry-after": "30"}, id="a number"),
        pytest.param({"Cache-Control": "max-age=60"}, {"cache-control": "max-age=60"}, id="caching of its own"),
        pytest.param({"X-Name": "ä"}, {"x-name": "ä"}, id="latin-1"),
        pytest.param({b"X-Name": "a"}, {}, id="bytes"),
    ],
)
def test_headers_of_a_foreign_exception(serve, http, given, sent):
    """
    What cannot be sent beside a problem is left out, everything else is kept, and the status is what it was.
    """
    status, headers, body = ask(serve(application(HTTPException(418, "x", given)), http=http).port, "GET", "/")
    names = {"content-type", "content-length", "cache-control", "date", "server", "connection"}
    found = {name.lower(): value for name, value in headers if name.lower() not in names or name.lower() in sent}

    assert (418, 418, sent, 1) == (status, json.loads(body)["status"], found, len(values(headers, "content-length")))


async def with_field(request):
    values = {"X-It": request.query_params["value"]}
    raise HTTPException(409, "Taken.", headers=values)


@pytest.fixture
def with_field_port(serve, http):
    """The port of one server for all examples of a property."""
    app = Starlette(routes=[Route("/", with_field)])
    add_problems(app)
    return serve(app, http=http).port


HTTP_TEXT = st.text(
    st.sampled_from(["a", "ä", " ", "\t", "\x7f", "\r", "\n", "\0", "漢", '"', ",", "\xa0"]), max_size=6
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HTTP_TEXT)
@example(" lead")
@example("trail\t")
@example("  ")
def test_no_value_costs_the_client_the_answer(with_field_port, http, text):
    """
    A foreign value is sent without the white space around it, or not at all if HTTP has no form for it.
    """
    found, headers, body = ask(with_field_port, "GET", f"/?value={quote(text)}")
    expected = [] if set(text) & set("\x7f\r\n\0漢") else [text.strip(" \t")]

    assert (409, expected) == (found, values(headers, "x-it"))
    assert 409 == json.loads(body)["status"]


@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_cors_headers_are_there_and_vary_once(serve, http, path):
    """
    A crash has the CORS headers that a 404 has, and `Vary` names the origin once.
    """
    cors = Middleware(CORSMiddleware, allow_origins=["https://shop.example"])
    served = serve(application(RuntimeError("x"), middleware=[cors]), http=http)
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as sock:
        sock.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nOrigin: https://shop.example\r\nConnection: close\r\n\r\n".encode()
        )
        received = b"".join(iter(lambda: sock.recv(65536), b"")).lower()

    assert (1, 1) == (
        received.count(b"access-control-allow-origin: https://shop.example"),
        received.count(b"vary: origin"),
    )


class TestLog:
    """What the server writes."""

    @pytest.mark.parametrize(
        ("exc", "tracebacks"),
        [
            pytest.param(RuntimeError("x"), 1, id="a crash"),
            pytest.param(ExceptionGroup("", [RuntimeError("x")]), 1, id="a group with a crash"),
            pytest.param(Conflict(), 0, id="a 4xx"),
            pytest.param(ServiceUnavailable(), 1, id="a 5xx"),
            pytest.param(ClientDisconnect(), 0, id="a client that disconnected"),
        ],
    )
    def test_has_one_traceback_for_what_the_server_is_to_blame_for(self, serve, http, exc, tracebacks, caplog):
        """
        A crash, and a declared 5xx, is one traceback; a 4xx and a disconnect are none.
        """
        served = serve(application(exc), http=http)
        with caplog.at_level(logging.INFO):
            ask(served.port, "GET", "/")
        served.stop()

        assert tracebacks == sum(record.exc_info is not None for record in caplog.records)

    def test_of_a_stream_that_fails_names_the_original(self, serve, http, caplog):
        """
        After the response has begun the server reports what was raised, and nothing about responses that have started.
        """

        async def items():
            yield b"1"
            raise Conflict("Taken.")

        async def endpoint(request):
            return StreamingResponse(items())

        app = Starlette(routes=[Route("/", endpoint)])
        add_problems(app)
        served = serve(app, http=http)
        with caplog.at_level(logging.INFO):
            ask(served.port, "GET", "/")
        served.stop()
        told = [record for record in caplog.records if record.exc_info]

        assert ([Conflict], False) == ([record.exc_info[0] for record in told], "already started" in caplog.text)


def test_a_client_that_goes_while_it_sends_is_no_error(serve, http, caplog):
    """
    A client that closes the connection in the middle of its body leaves no traceback.
    """

    async def endpoint(request):
        await request.body()

    app = Starlette(routes=[Route("/", endpoint, methods=["POST"])])
    add_problems(app)
    served = serve(app, http=http)
    with caplog.at_level(logging.INFO), socket.create_connection(("127.0.0.1", served.port), timeout=5) as sock:
        sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    served.stop()

    assert [] == [record for record in caplog.records if record.exc_info]
