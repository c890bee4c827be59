import asyncio
import copy
import gzip
import json
import pickle
import zlib

import aiohttp
import brotli
import pytest

from problems import NotFound, Problem, Registry, ServerProblem
from problems.aiohttp import problem_from, problem_hook, raise_for_problem, retry_after
from problems.catalog import BadGateway, MethodNotAllowed
from problems.errors import SetupError
from tests.httpx.shop import NOT_FOUND, PROBLEM_JSON, REGISTRY, ItemNotFound

ENCODERS = {"gzip": gzip.compress, "br": brotli.compress, "deflate": zlib.compress, "identity": bytes}


def get(url, *, times=1, auto_decompress=True, **options):
    """Get an address with a session that raises problems, and return the text of the response."""

    async def run():
        hook = problem_hook(REGISTRY, **options)
        async with aiohttp.ClientSession(raise_for_status=hook, auto_decompress=auto_decompress) as session:
            for _ in range(times - 1):
                with pytest.raises(Problem):
                    await session.get(url)
            async with session.get(url) as response:
                return await response.read()

    return asyncio.run(run())


class TestHook:
    def test_the_declared_class(self, server):
        """
        It is raised, its members being Python values.
        """
        with pytest.raises(ItemNotFound) as caught:
            get(f"{server.url}/problem")

        assert 7 == caught.value.item_id

    def test_the_error_of_the_library(self, server):
        """
        Code that was written for the library alone keeps working, and error trackers show the text of the server.
        """
        with pytest.raises(aiohttp.ClientResponseError) as caught:
            get(f"{server.url}/problem")

        assert (404, NOT_FOUND["detail"], "GET") == (
            caught.value.status,
            caught.value.message,
            caught.value.request_info.method,
        )

    def test_request_and_response(self, server):
        """
        They are there, the content read.
        """
        with pytest.raises(ItemNotFound) as caught:
            get(f"{server.url}/chunks")

        assert ("GET", 404, True) == (
            caught.value.request.method,
            caught.value.response.status_code,
            b"item-not-found" in caught.value.response.content,
        )

    def test_text(self, server):
        """
        One line, without the query.
        """
        with pytest.raises(ItemNotFound) as caught:
            get(f"{server.url}/problem?api_key=s3cret")

        assert f"404 Item not found: No item has the id 7. [GET {server.url}/problem]" == str(caught.value)

    def test_success(self, server):
        """
        Other responses are returned unchanged.
        """
        assert b'{"item_id": 7}' == get(f"{server.url}/ok")

    def test_an_error_without_document(self, server):
        """
        It is the class of its status.
        """
        with pytest.raises(BadGateway):
            get(f"{server.url}/html")

    def test_it_can_be_left_alone(self, server):
        """
        With `every_error=False` it is returned, not read.
        """
        assert b"<h1>Bad Gateway</h1>" == get(f"{server.url}/html", every_error=False)

    def test_redirect(self, server):
        """
        Redirects are followed before anything is raised.
        """
        with pytest.raises(ItemNotFound):
            get(f"{server.url}/redirect")

    @pytest.mark.parametrize("path", ["/problem", "/chunks"])
    def test_ten_errors_use_one_connection(self, server, path):
        """
        An error gives its connection back.
        """
        with pytest.raises(ItemNotFound):
            get(server.url + path, times=10)

        assert 1 == server.connections

    def test_what_is_no_registry(self):
        """
        It raises when the hook is made.
        """
        with pytest.raises(SetupError, match=r"is not a valid registry\."):
            problem_hook(ItemNotFound)

    def test_an_endless_body(self, server):
        """
        A bounded part of it is read.
        """
        with pytest.raises(NotFound) as caught:
            get(f"{server.url}/endless")

        assert ("The body has more than 65536 bytes, the most that are read.", 65_537) == (
            caught.value.reading.reason,
            len(caught.value.response.content),
        )

    def test_a_broken_body(self, raw):
        """
        The status is known, so that is what is raised.
        """
        head = b"HTTP/1.1 503 No\r\nContent-Type: application/problem+json\r\nContent-Length: 9\r\n\r\n{}"
        with raw(head) as url, pytest.raises(ServerProblem) as caught:
            get(url)

        assert "The body could not be read: ClientPayloadError." == caught.value.reading.reason

    @pytest.mark.parametrize("length", [500, 500_000])
    def test_a_document_before_the_connection_breaks(self, raw, length):
        """
        What has come is read: it may be all of the document.
        """
        head = f"HTTP/1.1 404 No\r\nContent-Type: application/problem+json\r\nContent-Length: {length}\r\n\r\n"
        with raw(head.encode() + json.dumps(NOT_FOUND).encode()) as url, pytest.raises(ItemNotFound) as caught:
            get(url)

        assert "The body could not be read: " == (caught.value.reading.reason or "")[:28]

    @pytest.mark.parametrize("again", [copy.copy, lambda problem: pickle.loads(pickle.dumps(problem))])  # noqa: S301 - our own
    def test_pickle_and_copy(self, server, again):
        """
        Class, members and text survive.
        """
        with pytest.raises(ItemNotFound) as caught:
            get(f"{server.url}/problem?api_key=s3cret")
        other = again(caught.value)

        assert (type(caught.value), 7, str(caught.value)) == (type(other), other.item_id, str(other))

    def test_retry_after(self, raw):
        """
        It is read from the response.
        """
        answer = b"HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
        with raw(answer) as url, pytest.raises(Problem) as caught:
            get(url)

        assert 7 == retry_after(caught.value).total_seconds()

    @pytest.mark.parametrize(("lines", "seconds"), [([5, 5], 5), ([5, 6], None), ([6, 5], None)], ids=str)
    def test_a_repeated_field(self, raw, lines, seconds):
        """
        Its lines are one value, as in the other libraries; equal ones count once.
        """
        fields = "".join(f"Retry-After: {line}\r\n" for line in lines)
        answer = f"HTTP/1.1 503 No\r\n{fields}Content-Length: 0\r\n\r\n"
        with raw(answer.encode()) as url, pytest.raises(Problem) as caught:
            get(url)
        wait = retry_after(caught.value)

        assert seconds == (None if wait is None else wait.total_seconds())

    def test_a_member_of_a_repeated_field(self, raw):
        """
        A member that is a list has the elements of all lines.
        """
        answer = b"HTTP/1.1 405 No\r\nAllow: GET\r\nAllow: POST, PUT\r\nContent-Length: 0\r\n\r\n"
        with raw(answer) as url, pytest.raises(MethodNotAllowed) as caught:
            get(url)

        assert ["GET", "POST", "PUT"] == list(caught.value.allow)

    @pytest.mark.parametrize(("first", "is_read"), [(PROBLEM_JSON, True), ("text/html", False)])
    def test_a_repeated_media_type(self, raw, first, is_read):
        """
        The first one counts, as in the other libraries.
        """
        body = json.dumps(NOT_FOUND)
        fields = f"Content-Type: {first}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}"
        with raw(f"HTTP/1.1 404 No\r\n{fields}\r\n\r\n{body}".encode()) as url, pytest.raises(Problem) as caught:
            get(url)

        assert is_read == isinstance(caught.value, ItemNotFound)

    @pytest.mark.parametrize("decompresses", [True, False])
    @pytest.mark.parametrize(
        "codings", [("gzip", "br"), ("br", "gzip"), ("deflate", "identity"), ("gzip", "gzip")], ids=str
    )
    def test_codings_on_several_lines(self, raw, codings, decompresses):
        """
        Those that the library left in place are decoded.
        """
        body = json.dumps(NOT_FOUND).encode()
        for coding in codings:
            body = ENCODERS[coding](body)
        fields = "".join(f"Content-Encoding: {coding}\r\n" for coding in codings)
        head = f"HTTP/1.1 404 No\r\nContent-Type: {PROBLEM_JSON}\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
        with raw(head.encode() + body) as url, pytest.raises(ItemNotFound) as caught:
            get(url, auto_decompress=decompresses)

        assert 7 == caught.value.item_id

    def test_members_with_names_of_the_library(self, raw):
        """
        A member is what the server sent, though the library's error has something of that name.
        """

        class Coded(NotFound, type="https://shop.example/problems/coded", title="Coded"):
            code: str
            message: str

        body = b'{"type": "https://shop.example/problems/coded", "code": "E-7", "message": "Hello"}'
        head = b"HTTP/1.1 404 No\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n" % len(body)

        async def run(url):
            async with aiohttp.ClientSession(raise_for_status=problem_hook(Registry(Coded))) as session:
                await session.get(url)

        with raw(head + body) as url, pytest.raises(Coded) as caught:
            asyncio.run(run(url))

        assert ("E-7", "Hello") == (caught.value.code, caught.value.message)


