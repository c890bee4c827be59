"""Whatever a server sends, a client raises a problem or returns a response, and nothing else comes out."""

import copy
import json
import pickle

import httpx
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from problems import Problem, Registry
from problems.httpx import problem_from, raise_for_problem
from tests.httpx.shop import BASE, NOT_FOUND, PROBLEM_JSON, ItemNotFound, OutOfStock, Overloaded

REGISTRY = Registry(ItemNotFound, OutOfStock, Overloaded, base=BASE)

TYPES = st.sampled_from([f"{BASE}item-not-found", "item-not-found", "", "about:blank", "%", "//[", "http://[::1"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["type", "title", "status", "detail", "instance", "item_id", "available", "request", "args"])
DOCUMENTS = st.dictionaries(NAMES | st.text(max_size=5), JSON | TYPES, max_size=6)
BODIES = st.binary(max_size=200) | DOCUMENTS.map(lambda document: json.dumps(document).encode())
MEDIA_TYPES = st.sampled_from(
    [PROBLEM_JSON, f"{PROBLEM_JSON}; charset=latin-1", "application/problem+xml", "text/html"]
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "www-authenticate", "allow", "content-language", "link", "x-request-id"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=10),
    max_size=2,
)
URLS = st.sampled_from(["https://shop.example/items/7", "http://[::1]:80/?q#f", "https://a:b@shop.example"])


@pytest.fixture(params=[httpx2, httpx], ids=lambda library: library.__name__, scope="module")
def any_library(request):
    """A client library, the same for all examples."""
    return request.param


@given(BODIES, MEDIA_TYPES, HEADERS, st.integers(400, 599), URLS)
def test_an_error(any_library, body, media_type, headers, status, url):
    """
    It raises a problem, which has a text, a reading and details, and can be copied and pickled.
    """
    request = any_library.Request("GET", url)
    headers = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    headers.append((b"content-type", media_type.encode()))
    response = any_library.Response(status, headers=headers, content=body, request=request)
    with pytest.raises(Problem) as caught:
        raise_for_problem(response, REGISTRY)
    problem = caught.value

    assert (status, True, 502) == (
        problem.status,
        isinstance(problem, any_library.HTTPStatusError),
        problem.status_code,
    )
    assert (str(problem), repr(problem), problem.reading) == (
        str(copy.copy(problem)),
        repr(copy.deepcopy(problem)),
        pickle.loads(pickle.dumps(problem)).reading,  # noqa: S301 - our own
    )
    assert problem.problem_details.model_dump_json()


@given(BODIES, MEDIA_TYPES, st.integers(200, 599))
def test_a_problem_or_none(any_library, body, media_type, status):
    """
    A response has a problem or it has none.
    """
    response = any_library.Response(status, headers={"content-type": media_type}, content=body)
    reasons = []
    problem = problem_from(response, REGISTRY, why=reasons.append)

    assert (problem is None) == bool(reasons)


@given(st.dictionaries(st.sampled_from(["item_id", "detail", "title", "status", "instance"]), JSON))
def test_a_known_type(any_library, members):
    """
    Either its members fit, or it is known by its status, and says why.
    """
    document = json.dumps(NOT_FOUND | members).encode()
    response = any_library.Response(404, headers={"content-type": PROBLEM_JSON}, content=document)
    problem = problem_from(response, REGISTRY)

    assert isinstance(problem, ItemNotFound) == (problem.reading.reason is None)


@given(DOCUMENTS, st.lists(DOCUMENTS, max_size=2))
def test_a_registry_that_remembers(document, others):
    """
    What a registry has revived before changes nothing: the short way and the long one lead to the same.
    """
    fresh, used = (Registry(ItemNotFound, OutOfStock, base=BASE) for _ in range(2))
    for other in ({"type": f"{BASE}item-not-found", "item_id": 7}, document, *others):
        used.revive_document(other, status=404)
    one, again = (registry.revive_document(document, status=404) for registry in (fresh, used))

    assert (type(one), repr(vars(one))) == (type(again), repr(vars(again)))
