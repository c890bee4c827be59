"""Every recorded response, through a whole client: it raises, whatever it is, and no part of a problem is lost."""

import json
import os
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from problems import Problem, Registry
from problems._wire.details import STANDARD_MEMBERS
from problems._wire.media_types import PROBLEM_JSON, PROBLEM_XML, essence
from problems.httpx import raise_problems

if "PROBLEMS_CORPUS" not in os.environ:
    pytest.skip("PROBLEMS_CORPUS names no folder of recorded documents", allow_module_level=True)

CORPUS: Final = Path(os.environ["PROBLEMS_CORPUS"])
URL: Final = "https://api.example/items/7"


class Recorded(NamedTuple):
    """
    One recorded response.

    Attributes:
        path: The file with the body.
        status: The status code of an error.
        content_type: The response header field.
        members: The standard members that a client has to read in it; none if it is not a problem.
        extensions: The names of the extension members.
    """

    path: Path
    status: int
    content_type: str
    members: dict[str, Any]
    extensions: list[str]


def recorded():
    """Yield every document of the corpus that has a media type, as the response of an error."""
    for folder, expected, extensions in [
        ("wild", "expected", "extensions"),
        ("frameworks", "rfc9457", "extension_members"),
    ]:
        for entry in json.loads((CORPUS / folder / "index.json").read_text("utf-8"))["documents"]:
            if entry.get("document") == "openapi" or not entry.get("content_type"):
                continue
            reading = entry[expected] or {}
            is_problem = essence(entry["content_type"]) == PROBLEM_JSON and reading.get("parses", True)
            status = entry.get("http_status")
            yield Recorded(
                CORPUS / folder / entry["file"],
                status if status and 400 <= status <= 599 else 500,
                entry["content_type"],
                {name: reading[name] for name in STANDARD_MEMBERS} if is_problem else {"type": "about:blank"},
                sorted(reading[extensions]) if is_problem else [],
            )


DOCUMENTS: Final = [
    pytest.param(document, id=f"{document.path.parent.name}/{document.path.name}")
    for document in recorded()
    if essence(document.content_type) != PROBLEM_XML
]
XML: Final = [
    pytest.param(document, id=document.path.name)
    for document in recorded()
    if essence(document.content_type) == PROBLEM_XML
]


@pytest.fixture
def receive(peer):
    """What returns the problem that a client raises for a recorded response."""

    def raised(document):
        answer = {"headers": {"content-type": document.content_type}, "content": document.path.read_bytes()}
        client = raise_problems(peer.answering(document.status, **answer), Registry())
        with pytest.raises(Problem) as caught:
            peer.get(client, URL)
        return caught.value

    return raised


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document(receive, document):
    """
    Each standard member has the value that was sent, or none if its JSON type is wrong; no other member is lost.
    """
    problem = receive(document)
    details = problem.problem_details

    assert (document.status, {"title": None, "status": None, "detail": None, "instance": None} | document.members) == (
        problem.status,
        {name: getattr(details, name) for name in STANDARD_MEMBERS},
    )
    assert document.extensions == sorted(details.extensions)


@pytest.mark.parametrize("document", XML)
def test_xml(receive, document):
    """
    A document that is well-formed has a title or a status, another one has a reason for their absence.
    """
    problem = receive(document)
    details = problem.problem_details

    assert (problem.reading.reason is None) == bool(details.title or details.status)
