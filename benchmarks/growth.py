"""
Growth: what an error costs as its parts get ten and a hundred times larger.

A flat cost has the ratio 1 in each column; a linear cost has at most the ratio of the sizes. More than that is a fault.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import fastapi
import httpx2
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, TypeAdapter, ValidationError

from benchmarks._measure import AsyncProbe, Probe, Result, compare, drive
from benchmarks.client import registry as registry_of
from benchmarks.client import response
from benchmarks.raising import BASE, ItemNotFound, handler_of, through
from problems import NotFound, Policy, Registry
from problems.fastapi import add_problems
from problems.httpx import problem_from, problem_hook

SIZES: Final = (1, 10, 100)


class Row(BaseModel):
    """One row of a body."""

    amount: int


def answering(error: Exception, registry: Registry, routes: int = 0) -> AsyncProbe:
    """Return the way of *error* through the handlers of an application."""
    app = fastapi.FastAPI()
    for number in range(routes):
        app.get(f"/{number}/{{item_id}}")(_endpoint)
    add_problems(app, registry, policy=Policy(instance=None))

    def raise_it() -> None:
        raise error

    return through(raise_it, handler_of(app, type(error)), app)


async def _endpoint(item_id: int) -> int:
    return item_id


def invalid(body: Any, kind: Any) -> RequestValidationError:
    """Return the error of FastAPI for a body that *kind* rejects."""
    try:
        TypeAdapter(kind).validate_python(body)
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        return RequestValidationError(errors, body=body)
    raise AssertionError("The body is valid.")


def nested(depth: int) -> dict[str, Any]:
    """Return a body with one wrong value at a depth."""
    value: Any = {"amount": "no"}
    for _ in range(depth):
        value = {"rows": [value]}
    return {"rows": [value]}


class Tree(BaseModel):
    """A body of any depth."""

    amount: int = 0
    rows: list["Tree"] = []


def _raised(make: Callable[[], Exception], registry: Registry) -> Probe:
    app = fastapi.FastAPI()
    add_problems(app, registry, policy=Policy(instance=None))
    error = make()

    def raise_it() -> None:
        raise make()

    return drive(through(raise_it, handler_of(app, type(error)), app))


def _with_members(count: int) -> Probe:
    annotations = {f"member_{number}": int for number in range(count)}
    namespace = {"__annotations__": annotations, "__doc__": "Many members."}
    cls = type(f"Many{count}", (NotFound,), namespace, type=f"many-{count}", title="Many members")
    values: dict[str, Any] = dict.fromkeys(annotations, 1)
    return _raised(lambda: cls(**values), Registry(cls, base=BASE))


def _with_types(count: int) -> Probe:
    others = [type(f"Other{n}", (NotFound,), {}, type=f"other-{n}", title="Other") for n in range(count)]
    return _raised(lambda: ItemNotFound(item_id=7, name="x"), Registry(ItemNotFound, *others, base=BASE))


def _received(content: bytes) -> Probe:
    request = httpx2.Request("GET", "https://shop.example/items/7")
    headers = {"content-type": "application/problem+json"}
    got = httpx2.Response(404, headers=headers, content=content, request=request)
    registry = registry_of(1)
    return lambda: problem_from(got, registry)


def _hooked(types: int) -> Probe:
    hook, got = problem_hook(registry_of(types)), response()

    def once() -> None:
        try:  # noqa: SIM105 - that would take longer than the hook
            hook(got)
        except Exception:  # noqa: BLE001, S110 - as a client catches it
            pass

    return once


def _document(members: int) -> bytes:
    return json.dumps({"type": BASE, "status": 404} | {f"member_{n}": "x" * 20 for n in range(members)}).encode()


GROWTHS: Final[dict[str, tuple[str, Callable[[int], Probe]]]] = {
    "answer: rejected inputs": (
        "linear",
        lambda n: drive(answering(invalid([{"amount": "no"}] * n, list[Row]), Registry(base=BASE))),
    ),
    "answer: valid values beside one rejected input": (
        "flat",
        lambda n: drive(answering(invalid([*[{"amount": 1}] * n, {"amount": "no"}], list[Row]), Registry(base=BASE))),
    ),
    "answer: depth of a rejected input": (
        "linear",
        lambda n: drive(answering(invalid(nested(min(n, 60)), Tree), Registry(base=BASE))),
    ),
    "answer: members": ("linear", _with_members),
    "answer: registered types": ("flat", lambda n: _with_types(n * 10)),
    "answer: routes": (
        "flat",
        lambda n: drive(answering(ItemNotFound(item_id=7, name="x"), Registry(ItemNotFound, base=BASE), routes=n * 5)),
    ),
    "client: members of a document": ("linear", lambda n: _received(_document(n))),
    "client: registered types": ("flat", lambda n: _hooked(n * 50)),
}


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield one table: a row for each dimension, its cost at 1, 10 and 100 times the size."""
    lines = ["Growth  the cost at 1, 10 and 100 times the size", f"  {'':48}{'µs':>9}{'x 10':>8}{'x 100':>8}  expected"]
    found: list[Result] = []
    for name, (expected, make) in GROWTHS.items():
        results = compare({str(n): make(n) for n in SIZES}, reference="1", rounds=max(9, rounds // 3))
        at = {result.name: result for result in results}
        lines.append(f"  {name:48}{at['1'].microseconds:9.2f}{at['10'].ratio:8.2f}{at['100'].ratio:8.2f}  {expected}")
        found += [Result(f"{name} x {result.name}", result.microseconds, result.ratio) for result in results]
    yield "\n".join(lines), found
