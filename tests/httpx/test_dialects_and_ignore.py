"""Clients of APIs that are not RFC 9457, and errors that are returned instead of raised."""

import asyncio
import io

import aiohttp
import pytest
import requests
from requests.adapters import BaseAdapter

import problems.aiohttp
import problems.requests
from problems import BadRequest, Conflict, NotFound, Registry
from problems.catching import Dialect
from problems.errors import SetupError
from problems.httpx import problem_from, raise_problems

URL = "https://shop.example/items/7"


class Sold(Conflict, type="SOLD", title="Sold", aliases=("Item already sold!", "E-7")):
    """The item was sold."""

    item_id: int | None = None


class BadInput(BadRequest):
    """The request is not valid."""

    invalid: list[str]


REGISTRY = Registry(Sold, BadInput, base="https://shop.example/problems/")
DIALECT = Dialect(media_types=("application/json",), nested=("error",), identity="code", title="name", detail="message")


class TestIdentity:
    @pytest.mark.parametrize("code", ["SOLD", "Item already sold!", "E-7"])
    def test_type_and_aliases(self, peer, code):
        """
        They are compared as they are written, in each client.
        """
        client = peer.answering(409, json={"error": {"code": code, "item_id": 7, "message": "Gone.", "name": "Sold!"}})
        with pytest.raises(Sold) as caught:
            peer.get(raise_problems(client, REGISTRY, dialect=DIALECT), URL)

        assert (7, "Gone.", "Sold!") == (
            caught.value.item_id,
            caught.value.detail,
            caught.value.problem_details.title,
        )

    @pytest.mark.parametrize("code", ["sold", "", None, 7, ["SOLD"], {"a": 1}], ids=repr)
    def test_another_one(self, peer, code):
        """
        It is the class of the status.
        """
        client = peer.answering(409, json={"code": code})
        with pytest.raises(Conflict) as caught:
            peer.get(raise_problems(client, REGISTRY, dialect=DIALECT), URL)

        assert not isinstance(caught.value, Sold)

    def test_the_type_is_still_known(self, library):
        """
        A problem document of the same API is read by its type.
        """
        document = {"type": "https://shop.example/problems/SOLD", "title": "Sold"}

        assert isinstance(problem_from(library.Response(409, json=document), REGISTRY, dialect=DIALECT), Sold)

    def test_any_object_of_an_error(self, peer):
        """
        The class of a status has its members, although nothing says that the object is a problem document.
        """
        client = peer.answering(400, json={"invalid": ["name"]})
        with pytest.raises(BadInput) as caught:
            peer.get(raise_problems(client, REGISTRY, dialect=DIALECT), URL)

        assert ["name"] == caught.value.invalid

    @pytest.mark.parametrize("name", ["identity", "title", "detail"])
    def test_several_names_are_refused(self, name):
        """
        They have one.
        """
        with pytest.raises(SetupError, match=f"`{name}` must be the name of one member"):
            Dialect(**{name: ("a", "b")})


class Adapter(BaseAdapter):
    """Answers with the status in the address."""

    def send(self, request, **options):
        response = requests.Response()
        response.status_code, response.url, response.request = int(request.url[-3:]), request.url, request
        response.raw = io.BytesIO(b"{}")
        return response

    def close(self):
        """Hold no connection."""


class TestIgnore:
    @pytest.mark.parametrize("ignore", [{404}, [404], (404, 410)], ids=repr)
    def test_a_status(self, peer, ignore):
        """
        Its responses are returned, the others are raised.
        """
        assert 404 == peer.get(raise_problems(peer.answering(404), REGISTRY, ignore=ignore), URL).status_code
        with pytest.raises(Conflict):
            peer.get(raise_problems(peer.answering(409), REGISTRY, ignore=ignore), URL)

    def test_one_request(self, peer):
        """
        It asks for the response, and the next one is raised again.
        """
        client = raise_problems(peer.answering(404), REGISTRY)

        assert 404 == peer.get(client, URL, extensions={"problems": False}).status_code
        with pytest.raises(NotFound):
            peer.get(client, URL, extensions={"problems": True})

    def test_requests(self):
        """
        A session ignores statuses too.
        """
        session = requests.Session()
        session.mount("https://", Adapter())
        problems.requests.raise_problems(session, REGISTRY, ignore={404})

        assert 404 == session.get("https://shop.example/404").status_code
        with pytest.raises(Conflict):
            session.get("https://shop.example/409")

    def test_aiohttp(self, server):
        """
        So does a hook.
        """

        async def get(ignore):
            hook = problems.aiohttp.problem_hook(REGISTRY, ignore=ignore)
            async with (
                aiohttp.ClientSession(raise_for_status=hook) as session,
                session.get(f"{server.url}/problem") as response,
            ):
                return response.status

        assert 404 == asyncio.run(get({404}))
        with pytest.raises(NotFound):
            asyncio.run(get({409}))

    @pytest.mark.parametrize("wrong", [404, "404", b"404", ["404"], [True], [404.0], [0], None], ids=repr)
    def test_what_is_not_a_set_of_statuses(self, peer, wrong):
        """
        It raises with the line to write.
        """
        with pytest.raises(SetupError, match=r"Write `ignore=\{404\}`"):
            raise_problems(peer.answering(404), REGISTRY, ignore=wrong)


def test_what_is_not_a_dialect(peer):
    """
    It raises with the line to write.
    """
    with pytest.raises(SetupError, match=r"is not a valid dialect\. Give one, such as"):
        raise_problems(peer.answering(404), REGISTRY, dialect="code")
