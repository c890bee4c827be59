import asyncio
import gc
import gzip
import pickle
import warnings

import pytest

from problems import ClientProblem, NotFound, Problem, ReceivedProblem, ServerProblem, Unauthorized
from problems.catalog import BadGateway
from problems.catching.dialects import Dialect
from problems.errors import SetupError
from problems.httpx import raise_problems
from tests.httpx.shop import BASE, NOT_FOUND, PROBLEM_JSON, REGISTRY, ItemNotFound, OutOfStock

AS_PROBLEM = {"content-type": PROBLEM_JSON}
URL = "https://anna:hunter2@shop.example/items/7?api_key=s3cret"


@pytest.fixture
def received(peer):
    """The problem that a client raises for a response."""

    def receive(status=404, *, url=URL, every_error=True, **response):
        client = raise_problems(peer.answering(status, **response), REGISTRY, every_error=every_error)
        with pytest.raises(Problem) as caught:
            peer.get(client, url)
        return caught.value

    return receive


class TestClass:
    def test_it_is_that_of_the_type(self, received):
        """
        The declared class is raised, its members being Python values.
        """
        problem = received(headers=AS_PROBLEM, json=NOT_FOUND)

        assert (ItemNotFound, 7) == (type(problem).__mro__[2], problem.item_id)

    def test_it_is_the_status_error_of_the_library(self, peer, received):
        """
        Code that was written for the library alone keeps working.
        """
        problem = received(headers=AS_PROBLEM, json=NOT_FOUND)

        assert isinstance(problem, peer.library.HTTPStatusError)

    def test_its_bases(self, peer, received):
        """
        `ReceivedProblem` comes first, so that handlers for our own problems do not see it.
        """
        problem = received(headers=AS_PROBLEM, json=NOT_FOUND)

        assert (ReceivedProblem, ItemNotFound, peer.library.HTTPStatusError) == type(problem).__bases__

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            pytest.param(404, NotFound, id="registered"),
            pytest.param(499, ClientProblem, id="unregistered 4xx"),
            pytest.param(522, ServerProblem, id="unregistered 5xx"),
            pytest.param(999, ServerProblem, id="no status of HTTP"),
        ],
    )
    def test_an_unknown_type(self, received, status, expected):
        """
        It is known by its status, and every member is kept.
        """
        document = {"type": f"{BASE}unheard-of", "title": "Unheard of", "left": 2}
        problem = received(status, headers=AS_PROBLEM, json=document)

        assert (expected, status, {"left": 2}) == (
            type(problem).__mro__[2],
            problem.status,
            dict(problem.problem_details.extensions),
        )

    def test_members_that_do_not_fit(self, received):
        """
        It is known by its status, and `reading` says why not as what it claims to be.
        """
        problem = received(headers=AS_PROBLEM, json=NOT_FOUND | {"item_id": "seven"})

        assert (NotFound, True) == (
            type(problem).__mro__[2],
            (problem.reading.reason or "").startswith("The members do not fit ItemNotFound: item_id: "),
        )

    def test_another_host_with_the_same_name(self, received):
        """
        A type is its whole URI.
        """
        problem = received(headers=AS_PROBLEM, json=NOT_FOUND | {"type": "https://evil.example/item-not-found"})

        assert not isinstance(problem, ItemNotFound)

    def test_a_relative_type(self, received):
        """
        It is resolved against the address of the response.
        """
        problem = received(
            headers=AS_PROBLEM,
            json=NOT_FOUND | {"type": "../problems/item-not-found"},
            url="https://shop.example/items/7",
        )

        assert isinstance(problem, ItemNotFound)

    def test_the_status_on_the_wire_wins(self, received):
        """
        What the document says is advisory (RFC 9457, section 3.1.2).
        """
        problem = received(503, headers=AS_PROBLEM, json=NOT_FOUND)

        assert (503, 404) == (problem.status, problem.problem_details.status)


