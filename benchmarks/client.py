"""
W3: a client's hook on a 404 with a problem document.

The response is made once and read already; a round calls the hook and catches what it raises. The floor looks at the
media type, reads the content and raises a bare exception.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx2
from pydantic_core import from_json

from benchmarks._measure import Probe, Result, compare, table
from problems import NotFound, Problem, Registry
from problems.httpx import problem_hook, raise_problems

TITLE: Final = "W3  read a 404 problem in the client (the hook alone)"
TARGETS: Final = {"problems, 1 type": 2.5, "problems, 5000 types": 2.5}
URI: Final = "https://shop.example/problems/item-not-found"
DOCUMENT: Final = {
    "type": URI,
    "title": "Item not found",
    "status": 404,
    "detail": "No item has the id 7.",
    "item_id": 7,
    "name": "x",
}


class ItemNotFound(NotFound, type=URI, title="Item not found"):
    """No item has the requested id."""

    item_id: int
    name: str


def response() -> httpx2.Response:
    """Return the body of a response."""
    return httpx2.Response(
        404,
        headers={"content-type": "application/problem+json"},
        content=json.dumps(DOCUMENT).encode(),
        request=httpx2.Request("GET", "https://shop.example/items/7"),
    )


def registry(size: int) -> Registry:
    """Return a registry of *size* types, the one in question first."""
    others: list[type[Problem]] = [
        type(f"Other{number}", (NotFound,), {}, type=f"https://shop.example/problems/{number}", title="Other")
        for number in range(size - 1)
    ]
    return Registry(ItemNotFound, *others)


class _Plain(Exception):
    def __init__(self, **members: Any) -> None:
        self.__dict__.update(members)


def _caught(hook: Callable[[httpx2.Response], object]) -> Probe:
    received = response()

    def once() -> None:
        try:  # noqa: SIM105 - that would take longer than the hook
            hook(received)
        except Exception:  # noqa: BLE001, S110 - as a client catches it
            pass

    return once


def _floor(received: httpx2.Response) -> None:
    if received.headers.get("content-type") == "application/problem+json" and received.content:
        raise _Plain


def _by_hand(received: httpx2.Response) -> None:
    document = received.json()
    if document["type"] == URI:
        raise _Plain(**document)


def _from_json(received: httpx2.Response) -> None:
    if received.headers.get("content-type") == "application/problem+json":
        raise _Plain(**from_json(received.content))


def _usual(received: httpx2.Response) -> None:
    try:
        received.raise_for_status()
    except httpx2.HTTPStatusError as error:
        error.response.json()
        raise


def _problems(size: int) -> Callable[[httpx2.Response], object]:
    return problem_hook(registry(size))


def _got(client: httpx2.Client) -> Probe:
    def once() -> None:
        try:
            got = client.get("https://shop.example/items/7")
        except Exception:  # noqa: BLE001 - as a client catches it
            return
        if got.status_code != 404:
            raise RuntimeError("The server answers with a 404.")

    return once


def _patched(client: httpx2.Client) -> httpx2.Client:
    """Raise a bare exception where `raise_problems` raises its own: no library that raises can be faster."""
    cls = type(client)

    def send(request: httpx2.Request, **options: Any) -> httpx2.Response:
        received = cls.send(client, request, **options)
        _floor(received)
        return received

    vars(client)["send"] = send
    return client


def _with_hook(hook: Callable[[httpx2.Response], object]) -> httpx2.Client:
    client = _client()
    client.event_hooks = {"response": [lambda received: (received.read(), hook(received))]}
    return client


def _client() -> httpx2.Client:
    content = json.dumps(DOCUMENT).encode()
    headers = {"content-type": "application/problem+json"}
    return httpx2.Client(
        transport=httpx2.MockTransport(lambda _: httpx2.Response(404, headers=headers, content=content))
    )


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the tables of this workload."""
    hooks = {
        "bare exception": _floor,
        "from_json, untyped": _from_json,
        "response.json(), one class": _by_hand,
        "raise_for_status() + json()": _usual,
        "problems, 1 type": _problems(1),
        "problems, 5000 types": _problems(5000),
    }
    try:
        from fastapi_rfc9457.client import httpx_raise_hook as peer
    except ImportError:
        pass
    else:
        hooks["fastapi-rfc9457, a dozen built-in types"] = peer()
    driven = {name: _caught(hook) for name, hook in hooks.items()}
    results = compare(driven, reference="bare exception", rounds=rounds)
    yield table(TITLE, results, against="bare exception", targets=TARGETS), results
    gets = {
        "a get, nothing raised": _got(_client()),
        "a bare exception raised": _got(_patched(_client())),
        "raise_for_status() + json()": _got(_with_hook(_usual)),
        "problems, raise_problems": _got(raise_problems(_client(), registry(1))),
        "problems, problem_hook": _got(_with_hook(problem_hook(registry(1)))),
    }
    results = compare(gets, reference="a get, nothing raised", rounds=rounds)
    targets = {"problems, raise_problems": 1.10, "problems, problem_hook": 1.10}
    yield table("W3  a whole get of a 404", results, against="nothing raised", targets=targets), results