class TestFunctions:
    def test_raise_for_problem(self, server):
        """
        The problem of one response is raised; any other response is returned.
        """

        async def run():
            async with aiohttp.ClientSession() as session:
                assert 200 == (await raise_for_problem(await session.get(f"{server.url}/ok"), REGISTRY)).status
                await raise_for_problem(await session.get(f"{server.url}/problem"), REGISTRY)

        with pytest.raises(ItemNotFound):
            asyncio.run(run())

    def test_problem_from(self, server):
        """
        A problem, or nothing and why; the response can still be read.
        """
        reasons = []

        async def run():
            async with aiohttp.ClientSession() as session:
                html = await session.get(f"{server.url}/html")
                assert await problem_from(html, REGISTRY, why=reasons.append) is None
                return await problem_from(await session.get(f"{server.url}/problem"), REGISTRY), await html.text()

        problem, text = asyncio.run(run())

        assert (NOT_FOUND["detail"], "<h1>Bad Gateway</h1>", 1) == (
            problem.problem_details.detail,
            text,
            len(reasons),
        )

    @pytest.mark.parametrize("codings", ["gzip", "gzip, br"])
    @pytest.mark.parametrize("first", ["read", "text", "problem_from", "exit"])
    def test_a_response_that_has_been_read(self, raw, first, codings):
        """
        The content is found, even after the response was released.
        """
        body = json.dumps(NOT_FOUND).encode()
        for coding in codings.split(", "):
            body = ENCODERS[coding](body)
        head = f"HTTP/1.1 404 No\r\nContent-Type: {PROBLEM_JSON}\r\nContent-Encoding: {codings}\r\n"

        async def run(url):
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                if first == "problem_from":
                    await problem_from(response, REGISTRY)
                elif first == "text":
                    await response.text("latin-1")
                else:
                    await response.read()
                if first != "exit":
                    return await raise_for_problem(response, REGISTRY)
            return await raise_for_problem(response, REGISTRY)

        with (
            raw(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body) as url,
            pytest.raises(ItemNotFound) as caught,
        ):
            asyncio.run(run(url))

        assert (7, NOT_FOUND) == (caught.value.item_id, json.loads(caught.value.response.content))
