"""The clauses about languages, XML and HTML, and about documents of invalid requests."""

import json
import re
import xml.etree.ElementTree as ET

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field

from problems import NotFound, Policy, Problem, Registry
from problems._wire.uris import is_absolute
from problems.answering._html import HTML
from problems.answering._xml import XML
from problems.answering.texts import Texts
from problems.fastapi import add_problems
from problems.httpx import problem_from

NAMESPACE = "{urn:ietf:rfc:7807}"
GERMAN = {"https://shop.example/problems/item-not-found": "Artikel nicht gefunden", "404": "Nicht gefunden"}


class Age(BaseModel):
    """A body with constraints, and a member whose name has to be escaped."""

    age: int = Field(gt=0)
    colour: str = Field(alias="a/b é")


@pytest.fixture
def client(item_not_found):
    """A client of an application that offers XML, HTML and German."""
    policy = Policy(representations=(XML, HTML), texts=Texts({"de": GERMAN}, default="en"))
    app = FastAPI()
    add_problems(app, Registry(item_not_found, base="https://shop.example/problems/"), policy=policy)

    @app.get("/items/{item_id}")
    async def item(item_id: int) -> None:
        raise item_not_found(item_id=item_id)

    @app.get("/plain")
    async def plain(text: str = "") -> None:
        raise NotFound(text, tree={"leaves": [1, {"a": None}], "empty": []})

    @app.post("/people")
    async def people(age: Age) -> None: ...

    return TestClient(app, raise_server_exceptions=False)


def test_row_03_the_representation_is_negotiated(client):
    """
    Section 1: XML for who asks for it, where it is offered.
    """
    response = client.get("/items/7", headers={"accept": "application/problem+xml"})

    assert ("application/problem+xml", "Accept, Accept-Language") == (
        response.headers["content-type"],
        response.headers["vary"],
    )


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [("de-CH, en;q=0.5", "de", "Artikel nicht gefunden"), ("fr", "en", "Item not found")],
)
def test_row_04_the_language_is_negotiated(client, accepted, language, title):
    """
    Section 1: the title in a language that is asked for, else in the default one; which one is said.
    """
    response = client.get("/items/7", headers={"accept-language": accepted})

    assert (language, title) == (response.headers["content-language"], response.json()["title"])


def test_row_08_several_occurrences_of_one_type(client):
    """
    Section 3: an invalid request lists all that is wrong with it.
    """
    assert 2 == len(client.post("/people", json={"age": 0}).json()["errors"])


def test_row_09_a_pointer_is_a_uri_fragment(client):
    """
    Section 3: escaped as RFC 6901, section 6, says.
    """
    errors = client.post("/people", json={"age": 0}).json()["errors"]

    assert ["#/age", "#/a~1b%20%C3%A9"] == [error["pointer"] for error in errors]


def test_row_09_the_whole_body_is_the_root(client):
    """
    Section 3: what is wrong as a whole is `#`.
    """
    assert ["#"] == [error["pointer"] for error in client.post("/people", content=b"").json()["errors"]]


def test_row_22_the_resolved_type_comes_first(registry, item_not_found):
    """
    Section 3.1.1: a type that is relative on the wire and absolute in the class is found.
    """
    response = httpx2.Response(
        404,
        json={"type": "/problems/item-not-found", "item_id": 7},
        headers={"content-type": "application/problem+json"},
        request=httpx2.Request("GET", "https://shop.example/items/7"),
    )

    assert isinstance(problem_from(response, registry), item_not_found)


def test_row_41_detail_is_not_parsed(read, item_not_found):
    """
    Section 3.1.4: members come from members, never from the text.
    """
    problem = read({"type": "https://shop.example/problems/item-not-found", "detail": "No item has the id 7."})

    assert not isinstance(problem, item_not_found)


def test_row_47_the_instance_is_absolute(answered, item_not_found):
    """
    Section 3.1.5: it means the same wherever it is read.
    """
    assert is_absolute(answered(item_not_found(item_id=7)).json()["instance"])


def test_row_73_the_title_of_about_blank_is_localised(client):
    """
    Section 4.2.1: the phrase of the status, in the language that is asked for.
    """
    assert "Nicht gefunden" == client.get("/plain", headers={"accept-language": "de"}).json()["title"]


def xml(client, path):
    """Return the XML that an application answers with."""
    return client.get(path, headers={"accept": "application/problem+xml"}).content


def test_row_81_the_namespace(client):
    """
    Appendix B: still the namespace of RFC 7807.
    """
    assert f"{NAMESPACE}problem" == ET.fromstring(xml(client, "/plain")).tag  # noqa: S314 - our own


def test_row_82_one_namespace_and_no_attributes(client):
    """
    Appendix B: extension members are in the same namespace.
    """
    elements = list(ET.fromstring(xml(client, "/plain")).iter())  # noqa: S314 - our own

    assert all(element.tag.startswith(NAMESPACE) and not element.attrib for element in elements)


def test_row_83_arrays_and_objects_come_back(client):
    """
    Appendix B: children named `i` are an array, others an object.
    """
    response = httpx2.Response(
        404,
        content=xml(client, "/plain"),
        headers={"content-type": "application/problem+xml"},
        request=httpx2.Request("GET", "https://shop.example/plain"),
    )
    tree = problem_from(response, Registry()).problem_details.extensions["tree"]

    assert "1" == str(tree["leaves"][0])


def test_row_84_processing_instructions_are_ignored():
    """
    Appendix B: a style sheet is for browsers.
    """
    content = (
        b'<?xml version="1.0"?><?xml-stylesheet href="x"?><problem xmlns="urn:ietf:rfc:7807"><title>x</title></problem>'
    )
    response = httpx2.Response(
        404,
        content=content,
        headers={"content-type": "application/problem+xml"},
        request=httpx2.Request("GET", "https://shop.example/plain"),
    )
    problem = problem_from(response, Registry())

    assert isinstance(problem, Problem)
    assert "x" == problem.problem_details.title


def test_row_85_the_document_in_a_page_is_escaped(client):
    """
    Appendix C: a script element with the problem, which no text can end.
    """
    page = client.get("/plain", params={"text": "</script><b>&"}, headers={"accept": "text/html"}).text
    [embedded] = re.findall(r'<script type="application/problem\+json"[^>]*>(.*?)</script>', page, re.DOTALL)

    assert "</script><b>&" == json.loads(embedded)["detail"]
