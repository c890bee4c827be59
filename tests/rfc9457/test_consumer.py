"""The clauses that bind who reads problem documents."""

import httpx2
import pytest

from problems import Conflict, NotFound, ProblemDetails, Registry
from problems.httpx import problem_from, raise_problems


def test_row_02_any_status_may_carry_one(read):
    """
    Section 1: a problem in a success is read, and nothing is raised for it.
    """
    problem = read({"type": "about:blank", "title": "Partly"}, status=200)

    assert (200, "Partly") == (problem.status, problem.problem_details.title)


@pytest.mark.parametrize(
    "document",
    [{"status": "404"}, {"status": True}, {"type": None}, {"title": {}}, {"detail": ["a"]}, {"instance": 7}],
    ids=str,
)
def test_row_12_a_member_of_the_wrong_type_is_ignored(read, document):
    """
    Section 3.1: as if it were absent.
    """
    details = read(document).problem_details

    assert ("about:blank", None, None, None, None) == (
        details.type,
        details.title,
        details.status,
        details.detail,
        details.instance,
    )


def test_row_13_the_others_stay(read):
    """
    Section 3.1: one bad member does not discard the rest.
    """
    assert "x" == read({"type": 404, "title": "x"}).problem_details.title


def test_row_14_no_member_is_required(read):
    """
    Section 3.1: an empty object is a problem.
    """
    assert "about:blank" == read({}).problem_details.type


def test_row_15_names_are_case_sensitive(read):
    """
    Section 3.1: `Title` is an extension member.
    """
    details = read({"Title": "x"}).problem_details

    assert (None, "x") == (details.title, details.extensions["Title"])


@pytest.mark.parametrize("status", [409, 404, 500])
def test_row_17_the_type_identifies(read, status, out_of_stock):
    """
    Section 3.1.1: by the type alone, whatever status it comes with.
    """
    problem = read({"type": "https://shop.example/problems/out-of-stock", "available": 1}, status=status)

    assert isinstance(problem, out_of_stock)


def test_row_18_an_absent_type_is_about_blank(read):
    """
    Section 3.1.1: absent and explicit are equal.
    """
    assert read({}).problem_details.type == read({"type": "about:blank"}).problem_details.type


