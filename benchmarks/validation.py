"""
W2: a body with ten rejected inputs is answered; the library's part alone.

The body with ten different errors is drawn from a seeded generator of kinds of errors, nested and at the top, so that
nothing can be tuned to one shape. Descriptions of errors are kept, which a repeated body shows at its best.
So 200 bodies with ten different errors each, at places that no other body has, stand beside it, and one with ten
equal errors.

The errors are made once by FastAPI; a round raises them, calls the registered handler and sends.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from itertools import cycle
from types import GenericAlias
from typing import Annotated, Any, Final, Literal

import fastapi
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError, create_model
from pydantic_core import SchemaSerializer, core_schema
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from benchmarks._measure import AsyncProbe, Result, compare, drive, on_loop, table
from benchmarks.raising import BASE, THREADED, Bare, handler_of, through
from problems import Policy, Registry
from problems.fastapi import add_problems

TITLE: Final = "W2  answer a 422 with ten rejected inputs (the library's part), {}"
TARGETS: Final = {
    "different": {"problems, instance=None": 3.0},
    "at new places": {"problems, instance=None": 3.0},
    "equal": {"problems, instance=None": 2.2},
}
SEED: Final = 422
BODIES: Final = 200
"""With ten errors each, these are more than the descriptions that are kept: each is described anew."""


Errors = Sequence[RequestValidationError]


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


_ABSENT: Final = object()
BODY: Final = {name: f"no{name}" for name in "abcdefghij"}


KINDS: Final[tuple[tuple[Any, Any], ...]] = (
    (int, "x"),
    (Annotated[int, Field(ge=1, le=5)], 9),
    (Annotated[float, Field(gt=0)], -1.5),
    (Literal["red", "green"], "blue"),
    (Annotated[str, Field(max_length=3)], "longer"),
    (Annotated[list[int], Field(min_length=2)], [1]),
    (bool, "maybe"),
    (list[int], "no"),
    (dict[str, int], [1]),
    (int, _ABSENT),
)
"""Types, and what they reject: each with a different error."""


def different(seed: int = SEED, *, mark: str = "") -> tuple[type[BaseModel], dict[str, Any]]:
    """
    Return a model and a body with ten different errors.

    Args:
        seed: Decides the order and the depth.
        mark: Ends the name of each field.
    """
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    groups: dict[str, list[tuple[Any, Any]]] = {"top": [], "inner": [], "items": []}
    for kind in draw.sample(KINDS, len(KINDS)):
        groups[draw.choice(list(groups))].append(kind)
    top, body = _fields(groups["top"], "top", mark)
    (inner, inner_body), (item, item_body) = (_fields(groups[name], name, mark) for name in ("inner", "items"))
    fields = {
        **top,
        "inner": (create_model("Inner", **inner), ...),
        "items": (GenericAlias(list, (create_model("Item", **item),)), ...),
    }
    return create_model("Different", **fields), {**body, "inner": inner_body, "items": [item_body]}


def at_new_places() -> list[RequestValidationError]:
    """Return errors of which no two have a place in common."""
    return [rejected(*different(SEED + number, mark=f"_{number}")) for number in range(BODIES)]


def _fields(kinds: list[tuple[Any, Any]], name: str, mark: str) -> tuple[dict[str, Any], dict[str, Any]]:
    fields: dict[str, Any] = {f"{name}_{number}{mark}": (kind, ...) for number, (kind, _) in enumerate(kinds)}
    body = {f"{name}_{number}{mark}": value for number, (_, value) in enumerate(kinds) if value is not _ABSENT}
    return fields, body


def rejected(model: type[BaseModel] = Ten, body: dict[str, Any] = BODY) -> RequestValidationError:
    """Return the error that FastAPI raises for *body*."""
    try:
        model.model_validate(body)
    except ValidationError as error:
        errors = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        return RequestValidationError(errors, body=body)
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


def _limit(errors: Errors) -> AsyncProbe:
    """One typed serializer over pydantic's own errors: no pointers, nothing renamed."""

    async def handle(_: Request, exc: Exception) -> Response:
        body = _PREFIX + _LIST.to_json(exc.errors(), warnings=False) + b"}"  # type: ignore[attr-defined]  # FastAPI's
        headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
        return Bare(422, headers, body)

    return _raised(errors, handle)


def _raised(errors: Errors, handle: Any, app: fastapi.FastAPI | None = None) -> AsyncProbe:
    turns = cycle(errors)

    def raise_it() -> None:
        raise next(turns)

    return through(raise_it, handle, app)


def _fastapi_default(errors: Errors) -> AsyncProbe:
    return _raised(errors, handler_of(fastapi.FastAPI(), RequestValidationError))


def _problems(errors: Errors, policy: Policy) -> AsyncProbe:
    app = fastapi.FastAPI()
    add_problems(app, Registry(base=BASE), policy=policy)
    return _raised(errors, handler_of(app, RequestValidationError), app)


def _fastapi_rfc9457(errors: Errors) -> AsyncProbe:
    from fastapi_rfc9457.server import add_problem_handlers

    app = fastapi.FastAPI()
    add_problem_handlers(app, strip_debug=True)
    return _raised(errors, handler_of(app, RequestValidationError), app)


def _fastapi_problem_details(errors: Errors) -> AsyncProbe:
    import fastapi_problem_details as peer

    app = fastapi.FastAPI()
    peer.init_app(app)
    return _raised(errors, handler_of(app, RequestValidationError), app)


def _fastapi_problem(errors: Errors) -> AsyncProbe:
    from fastapi_problem.handler import add_exception_handler, new_exception_handler

    app = fastapi.FastAPI()
    handler = new_exception_handler()
    add_exception_handler(app, handler)

    async def handle(request: Request, exc: Exception) -> Response:
        response: Response = await run_in_threadpool(handler, request, exc)  # as Starlette does with a sync one
        return response

    return _raised(errors, handle, app)


def run(*, rounds: int) -> Iterator[tuple[str, list[Result]]]:
    """Yield the tables of this workload."""
    bodies = {"different": [rejected(*different())], "at new places": at_new_places(), "equal": [rejected()]}
    for name, errors in bodies.items():
        yield _compared(name, errors, rounds=rounds)


def _compared(kind: str, errors: Errors, *, rounds: int) -> tuple[str, list[Result]]:
    """Return the table of some bodies, which take turns."""
    probes = {
        "typed serializer, no pointers": _limit(errors),
        "FastAPI default": _fastapi_default(errors),
        "problems, instance=None": _problems(errors, Policy(instance=None)),
        "problems": _problems(errors, Policy()),
    }
    for name, make in {
        "fastapi-rfc9457": _fastapi_rfc9457,
        "fastapi-problem-details": _fastapi_problem_details,
        THREADED: _fastapi_problem,
    }.items():
        try:
            probes[name] = make(errors)
        except ImportError:
            continue
    loop = asyncio.new_event_loop()
    driven = {name: on_loop(probe, loop) if name == THREADED else drive(probe) for name, probe in probes.items()}
    results = compare(driven, reference="typed serializer, no pointers", rounds=rounds)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    return table(TITLE.format(kind), results, against="typed serializer", targets=TARGETS[kind]), results