class TestWithoutDocument:
    @pytest.mark.parametrize(
        "response",
        [
            pytest.param({"html": "<h1>Bad Gateway</h1>"}, id="html"),
            pytest.param({"content": b""}, id="empty"),
            pytest.param({"json": NOT_FOUND}, id="look-alike"),
            pytest.param({"headers": AS_PROBLEM, "content": b'{"type": "'}, id="truncated"),
            pytest.param({"headers": AS_PROBLEM, "content": b"null"}, id="null"),
            pytest.param({"headers": AS_PROBLEM, "content": b"\xff\xfe\xff"}, id="no text"),
        ],
    )
    def test_it_is_the_class_of_the_status(self, received, response):
        """
        An error is raised as such, with the reason why no more is known.
        """
        problem = received(502, **response)

        assert (True, True) == (isinstance(problem, BadGateway), problem.reading.reason is not None)

    @pytest.mark.parametrize(
        "response",
        [pytest.param({"html": "<h1>Bad Gateway</h1>"}, id="html"), pytest.param({"json": NOT_FOUND}, id="look-alike")],
    )
    def test_it_can_be_left_alone(self, peer, response):
        """
        With `every_error=False` only problem documents raise.
        """
        client = raise_problems(peer.answering(502, **response), REGISTRY, every_error=False)

        assert 502 == peer.get(client, URL).status_code

    def test_a_head_request(self, peer, server):
        """
        It has no document whatever its media type says (RFC 9110, section 9.3.2).
        """
        client = raise_problems(peer(), REGISTRY)

        with pytest.raises(NotFound) as caught:
            peer.run(client.head(f"{server.url}/problem"))

        assert "The body is empty." == caught.value.reading.reason


class TestFacts:
    def test_request_and_response(self, received):
        """
        Both are there, the content read.
        """
        problem = received(headers=AS_PROBLEM, json=NOT_FOUND)

        assert ("GET", 404, NOT_FOUND) == (
            problem.request.method,
            problem.response.status_code,
            problem.response.json(),
        )

    def test_text(self, received):
        """
        One line contains the error and its URL, without credentials and query.
        """
        problem = received(headers=AS_PROBLEM, json=NOT_FOUND)

        assert "404 Item not found: No item has the id 7. [GET https://shop.example/items/7]" == str(problem)

    @pytest.mark.parametrize("detail", ["x" * 5_000, "a\r\nb\x1b[2J"], ids=["long", "control characters"])
    def test_text_is_short_and_one_line(self, received, detail):
        """
        A log line stays one, whatever the server says.
        """
        text = str(received(headers=AS_PROBLEM, json=NOT_FOUND | {"detail": detail}))

        assert (True, True) == (len(text) <= 300, text.isprintable())

    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    def test_pickle(self, peer, protocol):
        """
        Class, members and text survive; sockets and credentials stay behind.
        """
        headers = AS_PROBLEM | {"set-cookie": "session=s3cret", "retry-after": "7"}
        client = raise_problems(peer.answering(404, headers=headers, json=NOT_FOUND), REGISTRY)
        with pytest.raises(ItemNotFound) as caught:
            peer.get(client, URL, headers={"authorization": "Bearer s3cret"})
        pickled = pickle.dumps(caught.value, protocol)
        again = pickle.loads(pickled)  # noqa: S301 - our own

        assert (False, type(caught.value), 7, str(caught.value), "7", NOT_FOUND["detail"]) == (
            b"s3cret" in pickled or b"hunter2" in pickled,
            type(again),
            again.item_id,
            str(again),
            again.response.headers["Retry-After"],
            again.problem_details.detail,
        )


