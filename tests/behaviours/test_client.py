"""What a client sees, a test for each promise; the numbers come from our list of promises."""

import copy
import pickle

import httpx
import httpx2
import pytest

from problems import Conflict, NotFound, Problem, Registry
from problems.errors import SetupError
from problems.httpx import async_problem_hook, problem_hook, raise_problems


class OutOfStock(Conflict, type="https://shop.example/problems/out-of-stock", title="Out of stock"):
    """Fewer items are in stock than were ordered."""

    available: int


REGISTRY = Registry(OutOfStock)
DOCUMENT = {
    "type": "https://shop.example/problems/out-of-stock",
    "title": "Out of stock",
    "status": 409,
    "detail": "Only 3 are left.",
    "available": 3,
}


def client(library, content=None, *, status=409, media_type="application/problem+json"):
    """Return a client of a server that always answers the same."""

    def serve(_):
        body = {"json": DOCUMENT} if content is None else {"content": content}
        return library.Response(status, **body, headers={"content-type": media_type})

    return raise_problems(library.Client(transport=library.MockTransport(serve)), REGISTRY)


@pytest.mark.parametrize("library", [httpx2, httpx], ids=["httpx2", "httpx"])
def test_09_the_error_tells_and_keeps_secrets(library):
    """
    One line with what the server said, without what is secret in the address; the library's own error as well.
    """
    with pytest.raises(library.HTTPStatusError) as caught:
        client(library).get("https://anna:hunter2@shop.example/items/7?api_key=s3cret")

    assert "409 Out of stock: Only 3 are left. [GET https://shop.example/items/7]" == str(caught.value)
    assert isinstance(caught.value, OutOfStock)


def test_10_a_hook_of_the_wrong_kind_is_refused():
    """
    A sync client with an async hook would take the error for a success.
    """
    transport = httpx2.HTTPTransport()
    hooked = httpx2.Client(transport=transport, event_hooks={"response": [async_problem_hook(REGISTRY)]})
    response = httpx2.Response(404, stream=transport and _Chunks())

    with hooked, pytest.raises(SetupError, match="problem_hook"):
        hooked.event_hooks["response"][0](response)


class _Chunks(httpx2.SyncByteStream):
    def __iter__(self):
        yield b"{}"


async def test_10_nor_the_other_way_round():
    """
    An async client would await what a sync hook returns, for every success too.
    """

    class Chunks(httpx2.AsyncByteStream):
        async def __aiter__(self):
            yield b"{}"

    with pytest.raises(SetupError, match="async"):
        problem_hook(REGISTRY)(httpx2.Response(200, stream=Chunks()))


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", "application/problem+json"),
        (b"null", "application/problem+json"),
        (b"[1]", "Application/Problem+JSON"),
        (b'{"type": 7, "title": [], "status": "409"}', "application/problem+json; charset=utf-16"),
        (b"<html>502</html>", "text/html"),
        (b"\xff\xfe\x00", "application/problem+json"),
    ],
)
def test_11_a_broken_body_raises_nothing_else(content, media_type):
    """
    Whatever the body, it is the error of its status.
    """
    with pytest.raises(Conflict) as caught:
        client(httpx2, content, media_type=media_type).get("https://shop.example/")

    assert 409 == caught.value.status


def test_11_a_member_that_is_missing_is_no_crash():
    """
    The class of the status, what came, and why it was not the declared class.
    """
    with pytest.raises(Conflict) as caught:
        client(httpx2, b'{"type": "https://shop.example/problems/out-of-stock", "left": 1}').get(
            "https://shop.example/"
        )

    assert not isinstance(caught.value, OutOfStock)
    assert 1 == caught.value.problem_details.extensions["left"]
    assert "available" in caught.value.reading.reason


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])  # noqa: S301 - ours
def test_13_a_received_problem_is_copied_and_pickled(again):
    """
    Class, text and members stay; what holds sockets and credentials does not.
    """
    with pytest.raises(OutOfStock) as caught:
        client(httpx2).get("https://shop.example/")
    twin = again(caught.value)

    assert (type(caught.value), 3, str(caught.value)) == (type(twin), twin.available, str(twin))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_13_so_is_one_of_our_own(protocol):
    """
    With its members, in every protocol.
    """
    twin: Problem = pickle.loads(pickle.dumps(NotFound("Gone.", item_id=7), protocol))  # noqa: S301 - our own

    assert ("404 Not Found: Gone.", 7) == (str(twin), twin.item_id)