def test_row_20_a_type_is_not_fetched():
    """
    Section 3.1.1: reading, printing and looking at a problem makes no request.
    """
    requests: list[httpx2.Request] = []

    def serve(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(
            404, json={"type": "https://shop.example/x"}, headers={"content-type": "application/problem+json"}
        )

    client = raise_problems(httpx2.Client(transport=httpx2.MockTransport(serve)), Registry())
    with pytest.raises(NotFound) as caught:
        client.get("https://shop.example/items/7")
    str(caught.value), repr(caught.value), caught.value.problem_details

    assert 1 == len(requests)


@pytest.mark.parametrize(
    ("url", "reference", "resolved"),
    [
        ("https://api.example.org/foo/bar/123", "example-problem", "https://api.example.org/foo/bar/example-problem"),
        ("https://api.example.org/widget/456", "example-problem", "https://api.example.org/widget/example-problem"),
        ("https://api.example.org/foo/bar/123", "/types/123", "https://api.example.org/types/123"),
        ("https://api.example.org/widget/456", "/types/123", "https://api.example.org/types/123"),
        ("https://api.example.org/widget/456", "", "https://api.example.org/widget/456"),
    ],
)
def test_rows_21_to_24_a_relative_type_is_resolved(url, reference, resolved):
    """
    Section 3.1.1: against the final address of the response.
    """
    cls = type("Resolved", (NotFound,), {}, type=resolved, title="Resolved")
    response = httpx2.Response(
        404,
        json={"type": reference},
        headers={"content-type": "application/problem+json"},
        request=httpx2.Request("GET", url),
    )

    assert isinstance(problem_from(response, Registry(cls)), cls)


def test_row_24_the_type_as_written_is_kept(read):
    """
    Section 3.1.1: a bare word is a relative reference; who wants the word finds it.
    """
    assert "not_found" == read({"type": "not_found"}).problem_details.type


def test_row_28_aliases():
    """
    Section 3.1.1: changing a type breaks clients, unless the class says what it was.
    """
    cls = type("Renamed", (Conflict,), {}, type="https://new.example/x", title="X", aliases=("https://old.example/x",))

    assert cls is Registry(cls).get("https://old.example/x")


@pytest.mark.parametrize("part", ["?type=forbidden", "#out-of-credit"])
def test_row_29_query_and_fragment_are_part_of_the_identity(part):
    """
    Section 3.1.1: two URIs that differ there are two types.
    """
    one = type("One", (Conflict,), {}, type=f"https://shop.example{part}", title="One")
    other = type("Other", (Conflict,), {}, type=f"https://shop.example{part}2", title="Other")
    registry = Registry(one, other)

    assert (one, other) == (registry.get(f"https://shop.example{part}"), registry.get(f"https://shop.example{part}2"))


def test_row_33_the_status_on_the_wire_wins(read):
    """
    Section 3.1.2: an intermediary may have changed it; both can be seen.
    """
    problem = read({"status": 200}, status=503)

    assert (503, 200) == (problem.status, problem.problem_details.status)


def test_row_34_a_stored_document_tells_its_status(registry, item_not_found):
    """
    Section 3.1.2: without a response the document's own status counts.
    """
    stored = ProblemDetails.model_validate(
        {"type": "https://shop.example/problems/item-not-found", "status": 404, "item_id": 7}
    )
    problem = registry.revive(stored)

    assert (404, 7) == (problem.status, problem.item_id)
    assert isinstance(problem, item_not_found)


@pytest.mark.parametrize("status", [0, -1, 99999, 400.5])
def test_row_35_numbers_that_are_no_status(registry, status):
    """
    Section 3.1.2: such a number is never used as a status.
    """
    assert 500 == registry.revive(ProblemDetails.model_validate({"status": status})).status


@pytest.mark.parametrize("number", [b"400.0", b"4e2"])
def test_row_35_one_number_however_it_is_written(read, number):
    """
    Section 3.1.2: JSON has one kind of number.
    """
    assert 400 == read(b'{"status": ' + number + b"}").problem_details.status


def test_row_38_titles_do_not_identify(read, out_of_stock):
    """
    Section 3.1.3: a title is for people.
    """
    assert not isinstance(read({"title": "Out of stock", "available": 1}), out_of_stock)


def test_row_46_a_relative_instance_is_kept(read):
    """
    Section 3.1.5: opaque, and never fetched.
    """
    assert "/orders/7" == read({"instance": "/orders/7"}).instance


def test_row_49_unknown_members_are_kept(read, item_not_found):
    """
    Section 3.2: they never fail the reading.
    """
    problem = read({"type": "https://shop.example/problems/item-not-found", "item_id": 7, "trace": "abc"})

    assert isinstance(problem, item_not_found)
    assert "abc" == problem.problem_details.extensions["trace"]


def test_row_50_a_known_member_that_does_not_fit(read, item_not_found):
    """
    Section 3.2: the class of the status, and the reason why.
    """
    problem = read({"type": "https://shop.example/problems/item-not-found", "item_id": "seven"})

    assert not isinstance(problem, item_not_found)
    assert isinstance(problem, NotFound)
    assert "item_id" in problem.reading.reason


def test_row_71_about_blank_falls_back_to_the_status(read):
    """
    Section 4.2.1: no more than the status code says.
    """
    assert isinstance(read({"type": "about:blank"}, status=409), Conflict)


@pytest.mark.parametrize(
    "content_type",
    [
        "Application/Problem+JSON; charset=utf-8",
        'application/problem+json; profile="a;b"',
        " application/problem+json ",
    ],
)
def test_row_79_parameters_are_ignored(content_type):
    """
    Section 6: and the case of the media type is, too.
    """
    response = httpx2.Response(404, content=b"{}", headers={"content-type": content_type})
    response.request = httpx2.Request("GET", "https://shop.example/")

    assert isinstance(problem_from(response, Registry()), NotFound)


def test_row_80_the_text_wins_over_the_schema(read):
    """
    Appendix A: documents that the schema rejects and the text of the RFC tolerates.
    """
    assert "x" == read({"status": "404", "title": "x"}).problem_details.title


def test_row_88_of_duplicate_names_the_last_counts(read):
    """
    RFC 8259, section 4: unpredictable elsewhere, documented here.
    """
    assert "b" == read(b'{"title": "a", "title": "b"}').problem_details.title


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[1]", b'"x"', b"\xff\xfe", b'{"a": ' + b"[" * 20000 + b"]" * 20000 + b"}", b"<html>"],
    ids=["empty", "truncated", "null", "array", "string", "half a mark", "deep", "html"],
)
def test_row_89_broken_json_is_still_the_error(content):
    """
    RFC 8259: the hook raises the class of the status, and the content is kept.
    """

    def serve(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(404, content=content, headers={"content-type": "application/problem+json"})

    client = raise_problems(httpx2.Client(transport=httpx2.MockTransport(serve)), Registry())
    with pytest.raises(NotFound) as caught:
        client.get("https://shop.example/items/7")

    assert content == caught.value.response.content