class TestClient:
    def test_it_is_returned(self, peer):
        """
        A client is made and set up in one expression.
        """
        client = peer()

        assert client is raise_problems(client, REGISTRY)

    def test_success(self, peer, server):
        """
        Other responses are returned unchanged.
        """
        client = raise_problems(peer(), REGISTRY)

        assert {"item_id": 7} == peer.get(client, f"{server.url}/ok").json()

    def test_twice(self, peer):
        """
        A second call raises, with the alternative in the message.
        """
        client = raise_problems(peer(), REGISTRY)

        with pytest.raises(SetupError, match=r"already raises problems\. Call `raise_problems` once"):
            raise_problems(client, REGISTRY)

    def test_something_else(self):
        """
        An object that is not a client of these libraries raises at once.
        """
        with pytest.raises(SetupError, match=r"needs an httpx or httpx2 client; got `object`\."):
            raise_problems(object(), REGISTRY)

    @pytest.mark.parametrize("wrong", [None, ItemNotFound, [ItemNotFound]])
    def test_what_is_no_registry(self, peer, wrong):
        """
        It raises at once, not when the first error comes.
        """
        with pytest.raises(
            SetupError, match=r"is not a valid registry\. Give one, such as `Registry\(ItemNotFound\)`\."
        ):
            raise_problems(peer(), wrong)

    def test_redirect(self, peer, server):
        """
        Redirects are followed before anything is raised, and the history is there.
        """
        client = raise_problems(peer(follow_redirects=True), REGISTRY)

        with pytest.raises(ItemNotFound) as caught:
            peer.get(client, f"{server.url}/redirect")

        assert [302] == [response.status_code for response in caught.value.response.history]

    def test_a_relative_type_after_a_redirect(self, peer, server):
        """
        It is resolved against the address that answered, not the address of the request (RFC 9457, section 3.1.1).
        """

        class Missing(NotFound, type="item-not-found", title="Missing"):
            item_id: int

        there = type(REGISTRY)(Missing, base=f"{server.url}/shelves/3/")
        client = raise_problems(peer(follow_redirects=True), there)

        with pytest.raises(Missing):
            peer.get(client, f"{server.url}/elsewhere")

    def test_redirect_that_is_not_followed(self, peer, server):
        """
        Not an error, so nothing is raised, unlike with `raise_for_status`.
        """
        client = raise_problems(peer(), REGISTRY)

        assert 302 == peer.get(client, f"{server.url}/redirect").status_code

    def test_digest(self, peer, server):
        """
        The challenge is answered; only what comes after it is raised.
        """
        client = raise_problems(peer(auth=peer.library.DigestAuth("anna", "hunter2")), REGISTRY)

        with pytest.raises(ItemNotFound):
            peer.get(client, f"{server.url}/digest")

    def test_a_challenge_that_nobody_answers(self, peer, server):
        """
        Then it is the problem.
        """
        client = raise_problems(peer(), REGISTRY)

        with pytest.raises(Unauthorized):
            peer.get(client, f"{server.url}/digest")

    def test_an_auth_flow_of_the_user(self, peer):
        """
        It sees every response and may try again.
        """

        class Again(peer.library.Auth):
            def auth_flow(self, request):
                response = yield request
                if response.status_code == 401:
                    request.headers["authorization"] = "Bearer new"
                    yield request

        def answer(request):
            return peer.library.Response(200 if "authorization" in request.headers else 401)

        client = raise_problems(peer(transport=peer.transport(answer), auth=Again()), REGISTRY)

        assert 200 == peer.get(client, URL).status_code

    def test_event_hooks_of_the_user(self, peer):
        """
        They run first, and see the response as it is.
        """
        seen = []

        async def note_later(response):
            seen.append(response.status_code)

        hooks = {"response": [note_later if peer.is_async else lambda response: seen.append(response.status_code)]}
        client = raise_problems(peer.answering(404), REGISTRY)
        client.event_hooks = hooks
        with pytest.raises(NotFound):
            peer.get(client, URL)

        assert [404] == seen

    def test_event_hook_that_reads(self, peer, server):
        """
        What it has read is not read again.
        """

        async def read_later(response):
            await response.aread()

        hooks = {"response": [read_later if peer.is_async else lambda response: response.read()]}
        client = raise_problems(peer(event_hooks=hooks), REGISTRY)

        with pytest.raises(ItemNotFound):
            peer.stream(client, f"{server.url}/problem")

    def test_event_hook_that_raises(self, peer):
        """
        The caller sees its exception.
        """

        async def fail_later(response):
            raise LookupError

        def fail(response):
            raise LookupError

        client = raise_problems(peer.answering(404), REGISTRY)
        client.event_hooks = {"response": [fail_later if peer.is_async else fail]}

        with pytest.raises(LookupError):
            peer.get(client, URL)

    def test_a_subclass_that_overrides_send(self, peer):
        """
        Its method is called, and what it returns is looked at.
        """
        base = peer.library.AsyncClient if peer.is_async else peer.library.Client
        sent = []

        class Own(base):
            def send(self, request, **options):
                sent.append(str(request.url.path))
                return super().send(request, **options)

        answer = peer.transport(lambda request: peer.library.Response(404))
        client = raise_problems(Own(transport=answer), REGISTRY)
        with pytest.raises(NotFound):
            peer.get(client, URL)
        peer.run(client.aclose() if peer.is_async else client.close())

        assert ["/items/7"] == sent

    def test_send_that_is_patched_on_the_class_later(self, peer, monkeypatch):
        """
        Instrumentation may come after us: the method is looked up at each call.
        """
        client = raise_problems(peer.answering(200), REGISTRY)
        cls = type(client)
        original, sent = cls.send, []

        def send(self, request, **options):
            sent.append(request.method)
            return original(self, request, **options)

        monkeypatch.setattr(cls, "send", send)
        peer.get(client, URL)

        assert ["GET"] == sent

    def test_send_that_was_patched_on_the_client_before(self, peer):
        """
        A `send` that was already set on this client is still called.
        """
        client = peer.answering(404)
        original, sent = client.send, []

        def send(request, **options):
            sent.append(request.method)
            return original(request, **options)

        client.send = send
        raise_problems(client, REGISTRY)
        with pytest.raises(NotFound):
            peer.get(client, URL)

        assert ["GET"] == sent

    def test_two_services(self, peer):
        """
        Each client knows its own registry only.
        """
        other = raise_problems(peer.answering(404, headers=AS_PROBLEM, json=NOT_FOUND), REGISTRY | REGISTRY)
        client = raise_problems(peer.answering(409, headers=AS_PROBLEM, json=NOT_FOUND), type(REGISTRY)(base=BASE))

        with pytest.raises(ItemNotFound):
            peer.get(other, URL)
        with pytest.raises(ClientProblem) as caught:
            peer.get(client, URL)

        assert not isinstance(caught.value, ItemNotFound | OutOfStock)

    def test_two_classes_of_one_name(self, peer):
        """
        Two services may each have an `ItemNotFound`: what counts is the URI.
        """
        ours, base = ItemNotFound, "https://books.example/problems/"
        theirs = type("ItemNotFound", (NotFound,), {}, type="item-not-found", title="No such book")
        document = {"type": f"{base}item-not-found", "title": "No such book"}
        client = raise_problems(
            peer.answering(404, headers=AS_PROBLEM, json=document), REGISTRY | type(REGISTRY)(theirs, base=base)
        )
        with pytest.raises(theirs) as caught:
            peer.get(client, URL)

        assert not isinstance(caught.value, ours)


