"""
W2: a body with ten invalid fields is answered; the library's part alone.

The errors are made once by FastAPI; a round raises them, calls the registered handler and sends.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import fastapi
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaSerializer, core_schema
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from benchmarks._measure import AsyncProbe, Result, compare, drive, on_loop, table
from benchmarks.raising import BASE, THREADED, Bare, handler_of, through
from problems import Policy, Registry
from problems.fastapi import add_problems

TITLE: Final = "W2  answer a 422 with ten rejected fields (the library's part)"
TARGETS: Final = {"problems, instance=None": 2.2}


class Ten(BaseModel):
    """Ten fields that the body below gets wrong."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int
    h: int
    i: int
    j: int


BODY: Final = {name: f"no{name}" for name in "abcdefghij"}


def rejected() -> RequestValidationError:
    """Return the error that FastAPI raises for `BODY`."""
    try:
        Ten.model_validate(BODY)
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        return RequestValidationError(errors, body=BODY)
    raise AssertionError("The body is valid.")


_TEXT: Final = core_schema.typed_dict_field(core_schema.str_schema())
_LIST: Final = SchemaSerializer(
    core_schema.list_schema(
        core_schema.typed_dict_schema(
            {"loc": core_schema.typed_dict_field(core_schema.any_schema()), "msg": _TEXT, "type": _TEXT}
        )
    )
)
_PREFIX: Final = b'{"type":"about:blank","title":"Unprocessable Content","status":422,"errors":'


def _limit() -> AsyncProbe:
    """One typed serializer over pydantic's own errors: no pointers, nothing renamed."""

    async def handle(_: Request, exc: Exception) -> Response:
        body = _PREFIX + _LIST.to_json(exc.errors(), warnings=False) + b"}"  # type: ignore[attr-defined]  # FastAPI's
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
        return Bare(422, headers, body)

    return _raised(handle)


def _raised(handle: Any, app: fastapi.FastAPI | None = None) -> AsyncProbe:
    error = rejected()

    def raise_it() -> None:
        raise error

    return through(raise_it, handle, app)


def _fastapi_default() -> AsyncProbe:
    return _raised(handler_of(fastapi.FastAPI(), RequestValidationError))


def _problems(policy: Policy) -> AsyncProbe:
    app = fastapi.FastAPI()
    add_problems(app, Registry(base=BASE), policy=policy)
    return _raised(handler_of(app, RequestValidationError), app)


def _fastapi_rfc9457() -> AsyncProbe:
    from fastapi_rfc9457.server import add_problem_handlers

    app = fastapi.FastAPI()
    add_problem_handlers(app, strip_debug=True)
    return _raised(handler_of(app, RequestValidationError), app)


def _fastapi_problem_details() -> AsyncProbe:
    import fastapi_problem_details as peer

    app = fastapi.FastAPI()
    peer.init_app(app)
    return _raised(handler_of(app, RequestValidationError), app)


def _fastapi_problem() -> AsyncProbe:
    from fastapi_problem.handler import add_exception_handler, new_exception_handler

    app = fastapi.FastAPI()
    handler = new_exception_handler()
    add_exception_handler(app, handler)

    async def handle(request: Request, exc: Exception) -> Response:
        response: Response = await run_in_threadpool(handler, request, exc)  # as Starlette does with a sync one
        return response

    return _raised(handle, app)


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the tables of this workload."""
    probes = {
        "typed serializer, no pointers": _limit(),
        "FastAPI default": _fastapi_default(),
        "problems, instance=None": _problems(Policy(instance=None)),
        "problems": _problems(Policy()),
    }
    for name, make in {
        "fastapi-rfc9457": _fastapi_rfc9457,
        "fastapi-problem-details": _fastapi_problem_details,
        THREADED: _fastapi_problem,
    }.items():
        try:
            probes[name] = make()
        except ImportError:
            continue
    loop = asyncio.new_event_loop()
    driven = {name: on_loop(probe, loop) if name == THREADED else drive(probe) for name, probe in probes.items()}
    results = compare(driven, reference="typed serializer, no pointers", rounds=rounds)
    yield table(TITLE, results, against="typed serializer", targets=TARGETS), results
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
