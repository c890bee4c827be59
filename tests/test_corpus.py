"""Documents that real servers and frameworks sent are read as the index beside them demands."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from problems._wire.details import STANDARD_MEMBERS, ProblemDetails
from problems._wire.media_types import PROBLEM_JSON, essence
from problems._wire.reading import read_document

if "PROBLEMS_CORPUS" not in os.environ:
    pytest.skip("PROBLEMS_CORPUS names no folder of recorded documents", allow_module_level=True)

CORPUS: Final = Path(os.environ["PROBLEMS_CORPUS"])

NOT_YET_READ: Final = frozenset({".xml"})  # problem+xml comes with its own reader


class Recorded(NamedTuple):
    """
    One document, and what a client has to read in it.

    Attributes:
        path: The file with the body.
        content_type: The response header field; None if the source does not contain it.
        members: The standard members that are left when members of the wrong type are ignored; None if it is not JSON.
        ignored: The names of those that are ignored.
        extensions: The names of the extension members.
    """

    path: Path
    content_type: str | None
    members: dict[str, Any] | None
    ignored: list[str]
    extensions: list[str]


def recorded() -> Iterator[Recorded]:
    """Yield every document that is, or looks like, a problem as JSON."""
    for folder, expected, extensions in [
        ("wild", "expected", "extensions"),
        ("frameworks", "rfc9457", "extension_members"),
    ]:
        for entry in json.loads((CORPUS / folder / "index.json").read_text("utf-8"))["documents"]:
            path = CORPUS / folder / entry["file"]
            if path.suffix in NOT_YET_READ or entry.get("document") == "openapi":
                continue
            reading = entry[expected]
            is_json = reading.get("parses", True)
            yield Recorded(
                path,
                entry.get("content_type"),
                {name: reading[name] for name in STANDARD_MEMBERS} if is_json else None,
                sorted(reading.get("ignored_members", [])),
                sorted(reading.get(extensions, [])),
            )


def served(document: Recorded) -> str:
    """Return how *document* is labelled to read its members: as recorded if that is as a problem."""
    as_recorded = document.content_type or ""
    return as_recorded if essence(as_recorded) == PROBLEM_JSON else PROBLEM_JSON


DOCUMENTS: Final = [
    pytest.param(document, id=f"{document.path.parent.name}/{document.path.name}") for document in recorded()
]


def those(condition):
    """Return the documents for which *condition* holds."""
    return [param for param in DOCUMENTS if condition(param.values[0])]


def read(document: Recorded):
    """Return the problem details in *document* and the reading; reading it as something else than a problem fails."""
    members, reason = read_document(document.path.read_bytes(), served(document))
    assert reason is None
    return ProblemDetails.read(members)


@pytest.mark.parametrize("document", those(lambda document: document.members is not None))
class TestDocument:
    def test_standard_members(self, document):
        """
        Each has the value that was sent, or none if its JSON type is wrong.
        """
        details, _ = read(document)

        assert document.members == {name: getattr(details, name) for name in STANDARD_MEMBERS}

    def test_ignored_members(self, document):
        """
        Each that was ignored is named.
        """
        _, reading = read(document)

        assert document.ignored == sorted(sentence.split("`")[1] for sentence in reading.ignored)

    def test_extension_members(self, document):
        """
        None is lost.
        """
        details, _ = read(document)

        assert document.extensions == sorted(details.extensions)

    def test_written_again(self, document):
        """
        The strict form says the same as the lenient reading.
        """
        details, _ = read(document)
        again, _ = read_document(details.model_dump_json().encode(), PROBLEM_JSON)

        assert details == ProblemDetails.model_validate(again)


@pytest.mark.parametrize("document", those(lambda document: document.members is None))
class TestBroken:
    def test_it_is_no_problem(self, document):
        """
        What was published with a syntax error has no members.
        """
        _, reason = read_document(document.path.read_bytes(), served(document))

        assert "The body is not JSON: " == (reason or "")[:22]


@pytest.mark.parametrize(
    "document", those(lambda document: document.content_type and essence(document.content_type) != PROBLEM_JSON)
)
class TestServedAsSomethingElse:
    def test_it_is_left_alone(self, document):
        """
        The media type distinguishes a problem from a look-alike, not the names of members.
        """
        _, reason = read_document(document.path.read_bytes(), document.content_type)

        assert f"The media type {essence(document.content_type)!r} is not read as a problem document." == reason