class TestConnections:
    @pytest.mark.parametrize("path", ["/problem", "/chunks", "/html"])
    def test_ten_errors_use_one(self, peer, server, path):
        """
        An error gives its connection back.
        """
        client = raise_problems(peer(), REGISTRY)
        for _ in range(10):
            with pytest.raises(Problem):
                peer.get(client, server.url + path)

        assert 1 == server.connections

    @pytest.mark.parametrize("path", ["/problem", "/chunks", "/html"])
    def test_ten_streamed_errors_use_one(self, peer, server, path):
        """
        Likewise if the response was to be streamed.
        """
        client = raise_problems(peer(), REGISTRY)
        for _ in range(10):
            with pytest.raises(Problem):
                peer.stream(client, server.url + path)

        assert 1 == server.connections

    @pytest.mark.parametrize("path", ["/problem", "/endless"])
    def test_the_pool_is_not_exhausted(self, peer, server, path):
        """
        A pool of one is enough, whether the body was read or given up.
        """
        limits = peer.library.Limits(max_connections=1)
        client = raise_problems(peer(limits=limits, timeout=peer.library.Timeout(5, pool=0.5)), REGISTRY)
        for _ in range(3):
            with pytest.raises(NotFound):
                peer.stream(client, server.url + path)

        assert 200 == peer.get(client, f"{server.url}/ok").status_code


class TestStreams:
    def test_the_declared_class(self, peer, server):
        """
        `client.stream` raises as any other method does, the content read.
        """
        client = raise_problems(peer(), REGISTRY)

        with pytest.raises(ItemNotFound) as caught:
            peer.stream(client, f"{server.url}/chunks")

        assert NOT_FOUND == caught.value.response.json()

    def test_success(self, peer, server):
        """
        A success can still be streamed.
        """
        client = raise_problems(peer(), REGISTRY)

        assert b'{"item_id": 7}' == peer.stream(client, f"{server.url}/ok")

    def test_an_endless_body(self, peer, server):
        """
        A bounded part of it is read, and it is the class of its status.
        """
        client = raise_problems(peer(), REGISTRY)

        with pytest.raises(NotFound) as caught:
            peer.stream(client, f"{server.url}/endless")

        assert ("The body has more than 65536 bytes, the most that are read.", 65_537) == (
            caught.value.reading.reason,
            len(caught.value.response.content),
        )

    def test_another_limit(self, peer, server):
        """
        Who knows that a server says more may read more, and who trusts it less, less.
        """
        client = raise_problems(peer(), REGISTRY, dialect=Dialect(limit=10))

        with pytest.raises(NotFound) as caught:
            peer.stream(client, f"{server.url}/problem")

        assert 11 == len(caught.value.response.content)

    def test_a_body_that_stalls(self, peer, stalling):
        """
        The client's own time-out ends the wait; the status is known.
        """
        client = raise_problems(peer(timeout=0.1), REGISTRY)
        with stalling() as url, pytest.raises(ServerProblem) as caught:
            peer.stream(client, url)

        assert "The body could not be read: ReadTimeout." == caught.value.reading.reason

    def test_a_task_that_is_cancelled(self, peer, stalling):
        """
        It is cancelled, and no problem gets in the way.
        """
        if not peer.is_async:
            pytest.skip("only a task is cancelled")
        client = raise_problems(peer(), REGISTRY)

        async def read(url):
            async with asyncio.timeout(0.1), client.stream("GET", url):
                raise NotImplementedError

        with stalling() as url, pytest.raises(TimeoutError):
            peer.run(read(url))

    def test_send(self, peer, server):
        """
        `send(stream=True)` likewise.
        """
        client = raise_problems(peer(), REGISTRY)
        request = client.build_request("GET", f"{server.url}/problem")

        with pytest.raises(ItemNotFound):
            peer.run(client.send(request, stream=True))

    def test_a_broken_document_that_is_left_alone(self, peer, raw):
        """
        With `every_error=False` what was read of it to find out can be read again.
        """
        client = raise_problems(peer(), REGISTRY, every_error=False)
        head = b"HTTP/1.1 503 No\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n[]"

        with raw(head) as url:
            assert b"[]" == peer.stream(client, url)

    def test_an_error_that_is_left_alone(self, peer, server):
        """
        With `every_error=False` it can still be streamed.
        """
        client = raise_problems(peer(), REGISTRY, every_error=False)

        assert b"<h1>Bad Gateway</h1>" == peer.stream(client, f"{server.url}/html")


class TestBrokenBodies:
    HEAD = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n"

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"Content-Length: 100\r\n\r\n{}", id="short"),
            pytest.param(b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}", id="chunk that ends early"),
            pytest.param(b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk"),
            pytest.param(b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}", id="not compressed"),
        ],
    )
    def test_a_streamed_one(self, peer, raw, body):
        """
        The status is known, so that is what is raised, with the reason attached.
        """
        client = raise_problems(peer(), REGISTRY)
        with raw(self.HEAD + body) as url, pytest.raises(ServerProblem) as caught:
            peer.stream(client, url)

        assert (503, True, True) == (
            caught.value.status,
            (caught.value.reading.reason or "").startswith("The body could not be "),
            isinstance(caught.value.response.content, bytes),
        )

    def test_one_that_the_client_reads(self, peer, raw):
        """
        There the library's own exception comes first, as it does without us.
        """
        client = raise_problems(peer(), REGISTRY)

        with raw(self.HEAD + b"Content-Length: 100\r\n\r\n{}") as url, pytest.raises(peer.library.RemoteProtocolError):
            peer.get(client, url)

    def test_a_document_before_the_end(self, peer, raw):
        """
        What has come may be enough: a server may close late or never.
        """
        client = raise_problems(peer(), REGISTRY)
        body = b'{"type": "https://shop.example/problems/item-not-found", "item_id": 7}'
        with raw(self.HEAD + b"Content-Length: 1000\r\n\r\n" + body) as url, pytest.raises(ItemNotFound) as caught:
            peer.stream(client, url)

        assert "The body could not be read: RemoteProtocolError." == caught.value.reading.reason

    def test_compressed(self, peer, raw):
        """
        A content coding is undone.
        """
        body = gzip.compress(b'{"type": "https://shop.example/problems/item-not-found", "item_id": 7}')
        head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
        client = raise_problems(peer(), REGISTRY)

        with raw(self.HEAD + head + body) as url, pytest.raises(ItemNotFound):
            peer.stream(client, url)


def test_no_warnings_are_left(peer, server):
    """
    Nothing is left open when a client is closed after an error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = raise_problems(peer(), REGISTRY)
        with pytest.raises(NotFound):
            peer.stream(client, f"{server.url}/endless")
        gc.collect()
